using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Weft.Documents.Layout;
using Weft.Documents.Sections;

namespace Weft.Documents.Fields;

/// <summary>A point in time as exact as the document: a year, a month or a day.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PartialDate(int Year, int? Month, int? Day)
{
    public override string ToString() =>
        Month is not { } month ? $"{Year:D4}" : Day is not { } day ? $"{Year:D4}-{month:D2}" : $"{Year:D4}-{month:D2}-{day:D2}";

    public int Order => (Year * 372) + ((Month ?? 1) * 31) + (Day ?? 1);
}

/// <summary>A date or a range found in a text.</summary>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="Length">How long it is there.</param>
/// <param name="From">The beginning, or the only date. Null for a placeholder such as "Month 20XX".</param>
/// <param name="To">The end; null when it goes on or when there is only one date.</param>
/// <param name="IsRange">Whether there are two ends, the second of which may be "present".</param>
/// <param name="Goes">Whether it goes on ("present", an open dash).</param>
internal sealed record FoundDate(int Start, int Length, PartialDate? From, PartialDate? To, bool IsRange, bool Goes)
{
    public int End => Start + Length;
}

/// <summary>
/// Finds dates and ranges as CVs write them, in English, German, French, Spanish and Dutch. Reads tokens from left to right,
/// once: a text of any shape costs time in proportion to its length.
/// </summary>
internal static class DateReader
{
    private const int LongestText = 4000;

    private static readonly FrozenDictionary<string, int> Months = MonthNames();
    private static readonly FrozenSet<string> Seasons = Words("spring summer autumn fall winter fruhling fruhjahr sommer herbst wintersemester sommersemester ws ss printemps ete automne hiver primavera verano otono invierno lente zomer herfst q1 q2 q3 q4 easter michaelmas hilary trinity");
    private static readonly FrozenSet<string> Now = Words("present current currently now today ongoing date heute jetzt aktuell laufend gegenwart aujourdhui present actuel actuellement cours jour actualidad presente actual actualmente hoy heden nu");
    private static readonly FrozenSet<string> To = Words("to until till through thru bis a au al hasta tot jusqua");
    private static readonly FrozenSet<string> Since = Words("since from seit ab depuis desde sinds vanaf");
    private static readonly FrozenSet<string> Links = Words("de of del");
    private static readonly FrozenSet<string> And = Words("and und et y en");

    private enum Kind
    {
        Number,
        Word,
        Mixed,
        Dash,
        Mark,
    }

    /// <param name="Kind">What it is.</param>
    /// <param name="Start">Where it begins.</param>
    /// <param name="End">Where it ends.</param>
    /// <param name="Text">Folded for words, as written otherwise.</param>
    private sealed record Token(Kind Kind, int Start, int End, string Text)
    {
        public int Length => End - Start;
    }

    /// <param name="Date">The date; null for a placeholder.</param>
    /// <param name="Next">The token after it.</param>
    /// <param name="Loose">A year or a season: one that a second year may follow after a comma.</param>
    private sealed record One(PartialDate? Date, int Next, bool Loose);

    /// <summary>All dates and ranges of a text, from left to right, not overlapping.</summary>
    public static IReadOnlyList<FoundDate> Find(string text)
    {
        if (text.Length > LongestText || !text.Any(char.IsDigit))
            return [];
        var tokens = Tokens(text);
        var found = new List<FoundDate>();
        for (var i = 0; i < tokens.Count;)
        {
            if (Range(text, tokens, i) is var (date, next))
            {
                found.Add(date);
                i = next;
            }
            else
                i++;
        }

        return found;
    }

