using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>A position as read: every value with its source.</summary>
internal sealed record WorkEntry
{
    public Value? Name { get; set; }

    public Value? Position { get; set; }

    public Value? Location { get; set; }

    public Value? StartDate { get; set; }

    public Value? EndDate { get; set; }

    public FoundDate? Dates { get; set; }

    public Value? Summary { get; set; }

    public List<Value> Highlights { get; } = [];
}

/// <summary>
/// Positions held. Lines of a section are heads (employer, title, place, dates) or bodies (bullets, prose). A run of heads
/// is cut at its dates; what is title and what employer is told by words, and where words do not tell, by the order that the
/// other entries of the same document keep.
/// </summary>
internal static class WorkFields
{
    private const int LongestHead = 14;

    private sealed class Draft
    {
        public List<Head> Heads { get; } = [];

        public List<TextLine> Body { get; } = [];
    }

    private sealed record Head(TextLine Line, FoundDate? Date, IReadOnlyList<FoundDate> Dates, List<Fragment> Parts, Fragment? Prose);

    public static List<WorkEntry> Read(IEnumerable<Section> sections)
    {
        var entries = new List<WorkEntry>();
        foreach (var section in sections.Where(section => section.Kind == SectionKind.Work))
            entries.AddRange(ReadSection(section.Lines));
        return entries;
    }

    private static List<WorkEntry> ReadSection(List<TextLine> lines)
    {
        var drafts = Drafts(lines);
        var order = drafts.Sum(draft => Named(draft) is [var a, var b, ..] ? Math.Sign(Lexicon.TitleScore(a.Text) - Lexicon.TitleScore(b.Text)) : 0);
        var entries = new List<WorkEntry>();
        foreach (var draft in drafts)
        {
            var entry = Fill(draft, titleFirst: order >= 0);
            Inherit(entry, entries);
            if (entry.Name is null && entry.Position is null && entry.StartDate is null)
                continue;
            entries.Add(entry);
        }

        entries.RemoveAll(entry => entry is { Position: null, Highlights.Count: 0, Summary: null, Dates: { } whole }
            && entries.Exists(other => other != entry && other.Position is not null && other.Name?.Text == entry.Name?.Text && Within(other.Dates, whole)));
        return entries;
    }

    /// <summary>Several roles under one employer: a role without an employer of its own, within the employer's time or right after a fuller entry.</summary>
    private static void Inherit(WorkEntry entry, List<WorkEntry> entries)
    {
        if (entry.Name is not null || entry.Position is null || entries.Count == 0)
            return;
        // A lone name whose time spans that of the roles below it is the employer, whatever its words.
        if (entries[^1] is { Name: null, Position: { } lone, Highlights.Count: 0, Summary: null } above && Within(entry.Dates, above.Dates) && !Lexicon.IsTitle(lone.Text))
            (above.Name, above.Position) = (lone with { Confidence = 0.6 }, null);
        var umbrella = entries.FindLast(other => other.Position is null && other.Name is not null);
        if (umbrella is not null && Within(entry.Dates, umbrella.Dates))
            entry.Name = umbrella.Name! with { Confidence = 0.6 };
        else if (umbrella is null && entries[^1] is { Name: { } name, Position: not null } && Lexicon.IsTitle(entry.Position.Text) && Adjacent(entry.Dates, entries[^1].Dates))
            entry.Name = name with { Confidence = 0.6 };
    }

    private static bool Within(FoundDate? inner, FoundDate? outer) =>
        inner?.From is { } a && outer?.From is { } b && a.Order >= b.Order - 31 && (outer.Goes || (inner.To is { } c && outer.To is { } d && c.Order <= d.Order + 31));

    private static bool Adjacent(FoundDate? earlier, FoundDate? later) =>
        earlier?.To is { } end && later?.From is { } start && Math.Abs(start.Order - end.Order) <= 62;

