using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>What somebody answered to a waiting step; the value may be null.</summary>
internal sealed record Answer(object? Value);

/// <summary>Answers from outside. An answer may come before the step that waits for it, so it is kept for a while.</summary>
internal static class AnswerStore
{
    [Sql(DatabaseRole.Engine)]
    private const string FindAnswer = "select value from weft.answer where key = $1";

    [Sql(DatabaseRole.Engine)]
    private const string InsertAnswer = "insert into weft.answer (key, value, expires_at) values ($1, $2, $3) on conflict (key) do nothing";

    [Sql(DatabaseRole.Engine)]
    private const string WakeWaiting = """
        with waiting as materialized (select run_id from weft.wait where key = $1),
             woken as (delete from weft.timer where run_id in (select run_id from waiting) returning run_id, priority, slot)
        insert into weft.queue (priority, run_id, slot) select priority, run_id, slot from woken on conflict do nothing
        """;

    public static async Task<Answer?> FindAsync(NpgsqlDataSource database, string key, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FindAnswer);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        return new Answer(await reader.IsDBNullAsync(0, cancellationToken) ? null : FlowValue.Parse(reader.GetString(0)));
    }

    /// <summary>Stores the answer and puts the run that waits for it back into the queue. The first answer counts; false for any other.</summary>
    public static async Task<bool> GiveAsync(NpgsqlDataSource database, string key, string? value, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var insert = new NpgsqlBatchCommand(InsertAnswer);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        insert.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        insert.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime });
        var wake = new NpgsqlBatchCommand(WakeWaiting);
        wake.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        batch.BatchCommands.Add(insert);
        batch.BatchCommands.Add(wake);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return insert.Rows == 1;
    }
}
