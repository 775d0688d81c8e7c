using Weft.Hiring.Matching;
using Weft.Hiring.Profiles;

namespace Weft.Hiring.Tests.Matching;

public sealed class MatchScoreTests
{
    private static readonly PositionFacts Position = new(["C#", "PostgreSQL", "Docker"], new DateOnly(2027, 1, 1), new DateOnly(2027, 1, 31), "Hamburg, Germany", "onsite");
    private static readonly PersonFacts Person = new(["csharp", "Postgres", "Docker"], [new FreeDays(new DateOnly(2026, 12, 1), null)], "Hamburg", "Built it in csharp\nRan Postgres at scale");

    [Fact]
    public void Everything_asked_for_scores_a_hundred() => MatchScore.Of(Position, Person)!.Score.ShouldBe(100);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(50)]
    public void The_points_of_the_reasons_add_up_to_the_score(int skills)
    {
        var names = Enumerable.Range(0, skills).Select(i => $"craft {(char)('a' + (i % 26))}{(char)('a' + (i / 26))}").ToArray();
        for (var known = 1; known <= skills; known++)
        {
            var score = MatchScore.Of(Position with { RequiredSkills = names }, Person with { Skills = names[..known] });
            if (score is null) continue;
            score.Reasons.Sum(r => r.Points).ShouldBe(score.Score);
            score.Score.ShouldBeInRange(MatchScore.Least, 100);
            score.Reasons.Count(r => r.Kind == "missing_skill").ShouldBe(skills - known);
        }
    }

    [Fact]
    public void Nobody_matches_without_one_required_skill() => MatchScore.Of(Position, Person with { Skills = ["Cobol"] }).ShouldBeNull();

    [Fact]
    public void A_position_that_asks_for_nothing_matches_nobody() => MatchScore.Of(Position with { RequiredSkills = [] }, Person).ShouldBeNull();

    [Fact]
    public void Nobody_matches_who_is_not_free_on_any_day()
    {
        MatchScore.Of(Position, Person with { Availability = [] }).ShouldBeNull();
        MatchScore.Of(Position, Person with { Availability = [new FreeDays(new DateOnly(2027, 2, 1), null)] }).ShouldBeNull();
        MatchScore.Of(Position, Person with { Availability = [new FreeDays(new DateOnly(2026, 1, 1), new DateOnly(2026, 12, 31))] }).ShouldBeNull();
    }

    [Fact]
    public void A_person_free_on_the_first_or_the_last_day_only_still_overlaps()
    {
        MatchScore.Of(Position, Person with { Availability = [new FreeDays(new DateOnly(2026, 1, 1), new DateOnly(2027, 1, 1))] }).ShouldNotBeNull();
        MatchScore.Of(Position, Person with { Availability = [new FreeDays(new DateOnly(2027, 1, 31), null)] }).ShouldNotBeNull();
    }

    [Fact]
    public void Part_of_the_period_gives_part_of_the_points()
    {
        var whole = MatchScore.Of(Position, Person)!;
        var half = MatchScore.Of(Position, Person with { Availability = [new FreeDays(new DateOnly(2027, 1, 1), new DateOnly(2027, 1, 16))] })!;
        half.Score.ShouldBeLessThan(whole.Score);
        half.Reasons.Single(r => r.Kind == "availability").Points.ShouldBe(10);
    }

    [Fact]
    public void A_position_without_dates_suits_somebody_who_said_nothing_of_time() =>
        MatchScore.Of(Position with { StartsOn = null, EndsOn = null }, Person with { Availability = [] }).ShouldNotBeNull();

    [Fact]
    public void An_open_ended_position_counts_from_its_first_day() =>
        MatchScore.Of(Position with { EndsOn = null }, Person with { Availability = [new FreeDays(new DateOnly(2030, 1, 1), null)] })!.Score.ShouldBe(100);

    [Fact]
    public void A_reason_quotes_the_line_of_the_CV_that_carries_it()
    {
        var reasons = MatchScore.Of(Position, Person)!.Reasons;
        reasons.Single(r => r.Text.StartsWith("C#", StringComparison.Ordinal)).Evidence.ShouldBe("CV: Built it in csharp");
        reasons.Single(r => r.Text.StartsWith("PostgreSQL", StringComparison.Ordinal)).Evidence.ShouldBe("CV: Ran Postgres at scale");
        reasons.Single(r => r.Text.StartsWith("Docker", StringComparison.Ordinal)).Evidence.ShouldBe("Profile: Docker");
    }

    [Fact]
    public void A_skill_inside_another_word_is_no_evidence() =>
        MatchScore.Of(Position with { RequiredSkills = ["Go"] }, Person with { Skills = ["Go"], CvText = "Good with Google\nlikes go" })!
            .Reasons[0].Evidence.ShouldBe("CV: likes go");

    [Theory]
    [InlineData("remote", "Anywhere", "Nowhere", 10)]
    [InlineData("onsite", "Hamburg, Germany", "hamburg", 10)]
    [InlineData("onsite", "Hamburg", "Berlin", 0)]
    [InlineData("hybrid", null, "Berlin", 5)]
    public void Place_counts_as_far_as_it_is_stated(string remote, string? there, string? here, int points) =>
        MatchScore.Of(Position with { Remote = remote, Location = there }, Person with { Location = here })!
            .Reasons.Single(r => r.Kind == "place").Points.ShouldBe(points);

    [Fact]
    public void The_same_facts_give_the_same_score() =>
        Enumerable.Range(0, 20).Select(_ => MatchScore.Of(Position, Person)!.Score).Distinct().Count().ShouldBe(1);

    [Theory]
    [InlineData("Docker, ann@example.org")]
    [InlineData("Docker | +44 20 7946 0958")]
    [InlineData("Docker | (555) 010-0199")]
    [InlineData("https://ann.example/docker")]
    [InlineData("linkedin.com/in/ann Docker")]
    public void Evidence_never_quotes_a_way_to_reach_the_person(string line)
    {
        var score = MatchScore.Of(Position, Person with { CvText = line })!;
        score.Reasons.Single(r => r.Text.StartsWith("Docker", StringComparison.Ordinal)).Evidence.ShouldBe("Profile: Docker");
    }

    [Theory]
    [InlineData("Docker in production, 2019 - 2023")]
    [InlineData("Moved 120 services to Docker")]
    public void Evidence_quotes_the_line_of_the_cv(string line)
    {
        var score = MatchScore.Of(Position, Person with { CvText = line })!;
        score.Reasons.Single(r => r.Text.StartsWith("Docker", StringComparison.Ordinal)).Evidence.ShouldBe($"CV: {line}");
    }

    [Fact]
    public void Evidence_is_cut_from_a_long_line_without_breaking_a_letter()
    {
        var line = string.Concat(Enumerable.Repeat("😀", 200)) + " Docker " + string.Concat(Enumerable.Repeat("😀", 200));
        var evidence = MatchScore.Of(Position, Person with { CvText = "x" + line })!.Reasons.Single(r => r.Text.StartsWith("Docker", StringComparison.Ordinal)).Evidence!;
        evidence.Length.ShouldBeLessThan(160);
        evidence.ShouldContain("Docker");
        new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(evidence).ShouldNotBeEmpty();
    }
}