    private static List<Draft> Drafts(List<TextLine> lines)
    {
        var heads = new Dictionary<TextLine, Head>(ReferenceEqualityComparer.Instance);
        TextLine? before = null;
        var body = false;
        foreach (var line in lines)
        {
            body = !IsHead(line, before, body, lines, out var head);
            if (head is not null)
                heads[line] = head;
            before = line;
        }

        var dated = heads.Values.Any(head => head.Date is not null);
        var drafts = new List<Draft>();
        Draft? current = null;
        var lead = -1;
        for (var i = 0; i < lines.Count;)
        {
            if (!heads.ContainsKey(lines[i]))
            {
                current?.Body.Add(lines[i]);
                i++;
                continue;
            }

            var block = new List<Head>();
            while (i < lines.Count && heads.TryGetValue(lines[i], out var head))
            {
                block.Add(head);
                i++;
                if (head.Prose is not null)
                    break;
            }

            var anchors = block.Select((head, at) => (head, at)).Where(pair => pair.head.Date is not null).Select(pair => pair.at).ToList();
            if (anchors.Count == 0)
            {
                if (dated && current is not null && !LooksLikeFirst(block[0], drafts))
                {
                    current.Body.AddRange(block.Select(head => head.Line));
                    continue;
                }

                drafts.Add(current = new Draft());
                current.Heads.AddRange(block);
                continue;
            }

            if (lead < 0)
                lead = anchors[0];
            var from = 0;
            for (var a = 0; a < anchors.Count; a++)
            {
                // Where the next entry begins: at a gap in the page, else as many lines before its date as the first entry has.
                int to;
                if (a + 1 == anchors.Count)
                    to = block.Count;
                else
                {
                    var gap = Enumerable.Range(anchors[a] + 1, anchors[a + 1] - anchors[a]).FirstOrDefault(at => block[at].Line.SpaceBefore, -1);
                    to = gap > 0 ? gap : Math.Max(anchors[a] + 1, anchors[a + 1] - lead);
                }

                drafts.Add(current = new Draft());
                current.Heads.AddRange(block[from..to]);
                from = to;
            }
        }

        foreach (var draft in drafts)
        {
            // More than a head holds: the rest was a text after all.
            var at = draft.Heads.FindIndex(head => head.Date is not null);
            var keep = Math.Max(4, at + 3);
            if (draft.Heads.Count <= keep)
                continue;
            draft.Body.InsertRange(0, draft.Heads.Skip(keep).Select(head => head.Line));
            draft.Heads.RemoveRange(keep, draft.Heads.Count - keep);
        }

        return drafts;
    }

    /// <summary>A head without a date begins an entry only if it looks like the first lines of the entries before it.</summary>
    private static bool LooksLikeFirst(Head head, List<Draft> drafts) =>
        drafts.Count > 0 && drafts[0].Heads.Count > 0 && drafts[0].Heads[0] is var first
        && first.Line.Bold == head.Line.Bold && Math.Abs(first.Line.Size - head.Line.Size) < 0.6 && Math.Abs(first.Line.Left - head.Line.Left) < 4
        && (head.Line.Bold || head.Line.SpaceBefore) && head.Parts.Count > 0 && head.Parts.Exists(part => Lexicon.TitleScore(part.Text) != 0);

    private static bool IsHead(TextLine line, TextLine? before, bool afterBody, List<TextLine> lines, out Head? head)
    {
        head = null;
        if (line.Bullet)
            return false;
        var dates = DateReader.Find(line.Text);
        var range = dates.FirstOrDefault(date => date.IsRange) ?? (dates.Count > 0 ? dates[0] : null);
        var parts = Fragments.Split(line, dates);
        var words = parts.Sum(part => part.Words.Count());
        Fragment? prose = null;
        if (range is not null)
        {
            // "Title 2004-2005 What was done there, at length": the part after the date is the text.
            var after = parts.Where(part => part.Start >= range.End).ToList();
            var longest = after.MaxBy(part => part.Length);
            if (longest is not null && longest.Words.Count() > 5 && parts.Exists(part => part.End <= range.Start) && words > 8 && !longest.Bold)
            {
                prose = new Fragment(line, longest.Start, line.Text.Length - longest.Start);
                parts.RemoveAll(part => part.Start >= longest.Start);
                words = parts.Sum(part => part.Words.Count());
            }

            if (words > LongestHead || IsSentence(line, range))
                return false;
            // A year inside a text that goes on from the line before is no head.
            if (afterBody && !range.IsRange && words > 3 && !line.SpaceBefore && !line.Bold && !parts.Exists(part => part.Bold) && range.Start > 0 && range.End < line.Text.Length)
                return false;
            head = new Head(line, range, dates, parts, prose);
            return true;
        }

        if (words > LongestHead || parts.Count == 0 || char.IsLower(line.Text[0]))
            return false;
        if (afterBody && before is not null)
        {
            // The wrapped rest of a bullet stands where the bullet's text stands, further in than heads do.
            var margin = lines.Where(one => !one.Bullet && one.Region == line.Region && one.Box is not null).Select(one => one.Left).DefaultIfEmpty(0).Min();
            if (line.Box is not null && line.Left > margin + 4 && !line.Bold)
                return false;
            if (!line.SpaceBefore && !line.Bold && !parts.Exists(part => part.Bold) && before.Words.Count > 8 && line.Box is not null && !lines.Exists(one => one.Bullet && one.Region == line.Region) && !Lexicon.HasTitleWord(line.Text))
                return false;
        }

        if (line.Text.EndsWith('.') && words > 5 && !Lexicon.IsCompany(parts[^1].Text.Split(' ')[^1]))
            return false;
        if (line.Text.EndsWith(',') && words > 6)
            return false;
        head = new Head(line, null, dates, parts, null);
        return true;
    }

