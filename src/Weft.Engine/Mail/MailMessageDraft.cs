using System.Security.Cryptography;
using System.Text;

namespace Weft.Engine.Mail;

/// <summary>A mail to be sent, checked: addresses are addresses, and no header holds a line break.</summary>
public sealed record MailMessageDraft
{
    /// <summary>Who sends it.</summary>
    public required MailAddressText From { get; init; }

    /// <summary>The addresses in the To header.</summary>
    public IReadOnlyList<MailAddressText> To { get; init; } = [];

    /// <summary>The addresses in the Cc header.</summary>
    public IReadOnlyList<MailAddressText> Cc { get; init; } = [];

    /// <summary>Addresses that stand in no header.</summary>
    public IReadOnlyList<MailAddressText> Bcc { get; init; } = [];

    /// <summary>The subject, one line.</summary>
    public required string Subject { get; init; }

    /// <summary>The text part.</summary>
    public string? Text { get; init; }

    /// <summary>The HTML part.</summary>
    public string? Html { get; init; }

    /// <summary>Further headers, such as <c>List-Unsubscribe</c>.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>When it was written.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Stable over attempts: what the message ids are made from.</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>Everybody it goes to, each once, however often and in whatever header they were named.</summary>
    public IEnumerable<MailAddressText> Recipients =>
        To.Concat(Cc).Concat(Bcc).DistinctBy(a => a.Address, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The message id for one recipient. Each recipient gets a message of their own, and the same one again when the step
    /// is repeated, so that mailbox, receipts and the receiver's own server can tell a repetition.
    /// </summary>
    public string MessageIdFor(MailAddressText recipient)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{IdempotencyKey}\n{recipient.Address.ToLowerInvariant()}"));
        return $"<{Convert.ToHexStringLower(digest.AsSpan(0, 16))}@{From.Domain}>";
    }

    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "From", "Sender", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "MIME-Version", "Return-Path", "Received",
    };

    /// <summary>Throws <c>mail_header_invalid</c> when the header could break or forge the message.</summary>
    public static (string Name, string Value) CheckedHeader(string name, string value)
    {
        if (name.Length is 0 or > 70 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            throw new FlowException("mail_header_invalid", "The name of a mail header can hold letters, digits and hyphens only.");
        }
        if (OwnHeaders.Contains(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
        {
            throw new FlowException("mail_header_invalid", $"The mail header {name} is made from the step's other properties.");
        }
        return value.Length <= 900 && !value.Any(char.IsControl)
            ? (name, value)
            : throw new FlowException("mail_header_invalid", $"The mail header {name} holds a line break or is longer than 900 characters.");
    }
}
