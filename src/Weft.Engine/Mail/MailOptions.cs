namespace Weft.Engine.Mail;

/// <summary>How mail leaves. Without a server it goes to the built-in mailbox.</summary>
public sealed record MailOptions
{
    /// <summary>The mail server, or none (<c>WEFT_MAIL__URL</c>, see <see cref="SmtpServer.Parse"/>).</summary>
    public SmtpServer? Server { get; init; }

    /// <summary>The sender where neither the flow nor the server's setting names one.</summary>
    public MailAddressText DefaultFrom { get; init; } = new("Weft", "no-reply", "weft.localhost");

    /// <summary>How long the mailbox keeps mail, and how long a message id is remembered. 1 hour to 10 years.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Reads the setting; null or empty means the built-in mailbox.</summary>
    public static MailOptions FromUrl(string? url) => string.IsNullOrWhiteSpace(url) ? new MailOptions() : new MailOptions { Server = SmtpServer.Parse(url) };
}
