using System.Net;
using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

/// <summary>Positions and people find each other through the shipped flows, and are told once.</summary>
public sealed class MatchingTests(TestHost host)
{
    private const string Posted = "hiring/position-posted";
    private const string Found = "hiring/match-found";
    private const string Updated = "hiring/profile-updated";

    [Fact]
    public async Task A_position_finds_those_whose_skills_and_dates_fit_and_says_why()
    {
        string[] skills = [Market.Craft(), Market.Craft()];
        using var recruiter = await host.SignUpAsync("recruiter");
        using var fits = await host.JobSeekerAsync(skills);
        using var half = await host.JobSeekerAsync([skills[0]], from: 50);
        using var busy = await host.JobSeekerAsync(skills, from: 100);
        using var silent = await host.JobSeekerAsync(skills, from: null);
        using var stranger = await host.JobSeekerAsync([Market.Craft()]);
        using var hidden = await host.JobSeekerAsync(skills);
        await hidden.PatchAsync("/api/profile", new { preferences = new { open_to_matching = false } }).OkAsync();

        var position = await recruiter.PostPositionAsync("Two crafts", skills);
        var run = (await recruiter.EndedAsync(Posted, 1))[0];
        var pool = await recruiter.PoolAsync(position.Id());

        pool.Select(m => m.GetProperty("person").Id()).ShouldBe([await fits.IdAsync(), await half.IdAsync()]);
        pool[0].GetProperty("score").GetInt32().ShouldBe(100);
        pool[1].GetProperty("score").GetInt32().ShouldBe(35 + 10 + 10);
        foreach (var match in pool)
        {
            match.GetProperty("reasons").EnumerateArray().Sum(r => r.GetProperty("points").GetInt32()).ShouldBe(match.GetProperty("score").GetInt32());
            match.GetProperty("reasons").EnumerateArray().ShouldAllBe(r => r.GetProperty("text").GetString()!.Length > 0);
            match.GetProperty("run_id").GetGuid().ShouldBe(run.Id());
        }
        pool[1].GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("kind").GetString()).ShouldBe(["skill", "missing_skill", "availability", "place"]);
        var outputs = (await recruiter.ReadAsync($"/api/runs/{run.Id()}")).GetProperty("outputs");
        outputs.GetProperty("pool").GetInt32().ShouldBe(2);
        outputs.GetProperty("new").GetInt32().ShouldBe(2);
        foreach (var other in (Person[])[busy, silent, stranger, hidden]) (await other.ItemsAsync("/api/matches")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_is_found_is_told_once_however_often_the_position_changes()
    {
        string[] skills = [Market.Craft(), Market.Craft()];
        var title = $"Weaver of {skills[0]}";
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.JobSeekerAsync(skills);
        var position = (await recruiter.PostPositionAsync(title, skills)).Id();
        var mail = (await person.MailAboutAsync(title))[0];

        mail.GetProperty("text").GetString()!.ShouldContain($"https://weft.example/positions/{position}");
        mail.GetProperty("text").GetString()!.ShouldContain("100 of 100 points");
        mail.GetProperty("text").GetString()!.ShouldContain($"- {skills[0]} is required and on the profile (+35)");
        mail.GetProperty("to").EnumerateArray().Select(t => t.GetString()).ShouldBe([person.Email]);

        await recruiter.PatchAsync($"/api/positions/{position}", new { required_skills = skills[..1] }).OkAsync();
        await recruiter.EndedAsync(Posted, 2);
        await recruiter.PatchAsync($"/api/positions/{position}", new { required_skills = (string[])[.. skills, Market.Craft()], ends_on = Market.Day(49) }).OkAsync();
        await recruiter.EndedAsync(Posted, 3);
        // What nobody is matched by starts nothing.
        await recruiter.PatchAsync($"/api/positions/{position}", new { description = "More words", salary_min = 1, salary_currency = "EUR", salary_period = "day" }).OkAsync();
        await recruiter.PatchAsync($"/api/positions/{position}", new { status = "closed" }).OkAsync();
        await recruiter.PatchAsync($"/api/positions/{position}", new { status = "open" }).OkAsync();
        await recruiter.EndedAsync(Posted, 4);

        (await recruiter.PoolAsync(position)).Single().GetProperty("score").GetInt32().ShouldBe(46 + 20 + 10);
        await person.EndedAsync(Found, 1);
        (await person.MailAboutAsync(title)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_changed_profile_finds_the_positions_that_are_there_and_tells_of_all_in_one_mail()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        var positions = new[] { await recruiter.PostPositionAsync($"First {craft}", [craft]), await recruiter.PostPositionAsync($"Second {craft}", [craft, Market.Craft()]) };
        var later = await recruiter.PostPositionAsync($"Later {craft}", [craft], new { starts_on = Market.Day(200), ends_on = Market.Day(300) });
        using var person = await host.SignUpAsync();
        await person.PatchAsync("/api/profile", new { skills = new[] { craft.ToUpperInvariant() } }).OkAsync();
        await person.EndedAsync(Updated, 1);
        (await person.ItemsAsync("/api/matches")).ShouldBeEmpty("nothing was said of when the person is free");

        await person.FreeAsync((0, 120));
        var mail = (await person.MailAboutAsync("2 positions fit your profile"))[0].GetProperty("text").GetString()!;
        mail.ShouldContain($"https://weft.example/positions/{positions[0].Id()}");
        mail.ShouldContain($"https://weft.example/positions/{positions[1].Id()}");
        mail.ShouldNotContain(later.Id().ToString());

        var matches = await person.ItemsAsync("/api/matches");
        matches.Select(m => m.GetProperty("position").Id()).ShouldBe(positions.Select(p => p.Id()));
        matches[0].GetProperty("score").GetInt32().ShouldBe(100);
        matches[0].GetProperty("person").ValueKind.ShouldBe(JsonValueKind.Null);
        await person.EndedAsync(Updated, 2);
        (await person.ItemsAsync($"/api/runs?flow={Found}")).ShouldBeEmpty("who searched is not told a second time");
    }

    [Fact]
    public async Task A_match_lapses_when_it_does_not_fit_any_more_and_comes_back_without_a_second_mail()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.JobSeekerAsync([craft]);
        var position = (await recruiter.PostPositionAsync($"Only {craft}", [craft])).Id();
        await person.MailAboutAsync(craft);

        await person.PatchAsync("/api/profile", new { skills = Array.Empty<string>() }).OkAsync();
        await person.MatchesAsync(m => m.Count == 0);
        await recruiter.PoolAsync(position, p => p.Count == 0);
        (await person.ItemsAsync("/api/matches?status=lapsed")).Count.ShouldBe(1);

        await person.PatchAsync("/api/profile", new { skills = new[] { craft } }).OkAsync();
        await person.MatchesAsync(m => m.Count == 1);
        await recruiter.PoolAsync(position, p => p.Count == 1);

        await person.PatchAsync("/api/profile", new { preferences = new { open_to_matching = false } }).OkAsync();
        await person.MatchesAsync(m => m.Count == 0);
        await recruiter.PoolAsync(position, p => p.Count == 0);
        await person.PatchAsync("/api/profile", new { preferences = new { open_to_matching = true } }).OkAsync();
        await person.MatchesAsync(m => m.Count == 1);

        await person.EndedAsync(Updated, 2 + 4);
        await person.EndedAsync(Found, 1);
        (await person.MailAboutAsync(craft)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_person_dismissed_stays_dismissed()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.JobSeekerAsync([craft]);
        using var stranger = await host.SignUpAsync();
        var position = (await recruiter.PostPositionAsync($"Unwanted {craft}", [craft])).Id();
        var match = (await person.MatchesAsync(m => m.Count == 1))[0].Id();
        await (await stranger.PostAsync($"/api/matches/{match}/dismiss", null)).ShouldBeAsync(Problems.NotFound);
        await (await recruiter.PostAsync($"/api/matches/{match}/dismiss", null)).ShouldBeAsync(Problems.NotFound);
        await person.PostAsync($"/api/matches/{match}/dismiss", null).OkAsync(HttpStatusCode.NoContent);
        await person.PostAsync($"/api/matches/{match}/dismiss", null).OkAsync(HttpStatusCode.NoContent);

        await recruiter.PatchAsync($"/api/positions/{position}", new { location = "Elsewhere" }).OkAsync();
        await recruiter.EndedAsync(Posted, 2);
        await person.FreeAsync((1, null));
        await person.EndedAsync(Updated, 3);
        (await person.ItemsAsync("/api/matches")).ShouldBeEmpty();
        (await recruiter.PoolAsync(position)).ShouldBeEmpty();
        (await person.ItemsAsync("/api/matches?status=dismissed")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_draft_is_nobody_elses_and_finds_nobody_until_it_is_published()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.JobSeekerAsync([craft]);
        var draft = (await recruiter.PostPositionAsync($"Secret {craft}", [craft], new { status = "draft" })).Id();

        await (await person.GetAsync($"/api/positions/{draft}")).ShouldBeAsync(Problems.NotFound);
        (await person.ItemsAsync($"/api/positions?skills={craft}&status=all")).ShouldBeEmpty();
        await (await person.PostAsync("/api/applications", new { position_id = draft })).ShouldBeAsync(Problems.NotFound);
        (await recruiter.ItemsAsync("/api/positions?ours=true")).Single().Id().ShouldBe(draft);

        await recruiter.PatchAsync($"/api/positions/{draft}", new { status = "open" }).OkAsync();
        await person.MailAboutAsync(craft);
        await recruiter.EndedAsync(Posted, 1);
        (await person.ReadAsync($"/api/positions/{draft}")).GetProperty("is_ours").GetBoolean().ShouldBeFalse();
        (await (await recruiter.PatchAsync($"/api/positions/{draft}", new { status = "draft" })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["status"]);
    }

    [Fact]
    public async Task A_pool_is_read_page_by_page_and_by_its_workspace_only()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        using var other = await host.SignUpAsync("recruiter");
        var people = new List<Person>();
        for (var i = 0; i < 5; i++) people.Add(await host.JobSeekerAsync([craft], from: i % 2 == 0 ? 0 : 50));
        var position = (await recruiter.PostPositionAsync($"Many {craft}", [craft])).Id();
        await recruiter.PoolAsync(position, p => p.Count == 5);
        await (await other.GetAsync($"/api/positions/{position}/candidates")).ShouldBeAsync(Problems.NotFound);
        await (await people[0].GetAsync($"/api/positions/{position}/candidates")).ShouldBeAsync(Problems.NotFound);

        var seen = new List<(int Score, Guid Id)>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await recruiter.ReadAsync($"/api/positions/{position}/candidates?limit=2{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(m => (m.GetProperty("score").GetInt32(), m.Id())));
            cursor = page.GetProperty("next_cursor").GetString();
            pages++;
        }
        while (cursor is not null);
        pages.ShouldBe(3);
        seen.Select(s => s.Id).Distinct().Count().ShouldBe(5);
        seen.Select(s => s.Score).ShouldBe([100, 100, 100, 90, 90]);
        await (await recruiter.GetAsync($"/api/positions/{position}/candidates?cursor=nonsense")).ShouldBeAsync(Problems.CursorInvalid);
        people.ForEach(p => p.Dispose());
    }
}
