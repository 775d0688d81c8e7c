using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Weft.Engine.Mail;

namespace Weft.Engine.Tests.Mail;

public sealed class SmtpSessionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly MailAddressText Sender = MailAddressText.Parse("Weft <weft@example.org>");

    private static MailMessageDraft Draft(string to = "ann@example.org", string text = "Hello", string? html = null, string subject = "Hi") => new()
    {
        From = Sender,
        To = [MailAddressText.Parse(to)],
        Subject = subject,
        Text = text,
        Html = html,
        Date = new DateTimeOffset(2026, 5, 1, 10, 0, 0, TimeSpan.Zero),
        IdempotencyKey = "run/step",
    };

    private static async Task<Socket> ConnectAsync(int port, CancellationToken token)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), token);
        return socket;
    }

    private static async Task SendAsync(MailServer mail, SmtpServer server, MailMessageDraft draft, CancellationToken token)
    {
        await using var session = await SmtpSession.OpenAsync(server, t => ConnectAsync(mail.Port, t), token);
        var to = draft.Recipients.Single();
        await session.SendAsync(draft.From, to, MimeWriter.Write(draft, to), token);
    }

    private static SmtpServer At(MailServer mail, SmtpSecurity security, string? user = null, string? password = null) =>
        new("localhost", mail.Port, security) { Username = user, Password = password, Roots = [new X509Certificate2(mail.Certificate)] };

    [Theory]
    [InlineData(false, SmtpSecurity.StartTls, "PLAIN")]
    [InlineData(false, SmtpSecurity.StartTls, "LOGIN")]
    [InlineData(false, SmtpSecurity.WhereOffered, "PLAIN")]
    [InlineData(true, SmtpSecurity.Implicit, "PLAIN")]
    public async Task A_mail_goes_over_TLS_with_the_password(bool secure, SmtpSecurity security, string method)
    {
        await using var mail = await MailServer.StartAsync(new { secure, auth = new { user = "weft", pass = "päss", methods = new[] { method } } }, Token);

        await SendAsync(mail, At(mail, security, "weft", "päss"), Draft(), Token);

        var received = await mail.NextAsync(Token);
        received.From.ShouldBe("weft@example.org");
        received.To.ShouldBe("ann@example.org");
        received.User.ShouldBe("weft");
        received.Secure.ShouldBeTrue();
        received.Text.ShouldContain("From: Weft <weft@example.org>\r\nTo: ann@example.org\r\nSubject: Hi\r\n");
    }

    [Fact]
    public async Task A_wrong_password_is_told_with_the_servers_words()
    {
        await using var mail = await MailServer.StartAsync(new { auth = new { user = "weft", pass = "right" } }, Token);

        var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.StartTls, "weft", "wrong"), Draft(), Token));

        error.Code.ShouldBe("mail_auth_failed");
        error.Message.ShouldContain("535");
        error.Retryable.ShouldBeFalse();
        mail.IsSilent.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_is_sent_when_TLS_is_required_and_not_offered()
    {
        await using var mail = await MailServer.StartAsync(new { tls = false }, Token);

        var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft(), Token));

        error.Code.ShouldBe("mail_tls_failed");
        mail.IsSilent.ShouldBeTrue();
    }

    [Fact]
    public async Task A_password_never_goes_in_the_clear_unless_the_operator_says_so()
    {
        await using var mail = await MailServer.StartAsync(new { tls = false, auth = new { user = "weft", pass = "secret", insecure = true } }, Token);

        var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.WhereOffered, "weft", "secret"), Draft(), Token));
        error.Code.ShouldBe("mail_tls_failed");

        await SendAsync(mail, At(mail, SmtpSecurity.None, "weft", "secret"), Draft(), Token);
        (await mail.NextAsync(Token)).User.ShouldBe("weft");
    }

    [Fact]
    public async Task A_certificate_nobody_trusts_ends_the_conversation()
    {
        await using var mail = await MailServer.StartAsync(new { secure = true }, Token);

        var error = await Should.ThrowAsync<FlowException>(() =>
            SendAsync(mail, new SmtpServer("localhost", mail.Port, SmtpSecurity.Implicit), Draft(), Token));

        error.Code.ShouldBe("mail_tls_failed");
        mail.IsSilent.ShouldBeTrue();
    }

    [Theory]
    [InlineData("refuse@example.org", "mail_refused", false, "550 No such person")]
    [InlineData("defer@example.org", "mail_deferred", true, "451 Come back later")]
    [InlineData("drop@example.org", "mail_unreachable", true, "")]
    public async Task A_refusal_says_whether_to_try_again(string to, string code, bool retryable, string text)
    {
        await using var mail = await MailServer.StartAsync(new { }, Token);

        var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft(to), Token));

        error.Code.ShouldBe(code);
        error.Retryable.ShouldBe(retryable);
        error.Message.ShouldContain(text);
    }

    [Fact]
    public async Task After_a_refused_recipient_the_same_conversation_takes_the_next_one()
    {
        await using var mail = await MailServer.StartAsync(new { }, Token);
        await using var session = await SmtpSession.OpenAsync(At(mail, SmtpSecurity.StartTls), t => ConnectAsync(mail.Port, t), Token);
        foreach (var to in (string[])["refuse@example.org", "ann@example.org", "ben@example.org"])
        {
            var draft = Draft(to);
            var send = session.SendAsync(Sender, draft.To[0], MimeWriter.Write(draft, draft.To[0]), Token);
            if (to.StartsWith("refuse", StringComparison.Ordinal)) await Should.ThrowAsync<FlowException>(send);
            else await send;
        }

        (await mail.NextAsync(Token)).To.ShouldBe("ann@example.org");
        (await mail.NextAsync(Token)).To.ShouldBe("ben@example.org");
        session.IsBroken.ShouldBeFalse();
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_for_a_server_that_says_nothing()
    {
        await using var mail = await MailServer.StartAsync(new { }, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var send = SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft("stall@example.org"), stop.Token);
        (await mail.NextLineAsync(Token)).GetProperty("stalled").GetString().ShouldBe("stall@example.org");
        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(send.WaitAsync(TimeSpan.FromSeconds(10), Token));
    }

    [Fact]
    public async Task A_mail_over_the_servers_limit_is_not_sent()
    {
        await using var mail = await MailServer.StartAsync(new { size = 10_000 }, Token);

        var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft(text: new string('x', 20_000)), Token));

        error.Code.ShouldBe("mail_refused");
        error.Message.ShouldContain("10000");
    }

    [Fact]
    public async Task A_local_part_beyond_ASCII_needs_a_server_that_knows_it()
    {
        await using (var mail = await MailServer.StartAsync(new { }, Token))
        {
            await SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft("änne@example.org"), Token);
            (await mail.NextAsync(Token)).To.ShouldBe("änne@example.org");
        }
        await using (var mail = await MailServer.StartAsync(new { hideUtf8 = true }, Token))
        {
            var error = await Should.ThrowAsync<FlowException>(() => SendAsync(mail, At(mail, SmtpSecurity.StartTls), Draft("änne@example.org"), Token));
            error.Code.ShouldBe("mail_refused");
        }
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("220-hello\r\nnonsense\r\n")]
    [InlineData("")]
    public async Task A_server_that_is_none_is_told_apart(string greeting)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serve = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(Token);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(greeting), Token);
        }, Token);

        var error = await Should.ThrowAsync<FlowException>(() =>
            SmtpSession.OpenAsync(new SmtpServer("localhost", port, SmtpSecurity.None), t => ConnectAsync(port, t), Token));

        error.Code.ShouldBe("mail_unreachable");
        error.Retryable.ShouldBeTrue();
        await serve;
    }

    [Fact]
    public async Task Words_slipped_in_before_TLS_are_not_believed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serve = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(Token);
            var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            await stream.WriteAsync("220 mail\r\n"u8.ToArray(), Token);
            await reader.ReadLineAsync(Token);
            await stream.WriteAsync("250-mail\r\n250 STARTTLS\r\n"u8.ToArray(), Token);
            await reader.ReadLineAsync(Token);
            await stream.WriteAsync("220 go\r\n250 AUTH PLAIN\r\n"u8.ToArray(), Token);
            await reader.ReadToEndAsync(Token);
        }, Token);

        var error = await Should.ThrowAsync<FlowException>(() =>
            SmtpSession.OpenAsync(new SmtpServer("localhost", port, SmtpSecurity.StartTls), t => ConnectAsync(port, t), Token));

        error.Code.ShouldBe("mail_tls_failed");
        await serve;
    }
}
