using System.Collections;
using System.Net.Sockets;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Postgres;

namespace Weft.Engine.Tasks;

/// <summary>
/// <c>mail.send</c>: sends a mail through the server that the flow names, else the platform's, else into the built-in
/// mailbox, where the mail commits together with the step's record.
/// </summary>
public sealed class MailSendTask : ITaskType
{
    private const int MaxRecipients = 100;
    private const int MaxBodyChars = 1024 * 1024;

    private readonly WeftDatabase _database;
    private readonly OutboundGuard _guard;
    private readonly MailOptions _options;
    private readonly MailTemplates _templates;
    private readonly MailStore _store;
    private readonly TimeProvider _time;

    /// <summary>A sender with the platform's settings.</summary>
    public MailSendTask(WeftDatabase database, OutboundGuard guard, MailOptions options, MailTemplates templates, TimeProvider time)
    {
        (_database, _guard, _options, _templates, _time) = (database, guard, options, templates, time);
        _store = new MailStore(database, options, time);
    }

    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "mail.send",
        Description = "Sends a mail; each recipient gets a message of their own, and the same step never tells anybody twice.",
        Aliases = ["io.kestra.plugin.notifications.mail.MailSend", "io.kestra.plugin.email.MailSend"],
        Properties =
        [
            new("to", PropertyType.Any, "One address, several with commas, or a list.") { Required = true },
            new("cc", PropertyType.Any, "Likewise; shown to all recipients."),
            new("bcc", PropertyType.Any, "Likewise; shown to nobody."),
            new("from", PropertyType.String, "The sender; the platform's address when absent."),
            new("replyTo", PropertyType.String, "Where answers go, when not to the sender."),
            new("subject", PropertyType.String, "The subject; a template brings its own."),
            new("text", PropertyType.String, "The text part.") { Aliases = ["content", "plainTextContent"] },
            new("html", PropertyType.String, "The HTML part; made of the text when absent.") { Aliases = ["htmlTextContent", "htmlContent"] },
            new("headers", PropertyType.Map, "Further headers, such as List-Unsubscribe."),
            new("template", PropertyType.String, "The name of one of the product's own mails, instead of subject, text and html."),
            new("with", PropertyType.Map, "The values for the template."),
            new("user", PropertyType.String, "The id of the account the mail is for; its owner sees the mail in the built-in mailbox."),
            new("host", PropertyType.String, "A mail server of the flow's own."),
            new("port", PropertyType.Integer, "Its port; 465 for SMTPS, else 587."),
            new("username", PropertyType.String, "The user there."),
            new("password", PropertyType.String, "The password there.") { Secret = true },
            new("transportStrategy", PropertyType.String, "SMTP: TLS where offered; SMTP_TLS: STARTTLS required; SMTPS: TLS from the start (the default).") { Values = ["SMTP", "SMTP_TLS", "SMTPS"] },
            new("sessionTimeout", PropertyType.Integer, "Milliseconds for the whole conversation; 60000 when absent."),
        ],
    };

    /// <inheritdoc/>
    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        var draft = Draft(step);
        await _store.PurgeAsync(cancellationToken);
        if (FlowServer(step) is { } own)
        {
            return await SendAsync(step, draft, own, token => _guard.ConnectAsync(own.Host, own.Port, token), cancellationToken);
        }
        // The operator's own server may well be in a private network; only addresses that flows give are guarded.
        return _options.Server is { } server
            ? await SendAsync(step, draft, server, token => ConnectAsync(server, token), cancellationToken)
            : await DeliverAsync(step, draft, cancellationToken);
    }

    private MailMessageDraft Draft(StepContext step)
    {
        var content = step.Text("template") is { Length: > 0 } template ? _templates.Render(template, step.MapOf("with") ?? FlowValue.Map()) : null;
        var subject = step.Text("subject") ?? content?.Subject ?? "";
        if (subject.Length > 900 || subject.Any(char.IsControl)) throw new FlowException("mail_header_invalid", "The subject holds a line break or is longer than 900 characters.");
        var text = step.Text("text") ?? content?.Text;
        var html = step.Text("html") ?? content?.Html;
        if (text?.Length > MaxBodyChars || html?.Length > MaxBodyChars) throw new FlowException("mail_too_large", "The text or HTML of the mail is longer than 1,048,576 characters.");
        if (text is not null) html ??= TextAsHtml.Convert(text);
        if (text is null && html is null) throw new FlowException("step_property_missing", "mail.send needs 'content' (or 'htmlTextContent', or 'template').");

        var headers = (content?.Headers ?? []).Select(h => MailMessageDraft.CheckedHeader(h.Name, h.Value)).ToList();
        foreach (var (name, value) in step.MapOf("headers") ?? FlowValue.Map()) headers.Add(MailMessageDraft.CheckedHeader(name, FlowValue.ToText(value)));
        if (step.Text("replyTo") is { Length: > 0 } replyTo) headers.Add(("Reply-To", MailAddressText.Parse(replyTo).Address));

        var draft = new MailMessageDraft
        {
            From = step.Text("from") is { Length: > 0 } from ? MailAddressText.Parse(from) : _options.Server?.From ?? _options.DefaultFrom,
            To = Addresses(step, "to"),
            Cc = Addresses(step, "cc"),
            Bcc = Addresses(step, "bcc"),
            Subject = subject,
            Text = text,
            Html = html,
            Headers = headers,
            Date = _time.GetUtcNow(),
            IdempotencyKey = step.IdempotencyKey,
        };
        return draft.Recipients.Count() switch
        {
            0 => throw new FlowException("mail_address_invalid", "The mail has no recipient: 'to' is empty."),
            > MaxRecipients => throw new FlowException("mail_too_many_recipients", $"A mail can have {MaxRecipients} recipients; send one to each with foreach."),
            _ => draft,
        };
    }

    private static List<MailAddressText> Addresses(StepContext step, string property)
    {
        if (!step.Properties.TryGetValue(property, out var value) || value is null) return [];
        return value is IEnumerable list and not string and not IReadOnlyDictionary<string, object?>
            ? [.. list.Cast<object?>().Select(FlowValue.ToText).Where(t => !string.IsNullOrWhiteSpace(t)).Select(MailAddressText.Parse)]
            : [.. SplitAddresses(FlowValue.ToText(value)).Select(MailAddressText.Parse)];
    }

    // At commas, but not at those inside a quoted name: "Smith, Ann" <ann@example.org>.
    private static IEnumerable<string> SplitAddresses(string text)
    {
        var quoted = false;
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '"') quoted = !quoted;
            if (i < text.Length && (quoted || text[i] is not (',' or ';'))) continue;
            var address = text[start..i];
            start = i + 1;
            if (!string.IsNullOrWhiteSpace(address)) yield return address;
        }
    }

    private static SmtpServer? FlowServer(StepContext step)
    {
        var host = step.Text("host");
        if (string.IsNullOrWhiteSpace(host)) return null;
        var security = step.Text("transportStrategy")?.ToUpperInvariant() switch
        {
            "SMTP" => SmtpSecurity.WhereOffered,
            "SMTP_TLS" => SmtpSecurity.StartTls,
            _ => SmtpSecurity.Implicit,
        };
        var username = step.Text("username");
        return new SmtpServer(host.Trim(), (int)(step.Whole("port", 1, 65535) ?? (security == SmtpSecurity.Implicit ? 465 : 587)), security)
        {
            Username = string.IsNullOrEmpty(username) ? null : username,
            Password = step.Text("password"),
            Timeout = TimeSpan.FromMilliseconds(step.Whole("sessionTimeout", 100, 600_000) ?? 60_000),
        };
    }

    private async Task<StepOutcome> DeliverAsync(StepContext step, MailMessageDraft draft, CancellationToken cancellationToken)
    {
        Guid? user = step.Text("user") is not { Length: > 0 } text ? null
            : Guid.TryParse(text, out var id) ? id
            : throw new FlowException("step_property_invalid", $"user is '{text}'; it must be the id of an account.");
        var output = Output(draft);
        await using var connection = await _database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await MailStore.DeliverAsync(transaction, step, draft, user, cancellationToken);
        await step.RecordAsync(transaction, output, cancellationToken);
        // Not to be interrupted: a commit that was asked for and not awaited may have happened.
        await transaction.CommitAsync(CancellationToken.None);
        return StepOutcome.Recorded(output);
    }

    private async Task<StepOutcome> SendAsync(
        StepContext step, MailMessageDraft draft, SmtpServer server, Func<CancellationToken, Task<Socket>> connect, CancellationToken cancellationToken)
    {
        var refused = new List<object?>();
        FlowException? last = null;
        SmtpSession? session = null;
        try
        {
            foreach (var recipient in draft.Recipients)
            {
                var messageId = draft.MessageIdFor(recipient);
                if (await _store.WasSentAsync(messageId, cancellationToken)) continue;

                using var limit = new CancellationTokenSource(server.Timeout, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
                try
                {
                    if (session?.IsBroken == true)
                    {
                        await session.DisposeAsync();
                        session = null;
                    }
                    session ??= await SmtpSession.OpenAsync(server, connect, either.Token);
                    await session.SendAsync(server.From ?? draft.From, recipient, MimeWriter.Write(draft, recipient), either.Token);
                }
                catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new FlowException("mail_unreachable", $"{server.Host}:{server.Port} did not answer within {server.Timeout.TotalSeconds:0.#} s.", retryable: true, e);
                }
                catch (FlowException e) when (e.Code == "mail_refused")
                {
                    // This one recipient; the others still get theirs.
                    refused.Add(FlowValue.Map(("recipient", recipient.Address), ("reason", e.Message)));
                    last = e;
                    continue;
                }
                // Remembered even while the step is being cancelled: the mail is out.
                await _store.RememberSentAsync(messageId, CancellationToken.None);
            }
        }
        catch (FlowException e)
        {
            return StepOutcome.Fail(e.Code, e.Message, e.Retryable);
        }
        finally
        {
            if (session is not null) await session.DisposeAsync();
        }
        return last is null
            ? StepOutcome.Done(Output(draft))
            : StepOutcome.Fail("mail_refused", refused.Count == 1 ? last.Message : $"{refused.Count} recipients were refused. The last: {last.Message}", details: FlowValue.Map(("refused", refused)));
    }

    private async Task<Socket> ConnectAsync(SmtpServer server, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var limit = new CancellationTokenSource(_guard.Options.ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            await socket.ConnectAsync(server.Host, server.Port, either.Token);
            return socket;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new FlowException("mail_unreachable", $"The mail server {server.Host}:{server.Port} cannot be reached: {(e is SocketException s ? s.SocketErrorCode : "no answer")}.", retryable: true, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static OrderedDictionary<string, object?> Output(MailMessageDraft draft) => FlowValue.Map(
        ("recipients", draft.Recipients.Select(object? (r) => r.Address).ToList()),
        ("message_ids", draft.Recipients.Select(object? (r) => draft.MessageIdFor(r)).ToList()));
}
