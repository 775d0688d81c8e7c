using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

/// <summary>Names in messages: quoted at a readable length, with the nearest known one where one is near.</summary>
internal static class Names
{
    /// <summary>The name in quotes, cut when it is long, without control characters.</summary>
    public static string Quote(string name)
    {
        var text = name.Length <= 80 ? name : string.Concat(name.AsSpan(0, 77), "…");
        return $"'{string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c))}'";
    }

    /// <summary>Letters, digits, - and _, starting with a letter or digit: the ids of tasks and triggers.</summary>
    public static bool IsWord(string text) => IsWord(text.AsSpan());

    /// <summary>Words with dots between them: namespaces and inputs.</summary>
    public static bool IsDotted(string text)
    {
        foreach (var range in text.AsSpan().Split('.'))
        {
            if (!IsWord(text.AsSpan(range))) return false;
        }
        return true;
    }

    /// <summary>Like a word, with dots anywhere but at the start.</summary>
    public static bool IsFlowId(string text) => IsWord(text.Replace('.', '_')) && text[0] != '.';

    /// <summary>schema.table, as PostgreSQL writes names without quotes.</summary>
    public static bool IsTable(string text) =>
        text.Split('.') is [var schema, var table]
        && new[] { schema, table }.All(n => n.Length is > 0 and <= 63 && !char.IsAsciiDigit(n[0]) && n.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'));

    private static bool IsWord(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return false;
        }
        return true;
    }

    /// <summary>" Did you mean 'x'?" or nothing.</summary>
    public static string Suggest(string name, IEnumerable<string> known) => NearestName.Find(name, known) is { } near ? $" Did you mean {Quote(near)}?" : "";

    /// <summary>The names as a phrase: a, b or c.</summary>
    public static string OneOf(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}";
}
