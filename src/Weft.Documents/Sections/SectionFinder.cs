using Weft.Documents.Fields;

namespace Weft.Documents.Sections;

/// <summary>A stretch of lines under one heading. The lines before any heading make a section of kind None.</summary>
internal sealed record Section(SectionKind Kind, TextLine? Heading)
{
    public List<TextLine> Lines { get; } = [];
}

/// <summary>
/// Finds the sections: by words known from headings, and by lines that look like those. A column begins in no section, and a
/// column that goes on (below on the page, or on the next page) goes on in its section.
/// </summary>
internal static class SectionFinder
{
    private sealed record Look(double Size, bool Bold, bool Caps, int Level);

    public static List<Section> Find(TextDocument document)
    {
        var lines = document.Lines.Where(line => !line.Furniture).ToList();
        var body = BodySize(lines);
        var looks = lines.Where(line => IsKnown(line, body, SectionKind.None)).Select(LookOf).Where(look => look.Level > 0 || look.Caps || look.Size > body * 1.15)
            .GroupBy(look => look).Where(group => group.Count() >= 2).Select(group => group.Key).ToHashSet();
        var sections = new List<Section>();
        var sectionOf = new Dictionary<TextLine, Section>(ReferenceEqualityComparer.Instance);
        Section? current = null;
        var seenHeading = false;
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (current is null || (document.Format == DocumentFormat.Pdf && line.Region != lines[i - 1].Region))
            {
                current = Above(line, lines, i, sectionOf) ?? New(SectionKind.None, null);
            }

            var (kind, rest) = HeadingOf(line, body, current.Kind);
            if (kind == SectionKind.None && seenHeading && looks.Contains(LookOf(line)) && IsUnknownHeading(line, lines, i, current.Kind))
                kind = SectionKind.Other;
            if (kind != SectionKind.None)
            {
                seenHeading = true;
                current = New(kind, line);
                sectionOf[line] = current;
                if (rest is not null)
                    current.Lines.Add(rest);
                continue;
            }

            current.Lines.Add(line);
            sectionOf[line] = current;
        }

        return sections;