    private static (FoundDate Date, int Next)? Range(string text, List<Token> tokens, int at)
    {
        var first = at;
        var since = tokens[at].Kind == Kind.Word && Since.Contains(tokens[at].Text);
        if (since)
            first++;
        if (first >= tokens.Count || !MayBegin(text, tokens[first]))
            return null;

        // "Sep - Dec 2019": the first month borrows the year.
        if (Month(tokens, first) is { } borrowed && SkipDot(tokens, first + 1) is var dash && dash + 1 < tokens.Count && IsTo(tokens[dash]) && Month(tokens, dash + 1) is not null
            && Single(text, tokens, dash + 1) is { Date: { Month: not null } until } end && borrowed <= until.Month)
            return (new FoundDate(tokens[at].Start, tokens[end.Next - 1].End - tokens[at].Start, new PartialDate(until.Year, borrowed, null), until, true, false), end.Next);

        if (Single(text, tokens, first) is not { } one)
            return null;
        var next = one.Next;
        PartialDate? to = null;
        var goes = false;
        var isRange = false;
        if (next < tokens.Count && IsTo(tokens[next]))
        {
            var after = next + 1;
            while (after < tokens.Count && (tokens[after].Kind == Kind.Dash || (tokens[after].Text is "to" or "till" or "until" && tokens[next].Kind == Kind.Dash)))
                after++;
            if (NowAt(tokens, after) is { } nowEnd)
                (goes, isRange, next) = (true, true, nowEnd);
            else if (after < tokens.Count && Single(text, tokens, after) is { } second && !(one.Date is { } a && second.Date is { } b && b.Year < a.Year))
                (to, isRange, next) = (second.Date, true, second.Next);
            else if (after < tokens.Count && tokens[after] is { Kind: Kind.Number, Length: 2 } shortYear && one.Date is { } from && tokens[one.Next - 1].Length == 4
                && tokens[next].Kind == Kind.Dash && (from.Year / 100 * 100) + int.Parse(shortYear.Text) is var year && year > from.Year && !FollowedByUnit(text, shortYear.End))
                (to, isRange, next) = (new PartialDate(year, null, null), true, after + 1);
            else if (after >= tokens.Count && tokens[next].Kind == Kind.Dash)
                (goes, isRange, next) = (true, true, after);
        }
        else if (one.Loose && next + 1 < tokens.Count && (tokens[next].Text == "," || (tokens[next].Kind == Kind.Word && And.Contains(tokens[next].Text)))
            && Year(tokens[next + 1]) is { } another && one.Date is { } year && another > year.Year && !FollowedByUnit(text, tokens[next + 1].End))
            (to, isRange, next) = (new PartialDate(another, null, null), true, next + 2);

        if (since && !isRange)
            (goes, isRange) = (true, true);
        var start = since ? tokens[at].Start : tokens[first].Start;
        return (new FoundDate(start, tokens[next - 1].End - start, one.Date, to, isRange, goes), next);
    }

    private static bool MayBegin(string text, Token token) =>
        token.Start == 0 || text[token.Start - 1] is not ('@' or '/' or '.' or '$' or '€' or '£' or '#' or '_' or '+') && !(Characters.IsDash(text[token.Start - 1]) && token.Kind == Kind.Number && token.Start > 1 && char.IsLetterOrDigit(text[token.Start - 2]));

    private static bool IsTo(Token token) => token.Kind == Kind.Dash || (token.Kind == Kind.Word && To.Contains(token.Text));

    private static int? NowAt(List<Token> tokens, int at)
    {
        // "now", "to date", "en cours", "à ce jour".
        for (var i = at; i < Math.Min(at + 2, tokens.Count); i++)
        {
            if (tokens[i].Kind == Kind.Word && Now.Contains(tokens[i].Text))
                return i + 1;
            if (tokens[i].Text is not ("en" or "ce" or "la" or "el" or "to" or "the"))
                return null;
        }

        return null;
    }

