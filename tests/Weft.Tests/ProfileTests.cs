using System.Net;
using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

/// <summary>The profile, availability, companies and positions as forms: what they take, refuse and keep.</summary>
public sealed class ProfileTests(TestHost host)
{
    private const string Hostile = "O'Brien'); DROP TABLE auth.\"user\";-- {{ env.PUBLIC_URL }} <script>alert(1)</script> \u202e😀";

    [Fact]
    public async Task A_patch_changes_what_it_names_and_nothing_else()
    {
        using var person = await host.SignUpAsync();
        await person.PatchAsync("/api/profile", new { headline = "Weaver", location = "Hamburg", skills = new[] { "C#", " c sharp ", "", "Docker" }, profile_text = "I weave." }).OkAsync();
        var changed = await person.PatchAsync("/api/profile", new { headline = (string?)null, suggested_titles = new[] { "Weaver" } }).OkAsync();
        changed.GetProperty("headline").ValueKind.ShouldBe(JsonValueKind.Null);
        changed.GetProperty("location").GetString().ShouldBe("Hamburg");
        changed.GetProperty("skills").EnumerateArray().Select(s => s.GetString()).ShouldBe(["C#", "Docker"]);
        changed.GetProperty("profile_text").GetString().ShouldBe("I weave.");
        changed.GetProperty("preferences").GetProperty("open_to_matching").GetBoolean().ShouldBeTrue();
        (await person.PatchAsync("/api/profile", new { preferences = new { share_contact = true } }).OkAsync()).GetProperty("preferences").GetProperty("open_to_matching").GetBoolean().ShouldBeTrue();
        (await person.ReadAsync("/api/profile")).GetProperty("preferences").GetProperty("share_contact").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"headline": 5}""", "headline")]
    [InlineData("""{"skills": "C#"}""", "skills")]
    [InlineData("""{"email": "other@example.org"}""", "email")]
    [InlineData("""{"id": "x"}""", "id")]
    [InlineData("""{"headline": "a\u0000b"}""", "headline")]
    [InlineData("""{"skills": ["a\u0000b"]}""", "skills[0]")]
    [InlineData("""{"references": [{"name": "a\u0000b"}]}""", "references[0].name")]
    public async Task A_patch_of_the_wrong_shape_names_the_field_and_changes_nothing(string body, string path)
    {
        using var person = await host.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/profile") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        var problem = await (await person.SendAsync(request)).ShouldBeAsync(Problems.Invalid);
        problem.ErrorPaths().ShouldBe([path]);
        (await person.ReadAsync("/api/profile")).GetProperty("email").GetString().ShouldBe(person.Email);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{")]
    public async Task A_patch_that_is_no_object_is_malformed(string body)
    {
        using var person = await host.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/profile") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        await (await person.SendAsync(request)).ShouldBeAsync(Problems.MalformedBody);
    }

    [Fact]
    public async Task Long_and_hostile_words_are_kept_as_they_are_or_refused_by_name()
    {
        using var person = await host.SignUpAsync();
        var skill = Market.Craft() + "'); DROP TABLE hiring.position;--";
        var text = string.Concat(Enumerable.Repeat("ß😀漢字 ", 1666)).Trim();
        var saved = await person.PatchAsync("/api/profile", new { headline = Hostile, profile_text = text, skills = new[] { skill } }).OkAsync();
        saved.GetProperty("headline").GetString().ShouldBe(Hostile);
        saved.GetProperty("profile_text").GetString().ShouldBe(text);
        (await (await person.PatchAsync("/api/profile", new { headline = new string('x', 301), skills = new[] { new string('y', 101) } })).ShouldBeAsync(Problems.Invalid))
            .ErrorPaths().ShouldBe(["headline", "skills[0]"], ignoreOrder: true);

        await person.FreeAsync((0, null));
        using var recruiter = await host.SignUpAsync("recruiter");
        var position = await recruiter.PostPositionAsync(Hostile, [skill], new { description = text, location = Hostile });
        position.GetProperty("title").GetString().ShouldBe(Hostile);
        var mail = await person.MailAboutAsync(Hostile);
        mail.ShouldHaveSingleItem().GetProperty("text").GetString()!.ShouldContain(Hostile);
        var application = await person.PostAsync("/api/applications", new { position_id = position.Id(), message = Hostile }).OkAsync(HttpStatusCode.Created);
        application.GetProperty("message").GetString().ShouldBe(Hostile);
        (await recruiter.MailAboutAsync($"applied for {Hostile}")).ShouldHaveSingleItem().GetProperty("text").GetString()!.ShouldContain(Hostile);
        (await person.ItemsAsync($"/api/positions?skills={Uri.EscapeDataString(skill)}")).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("q")]
    [InlineData("skills")]
    [InlineData("location")]
    [InlineData("remote")]
    [InlineData("status")]
    public async Task Any_words_may_be_searched_for(string parameter)
    {
        using var person = await host.SignUpAsync();
        foreach (var words in (string[])["'); drop table hiring.position;--", "%_\\", "a & | ! ( : *", "\"unclosed", "😀", new string('x', 2000)])
            (await person.ItemsAsync($"/api/positions?{parameter}={Uri.EscapeDataString(words)}")).ShouldBeEmpty();
        // No text holds it; the name of a skill is compared without such characters.
        if (parameter != "skills") await (await person.GetAsync($"/api/positions?{parameter}=a%00b")).ShouldBeAsync(Problems.Invalid);
    }

    [Fact]
    public async Task Availability_is_days_that_are_joined_where_they_touch()
    {
        using var person = await host.SignUpAsync();
        var saved = await person.PutAsync("/api/profile/availability", new[]
        {
            new { from = "2027-03-01", to = (string?)"2027-03-10" }, new { from = "2027-01-01", to = (string?)"2027-01-31" }, new { from = "2027-02-01", to = (string?)"2027-02-10" },
            new { from = "2027-03-05", to = (string?)"2027-03-05" }, new { from = "2028-01-01", to = (string?)null },
        }).OkAsync();
        Days(saved).ShouldBe(["2027-01-01/2027-02-10", "2027-03-01/2027-03-10", "2028-01-01/"]);
        Days(await person.ReadAsync("/api/profile/availability")).ShouldBe(Days(saved));
        Days((await person.ReadAsync("/api/profile")).GetProperty("availability")).ShouldBe(Days(saved));
        (await person.PutAsync("/api/profile/availability", Array.Empty<object>()).OkAsync()).GetArrayLength().ShouldBe(0);

        static string[] Days(JsonElement days) => [.. days.EnumerateArray().Select(d => $"{d.GetProperty("from").GetString()}/{d.GetProperty("to").GetString()}")];
    }

    [Theory]
    [InlineData("""[{"to": "2027-01-01"}]""", "[0].from")]
    [InlineData("""[{"from": "2027-01-02", "to": "2027-01-01"}]""", "[0].to")]
    [InlineData("""[{"from": "0001-01-01"}]""", "[0].from")]
    [InlineData("""[{"from": "2027-01-01", "to": "9999-12-31"}]""", "[0].to")]
    [InlineData("""[null]""", "[0].from")]
    public async Task Availability_that_cannot_be_is_refused(string body, string path)
    {
        using var person = await host.SignUpAsync();
        var problem = await (await person.PutTextAsync("/api/profile/availability", body, "application/json")).ShouldBeAsync(Problems.Invalid);
        problem.ErrorPaths().ShouldBe([path]);
    }

    [Theory]
    [InlineData("""[{"from": "2027-02-30"}]""")]
    [InlineData("""[{"from": "tomorrow"}]""")]
    [InlineData("""{"from": "2027-01-01"}""")]
    public async Task Availability_that_is_no_list_of_days_is_malformed(string body)
    {
        using var person = await host.SignUpAsync();
        await (await person.PutTextAsync("/api/profile/availability", body, "application/json")).ShouldBeAsync(Problems.MalformedBody);
    }

    [Fact]
    public async Task More_stretches_than_there_is_room_for_are_refused()
    {
        using var person = await host.SignUpAsync();
        var many = Enumerable.Range(0, 61).Select(i => new { from = Market.Day(i * 2), to = Market.Day(i * 2) }).ToArray();
        await (await person.PutAsync("/api/profile/availability", many)).ShouldBeAsync(Problems.Invalid);
        (await person.PutAsync("/api/profile/availability", many[..60]).OkAsync()).GetArrayLength().ShouldBe(60);
    }

    [Fact]
    public async Task A_position_with_faults_names_them_all()
    {
        using var recruiter = await host.SignUpAsync("recruiter");
        using var other = await host.SignUpAsync("recruiter");
        var theirs = (await other.PostAsync("/api/companies", new { name = "Theirs" }).OkAsync(HttpStatusCode.Created)).Id();
        var problem = await (await recruiter.PostAsync("/api/positions", new
        {
            title = " ", remote = "moon", employment_type = "serf", salary_min = 5, salary_max = 4, starts_on = "2027-02-01", ends_on = "2027-01-01", url = "javascript:alert(1)",
            company_id = theirs, required_skills = new[] { new string('x', 101) }, status = "expired",
        })).ShouldBeAsync(Problems.Invalid);
        problem.ErrorPaths().ShouldBe(
            ["title", "remote", "employment_type", "salary_currency", "salary_period", "salary_max", "ends_on", "url", "company_id", "required_skills[0]", "status"], ignoreOrder: true);
        (await recruiter.ItemsAsync("/api/positions?ours=true")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_company_is_kept_up_by_its_workspace_and_its_positions_outlive_it()
    {
        using var recruiter = await host.SignUpAsync("recruiter");
        using var other = await host.SignUpAsync("recruiter");
        var company = await recruiter.PostAsync("/api/companies", new { name = $"Loom {Market.Craft()}", website = "https://loom.example" }).OkAsync(HttpStatusCode.Created);
        var path = $"/api/companies/{company.Id()}";
        await (await recruiter.PostAsync("/api/companies", new { name = company.GetProperty("name").GetString()!.ToUpperInvariant() })).ShouldBeAsync(Problems.CompanyExists);
        (await other.ReadAsync(path)).GetProperty("is_ours").GetBoolean().ShouldBeFalse();
        await (await other.PatchAsync(path, new { name = "Mine" })).ShouldBeAsync(Problems.NotFound);
        await (await other.DeleteAsync(path)).ShouldBeAsync(Problems.NotFound);
        (await recruiter.PatchAsync(path, new { location = "Hamburg" }).OkAsync()).GetProperty("website").GetString().ShouldBe("https://loom.example");
        (await (await recruiter.PatchAsync(path, new { website = "ftp://loom.example" })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["website"]);

        var position = await recruiter.PostPositionAsync("Weaver", [Market.Craft()], new { company_id = company.Id() });
        position.GetProperty("company_name").GetString().ShouldBe(company.GetProperty("name").GetString());
        await recruiter.DeleteAsync(path).OkAsync(HttpStatusCode.NoContent);
        (await recruiter.ReadAsync($"/api/positions/{position.Id()}")).GetProperty("company_id").ValueKind.ShouldBe(JsonValueKind.Null);
    }
}
