using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Engine.Expressions;

/// <summary>The filters that replace, split and match by regular expressions, which come from a flow's author and are run with a time limit.</summary>
internal static class TextPatterns
{
    private static readonly SearchValues<char> PatternSigns = SearchValues.Create(@"\[](){}.*+?^$|");
    private const int MaxPattern = 2000;
    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(250);

    public static object? Replace(Call call)
    {
        if (call.Input is null) return null;
        var pairs = call.Map(0);
        var patterns = call.Flag(1, false);
        return EachText(call.Input, call.E, text =>
        {
            foreach (var (from, value) in pairs)
            {
                var to = call.E.Text(value);
                text = patterns ? ReplaceAll(text, from, to, call.E) : ReplaceText(text, from, to, call.E);
            }
            return text;
        });
    }

    private static string ReplaceText(string text, string from, string to, Evaluation e)
    {
        if (from.Length == 0) return text;
        e.Step(1 + text.Length / 1024);
        if (to.Length > from.Length) e.Reserve(text.Length + (long)text.AsSpan().Count(from) * (to.Length - from.Length));
        else e.Reserve(text.Length);
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    public static string ReplaceAll(string text, string pattern, string replacement, Evaluation e)
    {
        var parts = Replacement(replacement);
        var length = 0L;
        return e.Made(Run(pattern, e, regex => regex.Replace(text, match =>
        {
            e.Step();
            var piece = string.Concat(parts.Select(p => p.Group is null ? p.Text : match.Groups[p.Group].Value));
            length += piece.Length;
            if (length > e.Limits.MaxOutput) e.Reserve(length);
            return piece;
        })));
    }

    /// <summary>The replacement of a Java pattern: <c>$1</c>, <c>${name}</c>, and a backslash before a character that stands for itself.</summary>
    private static List<(string Text, string? Group)> Replacement(string replacement)
    {
        var parts = new List<(string, string?)>();
        var text = new StringBuilder();
        for (var i = 0; i < replacement.Length; i++)
        {
            var c = replacement[i];
            if (c == '\\' && i + 1 < replacement.Length) text.Append(replacement[++i]);
            else if (c == '$' && i + 1 < replacement.Length && char.IsAsciiDigit(replacement[i + 1])) Group(replacement[++i].ToString());
            else if (c == '$' && i + 1 < replacement.Length && replacement[i + 1] == '{' && replacement.IndexOf('}', i) is > 0 and var end)
            {
                Group(replacement[(i + 2)..end]);
                i = end;
            }
            else text.Append(c);
        }
        parts.Add((text.ToString(), null));
        return parts;

        void Group(string name)
        {
            parts.Add((text.ToString(), null));
            text.Clear();
            parts.Add(("", name));
        }
    }

    /// <summary>Splits as Java does: the delimiter is a pattern; without a positive limit, empty texts at the end are dropped.</summary>
    public static object? Split(string text, Call call)
    {
        var delimiter = call.Text(0);
        var limit = call.Whole(1, 0);
        var parts = new List<object?>();
        if (text.Length == 0) return new List<object?> { "" };
        if (delimiter.AsSpan().IndexOfAny(PatternSigns) < 0 && delimiter.Length > 0)
        {
            var from = 0;
            for (var at = text.IndexOf(delimiter, StringComparison.Ordinal); at >= 0 && (limit <= 0 || parts.Count < limit - 1); at = text.IndexOf(delimiter, from, StringComparison.Ordinal))
            {
                Add(text[from..at]);
                from = at + delimiter.Length;
            }
            Add(text[from..]);
        }
        else
        {
            var from = 0;
            Run(delimiter, call.E, regex =>
            {
                foreach (var match in regex.EnumerateMatches(text))
                {
                    if (limit > 0 && parts.Count >= limit - 1) break;
                    // An empty match at the start makes no empty first part.
                    if (match.Length == 0 && (match.Index == 0 || match.Index == text.Length)) continue;
                    Add(text[from..match.Index]);
                    from = match.Index + match.Length;
                }
                return true;
            });
            Add(text[from..]);
        }
        if (limit == 0)
            while (parts.Count > 1 && parts[^1] is "") parts.RemoveAt(parts.Count - 1);
        return parts;

        void Add(string part)
        {
            call.E.Step();
            parts.Add(call.E.Made(part));
        }
    }

    public static object? IsMatch(string text, Call call) => Run(call.Text(0), call.E, regex => regex.IsMatch(text));

    public static object? Extract(string text, Call call)
    {
        var group = call.Value(1) is null ? "0" : call.Text(1);
        return Run(call.Text(0), call.E, regex => regex.Match(text) is { Success: true } match && match.Groups[group] is { Success: true } found ? found.Value : null);
    }

    public static T Run<T>(string pattern, Evaluation e, Func<Regex, T> use)
    {
        if (pattern.Length > MaxPattern) throw e.Fail($"A pattern is longer than {MaxPattern} characters.");
        e.Step(64);
        try
        {
            // Linear time where the pattern allows it; look-around and back references need the other engine, under a time limit.
            try
            {
                return use(new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MaxTime));
            }
            catch (NotSupportedException)
            {
                return use(new Regex(pattern, RegexOptions.CultureInvariant, MaxTime));
            }
        }
        catch (ArgumentException problem)
        {
            throw e.Fail($"The pattern cannot be read: {problem.Message}");
        }
        catch (RegexMatchTimeoutException)
        {
            throw e.Error(Evaluation.LimitCode, "The pattern took too long to match.");
        }
    }

    /// <summary>Changes every text inside a value, however deep; other scalars are taken as text.</summary>
    public static object? EachText(object? value, Evaluation e, Func<string, string> change)
    {
        switch (value)
        {
            case null: return null;
            case IReadOnlyDictionary<string, object?> map:
                e.Step(map.Count);
                var copy = FlowValue.Map();
                foreach (var (key, item) in map) copy[key] = EachText(item, e, change);
                return copy;
            case IReadOnlyList<object?> list:
                e.Step(list.Count);
                return list.Select(item => EachText(item, e, change)).ToList();
            default: return change(e.Text(value));
        }
    }
}
