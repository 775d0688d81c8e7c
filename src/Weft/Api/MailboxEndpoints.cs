using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using Weft.Engine.Mail;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Api;

/// <summary>The built-in mailbox: what was sent while no mail server is set. One sees one's own; an operator sees all.</summary>
internal static class MailboxEndpoints
{
    public static void MapMailbox(this IEndpointRouteBuilder routes)
    {
        var mailbox = routes.MapGroup("/api/mailbox").WithTags("mailbox");
        mailbox.MapGet("", ListAsync).WithSummary("Sent mail, newest first");
        mailbox.MapGet("/{id:guid}", FindAsync).WithSummary("One mail");
    }

    private static async Task<Results<Ok<Page<MailView>>, ProblemResult>> ListAsync(
        [AsParameters] PageQuery page, string? q, SignedIn caller, WeftDatabase database, WeftSettings settings, CancellationToken cancellationToken)
    {
        if (!IsOn(settings)) return Problems.MailboxOff.With();
        Guid? before = null;
        if (!string.IsNullOrEmpty(page.Cursor)) before = Guid.TryParse(page.Cursor, out var cursor) ? cursor : throw Problems.CursorInvalid.Thrown();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var mail = await MailboxReader.ListAsync(scope.Connection, new MailFilter(page.Size, before, null, string.IsNullOrWhiteSpace(q) ? null : q), cancellationToken);
        return TypedResults.Ok(new Page<MailView>([.. mail.Items.Select(MailView.Of)], mail.Next?.ToString()));
    }

    private static async Task<Results<Ok<MailView>, ProblemResult>> FindAsync(
        Guid id, SignedIn caller, WeftDatabase database, WeftSettings settings, CancellationToken cancellationToken)
    {
        if (!IsOn(settings)) return Problems.MailboxOff.With();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        return await MailboxReader.FindAsync(scope.Connection, id, cancellationToken) is { } mail ? TypedResults.Ok(MailView.Of(mail)) : Problems.NotFound.With();
    }

    // Beyond loopback the mailbox would show reset links and the like to whoever opened an account.
    private static bool IsOn(WeftSettings settings) =>
        settings.Mail.Url is null && (settings.Http.Mailbox || settings.Http.Listen == "localhost" || IPAddress.IsLoopback(IPAddress.Parse(settings.Http.Listen)));
}

internal sealed record MailView(
    Guid Id, string From, IReadOnlyList<string> To, string Subject, string? Text, string? Html, IReadOnlyDictionary<string, string> Headers, DateTimeOffset SentAt, Guid RunId)
{
    public static MailView Of(MailItem mail) => new(mail.Id, mail.From, mail.To, mail.Subject, mail.Text, mail.Html, mail.Headers, mail.SentAt, mail.RunId);
}
