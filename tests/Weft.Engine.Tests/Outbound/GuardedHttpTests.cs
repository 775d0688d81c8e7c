using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Weft.Engine.Outbound;
using Weft.Engine.Tests.Mail;
using Weft.Testing;

namespace Weft.Engine.Tests.Outbound;

public sealed class GuardedHttpTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static OutboundGuard Guard(params HttpTestServer[] allowed) =>
        new(new OutboundOptions { Allow = [.. allowed.Select(s => $"127.0.0.1:{s.Port}")] }, TimeProvider.System);

    private static async Task<OutboundResponse> SendAsync(OutboundGuard guard, OutboundRequest request)
    {
        using var http = new GuardedHttp(guard, TimeProvider.System);
        return await http.SendAsync(request, Token);
    }

    private static Task<FlowException> RefusedAsync(OutboundGuard guard, OutboundRequest request) =>
        Should.ThrowAsync<FlowException>(() => SendAsync(guard, request));

    [Fact]
    public async Task What_the_operator_opened_is_reached_and_nothing_else_on_that_host()
    {
        await using var open = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("hello"));
        await using var closed = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("secret"));

        var answer = await SendAsync(Guard(open), new(HttpMethod.Get, open.Uri("/a?b=c")));
        var error = await RefusedAsync(Guard(open), new(HttpMethod.Get, closed.Uri()));

        (answer.Status, System.Text.Encoding.UTF8.GetString(answer.Body)).ShouldBe((200, "hello"));
        error.Code.ShouldBe("outbound_refused");
        closed.Seen.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://127.1:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://0x7f.0.0.1:{0}/")]
    [InlineData("http://0177.0.0.1:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://[::ffff:7f00:1]:{0}/")]
    [InlineData("http://0.0.0.0:{0}/")]
    [InlineData("http://127.0.0.1.:{0}/")]
    public async Task No_spelling_of_this_machine_gets_through(string url)
    {
        await using var server = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("secret"));
        var guard = new OutboundGuard(new OutboundOptions(), TimeProvider.System);

        var error = await RefusedAsync(guard, new(HttpMethod.Get, new Uri(string.Format(url, server.Port))));

        error.Code.ShouldBe("outbound_refused");
        server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_redirect_into_the_private_network_is_not_followed()
    {
        await using var inside = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("secret"));
        await using var outside = await HttpTestServer.StartAsync(c =>
        {
            c.Response.Redirect(inside.Uri("/latest/meta-data").AbsoluteUri);
            return Task.CompletedTask;
        });

        var error = await RefusedAsync(Guard(outside), new(HttpMethod.Get, outside.Uri()));

        error.Code.ShouldBe("outbound_refused");
        inside.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_origin_gets_no_credential_of_any_name()
    {
        await using var second = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("there"));
        await using var first = await HttpTestServer.StartAsync(c =>
        {
            c.Response.Redirect(c.Request.Path == "/" ? "/same" : second.Uri("/other").AbsoluteUri);
            return Task.CompletedTask;
        });

        var answer = await SendAsync(Guard(first, second), new(HttpMethod.Get, first.Uri())
        {
            Headers = [("Authorization", "Bearer t"), ("X-Api-Key", "k"), ("Idempotency-Key", "i"), ("Accept", "text/plain")],
        });

        answer.Uri.ShouldBe(second.Uri("/other"));
        first.Seen.Last().Headers.ShouldContainKeyAndValue("X-Api-Key", "k");
        var last = second.Seen.ShouldHaveSingleItem().Headers;
        last.ShouldContainKeyAndValue("Accept", "text/plain");
        last.Keys.ShouldNotContain("Authorization");
        last.Keys.ShouldNotContain("X-Api-Key");
        last.Keys.ShouldNotContain("Idempotency-Key");
    }

    [Theory]
    [InlineData(303, "POST", "GET", "")]
    [InlineData(302, "POST", "GET", "")]
    [InlineData(307, "POST", "POST", "body")]
    [InlineData(308, "PUT", "PUT", "body")]
    public async Task A_redirect_keeps_or_drops_the_body_as_browsers_do(int status, string method, string then, string body)
    {
        await using var server = await HttpTestServer.StartAsync(c =>
        {
            if (c.Request.Path == "/end") return c.Response.WriteAsync("end");
            c.Response.StatusCode = status;
            c.Response.Headers.Location = "/end";
            return Task.CompletedTask;
        });

        await SendAsync(Guard(server), new(new HttpMethod(method), server.Uri()) { Body = "body"u8.ToArray(), ContentType = "text/plain" });

        var last = server.Seen.Last();
        (last.Method, last.Body).ShouldBe((then, body));
    }

    [Fact]
    public async Task A_body_is_not_sent_on_to_another_origin()
    {
        await using var second = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("there"));
        await using var first = await HttpTestServer.StartAsync(c =>
        {
            c.Response.StatusCode = 307;
            c.Response.Headers.Location = second.Uri().AbsoluteUri;
            return Task.CompletedTask;
        });

        var error = await RefusedAsync(Guard(first, second), new(HttpMethod.Post, first.Uri()) { Body = "personal"u8.ToArray() });

        error.Code.ShouldBe("outbound_refused");
        second.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_circle_of_redirects_ends()
    {
        await using var server = await HttpTestServer.StartAsync(c =>
        {
            c.Response.Redirect("/");
            return Task.CompletedTask;
        });

        (await RefusedAsync(Guard(server), new(HttpMethod.Get, server.Uri()))).Message.ShouldContain("more than 5");
        server.Seen.Count.ShouldBe(6);
    }

    [Fact]
    public async Task A_redirect_from_https_to_http_is_refused()
    {
        using var certificate = MailServer.MakeCertificate();
        await using var plain = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("plain"));
        await using var secure = await HttpTestServer.StartAsync(c =>
        {
            c.Response.Redirect(plain.Uri().AbsoluteUri);
            return Task.CompletedTask;
        }, certificate);
        var trust = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString() };
        using var http = new GuardedHttp(Guard(plain, secure), TimeProvider.System, trust);

        var error = await Should.ThrowAsync<FlowException>(() => http.SendAsync(new(HttpMethod.Get, secure.Uri(scheme: "https")), Token));

        error.Message.ShouldContain("https to http");
        plain.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_certificate_nobody_trusts_is_not_tried_again()
    {
        using var certificate = MailServer.MakeCertificate();
        await using var server = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("x"), certificate);

        var error = await RefusedAsync(Guard(server), new(HttpMethod.Get, server.Uri(scheme: "https")));

        (error.Code, error.Retryable).ShouldBe(("outbound_tls", false));
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        await using var server = await HttpTestServer.StartAsync(async c =>
        {
            var block = new byte[64 * 1024];
            while (!c.RequestAborted.IsCancellationRequested) await c.Response.Body.WriteAsync(block, c.RequestAborted);
        });

        var error = await RefusedAsync(Guard(server), new(HttpMethod.Get, server.Uri()) { MaxResponseBytes = 1_000_000 });

        (error.Code, error.Retryable).ShouldBe(("outbound_too_large", false));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_small_answer_that_unpacks_to_a_large_one_is_cut_off(string encoding)
    {
        await using var server = await HttpTestServer.StartAsync(async c =>
        {
            c.Response.Headers.ContentEncoding = encoding;
            await using Stream packed = encoding == "gzip"
                ? new GZipStream(c.Response.Body, CompressionLevel.Fastest)
                : new BrotliStream(c.Response.Body, CompressionLevel.Fastest);
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < 20; i++) await packed.WriteAsync(zeros, c.RequestAborted);
        });

        (await RefusedAsync(Guard(server), new(HttpMethod.Get, server.Uri()))).Code.ShouldBe("outbound_too_large");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_stops_answering_is_given_up(bool headersFirst)
    {
        var reached = new TaskCompletionSource();
        await using var server = await HttpTestServer.StartAsync(async c =>
        {
            if (headersFirst) await c.Response.WriteAsync("the beginning");
            if (headersFirst) await c.Response.Body.FlushAsync();
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var clock = new ManualClock();
        var guard = new OutboundGuard(new OutboundOptions { Allow = [$"127.0.0.1:{server.Port}"] }, TimeProvider.System);
        using var http = new GuardedHttp(guard, clock);

        var send = http.SendAsync(new(HttpMethod.Get, server.Uri()) { Timeout = TimeSpan.FromSeconds(7) }, Token);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        clock.Advance(TimeSpan.FromSeconds(6.9));
        send.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(0.2));

        var error = await Should.ThrowAsync<FlowException>(send.WaitAsync(TimeSpan.FromSeconds(20), Token));
        (error.Code, error.Retryable).ShouldBe(("outbound_timeout", true));
        error.Message.ShouldContain("7 s");
    }

    [Fact]
    public async Task Cancelling_is_not_a_timeout()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var server = await HttpTestServer.StartAsync(async c =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var http = new GuardedHttp(Guard(server), TimeProvider.System);

        await Should.ThrowAsync<OperationCanceledException>(() => http.SendAsync(new(HttpMethod.Get, server.Uri()), stop.Token));
    }

    [Fact]
    public async Task A_name_is_looked_up_once_and_the_checked_address_is_the_one_used()
    {
        // A name server that tells the truth to the check and this machine's address to the connection.
        await using var inside = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("secret"));
        var answers = new Queue<IPAddress>([IPAddress.Parse("192.0.2.1"), IPAddress.Loopback]);
        var asked = 0;
        var guard = new OutboundGuard(new OutboundOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System, (_, _) =>
        {
            asked++;
            return Task.FromResult<IPAddress[]>([answers.Dequeue()]);
        });

        var first = await RefusedAsync(guard, new(HttpMethod.Get, new Uri($"http://rebind.example:{inside.Port}/")));
        asked.ShouldBe(1);
        var second = await RefusedAsync(guard, new(HttpMethod.Get, new Uri($"http://rebind.example:{inside.Port}/")));

        first.Code.ShouldBe("outbound_refused");
        second.Code.ShouldBe("outbound_refused");
        inside.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_several_addresses_only_the_public_ones_are_tried()
    {
        var guard = new OutboundGuard(new OutboundOptions(), TimeProvider.System,
            (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("93.184.216.34"), IPAddress.IPv6Loopback]));

        (await guard.ResolveAsync("mixed.example", 443, Token)).ShouldBe([IPAddress.Parse("93.184.216.34")]);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_may_be_tried_again()
    {
        var guard = new OutboundGuard(new OutboundOptions(), TimeProvider.System, (_, _) => throw new SocketException((int)SocketError.HostNotFound));

        var error = await RefusedAsync(guard, new(HttpMethod.Get, new Uri("http://nowhere.example/")));

        (error.Code, error.Retryable).ShouldBe(("outbound_unreachable", true));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.org/")]
    [InlineData("http://user:pass@example.org/")]
    public async Task Only_plain_web_addresses_are_taken(string url) =>
        (await RefusedAsync(new OutboundGuard(new OutboundOptions(), TimeProvider.System), new(HttpMethod.Get, new Uri(url)))).Code.ShouldBe("outbound_refused");

    [Theory]
    [InlineData("X-Note", "a\r\nX-Other: b")]
    [InlineData("X Note", "a")]
    [InlineData("Host", "other.example")]
    [InlineData("Transfer-Encoding", "chunked")]
    public async Task A_header_that_could_break_the_request_is_refused(string name, string value)
    {
        await using var server = await HttpTestServer.StartAsync(c => c.Response.WriteAsync("x"));

        (await RefusedAsync(Guard(server), new(HttpMethod.Get, server.Uri()) { Headers = [(name, value)] })).Code.ShouldBe("outbound_refused");
        server.Seen.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_query_stays_out_of_messages()
    {
        var guard = new OutboundGuard(new OutboundOptions(), TimeProvider.System);

        foreach (var url in (string[])["ftp://example.org/path?key=hunter2", "http://10.0.0.1/path?key=hunter2", "http://u:p@example.org/?key=hunter2"])
        {
            (await RefusedAsync(guard, new(HttpMethod.Get, new Uri(url)))).Message.ShouldNotContain("hunter2");
        }
    }

    [Theory]
    [InlineData("example.org")]
    [InlineData("example.org:0")]
    [InlineData("example.org:http")]
    [InlineData(":80")]
    public void A_wrong_entry_in_the_allow_list_is_told_at_start(string entry) =>
        Should.Throw<FlowException>(() => new OutboundGuard(new OutboundOptions { Allow = [entry] }, TimeProvider.System)).Message.ShouldContain(entry);

    [Fact]
    public void An_address_that_the_operator_hands_to_flows_is_open() =>
        new OutboundOptions { Allow = ["a:1"] }.Opening(
        [
            "jdbc:postgresql://db.internal:5433/jobs?user=u", "postgres://u:p@localhost/x", "Host=10.0.0.5;Port=6000;Username=u", "http://[::1]:8080/api", "https://inner/",
            "postgres", "just a word", "Host=/var/run;Username=u", "file:///etc/passwd",
        ]).Allow.ShouldBe(["a:1", "db.internal:5433", "localhost:5432", "10.0.0.5:6000", "[::1]:8080", "inner:443"]);
}
