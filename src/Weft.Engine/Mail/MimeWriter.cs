using System.Globalization;
using System.Text;

namespace Weft.Engine.Mail;

/// <summary>
/// Writes a mail as RFC 5322 and MIME: ASCII only, CRLF, no line over 76 characters, so that any server takes it without
/// extensions (only a local part beyond ASCII needs SMTPUTF8). Text and HTML travel as quoted-printable.
/// </summary>
internal static class MimeWriter
{
    private const int LineLength = 76;

    /// <summary>The message as it goes to this recipient.</summary>
    public static byte[] Write(MailMessageDraft draft, MailAddressText recipient)
    {
        var mail = new StringBuilder(1024 + (draft.Text?.Length ?? 0) + (draft.Html?.Length ?? 0));
        var messageId = draft.MessageIdFor(recipient);
        Line(mail, $"Date: {draft.Date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture)}");
        Addresses(mail, "From", [draft.From]);
        if (draft.To.Count > 0) Addresses(mail, "To", draft.To);
        else Line(mail, "To: undisclosed-recipients:;");
        if (draft.Cc.Count > 0) Addresses(mail, "Cc", draft.Cc);
        Text(mail, "Subject", draft.Subject);
        Line(mail, $"Message-ID: {messageId}");
        Line(mail, "Auto-Submitted: auto-generated");
        foreach (var (name, value) in draft.Headers) Text(mail, name, value);
        Line(mail, "MIME-Version: 1.0");

        if (draft.Html is null)
        {
            Part(mail, "text/plain", draft.Text ?? "");
        }
        else if (draft.Text is null)
        {
            Part(mail, "text/html", draft.Html);
        }
        else
        {
            // Quoted-printable never writes "=_", so no body can hold the boundary.
            var boundary = $"=_{messageId.AsSpan(1, 32)}";
            Line(mail, $"Content-Type: multipart/alternative; boundary=\"{boundary}\"");
            Line(mail, "");
            Line(mail, $"--{boundary}");
            Part(mail, "text/plain", draft.Text);
            Line(mail, $"--{boundary}");
            Part(mail, "text/html", draft.Html);
            Line(mail, $"--{boundary}--");
        }
        return Encoding.UTF8.GetBytes(mail.ToString());
    }

    private static void Line(StringBuilder mail, string text) => mail.Append(text).Append("\r\n");

    private static void Part(StringBuilder mail, string type, string body)
    {
        Line(mail, $"Content-Type: {type}; charset=utf-8");
        Line(mail, "Content-Transfer-Encoding: quoted-printable");
        Line(mail, "");
        QuotedPrintable(mail, body);
    }

    private static void Addresses(StringBuilder mail, string header, IReadOnlyList<MailAddressText> addresses)
    {
        mail.Append(header).Append(": ");
        var column = header.Length + 2;
        for (var i = 0; i < addresses.Count; i++)
        {
            var address = addresses[i];
            var text = address.Name.Length == 0 ? address.Address : $"{Phrase(address.Name)} <{address.Address}>";
            if (i < addresses.Count - 1) text += ",";
            if (i > 0)
            {
                mail.Append(column + text.Length > LineLength ? "\r\n " : " ");
                column = column + text.Length > LineLength ? 1 : column + 1;
            }
            mail.Append(text);
            column += text.Length;
        }
        mail.Append("\r\n");
    }

    private static string Phrase(string name)
    {
        if (NeedsEncoding(name)) return EncodedWords(name, LineLength - 10);
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_')
            ? name
            : "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
    }

    private static void Text(StringBuilder mail, string header, string value)
    {
        mail.Append(header).Append(": ");
        if (NeedsEncoding(value))
        {
            mail.Append(EncodedWords(value, LineLength - header.Length - 2)).Append("\r\n");
            return;
        }
        var column = header.Length + 2;
        foreach (var (index, word) in value.Split(' ').Index())
        {
            if (index > 0)
            {
                // Folded before a space; a line of nothing but spaces would end the headers for some readers.
                var fold = column + 1 + word.Length > LineLength && word.Length > 0;
                mail.Append(fold ? "\r\n " : " ");
                column = fold ? 1 : column + 1;
            }
            mail.Append(word);
            column += word.Length;
        }
        mail.Append("\r\n");
    }

    // A single word longer than a line would break the limit of 998 characters that servers hold.
    private static bool NeedsEncoding(string text) =>
        !Ascii.IsValid(text) || text.Any(char.IsControl) || text.Contains("=?", StringComparison.Ordinal) || text.Split(' ').Any(word => word.Length > 200)
        || text.StartsWith(' ') || text.EndsWith(' ') || text.Contains("  ", StringComparison.Ordinal);

    // RFC 2047, the B form; a word never splits a character, as each one is decoded by itself.
    private static string EncodedWords(string text, int firstRoom)
    {
        const int overhead = 12; // =?utf-8?B??=
        var words = new List<string>();
        var chunk = new List<byte>();
        var room = firstRoom;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var size = rune.EncodeToUtf8(utf8);
            if ((chunk.Count + size + 2) / 3 * 4 + overhead > room && chunk.Count > 0)
            {
                words.Add(Convert.ToBase64String([.. chunk]));
                chunk.Clear();
                room = LineLength - 1;
            }
            chunk.AddRange(utf8[..size]);
        }
        words.Add(Convert.ToBase64String([.. chunk]));
        return string.Join("\r\n ", words.Select(w => $"=?utf-8?B?{w}?="));
    }

    private static void QuotedPrintable(StringBuilder mail, string body)
    {
        var lines = body.ReplaceLineEndings("\n").Split('\n');
        // A last line break ends the last line; it does not start an empty one.
        var count = lines.Length > 1 && lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        for (var n = 0; n < count; n++)
        {
            var bytes = Encoding.UTF8.GetBytes(lines[n]);
            var column = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                var b = bytes[i];
                var last = i == bytes.Length - 1;
                // Blanks at the end of a line get lost on the way, and a leading "From " or dot is mangled by some servers.
                var plain = b is >= 33 and <= 126 and not (byte)'=' || (b is (byte)' ' or (byte)'\t' && !last);
                if (i == 0 && b is (byte)'.' or (byte)'F' && column == 0) plain = b != (byte)'.' && !lines[n].StartsWith("From ", StringComparison.Ordinal);
                var size = plain ? 1 : 3;
                if (column + size > LineLength - (last ? 0 : 1))
                {
                    mail.Append("=\r\n");
                    column = 0;
                    if (b == (byte)'.') (plain, size) = (false, 3);
                }
                if (plain) mail.Append((char)b);
                else mail.Append('=').Append(b.ToString("X2", CultureInfo.InvariantCulture));
                column += size;
            }
            mail.Append("\r\n");
        }
    }
}
