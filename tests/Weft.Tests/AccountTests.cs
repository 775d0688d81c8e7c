using System.Net;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Hosting;

namespace Weft.Tests;

public sealed class AccountTests(TestHost host)
{
    [Fact]
    public async Task Signing_up_signs_in_and_makes_a_workspace_of_ones_own()
    {
        using var person = host.Visitor();
        var answer = await person.SignUpAsync("recruiter", name: "Olga O'Brien");
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);

        var me = await person.ReadAsync("/api/auth/me");
        me.GetProperty("email").GetString().ShouldBe(person.Email);
        me.GetProperty("name").GetString().ShouldBe("Olga O'Brien");
        me.GetProperty("role").GetString().ShouldBe("recruiter");
        me.GetProperty("email_verified").GetBoolean().ShouldBeFalse();
        me.GetProperty("is_operator").GetBoolean().ShouldBeFalse();
        me.GetProperty("workspace_id").GetGuid().ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task The_first_account_of_an_installation_is_operator_and_no_other() =>
        (await host.Operator.ReadAsync("/api/auth/me")).GetProperty("is_operator").GetBoolean().ShouldBeTrue();

    [Fact]
    public async Task A_second_account_with_the_same_address_is_refused_whatever_its_case()
    {
        using var person = await host.SignUpAsync();
        using var other = new Person(host.Address, person.Email.ToUpperInvariant());
        var problem = await (await other.SignUpAsync()).ShouldBeAsync(Problems.EmailTaken);
        problem.ErrorPaths().ShouldBe(["email"]);
        (await other.GetAsync("/api/auth/me")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Two_sign_ups_at_once_with_one_address_make_one_account()
    {
        var email = $"race{Guid.CreateVersion7():N}@example.org";
        var people = Enumerable.Range(0, 6).Select(_ => new Person(host.Address, email)).ToList();
        var statuses = await Task.WhenAll(people.Select(async p => (await p.SignUpAsync()).StatusCode));
        statuses.Count(s => s == HttpStatusCode.Created).ShouldBe(1);
        statuses.Count(s => s == HttpStatusCode.Conflict).ShouldBe(5);
        people.ForEach(p => p.Dispose());
    }

    [Theory]
    [InlineData("""{"password":"correct horse battery","name":"A","role":"recruiter"}""", "email")]
    [InlineData("""{"email":"nobody","password":"correct horse battery","name":"A","role":"recruiter"}""", "email")]
    [InlineData("""{"email":"a b@example.org","password":"correct horse battery","name":"A","role":"recruiter"}""", "email")]
    [InlineData("""{"email":"n1@example.org","password":"correct horse battery","name":"  ","role":"recruiter"}""", "name")]
    [InlineData("""{"email":"n2@example.org","password":"correct horse battery","name":"a\u0000b","role":"recruiter"}""", "name")]
    [InlineData("""{"email":"n3@example.org","password":"correct horse battery","name":"A","role":"operator"}""", "role")]
    [InlineData("""{"email":"n4@example.org","password":"short","name":"A","role":"recruiter"}""", "password")]
    [InlineData("""{"email":"n5@example.org","name":"A","role":"recruiter"}""", "password")]
    public async Task A_field_that_is_wrong_is_named(string body, string path)
    {
        using var visitor = host.Visitor();
        var problem = await (await visitor.PostTextAsync("/api/auth/sign-up", body)).ShouldBeAsync(Problems.Invalid);
        problem.ErrorPaths().ShouldContain(path);
        problem.ErrorPaths().Distinct().ShouldBe([path]);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        using var visitor = host.Visitor();
        var problem = await (await visitor.PostTextAsync("/api/auth/sign-up", "{}")).ShouldBeAsync(Problems.Invalid);
        problem.ErrorPaths().ShouldBe(["email", "name", "role", "password"]);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_get_the_same_answer()
    {
        using var person = await host.SignUpAsync();
        using var elsewhere = person.AtAnotherBrowser();
        using var stranger = host.Visitor();
        await (await elsewhere.SignInAsync("wrong password")).ShouldBeAsync(Problems.WrongCredentials);
        await (await stranger.SignInAsync()).ShouldBeAsync(Problems.WrongCredentials);
        (await elsewhere.SignInAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Too_many_wrong_passwords_lock_the_account_even_for_the_right_one()
    {
        using var person = await host.SignUpAsync();
        using var attacker = person.AtAnotherBrowser();
        var statuses = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i => (await attacker.SignInAsync($"wrong {i}")).StatusCode));
        statuses.ShouldContain(HttpStatusCode.TooManyRequests);

        var answer = await attacker.SignInAsync();
        await answer.ShouldBeAsync(Problems.AccountLocked);
        answer.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), new AccountOptions().LockoutTime);
        (await person.GetAsync("/api/auth/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Signing_in_too_often_from_one_address_is_answered_429()
    {
        await using var app = WeftHost.Build(TestHost.Settings(new AccountOptions { SignInsPerMinute = 3 }), host.Database.Database, NodeRole.Web);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var visitor = new Person(new Uri(app.Urls.Single()), "limited@example.org");
        for (var i = 0; i < 3; i++) await (await visitor.SignInAsync()).ShouldBeAsync(Problems.WrongCredentials);
        var answer = await visitor.SignInAsync();
        await answer.ShouldBeAsync(Problems.TooManyRequests);
        answer.Headers.RetryAfter.ShouldNotBeNull();
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_session_cookie_is_out_of_reach_for_scripts_and_other_sites()
    {
        using var visitor = host.Visitor();
        var cookie = (await visitor.SignUpAsync()).Headers.GetValues("Set-Cookie").Single();
        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=lax", Case.Insensitive);
        var token = cookie.Split('=', ';')[1];
        token.Length.ShouldBeGreaterThanOrEqualTo(43);

        await using var count = host.Database.Superuser.CreateCommand("select count(*) from auth.session s where s::text like '%' || $1 || '%'");
        count.Parameters.Add(new() { Value = token });
        (await count.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_itself_not_only_the_cookie()
    {
        using var person = await host.SignUpAsync();
        var cookie = person.Cookies.GetCookieHeader(host.Address);
        (await person.PostAsync("/api/auth/sign-out", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        using var thief = host.Visitor();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/auth/me") { Headers = { { "Cookie", cookie } } };
        await (await thief.SendAsync(request)).ShouldBeAsync(Problems.SignedOut);
    }

    [Fact]
    public async Task A_session_can_be_ended_from_another_browser_but_only_ones_own()
    {
        using var person = await host.SignUpAsync();
        using var elsewhere = person.AtAnotherBrowser();
        await elsewhere.SignInAsync();
        var sessions = (await elsewhere.ReadAsync("/api/auth/sessions")).GetProperty("items").EnumerateArray().ToList();
        sessions.Count.ShouldBe(2);
        var first = sessions.Single(s => !s.GetProperty("current").GetBoolean()).GetProperty("id").GetGuid();

        using var stranger = await host.SignUpAsync();
        await (await stranger.DeleteAsync($"/api/auth/sessions/{first}")).ShouldBeAsync(Problems.NotFound);
        (await person.GetAsync("/api/auth/me")).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await elsewhere.DeleteAsync($"/api/auth/sessions/{first}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await person.GetAsync("/api/auth/me")).ShouldBeAsync(Problems.SignedOut);
        (await elsewhere.GetAsync("/api/auth/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_change_asked_for_by_another_site_is_refused()
    {
        using var person = await host.SignUpAsync();
        var cookie = person.Cookies.GetCookieHeader(host.Address);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = host.Address };
        async Task<HttpResponseMessage> AskAsync(params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/api-keys") { Content = new StringContent("""{"name":"k"}""", null, "application/json") };
            request.Headers.Add("Cookie", cookie);
            foreach (var (name, value) in headers) request.Headers.Add(name, value);
            return await http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        await (await AskAsync()).ShouldBeAsync(Problems.CrossSite);
        await (await AskAsync(("Sec-Fetch-Site", "cross-site"))).ShouldBeAsync(Problems.CrossSite);
        await (await AskAsync(("Sec-Fetch-Site", "same-site"))).ShouldBeAsync(Problems.CrossSite);
        (await AskAsync(("Sec-Fetch-Site", "same-origin"))).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await AskAsync(("X-Weft-Csrf", "1"))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_api_key_stands_for_its_person_until_it_is_ended()
    {
        using var person = await host.SignUpAsync();
        var made = await (await person.PostAsync("/api/api-keys", new { name = "script" })).JsonAsync();
        var key = made.GetProperty("key").GetString()!;
        using var script = person.WithKey(key);
        (await script.IdAsync()).ShouldBe(await person.IdAsync());

        using var header = new HttpRequestMessage(HttpMethod.Get, "/api/auth/me") { Headers = { { "X-API-Key", key } } };
        using var visitor = host.Visitor();
        (await visitor.SendAsync(header)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var listed = (await person.ReadAsync("/api/api-keys")).GetProperty("items").EnumerateArray().Single();
        listed.TryGetProperty("key", out _).ShouldBeFalse();
        key.ShouldStartWith(listed.GetProperty("prefix").GetString()!);

        using var stranger = await host.SignUpAsync();
        var id = made.GetProperty("id").GetGuid();
        await (await stranger.DeleteAsync($"/api/api-keys/{id}")).ShouldBeAsync(Problems.NotFound);
        (await person.DeleteAsync($"/api/api-keys/{id}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await script.GetAsync("/api/auth/me")).ShouldBeAsync(Problems.SignedOut);
    }

    [Fact]
    public async Task Only_an_operator_administers_accounts()
    {
        using var person = await host.SignUpAsync();
        await (await person.GetAsync("/api/users")).ShouldBeAsync(Problems.Forbidden);
        await (await person.PostAsync("/api/users/grant", new { email = person.Email })).ShouldBeAsync(Problems.Forbidden);
        await (await person.PostAsync("/api/users/api-key", new { email = host.Operator.Email, name = "k" })).ShouldBeAsync(Problems.Forbidden);
        await (await person.PostAsync("/api/users/reset-password", new { email = host.Operator.Email, password = "a new password" })).ShouldBeAsync(Problems.Forbidden);
    }

    [Fact]
    public async Task A_reset_password_ends_every_session_and_key_of_the_person()
    {
        using var person = await host.SignUpAsync();
        var key = (await (await person.PostAsync("/api/api-keys", new { name = "k" })).JsonAsync()).GetProperty("key").GetString()!;
        (await host.Operator.PostAsync("/api/users/reset-password", new { email = person.Email, password = "quite another one" })).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        await (await person.GetAsync("/api/auth/me")).ShouldBeAsync(Problems.SignedOut);
        using var script = person.WithKey(key);
        await (await script.GetAsync("/api/auth/me")).ShouldBeAsync(Problems.SignedOut);
        await (await person.SignInAsync()).ShouldBeAsync(Problems.WrongCredentials);
        (await person.SignInAsync("quite another one")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
