using System.Text;

namespace Weft.Documents.Fields;

/// <summary>A part of a line: what values are made of, so that every value can say where it was read.</summary>
internal sealed record Fragment(TextLine Line, int Start, int Length)
{
    public string Text => Line.Text.Substring(Start, Length);

    public int End => Start + Length;

    public IEnumerable<TextWord> Words => Line.Words.Where(word => word.Start < End && word.End > Start);

    public bool Bold => Words.All(word => word.Bold);

    public static Fragment Of(TextLine line) => new(line, 0, line.Text.Length);

    public TextBox? Box => Line.Box is null ? null : TextBox.Around(Words.Select(word => word.Box!).DefaultIfEmpty(Line.Box));

    private static bool HasContent(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c) && c is not ('(' or ')' or '[' or ']' or '{' or '}' or '.' or ',' or '-'))
                return true;
        }

        return false;
    }

    /// <summary>The part of this fragment from <paramref name="start"/> (in the line) on, without the blanks and loose punctuation around it; null when nothing is left.</summary>
    public static Fragment? Trimmed(TextLine line, int start, int end, string loose = " \t,;:|·•●–—-/")
    {
        while (start < end && (char.IsWhiteSpace(line.Text[start]) || loose.Contains(line.Text[start])))
            start++;
        while (end > start && (char.IsWhiteSpace(line.Text[end - 1]) || loose.Contains(line.Text[end - 1])))
            end--;
        // A bracket that lost its partner to a date.
        if (end - start > 1 && line.Text[end - 1] is '(' or '[')
            return Trimmed(line, start, end - 1, loose);
        if (end - start > 1 && line.Text[start] is ')' or ']')
            return Trimmed(line, start + 1, end, loose);
        var text = line.Text.AsSpan(start, end - start);
        if (text.Length > 1 && text[^1] == ')' && !text.Contains('('))
            return Trimmed(line, start, end - 1, loose);
        if (text.Length > 1 && text[0] == '(' && (!text.Contains(')') || text.IndexOf(')') == text.Length - 1))
            return Trimmed(line, start + 1, text[^1] == ')' ? end - 1 : end, loose);
        return text.Length == 0 || !HasContent(text) ? null : new Fragment(line, start, end - start);
    }
}

/// <summary>A value with its source and how sure the reader is, from 0 to 1.</summary>
internal sealed record Value(string Text, Fragment From, double Confidence)
{
    public static Value Of(Fragment from, double confidence) => new(from.Text, from, confidence);
}

/// <summary>Cuts lines into fragments.</summary>
internal static class Fragments
{
    private const string Separators = "|•·●¦‖";

    /// <summary>
    /// The fragments of a line besides its dates: cut at dates, wide gaps, separators, spaced dashes and, if asked, where the style changes.
    /// </summary>
    public static List<Fragment> Split(TextLine line, IReadOnlyList<FoundDate> dates, bool atStyle = true, bool atDash = true, bool atComma = false)
    {
        var cuts = new SortedSet<int> { 0, line.Text.Length };
        var gone = new List<(int Start, int End)>();
        foreach (var date in dates)
        {
            gone.Add((date.Start, date.End));
            cuts.Add(date.Start);
            cuts.Add(date.End);
        }

        for (var i = 0; i < line.Text.Length; i++)
        {
            var c = line.Text[i];
            var spaced = i > 0 && i + 1 < line.Text.Length && line.Text[i - 1] == ' ' && line.Text[i + 1] == ' ';
            if (Separators.Contains(c) || c == ';' || (atDash && Layout.Characters.IsDash(c) && spaced) || (c == '/' && spaced) || (atComma && c == ','))
            {
                cuts.Add(i);
                cuts.Add(i + 1);
            }
        }

        for (var i = 1; i < line.Words.Count; i++)
        {
            var (a, b) = (line.Words[i - 1], line.Words[i]);
            var style = a.Bold != b.Bold || a.Italic != b.Italic || Math.Abs(a.Size - b.Size) > 0.3 * Math.Max(a.Size, b.Size);
            if (b.Apart || (atStyle && style && IsText(a.Text) && IsText(b.Text)))
                cuts.Add(b.Start);
        }

        var found = new List<Fragment>();
        var edges = cuts.ToList();
        for (var i = 0; i + 1 < edges.Count; i++)
        {
            if (gone.Exists(part => edges[i] >= part.Start && edges[i + 1] <= part.End))
                continue;
            if (Fragment.Trimmed(line, edges[i], edges[i + 1]) is { } fragment)
                found.Add(fragment);
        }

        return found;
    }

    private static bool IsText(string word) => word.Any(char.IsLetterOrDigit);

    /// <summary>The text of several lines as one paragraph, words broken at line ends joined.</summary>
    public static string Paragraph(IEnumerable<TextLine> lines)
    {
        var text = new StringBuilder();
        var broken = false;
        foreach (var line in lines)
        {
            if (text.Length > 0 && !broken)
                text.Append(' ');
            text.Append(line.Text);
            broken = line.BrokenWord && text.Length > 0 && Layout.Characters.IsDash(text[^1]);
            if (broken)
                text.Length--;
        }

        return text.ToString();
    }
}
