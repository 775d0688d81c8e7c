using System.Text.RegularExpressions;
using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>A course of study as read.</summary>
internal sealed record EducationEntry
{
    public Value? Institution { get; set; }

    public Value? Area { get; set; }

    public Value? StudyType { get; set; }

    public Value? StartDate { get; set; }

    public Value? EndDate { get; set; }

    public Value? Score { get; set; }

    public Value? Location { get; set; }

    public List<Fragment> Others { get; } = [];

    public bool IsEmpty => Institution is null && StudyType is null && Area is null;
}

/// <summary>Education: degrees, subjects, schools and dates in whatever order; what would fill a field twice begins the next entry.</summary>
internal static partial class EducationFields
{
    [GeneratedRegex(@"(?:(?:c?gpa|grade|note|abschlussnote|durchschnitt|notendurchschnitt|moyenne|nota(?:\smedia)?|promedio|cijfer|score)\s?[:=\-]?\s?\(?(?<score>\d{1,3}(?:[.,]\d{1,3})?(?:\s?/\s?\d{1,3}(?:[.,]\d{1,2})?)?%?)\)?|(?<score>\d(?:\.\d{1,2})?(?:\s?/\s?\d(?:\.\d{1,2})?)?)\s?c?gpa)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex ScorePattern();

    [GeneratedRegex(@"^(?:expected(?:\sgraduation)?|graduat(?:ed|ion|ing)(?:\sdate)?|anticipated|class\sof|abschluss|voraussichtlich|conferred|completed|awarded|degree|diplom|obtained|obtenu)\s?(?:in|:)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex DateLabel();

    public static List<EducationEntry> Read(IEnumerable<Section> sections)
    {
        var entries = new List<EducationEntry>();
        foreach (var section in sections.Where(section => section.Kind == SectionKind.Education))
            ReadSection(section.Lines, entries);
        return entries;
    }

    private static void ReadSection(List<TextLine> lines, List<EducationEntry> entries)
    {
        EducationEntry? current = null;
        var first = entries.Count;
        TextLine? before = null;
        foreach (var line in lines)
        {
            var inBody = line.Bullet && !(lines.TrueForAll(one => one.Bullet) || (current is null)) || (before?.Bullet == true && !line.SpaceBefore && line.Left > lines[0].Left + 4 && line.Box is not null);
            var score = ScorePattern().Match(line.Text);
            var taken = score.Success ? new Fragment(line, score.Groups["score"].Index, score.Groups["score"].Length) : null;
            if (taken is not null && current is { Score: null } && (inBody || score.Index < 3))
            {
                current.Score = Value.Of(taken, 0.85);
                before = line;
                continue;
            }

            if (inBody || IsNote(line.Text) || (line.Words.Count > 14 && !line.Words.Any(word => word.Apart)))
            {
                before = line;
                continue;
            }

            var dates = DateReader.Find(line.Text);
            var parts = Fragments.Split(line, dates).SelectMany(Cut).Where(part => !DateLabel().IsMatch(part.Text.Trim(':', ' ')) && !ScorePattern().IsMatch(part.Text)).ToList();
            var institution = parts.Find(part => Lexicon.IsInstitution(part.Text) && !StartsWithDegree(part.Text));
            var degree = parts.Find(part => StartsWithDegree(part.Text)) ?? parts.Find(part => part != institution && HasDegree(part.Text));
            var date = dates.FirstOrDefault(one => one.IsRange) ?? (dates.Count > 0 ? dates[^1] : null);

            var begins = current is null
                || (institution is not null && current.Institution is not null)
                || (degree is not null && current.StudyType is not null)
                || (date is not null && current.EndDate is not null && parts.Count > 0)
                || (date is not null && date.Start == 0 && current.EndDate is not null)
                || (line.SpaceBefore && parts.Count > 0 && !current!.IsEmpty && (institution is not null || degree is not null) && current.Institution is not null && current.StudyType is not null);
            if (begins)
            {
                if (parts.Count == 0 && date is null)
                    continue;
                entries.Add(current = new EducationEntry());
            }

            if (institution is not null)
                current!.Institution = Value.Of(institution, 0.9);
            if (degree is not null)
                SetDegree(current!, degree);
            if (date is not null && current!.EndDate is null && current.StartDate is null)
                SetDates(current, line, date);
            if (taken is not null && current!.Score is null)
                current.Score = Value.Of(taken, 0.85);
            foreach (var part in parts.Where(part => part != institution && part != degree))
            {
                if (Lexicon.IsPlace(part.Text) && part.Text.Contains(',', StringComparison.Ordinal) && current!.Location is null)
                    current.Location = Value.Of(part, 0.8);
                else
                    current!.Others.Add(part);
            }

            before = line;
        }

        foreach (var entry in entries.Skip(first))
            Complete(entry);
        entries.RemoveAll(entry => entry.IsEmpty);
    }

    private static bool IsNote(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon is > 2 and < 40 && HeadingVocabulary.Fold(text[..colon]) is var label
            && (label.Contains("thesis", StringComparison.Ordinal) || label.Contains("course", StringComparison.Ordinal) || label.Contains("minor", StringComparison.Ordinal) || label.Contains("dissertation", StringComparison.Ordinal)
                || label.Contains("advisor", StringComparison.Ordinal) || label.Contains("supervisor", StringComparison.Ordinal) || label.Contains("arbeit", StringComparison.Ordinal) || label.Contains("schwerpunkt", StringComparison.Ordinal)
                || label.Contains("honors", StringComparison.Ordinal) || label.Contains("awards", StringComparison.Ordinal) || label.Contains("activities", StringComparison.Ordinal) || label.Contains("modules", StringComparison.Ordinal)
                || label.Contains("focus", StringComparison.Ordinal) || label.Contains("memoire", StringComparison.Ordinal) || label.Contains("relevant", StringComparison.Ordinal));
    }

    /// <summary>Commas part school, place and degree, but not the words of a degree ("Bachelor of Arts, Business Administration").</summary>
    private static IEnumerable<Fragment> Cut(Fragment fragment)
    {
        if (!fragment.Text.Contains(',', StringComparison.Ordinal) || Lexicon.IsPlace(fragment.Text))
            return [fragment];
        var parts = new List<Fragment>();
        var start = fragment.Start;
        for (var i = fragment.Start; i <= fragment.End; i++)
        {
            if (i < fragment.End && fragment.Line.Text[i] != ',')
                continue;
            if (Fragment.Trimmed(fragment.Line, start, i) is { } part)
                parts.Add(part);
            start = i + 1;
        }

        // Joined again: a place's two parts, and what follows a degree or a school without being either.
        var joined = new List<Fragment>();
        foreach (var part in parts)
        {
            if (joined.Count > 0 && Join(joined[^1], part))
                joined[^1] = new Fragment(part.Line, joined[^1].Start, part.End - joined[^1].Start);
            else
                joined.Add(part);
        }

        return joined;

        static bool Join(Fragment left, Fragment right) =>
            Lexicon.IsRegion(right.Text) && !Lexicon.IsInstitution(left.Text) && !HasDegree(left.Text)
            || (StartsWithDegree(left.Text) && !Lexicon.IsInstitution(right.Text) && !HasDegree(right.Text) && !Lexicon.IsPlace(right.Text) && !KnownSchool(right.Text));
    }

    private static bool KnownSchool(string text) => Lexicon.IsInstitution(text);

    private static bool StartsWithDegree(string text)
    {
        var match = Lexicon.Degree().Match(text);
        return match.Success && match.Index <= 1 && IsReally(match);
    }

    private static bool HasDegree(string text) => Lexicon.Degree().Matches(text).Any(IsReally);

    // Short forms are degrees only when written like them: "be", "ma", "but", "cap" are words too.
    private static bool IsReally(Match match) => match.Length > 3 || match.Value.Any(char.IsUpper);

    private static void SetDegree(EducationEntry entry, Fragment fragment)
    {
        var text = fragment.Text;
        var match = Lexicon.Degree().Matches(text).First(IsReally);
        // "Bachelor of Science in X": the type runs to the "in"; "B.S. X" and "Bachelor of Arts, X": to its own end.
        var split = FindSplit(text, match.Index + match.Length);
        if (split is var (typeEnd, areaStart) && Fragment.Trimmed(fragment.Line, fragment.Start + match.Index, fragment.Start + typeEnd, " \t,;:|·•●–—-/") is { } type)
        {
            entry.StudyType = Value.Of(KeepDot(type, fragment), 0.9);
            if (areaStart < text.Length && entry.Area is null && Fragment.Trimmed(fragment.Line, fragment.Start + areaStart, fragment.End) is { } area)
                entry.Area = Value.Of(area, 0.85);
            else if (match.Index > 2 && entry.Area is null && Fragment.Trimmed(fragment.Line, fragment.Start, fragment.Start + match.Index) is { } lead)
                entry.Area = Value.Of(lead, 0.7);
        }
    }

    private static Fragment KeepDot(Fragment type, Fragment whole) =>
        type.End < whole.End && type.Line.Text[type.End] == '.' ? type with { Length = type.Length + 1 } : type;

    private static (int TypeEnd, int AreaStart) FindSplit(string text, int degreeEnd)
    {
        var rest = text[degreeEnd..];
        foreach (var word in (string[])[" in ", " en ", " im ", " of Science ", " of Arts ", " of Engineering "])
        {
            var at = rest.IndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (at < 0 || (word is " en " or " im " && at > 30))
                continue;
            var isOf = word.StartsWith(" of", StringComparison.Ordinal);
            return isOf ? (degreeEnd + at + word.Length - 1, degreeEnd + at + word.Length) : (degreeEnd + at, degreeEnd + at + word.Length);
        }

        var comma = rest.IndexOfAny([',', ':', '(']);
        if (comma >= 0 && rest[..comma].Trim().Length > 0)
            return rest.TrimStart().StartsWith("of ", StringComparison.OrdinalIgnoreCase) || rest.TrimStart().StartsWith('(') ? (degreeEnd + comma, degreeEnd + comma + 1) : (degreeEnd, degreeEnd);
        if (rest.TrimStart().StartsWith("of ", StringComparison.OrdinalIgnoreCase))
        {
            // "Master of Science" is a type; "Master of Data Science" too, and the subject is in it.
            return (text.Length, text.Length);
        }

        return (degreeEnd, degreeEnd);
    }

    private static void SetDates(EducationEntry entry, TextLine line, FoundDate date)
    {
        var from = new Fragment(line, date.Start, date.Length);
        if (date.IsRange)
        {
            if (date.From is { } start)
                entry.StartDate = new Value(start.ToString(), from, 0.95);
            if (date.To is { } end)
                entry.EndDate = new Value(end.ToString(), from, 0.95);
        }
        else if (date.From is { } only)
            entry.EndDate = new Value(only.ToString(), from, 0.85);
    }

    private static void Complete(EducationEntry entry)
    {
        var left = entry.Others.Where(part => part.Text.Any(char.IsLetter) && part.Text.Length > 1).ToList();
        if (entry.Institution is null && left.Count > 0 && (entry.StudyType is not null || left.Count > 1))
        {
            // With a degree known, what names something beside it is the school; the subject comes before, the school after.
            var school = entry.Area is not null || left.Count == 1 ? left[0] : left.FindLast(part => !part.Bold) ?? left[^1];
            entry.Institution = Value.Of(school, 0.6);
            left.Remove(school);
        }

        if (entry.Area is null && left.Find(part => part.Text.Split(' ').Length <= 8 && !Lexicon.IsPlace(part.Text)) is { } area)
        {
            entry.Area = Value.Of(area, 0.6);
            left.Remove(area);
        }

        if (entry.Location is null && left.Find(part => Lexicon.IsPlace(part.Text)) is { } place)
            entry.Location = Value.Of(place, 0.7);
    }
}
