using System.Net;
using System.Net.Sockets;
using System.Text;
using Weft.Hiring;

namespace Weft.Tests;

public sealed class RequestTests(TestHost host)
{
    [Theory]
    [InlineData("""{"email": "a@example.org", "password": """, "password", 1)]
    [InlineData("{\n  \"email\": 5}", "email", 2)]
    [InlineData("not json", "", 1)]
    public async Task Malformed_JSON_is_answered_with_its_place(string body, string path, int line)
    {
        using var visitor = host.Visitor();
        var problem = await (await visitor.PostTextAsync("/api/auth/sign-in", body)).ShouldBeAsync(Problems.MalformedBody);
        var error = problem.GetProperty("errors").EnumerateArray().Single();
        error.GetProperty("path").GetString().ShouldBe(path);
        error.GetProperty("line").GetInt32().ShouldBe(line);
        error.GetProperty("message").GetString()!.ShouldNotContain("System.");
    }

    [Fact]
    public async Task An_empty_body_is_said_to_be_empty()
    {
        using var visitor = host.Visitor();
        var problem = await (await visitor.PostTextAsync("/api/auth/sign-in", "")).ShouldBeAsync(Problems.MalformedBody);
        problem.GetProperty("errors").EnumerateArray().Single().GetProperty("message").GetString().ShouldBe("The body is empty.");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_read()
    {
        // Only the head is sent: an answer proves that nobody waited for the body.
        using var socket = new TcpClient();
        await socket.ConnectAsync(host.Address.Host, host.Address.Port, TestContext.Current.CancellationToken);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/auth/sign-in HTTP/1.1\r\nHost: {host.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("HTTP/1.1 413 Payload Too Large");
    }

    [Fact]
    public async Task A_body_that_hides_its_length_is_refused_when_it_passes_the_limit()
    {
        using var visitor = host.Visitor();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/sign-in") { Headers = { TransferEncodingChunked = true } };
        request.Content = new StringContent($$"""{"email":"{{new string('a', 5 * 1024 * 1024)}}"}""", null, "application/json");
        await (await visitor.SendAsync(request)).ShouldBeAsync(Problems.BodyTooLarge);
    }

    [Fact]
    public async Task An_unknown_address_of_the_API_is_a_problem_and_not_the_page()
    {
        using var visitor = host.Visitor();
        await (await visitor.GetAsync("/api/nothing/here")).ShouldBeAsync(Problems.NoSuchAddress);
        await (await visitor.DeleteAsync("/api/auth/sign-up")).ShouldBeAsync(Problems.MethodNotAllowed);
        await (await visitor.PostTextAsync("/api/auth/sign-in", "a=b", "application/x-www-form-urlencoded")).ShouldBeAsync(Problems.UnsupportedMediaType);
    }

    [Fact]
    public async Task Every_answer_forbids_scripts_of_others_and_sniffing()
    {
        using var visitor = host.Visitor();
        foreach (var path in new[] { "/", "/api/auth/me", "/api/nothing", "/openapi/v1.json", "/runs/123" })
        {
            var answer = await visitor.GetAsync(path);
            answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            policy.ShouldContain("script-src 'self';");
            policy.ShouldContain("frame-ancestors 'self'");
            answer.Headers.Contains("Server").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task The_pages_of_the_app_are_served_for_its_own_routes()
    {
        using var visitor = host.Visitor();
        var answer = await visitor.GetAsync("/runs/0195");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/html");
        (await visitor.GetAsync("/assets/missing.js")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_cursor_that_no_list_gave_out_is_refused()
    {
        using var person = await host.SignUpAsync();
        await (await person.GetAsync("/api/auth/sessions?cursor=nonsense!")).ShouldBeAsync(Problems.CursorInvalid);
        await (await person.GetAsync("/api/auth/sessions?cursor=WyJ4Il0")).ShouldBeAsync(Problems.CursorInvalid);
        (await (await person.GetAsync("/api/auth/sessions?limit=abc")).ShouldBeAsync(Problems.MalformedRequest)).ErrorPaths().ShouldBe(["limit"]);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        using var person = await host.SignUpAsync();
        for (var i = 0; i < 7; i++) (await person.PostAsync("/api/api-keys", new { name = $"key {i}" })).EnsureSuccessStatusCode();
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await person.ReadAsync($"/api/api-keys?limit=3&cursor={cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(k => k.GetProperty("name").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        seen.ShouldBe(["key 6", "key 5", "key 4", "key 3", "key 2", "key 1", "key 0"]);
    }

    [Fact]
    public async Task Health_and_metrics_need_nobody_signed_in()
    {
        using var visitor = host.Visitor();
        (await visitor.ReadAsync("/health/live")).GetProperty("status").GetString().ShouldBe("live");
        (await visitor.ReadAsync("/health/ready")).GetProperty("status").GetString().ShouldBe("ready");
        var metrics = await (await visitor.GetAsync("/metrics")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        metrics.ShouldContain("# TYPE http_server_request_duration_seconds histogram");
        metrics.ShouldContain("le=\"+Inf\"");
    }
}
