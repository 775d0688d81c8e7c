using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>How values look as text inside a template: numbers as Java prints them, lists and maps as compact JSON.</summary>
internal static class ValueText
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create(
        "\"\\\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f");

    public static string Of(object value, Evaluation evaluation) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        double number => Number(number),
        LoopState loop => Json(loop.ToMap(), evaluation),
        _ when IsContainer(value) => Json(value, evaluation),
        _ => FlowValue.ToText(value),
    };

    public static bool IsContainer(object? value) => value is IReadOnlyDictionary<string, object?> || (value is IEnumerable && value is not string);

    /// <summary>A double the way Java prints it: always with a fraction, scientific outside 0.001 to 10 million.</summary>
    public static string Number(double number)
    {
        if (double.IsNaN(number)) return "NaN";
        if (double.IsInfinity(number)) return number > 0 ? "Infinity" : "-Infinity";
        if (number == 0) return double.IsNegative(number) ? "-0.0" : "0.0";
        // "R" gives the shortest digits that read back the same, as Java does; only their layout differs.
        var shortest = number.ToString("R", CultureInfo.InvariantCulture).AsSpan();
        var negative = shortest[0] == '-';
        if (negative) shortest = shortest[1..];
        var exponent = 0;
        var e = shortest.IndexOf('E');
        if (e >= 0)
        {
            exponent = int.Parse(shortest[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            shortest = shortest[..e];
        }
        else if (Math.Abs(number) is >= 1e-3 and < 1e7)
        {
            return string.Concat(negative ? "-" : "", shortest, shortest.Contains('.') ? "" : ".0");
        }
        var point = shortest.IndexOf('.');
        var digits = new StringBuilder().Append(point < 0 ? shortest : shortest[..point]);
        exponent += digits.Length - 1;
        if (point >= 0) digits.Append(shortest[(point + 1)..]);
        var leading = 0;
        while (leading < digits.Length - 1 && digits[leading] == '0') leading++;
        exponent -= leading;
        digits.Remove(0, leading);
        while (digits.Length > 1 && digits[^1] == '0') digits.Length--;
        var fraction = digits.Length > 1 ? digits.ToString(1, digits.Length - 1) : "0";
        return string.Create(CultureInfo.InvariantCulture, $"{(negative ? "-" : "")}{digits[0]}.{fraction}E{exponent}");
    }

    /// <summary>Compact JSON within the limits of the evaluation.</summary>
    public static string Json(object? value, Evaluation evaluation)
    {
        var output = new StringBuilder();
        WriteJson(output, value, evaluation, 0);
        return output.ToString();
    }

    private static void WriteJson(StringBuilder output, object? value, Evaluation evaluation, int depth)
    {
        if (output.Length > evaluation.Limits.MaxOutput) evaluation.Reserve(output.Length);
        switch (value)
        {
            case null: output.Append("null"); break;
            case string text: Quote(output, text); break;
            case double number when !double.IsFinite(number): Quote(output, Number(number)); break;
            case bool or long or double or decimal or int: output.Append(Of(value is int small ? (long)small : value, evaluation)); break;
            case DateTimeOffset: Quote(output, FlowValue.ToText(value)); break;
            case LoopState loop: WriteJson(output, loop.ToMap(), evaluation, depth); break;
            case IReadOnlyDictionary<string, object?> map:
                Descend(evaluation, depth);
                output.Append('{');
                var first = true;
                foreach (var (key, item) in map)
                {
                    if (!first) output.Append(',');
                    first = false;
                    Quote(output, key);
                    output.Append(':');
                    WriteJson(output, item, evaluation, depth + 1);
                }
                output.Append('}');
                break;
            case IEnumerable list:
                Descend(evaluation, depth);
                output.Append('[');
                var start = true;
                foreach (var item in list)
                {
                    if (!start) output.Append(',');
                    start = false;
                    WriteJson(output, item, evaluation, depth + 1);
                }
                output.Append(']');
                break;
            default: Quote(output, value.ToString() ?? ""); break;
        }
    }

    private static void Descend(Evaluation evaluation, int depth)
    {
        evaluation.Step();
        if (depth >= FlowValue.MaxDepth) throw evaluation.Fail($"A value is nested deeper than {FlowValue.MaxDepth} levels.");
    }

    private static void Quote(StringBuilder output, string text)
    {
        output.Append('"');
        var rest = text.AsSpan();
        for (var i = rest.IndexOfAny(Escaped); i >= 0; i = rest.IndexOfAny(Escaped))
        {
            output.Append(rest[..i]);
            var c = rest[i];
            _ = c switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append("\\\\"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                '\b' => output.Append("\\b"),
                '\f' => output.Append("\\f"),
                _ => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
            };
            rest = rest[(i + 1)..];
        }
        output.Append(rest).Append('"');
    }

    /// <summary>A value as the key of a map literal; lists and maps look as Java prints them there.</summary>
    public static string Key(object? value, Evaluation evaluation, int depth = 0)
    {
        if (depth > FlowValue.MaxDepth) throw evaluation.Fail($"A value is nested deeper than {FlowValue.MaxDepth} levels.");
        return value switch
        {
            null => "null",
            IReadOnlyDictionary<string, object?> map => evaluation.Made("{" + string.Join(", ", map.Select(e => e.Key + "=" + Key(e.Value, evaluation, depth + 1))) + "}"),
            IEnumerable list when list is not string => evaluation.Made("[" + string.Join(", ", list.Cast<object?>().Select(i => Key(i, evaluation, depth + 1))) + "]"),
            _ => Of(value, evaluation),
        };
    }
}
