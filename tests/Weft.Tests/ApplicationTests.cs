using System.Net;
using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

/// <summary>Applying, and who may do and see what of it.</summary>
public sealed class ApplicationTests(TestHost host)
{
    [Fact]
    public async Task An_application_reaches_the_publisher_and_its_answer_reaches_the_person()
    {
        var title = $"Weaver {Market.Craft()}";
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.SignUpAsync();
        var position = (await recruiter.PostPositionAsync(title, [Market.Craft()])).Id();

        var sent = await person.PostAsync("/api/applications", new { position_id = position, message = "I weave.\n<b>Well</b>" }).OkAsync(HttpStatusCode.Created);
        sent.GetProperty("status").GetString().ShouldBe("applied");
        var mail = (await recruiter.MailAboutAsync($"applied for {title}"))[0];
        mail.GetProperty("text").GetString()!.ShouldContain("I weave.\n<b>Well</b>");
        mail.GetProperty("text").GetString()!.ShouldContain($"https://weft.example/positions/{position}");
        mail.GetProperty("headers").GetProperty("Reply-To").GetString().ShouldBe(person.Email);
        (await person.ReadAsync($"/api/positions/{position}")).GetProperty("my_application_id").GetGuid().ShouldBe(sent.Id());

        var received = (await recruiter.ItemsAsync($"/api/applications?position={position}")).Single();
        received.GetProperty("person_email").GetString().ShouldBe(person.Email);
        received.GetProperty("is_mine").GetBoolean().ShouldBeFalse();
        await recruiter.PatchAsync($"/api/applications/{sent.Id()}", new { status = "interviewing" }).OkAsync();
        await person.MailAboutAsync($"Your application for {title} moved on to interviews");
        (await person.ReadAsync($"/api/applications/{sent.Id()}")).GetProperty("status").GetString().ShouldBe("interviewing");

        // Saying the same again tells nobody anything.
        await recruiter.PatchAsync($"/api/applications/{sent.Id()}", new { status = "interviewing" }).OkAsync();
        await person.PatchAsync($"/api/applications/{sent.Id()}", new { status = "withdrawn" }).OkAsync();
        await recruiter.MailAboutAsync($"withdrew from {title}");
        await person.EndedAsync("hiring/application-status", 1);
        await recruiter.EndedAsync("hiring/application-status", 1);
        await recruiter.EndedAsync("hiring/application", 1);
        (await person.ItemsAsync("/api/runs?flow=hiring/application")).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_applies_once_and_only_to_what_is_open()
    {
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.SignUpAsync();
        var position = (await recruiter.PostPositionAsync("Once", [Market.Craft()])).Id();
        var closed = (await recruiter.PostPositionAsync("Closed", [Market.Craft()])).Id();
        (await recruiter.PostAsync($"/api/positions/{closed}/close", null).OkAsync()).GetProperty("status").GetString().ShouldBe("closed");

        var both = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => person.PostAsync("/api/applications", new { position_id = position, message = "Me" })));
        both.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        foreach (var refused in both.Where(a => a.StatusCode != HttpStatusCode.Created)) await refused.ShouldBeAsync(Problems.AlreadyApplied);
        await (await person.PostAsync("/api/applications", new { position_id = closed })).ShouldBeAsync(Problems.PositionNotOpen);
        await (await person.PostAsync("/api/applications", new { position_id = Guid.CreateVersion7() })).ShouldBeAsync(Problems.NotFound);
        (await (await person.PostAsync("/api/applications", new { message = "Where to?" })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["position_id"]);
        (await (await person.PostAsync("/api/applications", new { position_id = position, message = new string('x', 10_001) })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["message"]);
        await recruiter.MailAboutAsync("applied for Once");
        await recruiter.EndedAsync("hiring/application", 1);
    }

    [Fact]
    public async Task Each_side_moves_what_is_its_own_to_move()
    {
        using var recruiter = await host.SignUpAsync("recruiter");
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync("recruiter");
        var position = (await recruiter.PostPositionAsync("Moves", [Market.Craft()])).Id();
        var id = (await person.PostAsync("/api/applications", new { position_id = position }).OkAsync(HttpStatusCode.Created)).Id();
        var path = $"/api/applications/{id}";

        await (await person.PatchAsync(path, new { status = "hired" })).ShouldBeAsync(Problems.ApplicationMoveRefused);
        await (await recruiter.PatchAsync(path, new { status = "withdrawn" })).ShouldBeAsync(Problems.ApplicationMoveRefused);
        await (await stranger.PatchAsync(path, new { status = "rejected" })).ShouldBeAsync(Problems.NotFound);
        await (await stranger.GetAsync(path)).ShouldBeAsync(Problems.NotFound);
        (await stranger.ItemsAsync($"/api/applications?position={position}")).ShouldBeEmpty();
        (await (await recruiter.PatchAsync(path, new { status = "promoted" })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["status"]);
        await (await stranger.PatchAsync($"/api/positions/{position}", new { title = "Mine now" })).ShouldBeAsync(Problems.NotFound);
        await (await stranger.PostAsync($"/api/positions/{position}/close", null)).ShouldBeAsync(Problems.NotFound);

        await person.PatchAsync(path, new { status = "withdrawn" }).OkAsync();
        await (await recruiter.PatchAsync(path, new { status = "offer" })).ShouldBeAsync(Problems.ApplicationMoveRefused);
        (await person.ReadAsync(path)).GetProperty("status").GetString().ShouldBe("withdrawn");
    }

    [Fact]
    public async Task Neither_side_sees_the_others_address_before_it_is_given()
    {
        var craft = Market.Craft();
        using var recruiter = await host.SignUpAsync("recruiter");
        using var found = await host.JobSeekerAsync([craft]);
        using var applies = await host.JobSeekerAsync([craft]);
        var position = (await recruiter.PostPositionAsync($"Discreet {craft}", [craft])).Id();
        using var finds = await host.JobSeekerAsync([craft]);
        await found.MailAboutAsync(craft);
        await applies.MailAboutAsync(craft);
        await finds.MatchesAsync(m => m.Count == 1);
        var application = (await applies.PostAsync("/api/applications", new { position_id = position, message = "Here I am" }).OkAsync(HttpStatusCode.Created)).Id();
        await recruiter.MailAboutAsync("applied for");
        await recruiter.PatchAsync($"/api/applications/{application}", new { status = "in_review" }).OkAsync();
        await applies.MailAboutAsync("is being reviewed");
        await recruiter.EndedAsync("hiring/position-posted", 1);
        await applies.EndedAsync("hiring/application-status", 1);

        var seen = await EverythingAsync(recruiter, position);
        seen.ShouldContain(applies.Email, Case.Insensitive, "who applied gave the address");
        seen.ShouldNotContain(found.Email, Case.Insensitive);
        seen.ShouldNotContain(finds.Email, Case.Insensitive);
        foreach (var person in (Person[])[found, finds, applies])
        {
            var theirs = await EverythingAsync(person, position);
            theirs.ShouldContain(person.Email);
            theirs.ShouldNotContain(recruiter.Email, Case.Insensitive);
            foreach (var other in ((Person[])[found, finds, applies]).Where(o => o != person)) theirs.ShouldNotContain(other.Email, Case.Insensitive);
        }

        // Allowed beforehand, the address is there at once.
        await found.PatchAsync("/api/profile", new { preferences = new { share_contact = true } }).OkAsync();
        (await recruiter.PoolAsync(position)).Select(m => m.GetProperty("person").GetProperty("email").GetString()).Order().ShouldBe(
            ((string?[])[null, applies.Email, found.Email]).Order());
    }

    // Every answer that shows something of the market or its runs to this person.
    private static async Task<string> EverythingAsync(Person person, Guid position)
    {
        var answers = new List<string>();
        foreach (var path in (string[])["/api/runs?limit=100", "/api/matches", "/api/applications", "/api/positions?ours=true", $"/api/positions/{position}", "/api/flows", "/api/companies"])
            answers.Add((await person.ReadAsync(path)).GetRawText());
        using var pool = await person.GetAsync($"/api/positions/{position}/candidates");
        answers.Add(await pool.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        foreach (var run in await person.ItemsAsync("/api/runs?limit=100"))
        {
            answers.Add((await person.ReadAsync($"/api/runs/{run.Id()}")).GetRawText());
            answers.Add((await person.ReadAsync($"/api/runs/{run.Id()}/logs")).GetRawText());
        }
        // The person's own mail was sent to them by name; what it says of the other side counts.
        foreach (var mail in await person.MailAsync()) answers.Add(mail.GetRawText());
        return string.Join('\n', answers);
    }
}
