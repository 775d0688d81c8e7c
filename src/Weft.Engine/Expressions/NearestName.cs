namespace Weft.Engine.Expressions;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    private const int MaxCandidates = 2000;

    /// <summary>The candidate with the smallest edit distance, or null when none is near.</summary>
    public static string? Find(string wanted, IEnumerable<string> candidates)
    {
        if (wanted.Length is 0 or > 100) return null;
        string? best = null;
        var bestDistance = Math.Max(1, wanted.Length / 3) + 1;
        foreach (var candidate in candidates.Take(MaxCandidates))
        {
            if (candidate.Length > 100 || Math.Abs(candidate.Length - wanted.Length) >= bestDistance) continue;
            var distance = string.Equals(candidate, wanted, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(wanted, candidate);
            if (distance >= bestDistance) continue;
            bestDistance = distance;
            best = candidate;
        }
        return best;
    }

    /// <summary>A sentence about the nearest name, or what exists when nothing is near.</summary>
    public static string Hint(string wanted, IEnumerable<string> candidates)
    {
        var names = candidates.Distinct(StringComparer.Ordinal).Take(MaxCandidates).ToList();
        if (Find(wanted, names) is { } near) return $" Did you mean `{near}`?";
        if (names.Count == 0) return "";
        names.Sort(StringComparer.Ordinal);
        var shown = string.Join(", ", names.Where(n => n.Length <= 60).Take(8).Select(n => $"`{n}`"));
        return names.Count switch { 1 => $" There is {shown}.", <= 8 => $" There are {shown}.", _ => $" There are {shown} and others." };
    }

    /// <summary>Insertions, deletions, changes and swaps of neighbours; the case of letters counts as nothing.</summary>
    private static int Distance(string a, string b)
    {
        Span<int> older = stackalloc int[b.Length + 1];
        Span<int> previous = stackalloc int[b.Length + 1];
        Span<int> current = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1] + 1, previous[j] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = Math.Min(current[j], older[j - 2] + 1);
            }
            previous.CopyTo(older);
            current.CopyTo(previous);
        }
        return previous[b.Length];
    }
}
