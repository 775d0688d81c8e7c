using Microsoft.AspNetCore.Http;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Engine.Tests.Outbound;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

public sealed class HttpRequestTaskTests
{
    private static async Task<StepOutcome> RunAsync(HttpTestServer server, OrderedDictionary<string, object?> properties, int attempt = 1, TimeProvider? clock = null)
    {
        var guard = new OutboundGuard(new OutboundOptions { Allow = [$"127.0.0.1:{server.Port}"], MaxResponseBytes = 100_000 }, TimeProvider.System);
        using var http = new GuardedHttp(guard, TimeProvider.System);
        properties.TryAdd("uri", server.Uri("/path").AbsoluteUri);
        return await new TestStep(new HttpRequestTask(http), properties) { Key = "key-of-the-step", AttemptNumber = attempt, Clock = clock ?? TimeProvider.System }.RunAsync();
    }

    private static Task<HttpTestServer> Answering(int status, string body = "", string? type = null, string? retryAfter = null) => HttpTestServer.StartAsync(c =>
    {
        c.Response.StatusCode = status;
        if (type is not null) c.Response.ContentType = type;
        if (retryAfter is not null) c.Response.Headers.RetryAfter = retryAfter;
        return c.Response.WriteAsync(body);
    });

    [Fact]
    public async Task The_output_has_code_body_headers_and_address()
    {
        await using var server = await Answering(201, """{"ok":true}""", "application/json");

        var output = (await RunAsync(server, FlowValue.Map())).Output();

        output["code"].ShouldBe(201L);
        output["body"].ShouldBe("""{"ok":true}""");
        output["uri"].ShouldBe(server.Uri("/path").AbsoluteUri);
        ((IReadOnlyDictionary<string, object?>)output["headers"]!)["content-type"].ShouldBe(new List<object?> { "application/json" });
        FlowValue.ToJson(output).ShouldContain("\"code\":201");
    }

    [Fact]
    public async Task The_request_carries_the_steps_key_and_what_the_flow_says()
    {
        await using var server = await Answering(200);

        await RunAsync(server, FlowValue.Map(
            ("method", "post"), ("headers", FlowValue.Map(("X-One", "1"), ("X-Two", new List<object?> { "a", "b" }))),
            ("params", FlowValue.Map(("q", "a&b=c"), ("n", 5L))), ("body", FlowValue.Map(("name", "O'Brien"))),
            ("options", FlowValue.Map(("auth", FlowValue.Map(("type", "BASIC"), ("username", "u"), ("password", "p")))))));

        var seen = server.Seen.ShouldHaveSingleItem();
        (seen.Method, seen.Query, seen.Body).ShouldBe(("POST", "?q=a%26b%3Dc&n=5", """{"name":"O'Brien"}"""));
        seen.Headers.ShouldContainKeyAndValue("Idempotency-Key", "key-of-the-step");
        seen.Headers.ShouldContainKeyAndValue("Content-Type", "application/json");
        seen.Headers.ShouldContainKeyAndValue("X-Two", "a, b");
        seen.Headers.ShouldContainKeyAndValue("Authorization", "Basic dTpw");
    }

    [Fact]
    public async Task A_key_of_the_flows_own_stays()
    {
        await using var server = await Answering(200);

        await RunAsync(server, FlowValue.Map(("headers", FlowValue.Map(("idempotency-key", "mine")))));

        server.Seen.Single().Headers["Idempotency-Key"].ShouldBe("mine");
    }

    [Fact]
    public async Task Form_fields_are_encoded()
    {
        await using var server = await Answering(200);

        await RunAsync(server, FlowValue.Map(("method", "POST"), ("formData", FlowValue.Map(("a b", "c&d=é"), ("n", 1L)))));

        var seen = server.Seen.Single();
        (seen.Body, seen.Headers["Content-Type"]).ShouldBe(("a+b=c%26d%3D%C3%A9&n=1", "application/x-www-form-urlencoded"));
    }

    [Fact]
    public async Task A_name_in_a_multipart_form_cannot_end_its_header()
    {
        await using var server = await Answering(200);

        await RunAsync(server, FlowValue.Map(("method", "POST"), ("contentType", "multipart/form-data"), ("formData", FlowValue.Map(
            ("x\"\r\nX-Evil: 1", "v"), ("cv", FlowValue.Map(("name", "cv.txt"), ("content", "text"), ("contentType", "text/plain")))))));

        var seen = server.Seen.Single();
        seen.Body.ShouldNotContain("\nX-Evil");
        seen.Body.ShouldContain("name=\"cv\"; filename=\"cv.txt\"\r\nContent-Type: text/plain\r\n\r\ntext\r\n");
        seen.Headers["Content-Type"].ShouldStartWith("multipart/form-data; boundary=");
    }

