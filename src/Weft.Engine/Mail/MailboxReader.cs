using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Mail;

/// <summary>A mail in the built-in mailbox.</summary>
/// <param name="Id">Its id; later mail has a greater one.</param>
/// <param name="From">Who sent it.</param>
/// <param name="To">The addresses in its To header.</param>
/// <param name="Recipient">The address this copy went to.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Text">The text part, if any.</param>
/// <param name="Html">The HTML part, if any.</param>
/// <param name="Headers">Message-ID and the headers that the sender added.</param>
/// <param name="SentAt">When it was sent.</param>
/// <param name="RunId">The run that sent it.</param>
public sealed record MailItem(
    Guid Id, string From, IReadOnlyList<string> To, string Recipient, string Subject, string? Text, string? Html,
    IReadOnlyDictionary<string, string> Headers, DateTimeOffset SentAt, Guid RunId);

/// <summary>Which mail to list, newest first.</summary>
/// <param name="Limit">At most this many, 1 to 200.</param>
/// <param name="Before">Only mail before this one: the last id of the page before.</param>
/// <param name="Recipient">Only mail to this address.</param>
/// <param name="Text">Only mail whose subject, sender or recipient holds this, in any case.</param>
public sealed record MailFilter(int Limit = 50, Guid? Before = null, string? Recipient = null, string? Text = null);

/// <summary>One page of mail.</summary>
/// <param name="Items">The mail, newest first.</param>
/// <param name="Next">What <see cref="MailFilter.Before"/> is for the next page, or null at the end.</param>
public sealed record MailPage(IReadOnlyList<MailItem> Items, Guid? Next);

/// <summary>Reads the mailbox on the caller's connection, so that row-level security decides what is there.</summary>
public static class MailboxReader
{
    [Sql(DatabaseRole.App)]
    private const string ListMail =
        """
        SELECT id, sender, recipient, addressees, subject, text, html, headers::text, sent_at, run_id
        FROM weft.mail
        WHERE ($1::uuid IS NULL OR id < $1)
          AND ($2::text IS NULL OR lower(recipient) = lower($2))
          AND ($3::text IS NULL OR position(lower($3) IN lower(subject || ' ' || sender || ' ' || recipient)) > 0)
        ORDER BY id DESC
        LIMIT $4
        """;

    [Sql(DatabaseRole.App)]
    private const string FindMail =
        """
        SELECT id, sender, recipient, addressees, subject, text, html, headers::text, sent_at, run_id
        FROM weft.mail
        WHERE id = $1
        """;

    /// <summary>One page, newest first.</summary>
    public static async Task<MailPage> ListAsync(NpgsqlConnection connection, MailFilter filter, CancellationToken cancellationToken)
    {
        var limit = Math.Clamp(filter.Limit, 1, 200);
        await using var command = new NpgsqlCommand(ListMail, connection)
        {
            Parameters =
            {
                new() { Value = filter.Before ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new() { Value = filter.Recipient ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = filter.Text ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                // One more than asked for tells whether there is a next page.
                new() { Value = limit + 1 },
            },
        };
        var items = await ReadAsync(command, cancellationToken);
        if (items.Count <= limit) return new MailPage(items, null);
        items.RemoveAt(limit);
        return new MailPage(items, items[^1].Id);
    }

    /// <summary>The mail, or null when there is none that the caller may see.</summary>
    public static async Task<MailItem?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindMail, connection) { Parameters = { new() { Value = id } } };
        return (await ReadAsync(command, cancellationToken)).SingleOrDefault();
    }

    private static async Task<List<MailItem>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var items = new List<MailItem>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            items.Add(new MailItem(
                Id: reader.GetGuid(0),
                From: reader.GetString(1),
                Recipient: reader.GetString(2),
                To: reader.GetFieldValue<string[]>(3),
                Subject: reader.GetString(4),
                Text: reader.IsDBNull(5) ? null : reader.GetString(5),
                Html: reader.IsDBNull(6) ? null : reader.GetString(6),
                Headers: JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(7))!,
                SentAt: reader.GetFieldValue<DateTimeOffset>(8),
                RunId: reader.GetGuid(9)));
        }
        return items;
    }
}
