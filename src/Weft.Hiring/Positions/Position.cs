using Weft.Hiring.Matching;

namespace Weft.Hiring.Positions;

/// <summary>A position as the API shows it.</summary>
public sealed record PositionView
{
    public required Guid Id { get; init; }
    public Guid? WorkspaceId { get; init; }
    public Guid? CompanyId { get; init; }
    public string? CompanyName { get; init; }
    public required string Title { get; init; }
    public required string Description { get; init; }
    public string? Department { get; init; }
    public string? EmploymentType { get; init; }
    public string? ExperienceLevel { get; init; }
    public string? Location { get; init; }
    public required string Remote { get; init; }
    public required string[] RequiredSkills { get; init; }
    public decimal? SalaryMin { get; init; }
    public decimal? SalaryMax { get; init; }
    public string? SalaryCurrency { get; init; }
    public string? SalaryPeriod { get; init; }
    public DateOnly? StartsOn { get; init; }
    public DateOnly? EndsOn { get; init; }
    public string? Url { get; init; }
    public required string Status { get; init; }
    public required DateTime FirstSeenAt { get; init; }
    public required DateTime LastSeenAt { get; init; }
    public required DateTime CreatedAt { get; init; }
    public required DateTime UpdatedAt { get; init; }

    /// <summary>True when the caller's workspace published it and may change it.</summary>
    public required bool IsOurs { get; init; }

    /// <summary>The caller's own application to it, if any.</summary>
    public Guid? MyApplicationId { get; init; }
}

/// <summary>What a recruiter says of a position, when posting and when changing it.</summary>
public sealed record PositionDraft
{
    public Guid? CompanyId { get; init; }
    public string? Title { get; init; }
    public string? Description { get; init; }
    public string? Department { get; init; }
    public string? EmploymentType { get; init; }
    public string? ExperienceLevel { get; init; }
    public string? Location { get; init; }
    public string? Remote { get; init; }
    public string[]? RequiredSkills { get; init; }
    public decimal? SalaryMin { get; init; }
    public decimal? SalaryMax { get; init; }
    public string? SalaryCurrency { get; init; }
    public string? SalaryPeriod { get; init; }
    public DateOnly? StartsOn { get; init; }
    public DateOnly? EndsOn { get; init; }
    public string? Url { get; init; }
    public string? Status { get; init; }

    private static readonly string[] EmploymentTypes = ["full_time", "part_time", "contract", "internship", "temporary"];
    private static readonly string[] Remotes = ["onsite", "hybrid", "remote", "unknown"];
    private static readonly string[] Periods = ["hour", "day", "week", "month", "year"];
    private static readonly string[] Statuses = ["draft", "open", "closed"];

    /// <summary>The draft with everything trimmed and defaults filled in; what is wrong is noted in the check.</summary>
    public PositionDraft Checked(RequestCheck check)
    {
        var skills = (RequiredSkills ?? []).Select(s => s?.Trim() ?? "").Where(s => s.Length > 0).DistinctBy(SkillName.Key, StringComparer.Ordinal).ToArray();
        check.That(skills.Length <= 50, "required_skills", $"A position takes at most 50 skills, not {skills.Length}.");
        for (var i = 0; i < skills.Length; i++) skills[i] = check.Text($"required_skills[{i}]", skills[i], max: 100);

        var minimum = Money(check, "salary_min", SalaryMin);
        var maximum = Money(check, "salary_max", SalaryMax);
        var currency = check.OptionalText("salary_currency", SalaryCurrency, 3)?.ToUpperInvariant();
        check.That(currency is null || (currency.Length == 3 && currency.All(char.IsAsciiLetterUpper)), "salary_currency", "This must be a currency code of three letters, like EUR.");
        var period = OneOf(check, "salary_period", SalaryPeriod, Periods);
        if (minimum is not null || maximum is not null)
        {
            check.That(currency is not null, "salary_currency", "A salary needs a currency, like EUR.");
            check.That(period is not null, "salary_period", $"A salary needs a period: {string.Join(", ", Periods)}.");
            check.That(minimum is null || maximum is null || minimum <= maximum, "salary_max", "This must not be less than the minimum.");
        }
        check.That(StartsOn is null || EndsOn is null || StartsOn <= EndsOn, "ends_on", "This must not be before the first day.");
        check.That(StartsOn is null || StartsOn.Value.Year is > 1900 and < 2200, "starts_on", "This must be a day between 1901 and 2199.");
        check.That(EndsOn is null || EndsOn.Value.Year is > 1900 and < 2200, "ends_on", "This must be a day between 1901 and 2199.");
        var url = check.OptionalText("url", Url, 2000);
        check.That(url is null || (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"), "url", "This must be an address that begins with https:// or http://.");

        return this with
        {
            Title = check.Text("title", Title, 200),
            Description = check.OptionalText("description", Description, 50_000) ?? "",
            Department = check.OptionalText("department", Department, 200),
            EmploymentType = OneOf(check, "employment_type", EmploymentType, EmploymentTypes),
            ExperienceLevel = check.OptionalText("experience_level", ExperienceLevel, 100),
            Location = check.OptionalText("location", Location, 200),
            Remote = OneOf(check, "remote", Remote, Remotes) ?? "unknown",
            RequiredSkills = skills,
            SalaryCurrency = currency,
            SalaryPeriod = period,
            Url = url,
            Status = OneOf(check, "status", Status, Statuses) ?? "open",
        };
    }

    private static decimal? Money(RequestCheck check, string path, decimal? amount)
    {
        check.That(amount is null or (>= 0 and < 1_000_000_000_000), path, "This must be an amount from 0 to 1,000,000,000,000.");
        return amount;
    }

    private static string? OneOf(RequestCheck check, string path, string? value, string[] known)
    {
        var text = check.OptionalText(path, value, 50);
        check.That(text is null || known.Contains(text, StringComparer.Ordinal), path, $"This must be one of {string.Join(", ", known)}.");
        return text;
    }
}