    [Theory]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(408, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(501, false)]
    [InlineData(503, true)]
    public async Task A_status_says_whether_to_try_again(int status, bool retryable)
    {
        await using var server = await Answering(status, "why not");

        var failure = (await RunAsync(server, FlowValue.Map())).ShouldBeOfType<StepOutcome.FailOutcome>();

        (failure.Code, failure.Retryable).ShouldBe(("http_status", retryable));
        failure.Message.ShouldContain($"answered {status}");
        ((IReadOnlyDictionary<string, object?>)failure.Details!)["body"].ShouldBe("why not");
    }

    [Fact]
    public async Task A_status_that_the_flow_allows_is_a_success()
    {
        await using var server = await Answering(404);

        (await RunAsync(server, FlowValue.Map(("allowFailed", true)))).Output()["code"].ShouldBe(404L);
        (await RunAsync(server, FlowValue.Map(("options", FlowValue.Map(("allowFailed", true)))))).Output()["code"].ShouldBe(404L);
        (await RunAsync(server, FlowValue.Map(("options", FlowValue.Map(("allowedResponseCodes", new List<object?> { 404L })))))).Output()["code"].ShouldBe(404L);
    }

    [Theory]
    [InlineData(429, "7", 7)]
    [InlineData(503, "0", 1)]
    [InlineData(429, "999999999", 900)]
    [InlineData(503, "Fri, 01 May 2026 12:00:40 GMT", 40)]
    public async Task The_time_that_the_server_asks_for_is_kept_within_bounds(int status, string retryAfter, int seconds)
    {
        await using var server = await Answering(status, retryAfter: retryAfter);
        var clock = new ManualClock(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));

        var later = (await RunAsync(server, FlowValue.Map(), clock: clock)).ShouldBeOfType<StepOutcome.RetryLaterOutcome>();

        later.After.ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task A_server_that_puts_off_for_ever_is_given_up()
    {
        await using var server = await Answering(429, retryAfter: "1");

        (await RunAsync(server, FlowValue.Map(), attempt: 10)).ShouldBeOfType<StepOutcome.FailOutcome>().Retryable.ShouldBeTrue();
    }

    [Fact]
    public async Task Nobody_listening_may_be_tried_again_and_a_private_address_may_not()
    {
        HttpTestServer gone;
        await using (gone = await Answering(200)) { }

        (await RunAsync(gone, FlowValue.Map())).ShouldBeOfType<StepOutcome.FailOutcome>().ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("outbound_unreachable"), f => f.Retryable.ShouldBeTrue());
        (await RunAsync(gone, FlowValue.Map(("uri", "http://169.254.169.254/latest/meta-data/")))).ShouldBeOfType<StepOutcome.FailOutcome>().ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("outbound_refused"), f => f.Retryable.ShouldBeFalse());
    }

    [Theory]
    [InlineData(new byte[] { 0x89, 0x50, 0x4e, 0x47 }, "image/png", "base64", "iVBORw==")]
    [InlineData(new byte[] { 0x41, 0x00, 0x42 }, "text/plain", "base64", "QQBC")]
    [InlineData(new byte[] { 0xe4 }, "text/plain; charset=iso-8859-1", "text", "ä")]
    [InlineData(new byte[] { 0xc3, 0xa4 }, "text/plain", "text", "ä")]
    public async Task A_body_is_text_where_it_is_text_and_base64_where_it_is_not(byte[] bytes, string type, string encoding, string body)
    {
        await using var server = await HttpTestServer.StartAsync(async c =>
        {
            c.Response.ContentType = type;
            await c.Response.Body.WriteAsync(bytes);
        });

        var output = (await RunAsync(server, FlowValue.Map())).Output();

        (output["encoding"], output["body"]).ShouldBe((encoding, body));
    }

    [Theory]
    [InlineData("uri", "not an address")]
    [InlineData("uri", "/relative")]
    [InlineData("requestTimeout", "PT11M")]
    public async Task A_property_that_makes_no_sense_is_named(string property, string value)
    {
        await using var server = await Answering(200);

        (await Should.ThrowAsync<FlowException>(() => RunAsync(server, FlowValue.Map((property, value))))).Message.ShouldContain(property);
        server.Seen.ShouldBeEmpty();
    }
}
