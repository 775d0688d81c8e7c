using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Weft.Engine.Mail;

/// <summary>
/// A conversation with a mail server (RFC 5321), one recipient per message: a server that refuses one of several
/// recipients after taking the message for the others would make every retry a duplicate. Every wait ends with the token.
/// </summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    private const int MaxLine = 2048;
    private const int MaxReplyLines = 100;

    private readonly SmtpServer _server;
    private readonly byte[] _buffer = new byte[4096];
    private Stream _stream;
    private int _start;
    private int _end;
    private bool _secure;
    private bool _broken;
    private bool _midMessage;
    private Dictionary<string, string> _extensions = [];

    private SmtpSession(SmtpServer server, Stream stream) => (_server, _stream) = (server, stream);

    /// <summary>Connects through the given function, greets, secures and signs in. Throws <see cref="FlowException"/>.</summary>
    public static async Task<SmtpSession> OpenAsync(SmtpServer server, Func<CancellationToken, Task<Socket>> connect, CancellationToken cancellationToken)
    {
        var socket = await connect(cancellationToken);
        var session = new SmtpSession(server, new NetworkStream(socket, ownsSocket: true));
        try
        {
            await session.BeginAsync(((IPEndPoint)socket.LocalEndPoint!).Address, cancellationToken);
            return session;
        }
        catch (Exception e)
        {
            session._broken = true;
            await session.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (e is IOException or SocketException) throw Unreachable(server, e);
            throw;
        }
    }

    private async Task BeginAsync(IPAddress self, CancellationToken cancellationToken)
    {
        if (_server.Security == SmtpSecurity.Implicit) await SecureAsync(cancellationToken);
        await ExpectAsync(2, "the greeting", cancellationToken);
        // The address form needs no name of this machine, which nobody outside should learn or could check.
        var name = self.IsIPv4MappedToIPv6 || self.AddressFamily == AddressFamily.InterNetwork
            ? $"[{(self.IsIPv4MappedToIPv6 ? self.MapToIPv4() : self)}]"
            : $"[IPv6:{new IPAddress(self.GetAddressBytes())}]";
        await GreetAsync(name, cancellationToken);

        if (!_secure && _server.Security is SmtpSecurity.StartTls or SmtpSecurity.WhereOffered)
        {
            if (_extensions.ContainsKey("STARTTLS"))
            {
                await CommandAsync("STARTTLS", 2, cancellationToken);
                // What came in the clear behind the answer would be taken as if it had come through TLS.
                if (_end > _start) throw new FlowException("mail_tls_failed", $"{Name} sent more than it may before TLS began.");
                await SecureAsync(cancellationToken);
                await GreetAsync(name, cancellationToken);
            }
            else if (_server.Security == SmtpSecurity.StartTls)
            {
                throw new FlowException("mail_tls_failed", $"{Name} does not offer STARTTLS. Use smtps:// if it expects TLS from the start; nothing was sent.");
            }
        }
        if (_server.Username is not null) await SignInAsync(cancellationToken);
    }

    private async Task GreetAsync(string name, CancellationToken cancellationToken)
    {
        var reply = await CommandAsync($"EHLO {name}", 2, cancellationToken);
        _extensions = new(StringComparer.OrdinalIgnoreCase);
        foreach (var line in reply.Lines.Skip(1))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            _extensions[space < 0 ? line : line[..space]] = space < 0 ? "" : line[(space + 1)..];
        }
    }

    private async Task SecureAsync(CancellationToken cancellationToken)
    {
        var tls = new SslStream(_stream);
        _stream = tls;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _server.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        if (_server.Roots is { } roots)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(roots);
            options.CertificateChainPolicy = policy;
        }
        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch (AuthenticationException e)
        {
            throw new FlowException("mail_tls_failed", $"{Name} has no certificate that can be trusted: {e.Message}", inner: e);
        }
        _secure = true;
    }

    private async Task SignInAsync(CancellationToken cancellationToken)
    {
        if (!_secure && _server.Security != SmtpSecurity.None)
        {
            throw new FlowException("mail_tls_failed", $"{Name} offers no TLS, and a password is not sent in the clear. Set tls=none to send it nevertheless.");
        }
        var methods = _extensions.GetValueOrDefault("AUTH", "").ToUpperInvariant().Split(' ');
        var (username, password) = (_server.Username!, _server.Password ?? "");
        SmtpReply reply;
        if (methods.Contains("PLAIN"))
        {
            reply = await AskAsync("AUTH PLAIN " + Base64($"\0{username}\0{password}"), cancellationToken);
        }
        else if (methods.Contains("LOGIN"))
        {
            reply = await AskAsync("AUTH LOGIN", cancellationToken);
            if (reply.Code == 334) reply = await AskAsync(Base64(username), cancellationToken);
            if (reply.Code == 334) reply = await AskAsync(Base64(password), cancellationToken);
        }
        else
        {
            throw new FlowException("mail_auth_failed", $"{Name} offers neither AUTH PLAIN nor AUTH LOGIN.");
        }
        if (reply.Code != 235)
        {
            throw new FlowException("mail_auth_failed", $"{Name} did not accept the user or password: {reply}", retryable: reply.Code / 100 == 4);
        }
    }

    /// <summary>
    /// Sends one message to one recipient. Throws <see cref="FlowException"/>: <c>mail_deferred</c> (4xx, retryable),
    /// <c>mail_refused</c> (5xx), <c>mail_unreachable</c> (retryable).
    /// </summary>
    public async Task SendAsync(MailAddressText sender, MailAddressText recipient, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        try
        {
            if (_midMessage) await CommandAsync("RSET", 2, cancellationToken);
            var utf8 = sender.NeedsUtf8 || recipient.NeedsUtf8;
            if (utf8 && !_extensions.ContainsKey("SMTPUTF8"))
            {
                throw new FlowException("mail_refused", $"{Name} does not take addresses with letters beyond ASCII before the @.");
            }
            if (long.TryParse(_extensions.GetValueOrDefault("SIZE"), CultureInfo.InvariantCulture, out var most) && most > 0 && message.Length > most)
            {
                throw new FlowException("mail_refused", $"The mail has {message.Length} bytes; {Name} takes at most {most}.");
            }
            _midMessage = true;
            await CommandAsync($"MAIL FROM:<{sender.Address}>{(utf8 ? " SMTPUTF8" : "")}", 2, cancellationToken);
            await CommandAsync($"RCPT TO:<{recipient.Address}>", 2, cancellationToken);
            await CommandAsync("DATA", 3, cancellationToken);
            await WriteAsync(Stuffed(message.Span), cancellationToken);
            await ExpectAsync(2, "the message", cancellationToken);
            _midMessage = false;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            _broken = true;
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreachable(_server, e);
        }
        catch (OperationCanceledException)
        {
            _broken = true;
            throw;
        }
    }

    // A line that starts with a dot gets a second one, so that no line of the message ends it (RFC 5321, 4.5.2).
    private static byte[] Stuffed(ReadOnlySpan<byte> message)
    {
        using var data = new MemoryStream(message.Length + 64);
        var lineStart = true;
        foreach (var b in message)
        {
            if (lineStart && b == (byte)'.') data.WriteByte((byte)'.');
            data.WriteByte(b);
            lineStart = b == (byte)'\n';
        }
        if (!lineStart) data.Write("\r\n"u8);
        data.Write(".\r\n"u8);
        return data.ToArray();
    }

    private async Task<SmtpReply> CommandAsync(string command, int expected, CancellationToken cancellationToken)
    {
        await WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), cancellationToken);
        return await ExpectAsync(expected, command.Split(' ')[0], cancellationToken);
    }

    private async Task<SmtpReply> AskAsync(string line, CancellationToken cancellationToken)
    {
        await WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellationToken);
        return await ReadReplyAsync(cancellationToken);
    }

    private async Task<SmtpReply> ExpectAsync(int expected, string what, CancellationToken cancellationToken)
    {
        var reply = await ReadReplyAsync(cancellationToken);
        if (reply.Code / 100 == expected) return reply;
        // After 421 the server hangs up; after an answer out of turn nothing can be relied on.
        if (reply.Code == 421 || reply.Code / 100 is not (4 or 5)) _broken = true;
        var transient = reply.Code / 100 != 5;
        throw new FlowException(transient ? "mail_deferred" : "mail_refused", $"{Name} answered to {what}: {reply}", transient);
    }

    private async Task<SmtpReply> ReadReplyAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) || (line.Length > 3 && line[3] is not (' ' or '-')))
            {
                _broken = true;
                throw new FlowException("mail_unreachable", $"{Name} does not answer as a mail server.", retryable: true);
            }
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ') return new SmtpReply(code, lines);
            if (lines.Count > MaxReplyLines) throw new FlowException("mail_unreachable", $"{Name} answers without end.", retryable: true);
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            for (; _start < _end; _start++)
            {
                var b = _buffer[_start];
                if (b == (byte)'\n')
                {
                    _start++;
                    return line.ToString();
                }
                // Shown in errors: printable ASCII only.
                if (b is >= 32 and < 127) line.Append((char)b);
                if (line.Length > MaxLine) throw new IOException("The server's answer has a line without end.");
            }
            (_start, _end) = (0, await _stream.ReadAsync(_buffer, cancellationToken));
            if (_end == 0) throw new IOException("The server closed the connection.");
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(bytes, cancellationToken);
        await _stream.FlushAsync(cancellationToken);
    }

    private string Name => $"{_server.Host}:{_server.Port}";

    private static FlowException Unreachable(SmtpServer server, Exception e) =>
        new("mail_unreachable", $"The connection to {server.Host}:{server.Port} broke: {e.Message}", retryable: true, e);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>True when no further message can go over this connection.</summary>
    public bool IsBroken => _broken;

    /// <summary>Says goodbye where there is still somebody to say it to, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_broken)
        {
            try
            {
                // Not waited for: the answer changes nothing, and the server may take its time.
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                await WriteAsync("QUIT\r\n"u8.ToArray(), limit.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidOperationException)
            {
                // It is being closed anyway.
            }
        }
        await _stream.DisposeAsync();
    }

    private sealed record SmtpReply(int Code, List<string> Lines)
    {
        public override string ToString() => $"{Code} {string.Join(' ', Lines)}";
    }
}
