using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Weft.Hiring.Profiles;

namespace Weft.Hiring.Matching;

/// <summary>One reason of a score: the points of all reasons add up to it.</summary>
/// <param name="Kind"><c>skill</c>, <c>missing_skill</c>, <c>availability</c> or <c>place</c>.</param>
/// <param name="Points">What it adds, 0 for something missing.</param>
/// <param name="Text">One sentence for a person.</param>
/// <param name="Evidence">The words in the CV or profile that carry it, where there are some.</param>
public sealed record MatchReason(string Kind, int Points, string Text, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Evidence);

/// <summary>What of a position counts for matching.</summary>
/// <param name="RequiredSkills">As the posting words them.</param>
/// <param name="StartsOn">First day, or none.</param>
/// <param name="EndsOn">Last day, included, or none.</param>
/// <param name="Location">As written.</param>
/// <param name="Remote"><c>onsite</c>, <c>hybrid</c>, <c>remote</c> or <c>unknown</c>.</param>
public sealed record PositionFacts(IReadOnlyList<string> RequiredSkills, DateOnly? StartsOn, DateOnly? EndsOn, string? Location, string Remote);

/// <summary>What of a person counts for matching: nothing but skills, dates and place.</summary>
/// <param name="Skills">As the person words them.</param>
/// <param name="Availability">Free days, first and last included; none means nothing was said.</param>
/// <param name="Location">As written.</param>
/// <param name="CvText">The text of the latest CV, for evidence; never for points.</param>
public sealed record PersonFacts(IReadOnlyList<string> Skills, IReadOnlyList<FreeDays> Availability, string? Location, string? CvText);

/// <summary>A score of 0 to 100 with its reasons.</summary>
public sealed partial record MatchScore(int Score, IReadOnlyList<MatchReason> Reasons)
{
    /// <summary>Below this a pair is no match: less than half of what is asked is there.</summary>
    public const int Least = 40;

    private const int SkillPoints = 70;
    private const int AvailabilityPoints = 20;
    private const int PlacePoints = 10;

    /// <summary>
    /// Scores a pair, or answers null where it is none: not one required skill is there, or the person is not free on any day
    /// of the position. Deterministic: the same facts give the same score.
    /// </summary>
    public static MatchScore? Of(PositionFacts position, PersonFacts person)
    {
        var reasons = new List<MatchReason>();
        if (!Skills(position, person, reasons) || !Availability(position, person, reasons)) return null;
        Place(position, person, reasons);
        var score = reasons.Sum(r => r.Points);
        return score >= Least ? new MatchScore(score, reasons) : null;
    }

    private static bool Skills(PositionFacts position, PersonFacts person, List<MatchReason> reasons)
    {
        var required = position.RequiredSkills.DistinctBy(SkillName.Key, StringComparer.Ordinal).Where(s => SkillName.Key(s).Length > 0).ToList();
        if (required.Count == 0) return false;
        var theirs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var skill in person.Skills) theirs.TryAdd(SkillName.Key(skill), skill);

