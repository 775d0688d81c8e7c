using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>An account elsewhere: network, user name, address.</summary>
internal sealed record ProfileEntry(string Network, Value Username, Value Url);

/// <summary>Who the CV is of and how to reach them.</summary>
internal sealed record Contact
{
    public Value? Name { get; set; }

    public Value? Label { get; set; }

    public Value? Email { get; set; }

    public Value? Phone { get; set; }

    public Value? Url { get; set; }

    public Value? Address { get; set; }

    public Value? City { get; set; }

    public Value? Region { get; set; }

    public Value? Summary { get; set; }

    public List<ProfileEntry> Profiles { get; } = [];
}

/// <summary>Name, label, e-mail, phone, place, links and the profile text.</summary>
internal static partial class ContactFields
{
    [GeneratedRegex(@"[\p{L}\d._%+\-]{1,64}@(?:[\p{L}\d](?:[\p{L}\d\-]{0,61}[\p{L}\d])?\.)+[\p{L}]{2,24}(?![\p{L}\d@])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Email();

    [GeneratedRegex(@"(?<![\p{L}\d/@._#-])(?:\(?\+\d{1,3}\)?|\(?00\d{1,3}\)?)?[\s./\-–]{0,3}(?:\(\d{1,5}\)[\s./\-–]{0,3})?\d{1,5}(?:[\s./\-–]{1,3}\d{1,8}|\d){1,12}(?![\p{L}\d@_])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Phone();

    [GeneratedRegex(@"(?<![@\p{L}\d.\-])(?:https?://|www\.)?(?:[\p{L}\d](?:[\p{L}\d\-]{0,61}[\p{L}\d])?\.)+(?:com|org|net|io|dev|me|co|ai|app|info|eu|de|fr|es|nl|be|ch|at|uk|us|ca|in|it|pl|pt|se|no|dk|fi|edu|gov|tech|design|page|site|online|blog|xyz|pro|name|social|url|github\.io)(?:/[^\s,;|<>()\[\]]*)?(?![\p{L}\d@])|https?://[^\s,;|<>()\[\]]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Url();

    [GeneratedRegex(@"^(?:e-?mail|mail|phone|tel(?:efon|éfono|éphone|efoon)?|mobile|mobil|handy|cell|fax|address|adresse|anschrift|adres|dirección|location|wohnort|ort|linkedin|github|gitlab|website|web|homepage|portfolio|blog|twitter|skype|t|m|e|p|a|w|name|vorname|nom|nombre|naam|nationality|date\sof\sbirth|geburtsdatum|born|dob)\.?\s?[:#]\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FieldLabel();

    private static readonly FrozenDictionary<string, string> Networks = new Dictionary<string, string>
    {
        ["linkedin.com"] = "LinkedIn", ["github.com"] = "GitHub", ["gitlab.com"] = "GitLab", ["bitbucket.org"] = "Bitbucket", ["x.com"] = "X", ["twitter.com"] = "Twitter", ["stackoverflow.com"] = "Stack Overflow",
        ["leetcode.com"] = "LeetCode", ["orcid.org"] = "ORCID", ["medium.com"] = "Medium", ["kaggle.com"] = "Kaggle", ["behance.net"] = "Behance", ["dribbble.com"] = "Dribbble", ["xing.com"] = "XING",
        ["facebook.com"] = "Facebook", ["instagram.com"] = "Instagram", ["researchgate.net"] = "ResearchGate", ["scholar.google.com"] = "Google Scholar", ["hackerrank.com"] = "HackerRank", ["codeforces.com"] = "Codeforces",
        ["youtube.com"] = "YouTube", ["devpost.com"] = "Devpost", ["huggingface.co"] = "Hugging Face", ["dev.to"] = "DEV", ["codepen.io"] = "CodePen", ["npmjs.com"] = "npm", ["t.me"] = "Telegram", ["mastodon.social"] = "Mastodon",
    }.ToFrozenDictionary();

    public static Contact Read(TextDocument document, IReadOnlyList<Section> sections)
    {
        var contact = new Contact();
        var lines = document.Lines.ToList();
        var sectionOf = sections.SelectMany(section => section.Lines.Select(line => (line, section))).ToDictionary(pair => pair.line.Number, pair => pair.section, EqualityComparer<int>.Default);
        SectionKind KindOf(TextLine line) => sectionOf.TryGetValue(line.Number, out var section) ? section.Kind : SectionKind.None;

        // Details stand before the first section, in one of their own, or at the page's edge; a referee's stand among the references.
        var own = lines.Where(line => KindOf(line) is SectionKind.None or SectionKind.Contact).ToList();
        var rest = lines.Where(line => KindOf(line) is not (SectionKind.None or SectionKind.Contact or SectionKind.References)).ToList();
        var head = sections.Where(section => section.Kind is SectionKind.None or SectionKind.Contact).SelectMany(section => section.Lines).ToList();

        var emails = Emails(own).Concat(Emails(rest)).ToList();
        contact.Name = FindName(document, sections, emails);
        contact.Email = emails.Count == 0 ? LinkedEmail(document, KindOf, lines) : emails.MaxBy(email => Alike(email.Text, contact.Name?.Text));
        contact.Phone = FindPhone(own) ?? LinkedPhone(document, KindOf, lines);
        FindLinks(contact, document, own, rest, KindOf);
        FindPlace(contact, head);
        contact.Label = FindLabel(document, contact, head);
        contact.Summary = FindSummary(sections, contact, head);
        return contact;
    }

    private static IEnumerable<Value> Emails(IEnumerable<TextLine> lines)
    {
        foreach (var line in lines.Where(line => line.Text.Contains('@', StringComparison.Ordinal)))
        {
            foreach (Match match in Email().Matches(line.Text))
            {
                var start = match.Index;
                var text = match.Value;
                yield return new Value(text, new Fragment(line, start, text.Length), 0.97);
            }
        }
    }

    private static Value? LinkedEmail(TextDocument document, Func<TextLine, SectionKind> kindOf, List<TextLine> lines)
    {
        foreach (var link in document.Links.Where(link => link.Target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase)))
        {
            var line = lines.Find(one => one.Number == link.Line);
            if (line is not null && kindOf(line) != SectionKind.References && Email().Match(link.Target[7..]) is { Success: true, Index: 0 } match)
                return new Value(match.Value, Fragment.Of(line), 0.8);
        }

        return null;
    }

    private static int Alike(string email, string? name)
    {
        var local = HeadingVocabulary.Fold(email[..email.IndexOf('@', StringComparison.Ordinal)]);
        return name is null ? 0 : HeadingVocabulary.Fold(name).Split(' ').Count(part => part.Length > 1 && local.Contains(part, StringComparison.Ordinal));
    }

    private static Value? FindPhone(IEnumerable<TextLine> lines)
    {
        foreach (var line in lines)
        {
            foreach (Match match in Phone().Matches(line.Text))
            {
                var digits = match.Value.Count(char.IsDigit);
                var text = match.Value.Trim();
                var lead = match.Value.Length - match.Value.TrimStart(' ', '.', '/', '-', '–').Length;
                if (digits is < 7 or > 15 || DateReader.Find(text).Any(date => date.Length >= text.Length - 3) || text.StartsWith('-')
                    || Url().Matches(line.Text).Any(url => url.Index <= match.Index && url.Index + url.Length >= match.Index + match.Length)
                    || Email().Matches(line.Text).Any(mail => mail.Index <= match.Index && mail.Index + mail.Length >= match.Index + match.Length))
                    continue;
                var end = match.Index + match.Length;
                while (end > match.Index && !char.IsDigit(line.Text[end - 1]))
                    end--;
                var start = match.Index + lead;
                return Value.Of(new Fragment(line, start, end - start), digits >= 9 ? 0.9 : 0.75);
            }
        }

        return null;
    }

    private static Value? LinkedPhone(TextDocument document, Func<TextLine, SectionKind> kindOf, List<TextLine> lines)
    {
        foreach (var link in document.Links.Where(link => link.Target.StartsWith("tel:", StringComparison.OrdinalIgnoreCase)))
        {
            if (lines.Find(one => one.Number == link.Line) is { } line && kindOf(line) != SectionKind.References && link.Target.Count(char.IsDigit) is >= 7 and <= 15)
                return new Value(link.Target[4..].Trim(), Fragment.Of(line), 0.8);
        }

        return null;
    }

    private static void FindLinks(Contact contact, TextDocument document, List<TextLine> own, List<TextLine> rest, Func<TextLine, SectionKind> kindOf)
    {
        // A link's target says more than the text it stands under; the text counts where there is no link.
        var found = new List<(string Target, Fragment From, bool Own)>();
        var lines = own.Concat(rest).ToDictionary(line => line.Number);
        foreach (var link in document.Links.Where(link => link.Target.StartsWith("http", StringComparison.OrdinalIgnoreCase)))
        {
            if (link.Line is { } number && lines.TryGetValue(number, out var line))
                found.Add((link.Target, Covered(line, link), own.Contains(line)));
        }

        foreach (var line in own.Concat(rest))
        {
            var mails = Email().Matches(line.Text);
            foreach (Match match in Url().Matches(line.Text))
            {
                var text = match.Value.TrimEnd('.', '/', ':', ')');
                if (text.Length > 3 && !mails.Any(mail => match.Index < mail.Index + mail.Length && mail.Index < match.Index + match.Length) && IsAddress(text))
                    found.Add((text, new Fragment(line, match.Index, text.Length), own.Contains(line)));
            }
        }

        foreach (var (target, from, isOwn) in found)
        {
            if (Profile(target) is var (network, user) && user.Length > 0)
            {
                if (contact.Profiles.Exists(other => other.Network == network) || kindOf(from.Line) is SectionKind.References)
                    continue;
                contact.Profiles.Add(new ProfileEntry(network, new Value(user, from, 0.95), new Value(target, from, 0.95)));
            }
            else if (isOwn && contact.Url is null && !IsNetwork(target) && contact.Email?.Text.EndsWith("@" + Host(target), StringComparison.OrdinalIgnoreCase) != true)
                contact.Url = new Value(target, from, 0.85);
            else if (isOwn && contact.Url is null && !IsNetwork(target) && target.Contains("//", StringComparison.Ordinal))
                contact.Url = new Value(target, from, 0.7);
        }
    }

    private static Fragment Covered(TextLine line, TextLink link)
    {
        if (link.Box is not { } box)
            return Fragment.Of(line);
        var words = line.Words.Where(word => word.Box is { } at && at.Left < box.Right && at.Right > box.Left).ToList();
        return words.Count == 0 ? Fragment.Of(line) : new Fragment(line, words[0].Start, words[^1].End - words[0].Start);
    }

    private static string Host(string target)
    {
        var host = target.Contains("//", StringComparison.Ordinal) ? target[(target.IndexOf("//", StringComparison.Ordinal) + 2)..] : target;
        var end = host.IndexOfAny(['/', '?', '#', ':']);
        host = (end < 0 ? host : host[..end]).ToLowerInvariant();
        return host.StartsWith("www.", StringComparison.Ordinal) ? host[4..] : host;
    }

    // "Node.js" and "B.Sc" have a dot too: an address has a scheme, a path, "www" or an ending that words do not have.
    private static bool IsAddress(string text)
    {
        if (text.Contains("//", StringComparison.Ordinal) || text.StartsWith("www.", StringComparison.OrdinalIgnoreCase) || text.Contains('/', StringComparison.Ordinal))
            return true;
        var parts = text.Split('.');
        return parts.Length >= 2 && parts[0].Length > 1 && (parts.Length > 2 || !text.Any(char.IsUpper));
    }

    private static bool IsNetwork(string target) => NetworkOf(Host(target)) is not null;

    private static string? NetworkOf(string host)
    {
        if (Networks.TryGetValue(host, out var network))
            return network;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && dot < 4 && Networks.TryGetValue(host[(dot + 1)..], out network) ? network : null;
    }

    private static (string Network, string User)? Profile(string target)
    {
        var host = Host(target);
        var at = target.IndexOf(host, StringComparison.OrdinalIgnoreCase);
        var path = at < 0 ? "" : target[(at + host.Length)..].Split('?', '#')[0].Trim('/');
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var network = NetworkOf(host);
        if (network is null)
            return segments is [{ Length: > 1 } user] && user[0] == '@' ? ("Mastodon", user[1..]) : null;
        var wanted = segments switch
        {
            ["in" or "pub" or "profile" or "people" or "u" or "user" or "users" or "c" or "channel", var id, ..] => id,
            [var id] => id,
            [var id, ..] when network is not ("GitHub" or "GitLab" or "Bitbucket" or "Hugging Face") => id,
            _ => "",
        };
        return (network, Uri.UnescapeDataString(wanted.TrimStart('@')));
    }

    // ---- name and label ----

    private static Value? FindName(TextDocument document, IReadOnlyList<Section> sections, List<Value> emails)
    {
        var lines = document.Lines.Where(line => line.Page == document.Pages[0].Number).ToList();
        if (lines.Count == 0)
            return null;
        var headings = sections.Where(section => section.Heading is not null).Select(section => section.Heading!.Number).ToHashSet();
        var body = Math.Max(1, SectionFinder.BodySize(lines));
        var firstHeading = headings.Count == 0 ? int.MaxValue : headings.Min();
        Value? best = null;
        double bestScore = 0;
        var order = 0;
        foreach (var line in lines)
        {
            order++;
            if (headings.Contains(line.Number))
                continue;
            foreach (var part in NameParts(line))
            {
                if (!LooksLikeName(part.Text))
                    continue;
                var size = part.Words.Max(word => word.Size);
                var score = 1.0;
                score += size > 0 ? Math.Min(4, (size / body - 1) * 3) : 0;
                score += order <= 3 ? 2.5 - (0.5 * order) : 0;
                score += line.Number < firstHeading ? 1 : 0;
                score += line.HeadingLevel == 1 && order <= 3 ? 1.5 : 0;
                score += part.Bold ? 0.3 : 0;
                score += line.Box is { } box && box.Top < document.Pages[0].Height * 0.25 ? 0.8 : 0;
                score += emails.Count > 0 ? Math.Min(2, 1.2 * emails.Max(email => Alike(email.Text, part.Text))) : 0;
                score -= Lexicon.HasTitleWord(part.Text) ? 2.5 : 0;
                score -= Lexicon.IsPlace(part.Text) || Lexicon.IsCompany(part.Text) ? 2 : 0;
                score -= line.Bullet ? 2 : 0;
                score -= line.Furniture ? 0.5 : 0;
                score -= part.Text.Contains(' ', StringComparison.Ordinal) ? 0 : 1.5;
                score -= HeadingVocabulary.Find(part.Text) != SectionKind.None ? 4 : 0;
                if (score > bestScore)
                    (best, bestScore) = (Value.Of(part, Math.Clamp(0.35 + (score * 0.1), 0.4, 0.98)), score);
            }
        }

        return bestScore >= 2.2 ? best : null;
    }

    private static IEnumerable<Fragment> NameParts(TextLine line)
    {
        foreach (var part in Fragments.Split(line, DateReader.Find(line.Text), atStyle: false))
        {
            var label = FieldLabel().Match(part.Text);
            var start = part.Start + (label.Success ? label.Length : 0);
            // "Jane Doe, PhD" is Jane Doe.
            var comma = line.Text.IndexOf(',', start, Math.Max(0, part.End - start));
            if (Fragment.Trimmed(line, start, comma > start && line.Text[(comma + 1)..part.End].Trim().Length <= 6 ? comma : part.End) is { } name)
                yield return name;
        }
    }

    private static bool LooksLikeName(string text)
    {
        if (text.Length is < 3 or > 50 || text.Any(c => char.IsDigit(c) || c is '@' or '/' or ':' or '|' or '!' or '?' or '"' or '“' or '&' or '+' or '(' or ','))
            return false;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is < 1 or > 5)
            return false;
        return words.All(word => char.IsUpper(word[0]) || word is "de" or "da" or "do" or "dos" or "del" or "della" or "di" or "la" or "le" or "van" or "von" or "der" or "den" or "zu" or "el" or "al" or "bin" or "ibn" or "y" or "e" or "ter" or "ten" || IsUncased(word))
            && words.Any(word => word.Length > 1) && char.IsLetter(text[0]) && !(text.EndsWith('.') && words.Length < 2);
    }

    private static bool IsUncased(string word) => word.All(c => char.IsLetter(c) && !char.IsUpper(c) && !char.IsLower(c));

    private static Value? FindLabel(TextDocument document, Contact contact, List<TextLine> head)
    {
        if (contact.Name is not { } name)
            return null;
        var near = document.Lines.Where(line => line.Page == name.From.Line.Page && line.Region == name.From.Line.Region && Math.Abs(line.Number - name.From.Line.Number) <= 3 && !line.Bullet)
            .Where(line => head.Exists(one => one.Number == line.Number)).OrderBy(line => line.Number < name.From.Line.Number ? 1 : 0).ThenBy(line => Math.Abs(line.Number - name.From.Line.Number)).ToList();
        Value? fallback = null;
        foreach (var line in near)
        {
            var whole = Fragment.Of(line);
            var parts = Fragments.Split(line, DateReader.Find(line.Text), atStyle: false);
            if (line.Number == name.From.Line.Number)
                parts.RemoveAll(part => part.Start < name.From.End && part.End > name.From.Start);
            var titles = parts.Where(part => IsLabelText(part.Text, contact) && Lexicon.HasTitleWord(part.Text)).ToList();
            if (titles.Count > 0)
            {
                // "DevOps Engineer · Software Architect" is one label.
                if (titles.Count == parts.Count && line.Number != name.From.Line.Number && parts.Count > 1 && line.Words.Count <= 10)
                    return Value.Of(whole, 0.8);
                return Value.Of(titles[0], 0.85);
            }

            if (fallback is null && Math.Abs(line.Number - name.From.Line.Number) == 1 && parts.Count == 1 && IsLabelText(whole.Text, contact) && line.Words.Count <= 7)
                fallback = Value.Of(whole, 0.5);
        }

        return fallback;
    }

    private static bool IsLabelText(string text, Contact contact) =>
        text.Length is > 2 and < 90 && text.Split(' ').Length <= 9 && !text.Contains('@', StringComparison.Ordinal) && text.Count(char.IsDigit) < 3 && !text.EndsWith('.') && !Url().IsMatch(text)
        && text != contact.City?.Text && text != contact.Address?.Text && !Lexicon.IsPlace(text) && !FieldLabel().IsMatch(text) && text[0] is not ('“' or '"' or '‘') && text != contact.Name?.Text
        && HeadingVocabulary.Find(text) == SectionKind.None && char.IsLetter(text[0]) && !text.StartsWith("Download", StringComparison.OrdinalIgnoreCase);

    // ---- place and profile text ----

    [GeneratedRegex(@"^\p{Lu}[\p{L}.'’\- ]{1,30},\s?(?:[A-Z]{2,3}|\p{Lu}[\p{L}. ]{2,25})(?:\s\d{4,6}(?:-\d{4})?)?(?:,\s?\p{Lu}[\p{L}. ]{2,25})?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CityLine();

    [GeneratedRegex(@"(?:^|,\s?)(?:[A-Z]{1,2}-)?\d{4,5}\s(?<city>\p{Lu}[\p{L}.\-/ ]{1,30})(?:,\s?(?<region>\p{Lu}[\p{L} ]{2,30}))?$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex PostalCity();

    private static void FindPlace(Contact contact, List<TextLine> head)
    {
        foreach (var line in head.Where(line => !line.Bullet || line.Words.Count < 8))
        {
            foreach (var raw in Fragments.Split(line, [], atStyle: false))
            {
                var label = FieldLabel().Match(raw.Text);
                var isLabelled = label.Success && HeadingVocabulary.Fold(label.Value) is "address" or "adresse" or "anschrift" or "adres" or "direccion" or "location" or "wohnort" or "ort";
                if (Fragment.Trimmed(line, raw.Start + (label.Success ? label.Length : 0), raw.End) is not { } part || part.Text.Length > 90 || (label.Success && !isLabelled) || part.Text.Contains('@', StringComparison.Ordinal))
                    continue;
                if (contact.Name is { } name && part.Text == name.Text)
                    continue;
                if (PostalCity().Match(part.Text) is { Success: true } postal)
                {
                    Set(part, new Fragment(line, part.Start + postal.Groups["city"].Index, postal.Groups["city"].Length), postal.Groups["region"].Success ? new Fragment(line, part.Start + postal.Groups["region"].Index, postal.Groups["region"].Length) : null, 0.85);
                    return;
                }

                var parts = Split(part);
                var region = parts.FindIndex(1 <= parts.Count ? 1 : 0, one => Lexicon.IsRegion(WithoutCode(one).Text));
                if (parts.Count >= 2 && region >= 1 && !Lexicon.IsTitle(part.Text))
                {
                    var code = WithoutCode(parts[region]);
                    // "Mapo-gu, Seoul, Republic of Korea": the city is what stands before the country, a state is a region.
                    Set(part, parts[region - 1], code, 0.9);
                    return;
                }

                if (Lexicon.IsPlace(part.Text) || (isLabelled && part.Text.Any(char.IsLetter)) || (CityLine().IsMatch(part.Text) && Lexicon.IsPlace(parts[0].Text)))
                {
                    Set(part, parts[0], parts.Count > 1 ? parts[^1] : null, 0.75);
                    return;
                }
            }
        }

        void Set(Fragment whole, Fragment city, Fragment? region, double confidence)
        {
            contact.City = Value.Of(city, confidence);
            contact.Region = region is null ? null : Value.Of(region, confidence);
            if (whole.Start < city.Start || whole.Text.Any(char.IsDigit))
                contact.Address = Value.Of(whole, confidence);
        }

        static List<Fragment> Split(Fragment part) => Fragments.Split(part.Line, [], atStyle: false, atDash: false, atComma: true).Where(one => one.Start >= part.Start && one.End <= part.End).ToList();

        static Fragment WithoutCode(Fragment part)
        {
            var end = part.End;
            while (end > part.Start && !char.IsLetter(part.Line.Text[end - 1]) && part.Line.Text[end - 1] != '.')
                end--;
            return end == part.Start ? part : Fragment.Trimmed(part.Line, part.Start, end) ?? part;
        }
    }

    private static Value? FindSummary(IReadOnlyList<Section> sections, Contact contact, List<TextLine> head)
    {
        var section = sections.FirstOrDefault(section => section.Kind == SectionKind.Summary && section.Lines.Count > 0);
        if (section is not null)
            return new Value(Fragments.Paragraph(section.Lines), Fragment.Of(section.Lines[0]), 0.9);
        // Without a heading: sentences below the name, before the first section.
        var text = head.Where(line => line.Words.Count >= 8 && line.Text.Count(char.IsDigit) < 6 && !line.Text.Contains('@', StringComparison.Ordinal) && line.Text[0] is not ('“' or '"')
            && !line.Words.Any(word => word.Apart) && line.Number != contact.Name?.From.Line.Number && !Url().IsMatch(line.Text)).ToList();
        if (text.Count == 0)
            return null;
        var run = new List<TextLine> { text[0] };
        foreach (var line in text.Skip(1).TakeWhile(line => line.Number == run[^1].Number + 1))
            run.Add(line);
        if (head.Find(line => line.Number == run[^1].Number + 1 && line.Region == run[^1].Region && line.Text.EndsWith('.') && !run[^1].Text.EndsWith('.')) is { } last)
            run.Add(last);
        return new Value(Fragments.Paragraph(run), Fragment.Of(run[0]), 0.6);
    }
}