    private static bool IsSentence(TextLine line, FoundDate date) =>
        !date.IsRange && line.Text.EndsWith('.') && line.Words.Count > 8 || (char.IsLower(line.Text[0]) && line.Words.Count > 4);

    /// <summary>The parts of a head that name somebody or something: no places, no labels.</summary>
    private static List<Fragment> Named(Draft draft) =>
        draft.Heads.SelectMany(head => head.Parts).SelectMany(Unfold).Where(part => !Lexicon.IsPlace(part.Text) && !IsNote(part.Text)).ToList();

    private static bool IsNote(string text) =>
        HeadingVocabulary.Fold(text) is "full time" or "part time" or "vollzeit" or "teilzeit" or "contract" or "temps plein" or "temps partiel" or "cdi" or "cdd" or "permanent" or "freelance basis" or "remote" or "hybrid"
        || !text.Any(char.IsLetter) || IsDuration(text);

    private static bool IsDuration(string text) =>
        text.Length < 24 && char.IsDigit(text[0]) && HeadingVocabulary.Fold(text).Split(' ').All(word => word.All(char.IsDigit) || word is "yr" or "yrs" or "year" or "years" or "mo" or "mos" or "month" or "months" or "jahre" or "jahr" or "monate" or "monat" or "ans" or "an" or "mois" or "and" or "und" or "et");

    /// <summary>"Title at Employer", "Employer, City, ST, Title": the fragments a comma or a small word parts.</summary>
    private static IEnumerable<Fragment> Unfold(Fragment fragment)
    {
        foreach (var word in (string[])[" at ", " @ ", " bei ", " chez ", " bij ", " en "])
        {
            var at = fragment.Text.IndexOf(word, StringComparison.Ordinal);
            if (at > 1 && Lexicon.IsTitle(fragment.Text[..at]) && !Lexicon.IsTitle(fragment.Text[(at + word.Length)..]) && char.IsUpper(fragment.Text[at + word.Length])
                && Fragment.Trimmed(fragment.Line, fragment.Start, fragment.Start + at) is { } left
                && Fragment.Trimmed(fragment.Line, fragment.Start + at + word.Length, fragment.End) is { } right)
                return [left, .. Unfold(right)];
        }

        return AtCommas(fragment);
    }

    internal static List<Fragment> AtCommas(Fragment fragment)
    {
        var commas = Enumerable.Range(0, fragment.Length).Where(i => fragment.Text[i] == ',' && !InBrackets(fragment.Text, i)).ToList();
        if (commas.Count == 0 || Lexicon.IsPlace(fragment.Text))
            return [fragment];
        var edges = commas.Prepend(-1).Append(fragment.Length).ToList();
        string Part(int from, int to) => fragment.Text[(edges[from] + 1)..edges[to]].Trim();
        var parts = edges.Count - 1;

        // The place: two parts such as "Austin, TX", or one known by itself; never the first part.
        var (placeFrom, placeTo) = (-1, -1);
        for (var i = 1; i < parts && placeFrom < 0; i++)
        {
            if (i + 1 < parts && Lexicon.IsRegion(Part(i + 1, i + 2)) && !Lexicon.IsTitle(Part(i, i + 1)) && !Lexicon.IsRegion(Part(i, i + 1)))
                (placeFrom, placeTo) = (i, i + 2);
            else if (Lexicon.IsPlace(Part(i, i + 1)) || Lexicon.IsRegion(Part(i, i + 1)))
                (placeFrom, placeTo) = (i, i + 1);
        }

        var cuts = new SortedSet<int> { 0, parts };
        if (placeFrom >= 0)
        {
            cuts.Add(placeFrom);
            cuts.Add(placeTo);
            if (placeTo < parts && placeTo == placeFrom + 1 && Lexicon.IsRegion(Part(placeTo, placeTo + 1)))
            {
                cuts.Remove(placeTo);
                cuts.Add(placeTo + 1);
            }
        }

        // A title beside something that is none.
        for (var i = 1; i < parts; i++)
        {
            var (left, right) = (Lexicon.TitleScore(Part(i - 1, i)), Lexicon.TitleScore(Part(i, i + 1)));
            if ((left > 0) != (right > 0) && (left < 0 || right < 0 || parts == 2 || placeFrom >= 0) && !IsSuffix(Part(i, i + 1)))
                cuts.Add(i);
        }

        var found = new List<Fragment>();
        var list = cuts.ToList();
        for (var i = 0; i + 1 < list.Count; i++)
        {
            if (Fragment.Trimmed(fragment.Line, fragment.Start + edges[list[i]] + 1, fragment.Start + edges[list[i + 1]]) is { } part)
                found.Add(part);
        }

        return found;
    }