    /// <summary>One date beginning at a token; null when there is none.</summary>
    private static One? Single(string text, List<Token> tokens, int at)
    {
        var token = tokens[at];
        Token? Peek(int i) => i < tokens.Count ? tokens[i] : null;
        if (token.Kind == Kind.Word && Month(tokens, at) is { } month)
        {
            var next = SkipDot(tokens, at + 1);
            while (Peek(next) is { } link && (link.Text is "," or "/" || (link.Kind == Kind.Word && Links.Contains(link.Text))))
                next++;
            if (Peek(next) is { } year && Year(year) is { } y && !FollowedByUnit(text, year.End))
                return new One(new PartialDate(y, month, null), next + 1, false);
            if (Peek(next) is { } blank && IsPlaceholder(blank))
                return new One(null, next + 1, false);
            if (Peek(next) is { Text: "'" } && Peek(next + 1) is { Kind: Kind.Number, Length: 2 } two)
                return new One(new PartialDate(Century(two.Text), month, null), next + 2, false);
            // May 3, 2019
            if (Day(Peek(next)) is { } day)
            {
                var after = next + 1;
                if (Peek(after)?.Text == ",")
                    after++;
                if (Peek(after) is { } full && Year(full) is { } fullYear)
                    return new One(Checked(fullYear, month, day), after + 1, false);
            }

            return null;
        }

        if (token.Kind == Kind.Word && token.Text is "month" or "monat" or "mois" or "mes" or "maand" && Peek(at + 1) is { } unknown && IsPlaceholder(unknown))
            return new One(null, at + 2, false);
        if (token.Kind is Kind.Word or Kind.Mixed && Seasons.Contains(token.Text))
        {
            var next = Peek(at + 1)?.Text is "," or "of" ? at + 2 : at + 1;
            if (Peek(next) is { } year && Year(year) is { } y)
                return Peek(next + 1) is { Text: "/" } && Peek(next + 2) is { Kind: Kind.Number, Length: 2 or 4 } ? new One(new PartialDate(y, null, null), next + 3, true) : new One(new PartialDate(y, null, null), next + 1, true);
            return null;
        }

        if (IsPlaceholder(token))
            return new One(null, at + 1, true);
        if (token.Kind != Kind.Number && Day(token) is null)
            return null;
        if (Year(token) is { } first)
        {
            // 2016-09, 2016 / 09, 2016.09.01
            if (IsSeparator(Peek(at + 1)) && Peek(at + 2) is { Kind: Kind.Number, Length: 2 } mm && int.Parse(mm.Text) is >= 1 and <= 12 and var m && !(Characters.IsDash(text[Peek(at + 1)!.Start]) && IsShortYear(first, mm, text)))
            {
                if (Peek(at + 3)?.Text == Peek(at + 1)!.Text && Peek(at + 4) is { Kind: Kind.Number, Length: 2 } dd)
                    return new One(Checked(first, m, int.Parse(dd.Text)), at + 5, false);
                return new One(new PartialDate(first, m, null), at + 3, false);
            }

            // 2016 Sep
            if (Month(tokens, at + 1) is { } named && !(Peek(SkipDot(tokens, at + 2)) is { } then && Year(then) is not null))
                return new One(new PartialDate(first, named, null), SkipDot(tokens, at + 2), false);
            if (FollowedByUnit(text, token.End) || (first is < 1900 && Peek(at + 1) is { Kind: Kind.Word } word && char.IsLower(text[word.Start])))
                return null;
            return new One(new PartialDate(first, null, null), at + 1, true);
        }

        if (token.Length > 4 || Day(token) is not { } number)
            return null;
        // 3 May 2019, 3. Mai 2019, 3 de mayo de 2019
        var name = SkipDot(tokens, at + 1);
        if (Peek(name) is { Kind: Kind.Word } link1 && Links.Contains(link1.Text))
            name++;
        if (Month(tokens, name) is { } monthName)
        {
            var next = SkipDot(tokens, name + 1);
            while (Peek(next) is { } link && (link.Text == "," || (link.Kind == Kind.Word && Links.Contains(link.Text))))
                next++;
            return Peek(next) is { } year && Year(year) is { } y ? new One(Checked(y, monthName, number), next + 1, false) : null;
        }

        if (token.Kind != Kind.Number || !IsSeparator(Peek(at + 1)) || Peek(at + 2) is not { Kind: Kind.Number } second)
            return null;
        // 09/2016, 9.2016
        if (Year(second) is { } plain)
            return number is >= 1 and <= 12 ? new One(new PartialDate(plain, number, null), at + 3, false) : null;
        // 03.05.2019 is day first; 13/05/2019 and 05/13/2019 tell by what can be a month; 03/05/2019 says no more than the year.
        if (second.Length <= 2 && Peek(at + 3)?.Text == Peek(at + 1)!.Text && Peek(at + 4) is { } third && Year(third) is { } last)
        {
            var other = int.Parse(second.Text);
            var date = Peek(at + 1)!.Text == "." || number > 12 ? Checked(last, other, number)
                : other > 12 || number == other ? Checked(last, number, other)
                : new PartialDate(last, null, null);
            return new One(date, at + 5, false);
        }

        return null;
    }

