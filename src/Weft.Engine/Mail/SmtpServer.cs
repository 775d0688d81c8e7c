using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weft.Engine.Mail;

/// <summary>How a connection to a mail server is protected.</summary>
public enum SmtpSecurity
{
    /// <summary>STARTTLS where the server offers it; a password is only sent over TLS.</summary>
    WhereOffered,

    /// <summary>STARTTLS, or nothing is sent.</summary>
    StartTls,

    /// <summary>TLS from the first byte (port 465).</summary>
    Implicit,

    /// <summary>Never TLS: for a relay on the same machine.</summary>
    None,
}

/// <summary>A mail server and how to sign in there.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Port">Its port.</param>
/// <param name="Security">How the connection is protected.</param>
public sealed record SmtpServer(string Host, int Port, SmtpSecurity Security)
{
    /// <summary>The user, if it asks for one.</summary>
    public string? Username { get; init; }

    /// <summary>The password.</summary>
    public string? Password { get; init; }

    /// <summary>The sender where a flow names none, and the address that bounces go to.</summary>
    public MailAddressText? From { get; init; }

    /// <summary>Certificates to trust instead of the system's.</summary>
    public X509Certificate2Collection? Roots { get; init; }

    /// <summary>How long one message may take, from the connection to the server's last word.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Reads <c>smtp://user:password@host:587?from=…&amp;tls=required&amp;ca=/path.pem</c>. <c>smtp</c> uses STARTTLS (port 587), and
    /// insists on it when there is a password; <c>smtps</c> is TLS from the start (port 465); <c>tls</c> is
    /// <c>required</c>, <c>offered</c> or <c>none</c>. Throws <c>mail_url_invalid</c>, never repeating the password.
    /// </summary>
    public static SmtpServer Parse(string url)
    {
        if (!Uri.TryCreate(url.Trim(), UriKind.Absolute, out var uri) || uri.Scheme is not ("smtp" or "smtps") || uri.Host.Length == 0)
        {
            throw Invalid("it must read smtp://user:password@host:587?from=address, or smtps:// for TLS from the start");
        }
        var implicitTls = uri.Scheme == "smtps";
        var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var username = Uri.UnescapeDataString(colon < 0 ? uri.UserInfo : uri.UserInfo[..colon]);
        var server = new SmtpServer(uri.IdnHost.Trim('[', ']'), uri.Port > 0 ? uri.Port : implicitTls ? 465 : 587,
            implicitTls ? SmtpSecurity.Implicit : username.Length > 0 ? SmtpSecurity.StartTls : SmtpSecurity.WhereOffered)
        {
            Username = username.Length > 0 ? username : null,
            Password = colon < 0 ? null : Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]),
        };
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? pair : pair[..equals];
            var value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            server = key switch
            {
                "from" => server with { From = MailAddressText.Parse(value) },
                "ca" => server with { Roots = ReadRoots(value) },
                "tls" when !implicitTls => server with
                {
                    Security = value switch
                    {
                        "required" => SmtpSecurity.StartTls,
                        "offered" => SmtpSecurity.WhereOffered,
                        "none" => SmtpSecurity.None,
                        _ => throw Invalid("tls can be required, offered or none"),
                    },
                },
                _ => throw Invalid($"'{key}' is not one of from, tls (with smtp://), ca"),
            };
        }
        return server;
    }

    private static X509Certificate2Collection ReadRoots(string path)
    {
        try
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(path);
            return roots.Count > 0 ? roots : throw Invalid($"{path} holds no certificate");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Invalid($"the certificates in {path} cannot be read: {e.Message}");
        }
    }

    private static FlowException Invalid(string why) => new("mail_url_invalid", $"The mail server's address (WEFT_MAIL__URL) cannot be read: {why}.");

    // Records print all their properties; a password must not reach a log that way.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append("Host = ").Append(Host).Append(", Port = ").Append(Port).Append(", Security = ").Append(Security).Append(", Username = ").Append(Username);
        return true;
    }
}
