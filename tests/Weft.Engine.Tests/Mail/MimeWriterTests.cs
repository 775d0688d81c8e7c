using System.Text;
using Weft.Engine.Mail;

namespace Weft.Engine.Tests.Mail;

public sealed class MimeWriterTests
{
    private static readonly MailAddressText Ann = MailAddressText.Parse("ann@example.org");

    private static MailMessageDraft Draft(string subject = "Hi", string? text = "Hello", string? html = null, string from = "weft@example.org") => new()
    {
        From = MailAddressText.Parse(from),
        To = [Ann],
        Subject = subject,
        Text = text,
        Html = html,
        Date = new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.FromHours(2)),
        IdempotencyKey = "run/step",
    };

    private static string Write(MailMessageDraft draft) => Encoding.UTF8.GetString(MimeWriter.Write(draft, Ann));

    private static string Body(string mail) => mail[(mail.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    // An independent decoder: what a receiver does, written from RFC 2045 alone.
    private static string DecodeQuotedPrintable(string text)
    {
        var bytes = new List<byte>();
        text = text.Replace("=\r\n", "", StringComparison.Ordinal);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '=') bytes.Add((byte)text[i]);
            else { bytes.Add(Convert.ToByte(text.Substring(i + 1, 2), 16)); i += 2; }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    [Theory]
    [InlineData("Hello")]
    [InlineData("Grüße aus Zürich, 你好 👋🏽")]
    [InlineData(".\n..\n.leading dots\n.")]
    [InlineData("From the start\nfrom\nFrom ")]
    [InlineData("trailing blanks   \nand a tab\t\n=equals= =3D")]
    [InlineData("")]
    [InlineData("\n\n\nempty lines\n\n\n")]
    public void A_body_comes_out_as_it_went_in(string text)
    {
        var mail = Write(Draft(text: text));

        var body = DecodeQuotedPrintable(Body(mail)).Replace("\r\n", "\n", StringComparison.Ordinal);
        body.TrimEnd('\n').ShouldBe(text.TrimEnd('\n'));
        Body(mail).Split("\r\n").ShouldAllBe(line => !line.StartsWith('.') && !line.StartsWith("From ") && !line.EndsWith(' ') && !line.EndsWith('\t'));
    }

    [Fact]
    public void A_long_line_is_broken_and_mended()
    {
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(i => i % 7 == 0 ? "ü" : i % 11 == 0 ? "." : "x"));

        var mail = Write(Draft(text: text));

        mail.Split("\r\n").ShouldAllBe(line => line.Length <= 76 && !line.StartsWith('.'));
        DecodeQuotedPrintable(Body(mail)).TrimEnd().ShouldBe(text);
    }

    [Theory]
    [InlineData("Plain words")]
    [InlineData("Über Größe und 你好 👋🏽 in einem Betreff, der länger ist als eine Zeile sein darf, und noch länger")]
    [InlineData("=?utf-8?B?forged?=")]
    [InlineData("A subject of many words that goes on and on until it has to be folded somewhere between two of its words")]
    [InlineData("two  blanks   and   many                                                                                  more")]
    public void A_subject_comes_out_as_it_went_in(string subject)
    {
        var mail = Write(Draft(subject));

        var header = mail[(mail.IndexOf("Subject: ", StringComparison.Ordinal) + 9)..mail.IndexOf("\r\nMessage-ID:", StringComparison.Ordinal)];
        header.Split("\r\n").ShouldAllBe(line => line.Length <= 76 && Ascii.IsValid(line) && line.Trim().Length > 0);
        var unfolded = header.Replace("\r\n", "", StringComparison.Ordinal);
        var decoded = unfolded.StartsWith("=?", StringComparison.Ordinal)
            ? string.Concat(unfolded.Split(' ').Select(w => Encoding.UTF8.GetString(Convert.FromBase64String(w[10..^2]))))
            : unfolded;
        decoded.ShouldBe(subject);
    }

    [Fact]
    public void Text_and_html_are_two_parts_of_one_message()
    {
        var mail = Write(Draft(text: "Hello", html: "<p>Hello</p>"));

        mail.ShouldContain("Content-Type: multipart/alternative; boundary=\"=_");
        mail.IndexOf("text/plain", StringComparison.Ordinal).ShouldBeLessThan(mail.IndexOf("text/html", StringComparison.Ordinal));
        mail.TrimEnd().ShouldEndWith("--");
    }

    [Fact]
    public void The_message_id_is_the_same_for_a_repetition_and_another_for_each_recipient()
    {
        var draft = Draft();

        draft.MessageIdFor(Ann).ShouldBe((Draft("other words") with { Date = draft.Date.AddHours(1) }).MessageIdFor(Ann));
        draft.MessageIdFor(Ann).ShouldNotBe(draft.MessageIdFor(MailAddressText.Parse("ben@example.org")));
        draft.MessageIdFor(Ann).ShouldNotBe((draft with { IdempotencyKey = "another" }).MessageIdFor(Ann));
    }

    [Theory]
    [InlineData("Änne Öz <a@example.org>", "From: =?utf-8?B?")]
    [InlineData("\"Smith, Ann\" <a@example.org>", "From: \"Smith, Ann\" <a@example.org>\r\n")]
    public void A_display_name_is_written_so_that_it_stays_one(string from, string expected) =>
        Write(Draft(from: from)).ShouldContain(expected);

    [Theory]
    [InlineData("ann@example.org\r\nBcc: all@example.org")]
    [InlineData("ann@example.org\nRCPT TO:<x@example.org>")]
    [InlineData("Ann\r\n <ann@example.org>")]
    [InlineData("ann@example.org, ben@example.org")]
    [InlineData("ann")]
    [InlineData("@example.org")]
    [InlineData("ann@")]
    [InlineData("ann@[127.0.0.1]")]
    [InlineData("a b@example.org")]
    [InlineData("\"a b\"@example.org")]
    [InlineData("ann@exa mple.org")]
    [InlineData("ann@example..org")]
    [InlineData("ann@-example.org")]
    [InlineData("<ann@example.org> SIZE=1")]
    [InlineData("")]
    public void What_is_no_address_is_refused(string text) =>
        Should.Throw<FlowException>(() => MailAddressText.Parse(text)).Code.ShouldBe("mail_address_invalid");

    [Fact]
    public void A_domain_beyond_ASCII_goes_out_in_its_ASCII_form()
    {
        var address = MailAddressText.Parse("Jörg <joerg@bücher.example>");

        address.Address.ShouldBe("joerg@xn--bcher-kva.example");
        address.Name.ShouldBe("Jörg");
    }

    [Theory]
    [InlineData("X-Note", "a\r\nBcc: b@example.org")]
    [InlineData("X-Note\r\nBcc", "b@example.org")]
    [InlineData("Bcc", "b@example.org")]
    [InlineData("message-id", "<mine>")]
    [InlineData("Content-Type", "text/html")]
    [InlineData("X Note", "a")]
    public void A_header_that_could_forge_the_message_is_refused(string name, string value) =>
        Should.Throw<FlowException>(() => MailMessageDraft.CheckedHeader(name, value)).Code.ShouldBe("mail_header_invalid");

    [Theory]
    [InlineData("smtp://weft:p%40ss@mail.example.org:2525?from=Weft%20%3Cweft@example.org%3E", "mail.example.org", 2525, SmtpSecurity.StartTls, "weft", "p@ss")]
    [InlineData("smtp://mail.example.org", "mail.example.org", 587, SmtpSecurity.WhereOffered, null, null)]
    [InlineData("smtps://weft:x@mail.example.org", "mail.example.org", 465, SmtpSecurity.Implicit, "weft", "x")]
    [InlineData("smtp://localhost:25?tls=none", "localhost", 25, SmtpSecurity.None, null, null)]
    public void The_setting_is_read(string url, string host, int port, SmtpSecurity security, string? user, string? password)
    {
        var server = SmtpServer.Parse(url);

        (server.Host, server.Port, server.Security, server.Username, server.Password).ShouldBe((host, port, security, user, password));
        server.ToString().ShouldNotContain("p@ss");
    }

    [Theory]
    [InlineData("http://mail.example.org")]
    [InlineData("mail.example.org:25")]
    [InlineData("smtp://u:hunter2@mail.example.org?tsl=none")]
    [InlineData("smtp://u:hunter2@mail.example.org?tls=maybe")]
    [InlineData("smtp://u:hunter2@mail.example.org?ca=/nowhere/at/all.pem")]
    public void A_wrong_setting_is_told_without_its_password(string url) =>
        Should.Throw<FlowException>(() => SmtpServer.Parse(url)).Message.ShouldNotContain("hunter2");
}
