using System.Text;
using System.Text.RegularExpressions;
using Weft.Engine.Expressions;

namespace Weft.Engine.JsonPath;

/// <summary>A logical expression of a filter.</summary>
internal abstract class Condition
{
    public abstract bool Holds(Search search, object? current);
}

internal sealed class OrCondition(Condition[] parts) : Condition
{
    public override bool Holds(Search search, object? current) => Array.Exists(parts, p => p.Holds(search, current));
}

internal sealed class AndCondition(Condition[] parts) : Condition
{
    public override bool Holds(Search search, object? current) => Array.TrueForAll(parts, p => p.Holds(search, current));
}

internal sealed class NotCondition(Condition inner) : Condition
{
    public override bool Holds(Search search, object? current) => !inner.Holds(search, current);
}

/// <summary>A query as a test: does it select anything?</summary>
internal sealed class ExistsCondition(QueryOperand query) : Condition
{
    public override bool Holds(Search search, object? current) => query.Nodes(search, current).Count > 0;
}

internal sealed class ComparisonCondition(string operation, Operand left, Operand right) : Condition
{
    public override bool Holds(Search search, object? current)
    {
        var a = left.Value(search, current);
        var b = right.Value(search, current);
        return operation switch
        {
            "==" => Equal(a, b),
            "!=" => !Equal(a, b),
            "<" => Less(a, b),
            "<=" => Less(a, b) || Equal(a, b),
            ">" => Less(b, a),
            _ => Less(b, a) || Equal(a, b),
        };
    }

    private static bool Equal(object? a, object? b)
    {
        var (noA, noB) = (ReferenceEquals(a, Operand.Nothing), ReferenceEquals(b, Operand.Nothing));
        return noA || noB ? noA && noB : Operators.Same(a, b);
    }

    private static bool Less(object? a, object? b)
    {
        if (a is string x && b is string y) return CompareScalars(x, y) < 0;
        if (!Operators.IsNumber(a) || !Operators.IsNumber(b)) return false;
        return a is long p && b is long q ? p < q
            : a is decimal or long && b is decimal or long ? Convert.ToDecimal(a, null) < Convert.ToDecimal(b, null)
            : Convert.ToDouble(a, null) < Convert.ToDouble(b, null);
    }

    /// <summary>The order of Unicode scalar values, which is not that of UTF-16 units.</summary>
    private static int CompareScalars(string a, string b)
    {
        using var right = b.EnumerateRunes().GetEnumerator();
        foreach (var rune in a.EnumerateRunes())
        {
            if (!right.MoveNext()) return 1;
            if (rune != right.Current) return rune.CompareTo(right.Current);
        }
        return right.MoveNext() ? -1 : 0;
    }
}

/// <summary>Something that has a value inside a filter, or <see cref="Nothing"/>.</summary>
internal abstract class Operand
{
    public static readonly object Nothing = new();

    public abstract object? Value(Search search, object? current);
}

internal sealed class LiteralOperand(object? value) : Operand
{
    public override object? Value(Search search, object? current) => value;
}

internal sealed class QueryOperand(bool fromRoot, Segment[] segments) : Operand
{
    public bool IsSingular => Array.TrueForAll(segments, s => s.IsSingular);

    public List<Found> Nodes(Search search, object? current) => search.Run(segments, fromRoot ? search.Root : current, null);

    public override object? Value(Search search, object? current) => Nodes(search, current) is [var only] ? only.Value : Nothing;
}

internal enum FunctionResult { Value, Logical }

internal enum ParameterKind { Value, Nodes }

/// <summary>A call of one of the functions of RFC 9535.</summary>
internal sealed class FunctionOperand(FunctionOperand.Definition function, Operand[] arguments) : Operand
{
    internal sealed record Definition(FunctionResult Result, ParameterKind[] Parameters, Func<object?[], object?> Apply);

    public static readonly IReadOnlyDictionary<string, Definition> All = new Dictionary<string, Definition>(StringComparer.Ordinal)
    {
        ["length"] = new(FunctionResult.Value, [ParameterKind.Value], a => a[0] switch
        {
            string text => (long)text.EnumerateRunes().Count(),
            IReadOnlyDictionary<string, object?> map => (long)map.Count,
            IReadOnlyList<object?> list => (long)list.Count,
            _ => Nothing,
        }),
        ["count"] = new(FunctionResult.Value, [ParameterKind.Nodes], a => (long)((List<Found>)a[0]!).Count),
        ["value"] = new(FunctionResult.Value, [ParameterKind.Nodes], a => (List<Found>)a[0]! is [var only] ? only.Value : Nothing),
        ["match"] = new(FunctionResult.Logical, [ParameterKind.Value, ParameterKind.Value], a => RegularText.Matches(a[0], a[1], whole: true)),
        ["search"] = new(FunctionResult.Logical, [ParameterKind.Value, ParameterKind.Value], a => RegularText.Matches(a[0], a[1], whole: false)),
    };

    public FunctionResult Result => function.Result;

    public override object? Value(Search search, object? current)
    {
        search.Visit();
        var values = new object?[arguments.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = function.Parameters[i] == ParameterKind.Nodes ? ((QueryOperand)arguments[i]).Nodes(search, current) : arguments[i].Value(search, current);
        return function.Apply(values);
    }
}

internal sealed class FunctionCondition(FunctionOperand call) : Condition
{
    public override bool Holds(Search search, object? current) => call.Value(search, current) is true;
}

/// <summary>The interoperable regular expressions of RFC 9485 (I-Regexp), on the linear engine.</summary>
internal static class RegularText
{
    private const int MaxPattern = 2000;

    public static bool Matches(object? value, object? pattern, bool whole)
    {
        if (value is not string text || pattern is not string source || source.Length > MaxPattern) return false;
        try
        {
            var translated = Translate(source);
            return Regex.IsMatch(text, whole ? $@"\A(?:{translated})\z" : translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            // What is no regular expression matches nothing, says the standard.
            return false;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new FlowException("jsonpath_limit", "The JSONPath query was stopped: a pattern took too long to match.");
        }
    }

    /// <summary>A dot is any character but the two line ends, also one of two UTF-16 units.</summary>
    private static string Translate(string pattern)
    {
        var output = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length) output.Append(c).Append(pattern[++i]);
            else if (c == '.' && !inClass) output.Append(@"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\r\n])");
            else
            {
                if (c == '[') inClass = true;
                else if (c == ']') inClass = false;
                output.Append(c);
            }
        }
        return output.ToString();
    }
}