    // "2011-12" is December 2011 or the years 2011 to 2012: with nothing more to tell, the year alone begins a range only after a long dash.
    private static bool IsShortYear(int first, Token two, string text) => text[two.Start - 1] is '–' or '—' && int.Parse(two.Text) == (first % 100) + 1;

    private static bool IsSeparator(Token? token) => token is { Text: "/" or "." or "-" };

    private static PartialDate? Checked(int year, int month, int day) =>
        month is < 1 or > 12 ? new PartialDate(year, null, null) : day < 1 || day > DateTime.DaysInMonth(year, month) ? new PartialDate(year, month, null) : new PartialDate(year, month, day);

    private static int? Month(List<Token> tokens, int at) =>
        at < tokens.Count && tokens[at].Kind == Kind.Word && Months.TryGetValue(tokens[at].Text, out var month) ? month : null;

    private static int SkipDot(List<Token> tokens, int at) => at < tokens.Count && tokens[at].Text == "." ? at + 1 : at;

    private static int? Year(Token token) => token is { Kind: Kind.Number, Length: 4 } && int.Parse(token.Text) is >= 1400 and <= 2100 and var year ? year : null;

    private static int? Day(Token? token) => token switch
    {
        { Kind: Kind.Number, Length: <= 2 } => int.Parse(token.Text),
        { Kind: Kind.Mixed, Length: 3 or 4 } when token.Text[^2..] is "st" or "nd" or "rd" or "th" && int.TryParse(token.Text[..^2], out var day) => day,
        _ => null,
    };

    private static bool IsPlaceholder(Token token) => token is { Kind: Kind.Mixed, Length: 4 } && (token.Text.StartsWith("20", StringComparison.Ordinal) || token.Text.StartsWith("19", StringComparison.Ordinal)) && token.Text[2..].All(c => c is 'x' or '0' or '1' or '2');

    private static int Century(string two) => int.Parse(two) is var year && year >= 50 ? 1900 + year : 2000 + year;

    private static bool FollowedByUnit(string text, int end) => end < text.Length && text[end] is '%' or '+' or '$' or '€';

    private static List<Token> Tokens(string text)
    {
        var tokens = new List<Token>();
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            var start = i;
            if (char.IsLetterOrDigit(c))
            {
                bool digits = false, letters = false;
                while (i < text.Length && (char.IsLetterOrDigit(text[i]) || (letters && !digits && text[i] is '’' or '\'' && i + 1 < text.Length && char.IsLetter(text[i + 1]))))
                {
                    digits |= char.IsAsciiDigit(text[i]);
                    letters |= !char.IsAsciiDigit(text[i]);
                    i++;
                }

                var kind = digits && letters ? Kind.Mixed : digits ? Kind.Number : Kind.Word;
                tokens.Add(new Token(kind, start, i, kind == Kind.Number ? text[start..i] : HeadingVocabulary.Fold(text[start..i])));
                continue;
            }

            i++;
            if (char.IsWhiteSpace(c))
                continue;
            if (Characters.IsDash(c) || c is '~' or '→')
            {
                // A hyphen between numbers is a separator as much as a dash: "2016-09".
                while (i < text.Length && Characters.IsDash(text[i]))
                    i++;
                tokens.Add(new Token(Kind.Dash, start, i, "-"));
            }
            else
                tokens.Add(new Token(Kind.Mark, start, i, c is '’' or '‘' or '\'' ? "'" : c.ToString()));
        }

        return tokens;
    }

    private static FrozenSet<string> Words(string list) => list.Split(' ').ToFrozenSet();

    private static FrozenDictionary<string, int> MonthNames()
    {
        string[] names =
        [
            "jan january januar janvier januari janv enero ene janner", "feb february februar fevrier fevr fev febrero februari", "mar march marz maerz mrz mars marzo maart mrt",
            "apr april avr avril abr abril", "may mai mei mayo", "jun june juni juin junio", "jul july juli juillet juil julio", "aug august aout ago agosto augustus",
            "sep sept september septembre septiembre set setiembre", "oct october okt oktober octobre octubre", "nov november novembre noviembre", "dec december dez dezember decembre dic diciembre",
        ];
        return names.SelectMany((list, i) => list.Split(' ').Select(name => (name, i + 1))).ToFrozenDictionary(pair => pair.name, pair => pair.Item2);
    }
}