        Section New(SectionKind kind, TextLine? heading)
        {
            var section = new Section(kind, heading);
            sections.Add(section);
            return section;
        }
    }

    public static double BodySize(IReadOnlyList<TextLine> lines) =>
        lines.Count == 0 ? 0 : lines.GroupBy(line => Math.Round(line.Size * 2) / 2).MaxBy(group => group.Sum(line => line.Text.Length))!.Key;

    private static Look LookOf(TextLine line) => new(Math.Round(line.Size), line.Bold, line.IsCaps, line.HeadingLevel);

    /// <summary>The section a new column or band goes on with: that of the text right above it, or at the foot of its column on the page before.</summary>
    private static Section? Above(TextLine line, List<TextLine> lines, int index, Dictionary<TextLine, Section> sectionOf)
    {
        if (line.Box is not { } box)
            return null;
        TextLine? best = null;
        for (var i = index - 1; i >= 0; i--)
        {
            if (lines[i].Box is not { } other || other.Left > box.Right || other.Right < box.Left || !sectionOf.ContainsKey(lines[i]))
                continue;
            if (lines[i].Page == line.Page && other.Bottom <= box.Bottom - 2 && (best is null || best.Page < line.Page || other.Bottom > best.Box!.Bottom))
                best = lines[i];
            else if (lines[i].Page == line.Page - 1 && (best is null || (best.Page < line.Page && other.Bottom > best.Box!.Bottom)))
                best = lines[i];
        }

        if (best is null)
            return null;
        // Far below the rest of the page stands something else, as a line with the address at the foot.
        return best.Page == line.Page && box.Top - best.Box!.Bottom > 3.5 * Math.Max(line.Size, 8) && best.Region != line.Region && !line.Bullet ? null : sectionOf[best];
    }

    private static bool IsKnown(TextLine line, double body, SectionKind current) => HeadingOf(line, body, current) is { Kind: not SectionKind.None, Beside: null };

    private static bool IsDistinct(TextLine line, double body) =>
        line.HeadingLevel > 0 || line.Bold || line.Size > body * 1.08 || line.IsCaps || line.SpaceBefore || line.Text.EndsWith(':') || line.Number == 1;

    private static (SectionKind Kind, TextLine? Beside) HeadingOf(TextLine line, double body, SectionKind current)
    {
        if (line.Words.Count == 0 || (line.Bullet && line.HeadingLevel == 0 && !line.Bold))
            return (SectionKind.None, null);
        var text = line.Text.TrimEnd(':', ' ', '.', '_', '-', '–', '—');
        if (line.Words.Count <= 7 && (char.IsUpper(FirstLetter(text)) || IsDistinct(line, body) && !line.SpaceBefore) && HeadingVocabulary.Find(text) is var kind and not SectionKind.None)
        {
            // An entry of a skill list may be a heading's word too: a heading stands out.
            return current == SectionKind.None || IsDistinct(line, body) ? (kind, null) : (SectionKind.None, null);
        }

        // The heading at the margin, its text beside it.
        var apart = line.Words.Skip(1).FirstOrDefault(word => word.Apart);
        if (apart is not null)
        {
            var first = line.Words.TakeWhile(word => word != apart).ToList();
            var heading = string.Join(' ', first.Select(word => word.Text)).TrimEnd(':');
            var rest = line.Words.SkipWhile(word => word != apart).ToList();
            var standsOut = first.TrueForAll(word => word.Bold) && !rest.TrueForAll(word => word.Bold) || !heading.Any(char.IsLower) || first[0].Size > rest[0].Size * 1.08;
            if (standsOut && HeadingVocabulary.Find(heading) is var beside and not SectionKind.None)
                return (beside, Part(line, rest));
        }

        // "Languages: English, German" on one line.
        var colon = line.Text.IndexOf(':', StringComparison.Ordinal);
        if (colon is > 2 and < 30 && colon < line.Text.Length - 2 && current is not (SectionKind.Skills or SectionKind.Contact) && HeadingVocabulary.Find(line.Text[..colon]) is var inline
            && (inline is SectionKind.Languages || (inline is SectionKind.Skills or SectionKind.Certificates && current is not (SectionKind.Work or SectionKind.Other or SectionKind.Education))))
        {
            var rest = line.Words.Where(word => word.Start > colon).ToList();
            if (rest.Count > 0 && (inline != SectionKind.Languages || rest.Exists(word => Lexicon.IsLanguage(word.Text))))
                return (inline, Part(line, rest));
        }

        return (SectionKind.None, null);
    }

    private static char FirstLetter(string text) => text.FirstOrDefault(char.IsLetter);

    private static bool IsUnknownHeading(TextLine line, List<TextLine> lines, int index, SectionKind current)
    {
        if (line.Bullet || line.Words.Count > 6 || line.Text.Length > 45 || line.Words.Any(word => word.Apart) || line.Text.Any(c => char.IsDigit(c) || c is '@' or ',' or '|'))
            return false;
        if (current is not (SectionKind.Work or SectionKind.Education))
            return true;
        // An employer in capitals looks the same, but a date follows it.
        return line.HeadingLevel > 0 || !lines.Skip(index + 1).Take(2).Any(next => DateReader.Find(next.Text).Count > 0);
    }

    /// <summary>The part of a line that some of its words make, with its own text.</summary>
    private static TextLine Part(TextLine line, List<TextWord> words)
    {
        var text = new System.Text.StringBuilder();
        var moved = new List<TextWord>(words.Count);
        foreach (var word in words)
        {
            if (text.Length > 0)
                text.Append(' ');
            moved.Add(word with { Start = text.Length, Apart = moved.Count > 0 && word.Apart });
            text.Append(word.Text);
        }

        return line with
        {
            Text = text.ToString(), Words = moved, Bold = moved.TrueForAll(word => word.Bold), Italic = moved.TrueForAll(word => word.Italic),
            Box = line.Box is null ? null : TextBox.Around(moved.Select(word => word.Box!)),
        };
    }
}