        var found = 0;
        var given = 0;
        var missing = new List<MatchReason>();
        foreach (var skill in required)
        {
            if (!theirs.TryGetValue(SkillName.Key(skill), out var word))
            {
                missing.Add(new MatchReason("missing_skill", 0, $"{skill} is required and not on the profile", null));
                continue;
            }
            found++;
            // Whole points that add up: each skill takes what is due so far, less what was given.
            var due = SkillPoints * found / required.Count;
            reasons.Add(new MatchReason("skill", due - given, $"{skill} is required and on the profile", Quote(person.CvText, word) ?? $"Profile: {word}"));
            given = due;
        }
        reasons.AddRange(missing);
        return found > 0;
    }

    private static bool Availability(PositionFacts position, PersonFacts person, List<MatchReason> reasons)
    {
        if (position.StartsOn is null && position.EndsOn is null)
        {
            reasons.Add(new MatchReason("availability", AvailabilityPoints, "The position names no dates", null));
            return true;
        }
        var first = position.StartsOn ?? DateOnly.MinValue;
        var last = position.EndsOn ?? DateOnly.MaxValue;
        long free = 0;
        string? evidence = null;
        foreach (var (from, to) in person.Availability)
        {
            var begin = from > first ? from : first;
            var end = to is { } given && given < last ? given : last;
            if (begin > end) continue;
            free += end.DayNumber - begin.DayNumber + 1L;
            evidence ??= to is { } until ? $"Free from {from:yyyy-MM-dd} to {until:yyyy-MM-dd}" : $"Free from {from:yyyy-MM-dd}";
        }
        if (free == 0) return false;
        var whole = position.StartsOn is not null && position.EndsOn is not null ? last.DayNumber - first.DayNumber + 1L : free;
        var share = Math.Min(1.0, (double)free / whole);
        var text = share >= 1 ? "Free for the whole period" : $"Free for {Math.Max(1, (int)(share * 100))} % of the period";
        reasons.Add(new MatchReason("availability", Math.Max(1, (int)(AvailabilityPoints * share)), text, evidence));
        return true;
    }

    private static void Place(PositionFacts position, PersonFacts person, List<MatchReason> reasons)
    {
        if (position.Remote == "remote")
        {
            reasons.Add(new MatchReason("place", PlacePoints, "The position is remote", null));
        }
        else if (string.IsNullOrWhiteSpace(position.Location) || string.IsNullOrWhiteSpace(person.Location))
        {
            reasons.Add(new MatchReason("place", PlacePoints / 2, "The place is not stated on both sides", null));
        }
        else if (SamePlace(position.Location, person.Location))
        {
            reasons.Add(new MatchReason("place", PlacePoints, $"Lives in {person.Location}, the position is in {position.Location}", $"Profile: {person.Location}"));
        }
        else
        {
            reasons.Add(new MatchReason("place", 0, $"Lives in {person.Location}, the position is in {position.Location}", $"Profile: {person.Location}"));
        }
    }

    /// <summary>The same place when the first part (the town) of one stands among the parts of the other.</summary>
    private static bool SamePlace(string one, string other)
    {
        var left = Parts(one);
        var right = Parts(other);
        return right.Contains(left[0], StringComparer.OrdinalIgnoreCase) || left.Contains(right[0], StringComparer.OrdinalIgnoreCase);

        static string[] Parts(string place)
        {
            var parts = place.Split([',', '/', '|', '('], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return parts.Length > 0 ? parts : [place.Trim()];
        }
    }

    /// <summary>
    /// The first line of the CV that holds the skill as a whole word, and no way to reach the person: the position's workspace
    /// reads it, and contact data is the person's to give.
    /// </summary>
    private static string? Quote(string? text, string skill)
    {
        if (string.IsNullOrEmpty(text) || string.IsNullOrEmpty(skill)) return null;
        for (var at = text.IndexOf(skill, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(skill, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var after = at + skill.Length;
            if ((at > 0 && char.IsLetterOrDigit(text[at - 1])) || (after < text.Length && (char.IsLetterOrDigit(text[after]) || text[after] is '+' or '#'))) continue;
            var start = text.LastIndexOf('\n', at) + 1;
            var end = text.IndexOf('\n', after);
            if (end < 0) end = text.Length;
            // An address that the quote would cut in two is still one.
            if (ContactData().IsMatch(text[Math.Max(start, at - 2 * Around)..Math.Min(end, after + 2 * Around)])) continue;
            var line = text[start..end].Trim();
            return line.Length <= 160 ? $"CV: {line}" : $"CV: …{Whole(text, Math.Max(start, at - Around), Math.Min(end, after + Around)).Trim()}…";
        }
        return null;
    }

    private const int Around = 60;

    // Neither half of a surrogate pair stands alone: PostgreSQL's JSON refuses it.
    private static string Whole(string text, int from, int to)
    {
        if (char.IsLowSurrogate(text[from])) from++;
        if (to < text.Length && char.IsLowSurrogate(text[to])) to--;
        return text[from..to];
    }

    // A mail or web address, or a telephone number (a group of digits that is no pair of years).
    // The texts are short, so the limit is only for what nobody thought of; a tight one strikes when the machine is busy.
    [GeneratedRegex(@"@|https?:|www\.|linkedin|(?<!\d)(?!(?:19|20)\d\d\W{1,3}(?:19|20)\d\d\b)\+?\d[\d ()/.-]{6,}\d", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 10_000)]
    private static partial Regex ContactData();
}