    private static bool InBrackets(string text, int at) => text[..at].Count(c => c == '(') > text[..at].Count(c => c == ')');

    private static bool IsSuffix(string text) => HeadingVocabulary.Fold(text) is "inc" or "ltd" or "llc" or "gmbh" or "co" or "corp" or "llp" or "plc" or "sa" or "sl" or "ag" or "limited" or "bv";

    private static WorkEntry Fill(Draft draft, bool titleFirst)
    {
        var entry = new WorkEntry();
        var dated = draft.Heads.Find(head => head.Date is not null);
        if (dated?.Date is { } date)
        {
            entry.Dates = date;
            var from = new Fragment(dated.Line, date.Start, date.Length);
            if (date.From is { } start)
                entry.StartDate = new Value(start.ToString(), from, date.IsRange ? 0.95 : 0.8);
            if ((date.To ?? (date.IsRange ? null : date.From)) is { } end)
                entry.EndDate = new Value(end.ToString(), from, date.IsRange ? 0.95 : 0.6);
        }

        var parts = draft.Heads.SelectMany(head => head.Parts).SelectMany(Unfold).ToList();
        if (parts.Find(part => Lexicon.IsPlace(part.Text)) is { } place)
            entry.Location = Value.Of(place, 0.85);
        var names = parts.Where(part => !Lexicon.IsPlace(part.Text) && !IsNote(part.Text)).ToList();
        if (names.Count == 0 && parts.Count > 0 && entry.Location is { } only && parts.Count == 1 && draft.Heads.Count == 1)
            names.Add(only.From);
        Assign(entry, names, titleFirst);

        var prose = draft.Heads.Select(head => head.Prose).FirstOrDefault(p => p is not null);
        ReadBody(entry, draft.Body, prose);
        return entry;
    }

    private static void Assign(WorkEntry entry, List<Fragment> names, bool titleFirst)
    {
        switch (names)
        {
            case []:
                return;
            case [var one]:
                if (Lexicon.TitleScore(one.Text) < 0)
                    entry.Name = Value.Of(one, 0.8);
                else
                    entry.Position = Value.Of(one, Lexicon.IsTitle(one.Text) ? 0.85 : 0.5);
                return;
            default:
                var (a, b) = (names[0], names[1]);
                var (scoreA, scoreB) = (Lexicon.TitleScore(a.Text), Lexicon.TitleScore(b.Text));
                // Two titles and an employer further on, or the other way round.
                if (names.Count > 2 && Math.Sign(scoreA) == Math.Sign(scoreB) && scoreA != 0 && names.Skip(2).FirstOrDefault(part => Math.Sign(Lexicon.TitleScore(part.Text)) == -Math.Sign(scoreA)) is { } other)
                {
                    b = other;
                    scoreB = Lexicon.TitleScore(b.Text);
                }

                var sure = scoreA != scoreB;
                var aIsTitle = sure ? scoreA > scoreB : titleFirst;
                entry.Position = Value.Of(aIsTitle ? a : b, sure ? 0.9 : 0.6);
                entry.Name = Value.Of(aIsTitle ? b : a, sure ? 0.9 : 0.6);
                // What is left at the margin of a head is most often the place.
                if (entry.Location is null && names.Count == 3 && names.Find(part => part != a && part != b) is { } left
                    && left.Text.Split(' ').Length <= 4 && left.Line.Words.Any(word => word.Apart && word.Start <= left.Start && left.Start - word.Start < 2))
                    entry.Location = Value.Of(left, 0.5);
                return;
        }
    }

    private static void ReadBody(WorkEntry entry, List<TextLine> body, Fragment? prose)
    {
        var summary = new List<TextLine>();
        var item = new List<TextLine>();
        if (prose is not null)
            summary.Add(prose.Line with { Text = prose.Text });

        void Finish()
        {
            if (item.Count > 0)
                entry.Highlights.Add(new Value(Fragments.Paragraph(item), Fragment.Of(item[0]), 0.9));
            item.Clear();
        }

        foreach (var line in body)
        {
            if (line.Bullet)
            {
                Finish();
                item.Add(line);
            }
            else if (item.Count > 0 && !line.SpaceBefore)
                item.Add(line);
            else
            {
                Finish();
                summary.Add(line);
            }
        }

        Finish();
        if (summary.Count > 0)
            entry.Summary = new Value(Fragments.Paragraph(summary), prose ?? Fragment.Of(summary[0]), 0.7);
    }
}
