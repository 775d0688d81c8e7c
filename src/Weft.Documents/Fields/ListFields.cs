using System.Text.RegularExpressions;
using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>An entry of the skill list: a skill, or a label with its keywords.</summary>
internal sealed record SkillEntry(Value Name, List<Value> Keywords);

/// <summary>A spoken language and how well, in the document's words.</summary>
internal sealed record LanguageEntry(Value Language, Value? Fluency);

/// <summary>A certificate as read.</summary>
internal sealed record CertificateEntry(Value Name, Value? Issuer, Value? Date);

/// <summary>Skills, languages and certificates: the sections that list.</summary>
internal static partial class ListFields
{
    private const int LongestSkillWords = 6;

    [GeneratedRegex(@"^(?:(?:highly\s|very\s)?(?:proficien(?:t|cy)|experience(?:d)?|fluent|skilled|familiar(?:ity)?|knowledge(?:able)?|competent|expert(?:ise)?|well\sversed|strong)\s(?:in|with|of|knowledge\sof|at)|(?:good|basic|advanced|solid|working|strong|excellent|sehr\sgute|gute)\s(?:knowledge|command|understanding|kenntnisse)\s(?:of|in)|such\sas|including|e\.g\.|and|und|et|y|en)\s+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex LeadIn();

    [GeneratedRegex(@"\s*(?:\((?:[^()]*\b(?:years?|yrs?|jahre?|ans|años|jaar|basic|beginner|intermediate|advanced|expert|proficient|fluent|grundkenntnisse|fortgeschritten|débutant|avancé|básico|avanzado|medio|gevorderd)\b[^()]*)\)|[\d.]+\s?/\s?\d+|\d{1,3}\s?%|[★☆✩✭●○◐•▪]+)\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Level();

    [GeneratedRegex(@"^\(?\d{1,2}[.)]\s+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Numbering();

    [GeneratedRegex(@"\b(?:native|mother\s?tongue|bilingual|fluent(?:ly)?|proficient|professional(?:\sworking)?(?:\sproficiency)?|conversational|intermediate|upper\sintermediate|advanced|basic|beginner|elementary|limited(?:\sworking)?|good|very\sgood|excellent|[ABC][12]\+?|muttersprach(?:e|lich|ler)|verhandlungssicher|fließend|gut|sehr\sgut|grundkenntnisse|fortgeschritten|langue\smaternelle|maternelle|courant|bilingue|intermédiaire|notions|débutant|avancé|nativo|nativa|lengua\smaterna|fluido|avanzado|intermedio|básico|moedertaal|vloeiend|goed|redelijk|basis|toefl|ielts|delf|dalf|dele)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FluencyWord();

    public static (List<SkillEntry> Skills, List<LanguageEntry> Languages) ReadSkills(IEnumerable<Section> sections)
    {
        var skills = new List<SkillEntry>();
        var languages = new List<LanguageEntry>();
        foreach (var section in sections.Where(section => section.Kind == SectionKind.Skills))
        {
            SkillEntry? group = null;
            var open = false;
            TextLine? before = null;
            foreach (var line in section.Lines)
            {
                if (IsProse(line) || (before is not null && IsProse(before) && !line.Bullet && !line.SpaceBefore && (char.IsLower(line.Text[0]) || line.Text.EndsWith('.'))))
                {
                    before = line;
                    open = false;
                    continue;
                }

                var start = Numbering().Match(line.Text).Length;
                var labelEnd = LabelEnd(line, start);
                if (labelEnd > 0)
                {
                    var label = Fragment.Trimmed(line, start, labelEnd);
                    var content = Items(line, line.Text[labelEnd] == ':' ? labelEnd + 1 : labelEnd);
                    if (label is null)
                        continue;
                    if (IsLanguageLabel(label.Text, content))
                    {
                        ReadLanguageLine(line, labelEnd + 1, languages);
                        open = false;
                        before = line;
                        continue;
                    }

                    group = new SkillEntry(Value.Of(label, 0.9), []);
                    skills.Add(group);
                    Add(group, content, skills);
                    open = true;
                }
                else
                {
                    var items = Items(line, start);
                    // A list that wraps goes on under its label.
                    var wraps = group is not null && open && !line.Bullet && !line.SpaceBefore && before is not null
                        && (before.Text.EndsWith(',') || char.IsLower(line.Text[0]) || line.Text.Contains(',', StringComparison.Ordinal) || Math.Abs(line.Left - before.Left) > 4);
                    Add(wraps ? group : null, items, skills);
                    open = wraps;
                    if (!wraps)
                        group = null;
                }

                before = line;
            }
        }

        skills.RemoveAll(skill => skill.Keywords.Count == 0 && skill.Name.Text.EndsWith(':'));
        return (Distinct(skills), languages);
    }

    private static List<SkillEntry> Distinct(List<SkillEntry> skills)
    {
        var seen = new HashSet<string>();
        return skills.Where(skill => skill.Keywords.Count > 0 || seen.Add(HeadingVocabulary.Fold(skill.Name.Text) is { Length: > 1 } folded && !skill.Name.Text.Any(c => c is '+' or '#') ? folded : skill.Name.Text)).ToList();
    }

    private static void Add(SkillEntry? group, List<Value> items, List<SkillEntry> skills)
    {
        foreach (var item in items)
        {
            if (group is not null)
                group.Keywords.Add(item);
            else
                skills.Add(new SkillEntry(item, []));
        }
    }

    private static bool IsProse(TextLine line) =>
        (line.Text.EndsWith('.') && line.Words.Count > 6 && line.Text.Count(c => c == ',') < line.Words.Count / 3)
        || (line.Words.Count > 10 && line.Text.Count(c => c is ',' or '|' or '•' or ';' or '·') < 2 && !line.Text.Contains(':', StringComparison.Ordinal));

    /// <summary>Where a label before its list ends: at a colon, or at the gap after a bold word or two; 0 when there is none.</summary>
    private static int LabelEnd(TextLine line, int start)
    {
        var colon = line.Text.IndexOf(':', start);
        if (colon > start && colon - start <= 45 && line.Text[start..colon].Split(' ').Length <= 5 && (colon + 1 == line.Text.Length || line.Text[colon + 1] == ' ' || line.Words.Any(word => word.Start == colon + 1)))
            return colon;
        var plain = line.Words.FirstOrDefault(word => !word.Bold);
        if (plain is not null && line.Words[0].Bold && plain.Start > start && line.Words.Count(word => word.Bold) <= 4 && line.Text[plain.Start..].Contains(',', StringComparison.Ordinal) && !line.Text[..plain.Start].Contains(',', StringComparison.Ordinal))
            return plain.Start;
        return 0;
    }

    private static bool IsLanguageLabel(string label, List<Value> content) =>
        HeadingVocabulary.Find(label) == SectionKind.Languages && content.Exists(item => item.Text.Split(' ').Any(Lexicon.IsLanguage));

    private static List<Value> Items(TextLine line, int from)
    {
        var items = new List<Value>();
        var cuts = new SortedSet<int> { from, line.Text.Length };
        var depth = 0;
        for (var i = from; i < line.Text.Length; i++)
        {
            var c = line.Text[i];
            depth += c is '(' or '[' ? 1 : c is ')' or ']' ? -1 : 0;
            if (depth > 0)
                continue;
            if (c is ',' or ';' or '|' or '•' or '·' or '●' or '▪' or '►')
            {
                cuts.Add(i);
                cuts.Add(i + 1);
            }
        }

        foreach (var word in line.Words.Where(word => word.Apart && word.Start > from))
            cuts.Add(word.Start);
        var edges = cuts.ToList();
        for (var i = 0; i + 1 < edges.Count; i++)
        {
            foreach (var piece in AtAnd(line, edges[i], edges[i + 1], isLast: i + 2 == edges.Count && edges.Count > 3 || LeadIn().IsMatch(line.Text[edges[i]..edges[i + 1]].Trim())))
            {
                var (start, end) = piece;
                var text = line.Text[start..end];
                var trimmed = text.Length - text.TrimStart().Length;
                var lead = LeadIn().Match(text.TrimStart());
                // Before a list it is no part of the first skill; before a single skill it is part of what the person wrote.
                if (lead.Success && (edges.Count > 2 || lead.Value.TrimEnd().Length <= 3))
                    start += trimmed + lead.Length;
                var level = Level().Match(line.Text[start..end]);
                if (level.Success && level.Index > 0)
                    end = start + level.Index;
                if (Fragment.Trimmed(line, start, end, " \t,;:|·•●–—-*.") is not { } fragment)
                    continue;
                fragment = KeepMarks(fragment);
                var words = fragment.Text.Split(' ').Length;
                if (words <= LongestSkillWords && fragment.Text.Length is > 0 and <= 60 && fragment.Text.Any(char.IsLetter))
                    items.Add(Value.Of(fragment, words <= 3 ? 0.9 : 0.75));
            }
        }

        return items;
    }

    // ".NET" begins with its dot.
    private static Fragment KeepMarks(Fragment fragment) =>
        fragment.Start > 0 && fragment.Line.Text[fragment.Start - 1] == '.' && (fragment.Start == 1 || fragment.Line.Text[fragment.Start - 2] == ' ') ? new Fragment(fragment.Line, fragment.Start - 1, fragment.Length + 1) : fragment;

    /// <summary>"A, B and C": the last item of a list may be two.</summary>
    private static IEnumerable<(int Start, int End)> AtAnd(TextLine line, int start, int end, bool isLast)
    {
        if (isLast)
        {
            foreach (var and in (string[])[" and ", " und ", " et ", " y "])
            {
                var at = line.Text.IndexOf(and, start, end - start, StringComparison.Ordinal);
                if (at > start)
                    return [(start, at), (at + and.Length, end)];
            }
        }

        return [(start, end)];
    }

    public static List<LanguageEntry> ReadLanguages(IEnumerable<Section> sections)
    {
        var languages = new List<LanguageEntry>();
        foreach (var section in sections.Where(section => section.Kind == SectionKind.Languages))
        {
            foreach (var line in section.Lines)
            {
                if (!ReadLanguageLine(line, 0, languages) && languages.Count > 0 && languages[^1] is { Fluency: null } last && last.Language.From.Line.Number == line.Number - 1
                    && FluencyWord().IsMatch(line.Text) && line.Words.Count <= 6)
                    languages[^1] = last with { Fluency = Value.Of(Fragment.Of(line), 0.7) };
            }
        }

        return languages;
    }

    private static bool ReadLanguageLine(TextLine line, int from, List<LanguageEntry> languages)
    {
        var named = line.Words.Where(word => word.Start >= from && Lexicon.IsLanguage(word.Text.Trim(',', ';', ':', '(', ')', '.', '-', '–'))).ToList();
        for (var i = 0; i < named.Count; i++)
        {
            if (Fragment.Trimmed(line, named[i].Start, named[i].End, " ,;:()-–.") is not { } language
                || languages.Exists(other => HeadingVocabulary.Fold(other.Language.Text) == HeadingVocabulary.Fold(language.Text)))
                continue;
            // How well stands after the name up to the next one, or before it: "fluent in Spanish".
            var until = i + 1 < named.Count ? named[i + 1].Start : line.Text.Length;
            var after = Fragment.Trimmed(line, language.End, until, " ,;:()-–.|•·●/");
            var start = i == 0 ? from : named[i - 1].End;
            var before = FluencyWord().Matches(line.Text[start..named[i].Start]).LastOrDefault();
            Value? fluency = null;
            if (after is not null && after.Text.Length <= 60 && (FluencyWord().IsMatch(after.Text) || (i + 1 == named.Count && named.Count == 1 && after.Text.Split(' ').Length <= 4 && !after.Text.Any(char.IsDigit))))
                fluency = Value.Of(after, 0.85);
            else if (before is not null)
                fluency = Value.Of(new Fragment(line, start + before.Index, before.Length), 0.8);
            languages.Add(new LanguageEntry(Value.Of(language, 0.95), fluency));
        }

        return named.Count > 0;
    }

    public static List<CertificateEntry> ReadCertificates(IEnumerable<Section> sections)
    {
        var certificates = new List<CertificateEntry>();
        foreach (var section in sections.Where(section => section.Kind == SectionKind.Certificates))
        {
            var items = new List<List<TextLine>>();
            foreach (var line in section.Lines)
            {
                var wrapped = items.Count > 0 && !line.Bullet && !line.SpaceBefore && Continues(items[^1][^1], line);
                if (wrapped)
                    items[^1].Add(line);
                else
                    items.Add([line]);
            }

            foreach (var item in items)
            {
                if (ReadCertificate(item) is { } certificate)
                    certificates.Add(certificate);
                else if (certificates.Count > 0 && certificates[^1].Date is null && DateReader.Find(item[0].Text) is [{ From: { } date } found])
                    certificates[^1] = certificates[^1] with { Date = new Value(date.ToString(), new Fragment(item[0], found.Start, found.Length), 0.7) };
            }
        }

        return certificates;
    }

    /// <summary>Whether a line is the wrapped rest of the one before: no date of its own, further in, where that one began with a date or a bullet.</summary>
    private static bool Continues(TextLine before, TextLine line)
    {
        if (DateReader.Find(line.Text).Count > 0)
            return false;
        if (line.Text.Length > 0 && char.IsLower(line.Text[0]))
            return true;
        var textLeft = before.Words.Skip(1).FirstOrDefault(word => word.Apart)?.Box?.Left;
        return before.Box is not null && line.Box is not null && ((textLeft is { } left && Math.Abs(line.Left - left) < 3 && DateReader.Find(before.Text) is [{ Start: 0 }]) || (before.Bullet && Math.Abs(line.Left - before.Left) < 3 && before.Words.Count > 6));
    }

    private static CertificateEntry? ReadCertificate(List<TextLine> lines)
    {
        var line = lines[0];
        var dates = DateReader.Find(line.Text);
        var parts = Fragments.Split(line, dates, atDash: false);
        if (parts.Count == 0)
            return null;
        if (parts.Count == 1)
            parts = AtIssuer(parts[0]);
        var name = Value.Of(parts[0], 0.85);
        if (lines.Count > 1 && parts.Count == 1)
            name = name with { Text = Fragments.Paragraph([line with { Text = parts[0].Text }, .. lines.Skip(1)]) };
        var issuer = parts.Skip(1).FirstOrDefault(part => part.Text.Length is > 1 and <= 60 && !part.Text.StartsWith("http", StringComparison.OrdinalIgnoreCase) && part.Text.Any(char.IsLetter) && !Lexicon.IsPlace(part.Text));
        var date = dates.FirstOrDefault(one => one.From is not null);
        return new CertificateEntry(
            name,
            issuer is null ? null : Value.Of(issuer, 0.75),
            date is null ? null : new Value(date.From!.Value.ToString(), new Fragment(line, date.Start, date.Length), 0.9));
    }

    /// <summary>"Name - Issuer" and "Name, Issuer": the last part, if it is short and the name stays whole.</summary>
    private static List<Fragment> AtIssuer(Fragment fragment)
    {
        foreach (var mark in (string[])[" – ", " — ", " - ", ", ", " by "])
        {
            var at = fragment.Text.LastIndexOf(mark, StringComparison.Ordinal);
            if (at < 4 || fragment.Text[(at + mark.Length)..].Split(' ').Length > 5)
                continue;
            if (Fragment.Trimmed(fragment.Line, fragment.Start, fragment.Start + at) is { } name && Fragment.Trimmed(fragment.Line, fragment.Start + at + mark.Length, fragment.End) is { } issuer
                && (mark != ", " || !Lexicon.IsPlace(issuer.Text)))
                return [name, issuer];
        }

        return [fragment];
    }
}
