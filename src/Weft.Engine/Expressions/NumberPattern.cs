using System.Globalization;
using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>Number formats of Java's <c>DecimalFormat</c>, English symbols.</summary>
internal static class NumberPattern
{
    public static string Format(Call call)
    {
        var value = call.Input switch
        {
            long whole => whole,
            decimal number => number,
            double number when Math.Abs(number) < 1e28 => Precise(number),
            string text when Operators.TryParseNumber(text, out var parsed) => Convert.ToDecimal(parsed, CultureInfo.InvariantCulture),
            _ => throw call.WrongInput("a number"),
        };
        // Without a format, the locale's: groups of three and at most three decimals.
        var pattern = call.TextOrNull(0) ?? "#,##0.###";
        return call.E.Made(Format(value, pattern, call.E));
    }

    private static decimal Precise(double number) => decimal.Parse(number.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static string Format(decimal value, string pattern, Evaluation e)
    {
        if (pattern.Length > 200) throw e.Fail("The number format is longer than 200 characters.");
        var parts = pattern.Split(';', 2);
        var negative = value < 0;
        var own = negative && parts.Length == 2;
        var (prefix, digits, suffix) = Affixes(own ? parts[1] : parts[0], e);
        if (own) digits = Affixes(parts[0], e).Digits;
        var size = Math.Abs(value);
        try
        {
            if (prefix.Contains('%', StringComparison.Ordinal) || suffix.Contains('%', StringComparison.Ordinal)) size *= 100;
        }
        catch (OverflowException)
        {
            throw e.Fail("The number is too large.");
        }
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? "" : digits[(point + 1)..];
        var most = Math.Min(fraction.Length, 28);
        var least = fraction.Count(c => c == '0');
        var comma = whole.LastIndexOf(',');
        var group = comma < 0 ? 0 : whole.Length - comma - 1;
        // DecimalFormat rounds half to even.
        size = Math.Round(size, most, MidpointRounding.ToEven);
        var text = size.ToString("F" + most.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var wholeText = dot < 0 ? text : text[..dot];
        var fractionText = dot < 0 ? "" : text[(dot + 1)..];
        while (fractionText.Length > least && fractionText[^1] == '0') fractionText = fractionText[..^1];
        var minimum = whole.Count(c => c == '0');
        wholeText = wholeText.TrimStart('0').PadLeft(minimum, '0');
        if (wholeText.Length == 0 && fractionText.Length == 0) wholeText = "0";
        var output = new StringBuilder();
        if (negative && !own && size != 0) output.Append('-');
        output.Append(prefix);
        for (var i = 0; i < wholeText.Length; i++)
        {
            if (group > 0 && i > 0 && (wholeText.Length - i) % group == 0) output.Append(',');
            output.Append(wholeText[i]);
        }
        if (fractionText.Length > 0) output.Append('.').Append(fractionText);
        return output.Append(suffix).ToString();
    }

    private static (string Prefix, string Digits, string Suffix) Affixes(string pattern, Evaluation e)
    {
        var prefix = new StringBuilder();
        var digits = new StringBuilder();
        var suffix = new StringBuilder();
        var quoted = false;
        foreach (var c in pattern)
        {
            if (c == '\'') quoted = !quoted;
            else if (!quoted && c is '#' or '0' or ',' or '.' && !quoted && suffix.Length == 0) digits.Append(c);
            else if (!quoted && c is '#' or '0' && !quoted) throw e.Fail("The number format has digits in two places.");
            else (digits.Length == 0 ? prefix : suffix).Append(c);
        }
        if (digits.Length == 0) throw e.Fail("The number format has no digits: use # and 0.");
        return (prefix.ToString(), digits.ToString(), suffix.ToString());
    }
}
