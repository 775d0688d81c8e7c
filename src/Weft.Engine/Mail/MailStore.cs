using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Mail;

/// <summary>The tables of mail that was sent, as the engine writes them.</summary>
internal sealed class MailStore(WeftDatabase database, MailOptions options, TimeProvider time)
{
    private static readonly TimeSpan PurgeEvery = TimeSpan.FromHours(1);
    private long _lastPurge;

    [Sql(DatabaseRole.Engine)]
    private const string InsertMail =
        """
        INSERT INTO weft.mail (id, workspace_id, user_id, run_id, message_id, sender, recipient, addressees, subject, text, html, headers, sent_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (message_id) DO NOTHING
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindReceipt = "SELECT 1 FROM weft.mail_receipt WHERE message_id = $1";

    [Sql(DatabaseRole.Engine)]
    private const string InsertReceipt = "INSERT INTO weft.mail_receipt (message_id, sent_at) VALUES ($1, $2) ON CONFLICT (message_id) DO NOTHING";

    [Sql(DatabaseRole.Engine)]
    private const string DeleteOldMail = "DELETE FROM weft.mail WHERE id IN (SELECT id FROM weft.mail WHERE sent_at < $1 ORDER BY sent_at LIMIT 5000)";

    [Sql(DatabaseRole.Engine)]
    private const string DeleteOldReceipts = "DELETE FROM weft.mail_receipt WHERE message_id IN (SELECT message_id FROM weft.mail_receipt WHERE sent_at < $1 ORDER BY sent_at LIMIT 5000)";

    /// <summary>Puts one message per recipient into the mailbox; one that is there already stays as it is.</summary>
    public static async Task DeliverAsync(
        NpgsqlTransaction transaction, StepContext step, MailMessageDraft draft, Guid? userId, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        var headers = FlowValue.Map();
        foreach (var (name, value) in draft.Headers) headers[name] = value;
        if (draft.Cc.Count > 0) headers["Cc"] = string.Join(", ", draft.Cc.Select(a => a.Address));
        string[] addressees = [.. draft.To.Select(a => a.Address)];
        foreach (var recipient in draft.Recipients)
        {
            var messageId = draft.MessageIdFor(recipient);
            var all = FlowValue.Map([("Message-ID", messageId), .. headers.Select(h => (h.Key, h.Value))]);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertMail)
            {
                Parameters =
                {
                    new() { Value = Guid.CreateVersion7(draft.Date) },
                    Optional(step.WorkspaceId),
                    Optional(userId),
                    new() { Value = step.RunId },
                    new() { Value = messageId },
                    new() { Value = draft.From.Name.Length == 0 ? draft.From.Address : $"{draft.From.Name} <{draft.From.Address}>" },
                    new() { Value = recipient.Address },
                    new() { Value = addressees },
                    new() { Value = draft.Subject },
                    Optional(draft.Text),
                    Optional(draft.Html),
                    new() { Value = FlowValue.ToJson(all), NpgsqlDbType = NpgsqlDbType.Jsonb },
                    new() { Value = draft.Date.UtcDateTime },
                },
            });
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Optional(Guid? id) => new() { Value = id ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Optional(string? text) => new() { Value = text ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>True when a mail server took this message before.</summary>
    public async Task<bool> WasSentAsync(string messageId, CancellationToken cancellationToken)
    {
        await using var find = database.Engine.CreateCommand(FindReceipt);
        find.Parameters.Add(new() { Value = messageId });
        return await find.ExecuteScalarAsync(cancellationToken) is not null;
    }

    /// <summary>Remembers that a mail server took this message.</summary>
    public async Task RememberSentAsync(string messageId, CancellationToken cancellationToken)
    {
        await using var insert = database.Engine.CreateCommand(InsertReceipt);
        insert.Parameters.Add(new() { Value = messageId });
        insert.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>With the first mail and then once an hour, by whoever sends: removes what is older than it is kept, in bounded pieces.</summary>
    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        var last = Volatile.Read(ref _lastPurge);
        if ((last != 0 && time.GetElapsedTime(last) < PurgeEvery) || Interlocked.CompareExchange(ref _lastPurge, time.GetTimestamp(), last) != last) return;
        var before = (time.GetUtcNow() - options.Keep).UtcDateTime;
        foreach (var sql in (string[])[DeleteOldMail, DeleteOldReceipts])
        {
            await using var delete = database.Engine.CreateCommand(sql);
            delete.Parameters.Add(new() { Value = before });
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
