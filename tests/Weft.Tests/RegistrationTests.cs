using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

public sealed class RegistrationTests(TestHost host)
{
    [Theory]
    [InlineData("recruiter", "Post your first position", "https://weft.example/positions/new")]
    [InlineData("job_seeker", "Upload a CV", "https://weft.example/profile")]
    public async Task A_sign_up_starts_one_registration_which_sends_one_welcome_in_the_words_of_the_role(string role, string words, string link)
    {
        using var person = host.Visitor();
        (await person.SignUpAsync(role, name: "Tom & <b>Jerry</b>")).EnsureSuccessStatusCode();

        var runs = await person.RunsAsync("hiring/registration", r => r.Count > 0 && r[0].GetProperty("finished_at").ValueKind != JsonValueKind.Null);
        runs.ShouldHaveSingleItem().GetProperty("status").GetString().ShouldBe("completed");
        runs[0].GetProperty("labels").GetProperty("role").GetString().ShouldBe(role);

        var mail = (await person.MailAsync()).ShouldHaveSingleItem();
        mail.GetProperty("to").EnumerateArray().Single().GetString().ShouldBe(person.Email);
        mail.GetProperty("subject").GetString().ShouldBe("Welcome to Weft, Tom & <b>Jerry</b>");
        mail.GetProperty("text").GetString()!.ShouldContain("Hello Tom & <b>Jerry</b>,");
        mail.GetProperty("text").GetString()!.ShouldContain(words);
        mail.GetProperty("text").GetString()!.ShouldContain(link);
        mail.GetProperty("html").GetString()!.ShouldContain("Hello Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;,");
        mail.GetProperty("html").GetString()!.ShouldContain($"href=\"{link}\"");
    }

    [Fact]
    public async Task Runs_and_mail_of_others_do_not_exist_but_for_an_operator()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        var run = (await person.RunsAsync("hiring/registration", r => r.Count == 1))[0].GetProperty("id").GetGuid();
        await Eventually.ShouldBeAsync(person.MailAsync, m => m.Count == 1, "mail");
        var mail = (await person.MailAsync())[0].GetProperty("id").GetGuid();

        foreach (var path in new[] { $"/api/runs/{run}", $"/api/runs/{run}/logs", $"/api/runs/{run}/events", $"/jobs/{run}", $"/api/mailbox/{mail}" })
            await (await stranger.GetAsync(path)).ShouldBeAsync(Problems.NotFound);
        await (await stranger.PostAsync($"/api/runs/{run}/cancel", new { })).ShouldBeAsync(Problems.NotFound);
        await (await stranger.PostAsync($"/api/runs/{run}/retry", null)).ShouldBeAsync(Problems.NotFound);
        (await stranger.ReadAsync("/api/runs")).GetProperty("items").EnumerateArray().ShouldNotContain(r => r.GetProperty("id").GetGuid() == run);

        (await host.Operator.ReadAsync($"/api/runs/{run}")).GetProperty("flow").GetString().ShouldBe("hiring/registration");
        (await host.Operator.ReadAsync($"/api/mailbox/{mail}")).GetProperty("id").GetGuid().ShouldBe(mail);
    }
}
