using System.Buffers;
using System.Globalization;
using System.Net.Mail;

namespace Weft.Engine.Mail;

/// <summary>One mail address as a header and an envelope need it.</summary>
/// <param name="Name">The display name, or empty.</param>
/// <param name="Local">What stands before the @.</param>
/// <param name="Domain">What stands after it, in its ASCII form.</param>
public sealed record MailAddressText(string Name, string Local, string Domain)
{
    private static readonly SearchValues<char> NotInLocal = SearchValues.Create(" <>,;:\\\"()[]");
    private static readonly SearchValues<char> NotInName = SearchValues.Create("<>,;\"");
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>The address alone: <c>ann@example.org</c>.</summary>
    public string Address => $"{Local}@{Domain}";

    /// <summary>True when the local part is not ASCII, so that the server must know SMTPUTF8.</summary>
    public bool NeedsUtf8 => !System.Text.Ascii.IsValid(Local);

    /// <summary>Reads <c>ann@example.org</c> or <c>Ann &lt;ann@example.org&gt;</c>. Throws <c>mail_address_invalid</c>.</summary>
    public static MailAddressText Parse(string text)
    {
        var trimmed = text.Trim();
        // Control characters first of all: nothing that could end a header or a command gets further than here.
        if (trimmed.Length is 0 or > 512 || trimmed.AsSpan().ContainsAnyInRange('\0', '\u001f') || trimmed.Contains('\u007f', StringComparison.Ordinal)) throw Invalid(text);
        var open = trimmed.LastIndexOf('<');
        if (open >= 0 && !trimmed.EndsWith('>')) throw Invalid(text);
        var name = open >= 0 ? ReadName(trimmed[..open].Trim(), text) : "";
        // The framework's reader alone is too kind: it takes "a b@example.org" for b@example.org.
        var plain = open >= 0 ? trimmed[(open + 1)..^1] : trimmed;
        if (!MailAddress.TryCreate(plain, out var address) || address.Address != plain) throw Invalid(text);

        var (local, domain) = (address.User, address.Host);
        if (local.Length is 0 or > 64 || domain.StartsWith('[') || local.AsSpan().ContainsAny(NotInLocal)) throw Invalid(text);
        try
        {
            domain = Idn.GetAscii(domain.TrimEnd('.')).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            throw Invalid(text);
        }
        if (domain.Length is 0 or > 253 || domain.Split('.').Any(label => label.Length is 0 or > 63)) throw Invalid(text);
        return new MailAddressText(name, local, domain);
    }

    private static string ReadName(string name, string text)
    {
        if (name.Length >= 2 && name[0] == '"' && name[^1] == '"')
        {
            return name[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
        }
        // A comma without quotes would make two addresses of one.
        return name.AsSpan().ContainsAny(NotInName) ? throw Invalid(text) : name;
    }

    private static FlowException Invalid(string text)
    {
        var shown = new string([.. text.Take(80).Select(c => char.IsControl(c) ? '\ufffd' : c)]);
        return new FlowException("mail_address_invalid", $"'{shown}' is not a mail address.");
    }
}
