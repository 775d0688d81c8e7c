using System.Text.Json;
using Weft.Hiring.Matching;

namespace Weft.Hiring.Profiles;

/// <summary>What a person allows.</summary>
/// <param name="OpenToMatching">Positions may find the person. On unless switched off.</param>
/// <param name="ShareContact">A workspace whose position matches sees the mail address before the person applies. Off unless switched on.</param>
public sealed record ProfilePreferences(bool OpenToMatching = true, bool ShareContact = false);

/// <summary>Somebody who can speak for the person.</summary>
public sealed record Reference(string? Name, string? Text);

/// <summary>A profile as its person sees it.</summary>
public sealed record ProfileView
{
    public required Guid UserId { get; init; }
    public required string Name { get; init; }
    public required string Email { get; init; }
    public string? Headline { get; init; }
    public string? Location { get; init; }
    public required IReadOnlyList<string> Skills { get; init; }
    public string? ProfileText { get; init; }
    public required IReadOnlyList<string> SuggestedTitles { get; init; }
    public required IReadOnlyList<Reference> References { get; init; }
    public required IReadOnlyList<Guid> SourceFiles { get; init; }
    public required IReadOnlyList<FreeDays> Availability { get; init; }
    public required ProfilePreferences Preferences { get; init; }
    public required DateTime UpdatedAt { get; init; }
}

/// <summary>What a person may change of the profile.</summary>
public sealed record ProfileDraft
{
    public string? Headline { get; init; }
    public string? Location { get; init; }
    public string[]? Skills { get; init; }
    public string? ProfileText { get; init; }
    public string[]? SuggestedTitles { get; init; }
    public Reference[]? References { get; init; }
    public ProfilePreferences? Preferences { get; init; }

    /// <summary>The draft trimmed; what is wrong is noted in the check.</summary>
    public ProfileDraft Checked(RequestCheck check) => this with
    {
        Headline = check.OptionalText("headline", Headline, 300),
        Location = check.OptionalText("location", Location, 200),
        Skills = Names(check, "skills", Skills, most: 200),
        ProfileText = check.OptionalText("profile_text", ProfileText, 20_000),
        SuggestedTitles = Names(check, "suggested_titles", SuggestedTitles, most: 20),
        References = (References ?? []).Take(20).Select((r, i) => new Reference(
            check.OptionalText($"references[{i}].name", r?.Name, 200), check.OptionalText($"references[{i}].text", r?.Text, 2000))).ToArray(),
        Preferences = Preferences ?? new ProfilePreferences(),
    };

    private static string[] Names(RequestCheck check, string path, string[]? values, int most)
    {
        var names = (values ?? []).Select(v => v?.Trim() ?? "").Where(v => v.Length > 0).DistinctBy(SkillName.Key, StringComparer.Ordinal).ToArray();
        check.That(names.Length <= most, path, $"This takes at most {most} entries, not {names.Length}.");
        for (var i = 0; i < names.Length; i++) names[i] = check.Text($"{path}[{i}]", names[i], max: 100);
        return names;
    }
}

/// <summary>A stretch of days as a person sends it.</summary>
public sealed record AvailabilityDraft(DateOnly? From, DateOnly? To)
{
    /// <summary>At most this many stretches: enough for a year of alternating weeks.</summary>
    public const int Most = 60;

    /// <summary>The stretches; what is wrong is noted in the check.</summary>
    public static FreeDays[] Checked(AvailabilityDraft[]? drafts, RequestCheck check)
    {
        var days = new List<FreeDays>();
        check.That(drafts is null or { Length: <= Most }, "", $"At most {Most} stretches of days can be stored.");
        foreach (var (draft, i) in (drafts ?? []).Take(Most).Select((draft, i) => (draft, i)))
        {
            var from = check.Required($"[{i}].from", draft?.From);
            var to = draft?.To;
            check.That(draft?.From is null || from.Year is > 1900 and < 2200, $"[{i}].from", "This must be a day between 1901 and 2199.");
            check.That(to is null || to.Value.Year is > 1900 and < 2200, $"[{i}].to", "This must be a day between 1901 and 2199.");
            check.That(to is null || from <= to, $"[{i}].to", "This must not be before the first day.");
            if (to is null || from <= to) days.Add(new FreeDays(from, to));
        }
        return [.. days];
    }
}

/// <summary>What was read from one document, with the document's pages to show beside it.</summary>
/// <param name="FileId">The document.</param>
/// <param name="FileName">As it was uploaded.</param>
/// <param name="Kind"><c>cv</c>, <c>cover_letter</c>, <c>other</c> or <c>unreadable</c>.</param>
/// <param name="Reason">Why, when it is not a CV.</param>
/// <param name="Resume">In the JSON Resume schema.</param>
/// <param name="Evidence">By JSON pointer into the résumé: confidence and where it was read.</param>
/// <param name="Pages">Size of each page and its lines with their boxes.</param>
/// <param name="RunId">The run that read it.</param>
/// <param name="CreatedAt">When it was read.</param>
public sealed record CvReadingView(
    Guid FileId, string FileName, string Kind, string? Reason, JsonElement Resume, JsonElement Evidence, JsonElement Pages, Guid? RunId, DateTime CreatedAt);
