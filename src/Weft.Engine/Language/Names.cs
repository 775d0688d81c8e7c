namespace Weft.Engine.Language;

/// <summary>Names in messages: quoted at a readable length, with the nearest known one where one is near.</summary>
internal static class Names
{
    private const int LongestCompared = 120;

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
    public static string Suggest(string name, IEnumerable<string> known) => Nearest(name, known) is { } near ? $" Did you mean {Quote(near)}?" : "";

    /// <summary>The known name that a slip of the hand may have meant, or null.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        if (name.Length is 0 or > LongestCompared) return null;
        string? best = null;
        var least = Math.Max(1, name.Length / 3) + 1;
        foreach (var candidate in known)
        {
            if (candidate.Length > LongestCompared || Math.Abs(candidate.Length - name.Length) >= least) continue;
            var distance = Distance(name, candidate);
            if (distance >= least) continue;
            least = distance;
            best = candidate;
        }
        return best;
    }

    /// <summary>Insertions, deletions, changes and swaps of neighbours from one word to the other, letters' case counting as nothing.</summary>
    private static int Distance(string a, string b)
    {
        Span<int> older = stackalloc int[b.Length + 1];
        Span<int> old = stackalloc int[b.Length + 1];
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) old[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                var cost = Math.Min(Math.Min(old[j], row[j - 1]) + 1, old[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost = Math.Min(cost, older[j - 2] + 1);
                row[j] = cost;
            }
            old.CopyTo(older);
            row.CopyTo(old);
        }
        return old[b.Length];
    }

    /// <summary>The names as a phrase: a, b or c.</summary>
    public static string OneOf(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}";
}
