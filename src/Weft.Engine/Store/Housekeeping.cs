using Npgsql;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>What keeps the engine's tables small and ready.</summary>
internal static class Housekeeping
{
    private const int MonthsAhead = 3;

    [Sql(DatabaseRole.Engine)]
    private const string MakePartitions = "select weft.make_partitions($1, $2)";

    [Sql(DatabaseRole.Engine)]
    private const string DropOldKeys = "delete from weft.idempotency where expires_at < $1";

    [Sql(DatabaseRole.Engine)]
    private const string DropOldAnswers = "delete from weft.answer where expires_at < $1";

    [Sql(DatabaseRole.Engine)]
    private const string DropLateCancelRequests =
        "delete from weft.cancel_request c where c.run_id = any($1) and exists (select 1 from weft.run_end e where e.run_id = c.run_id)";

    /// <summary>Makes the partitions of the coming months and drops what has expired.</summary>
    public static async Task TidyAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        var partitions = new NpgsqlBatchCommand(MakePartitions);
        partitions.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        partitions.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MonthsAhead });
        batch.BatchCommands.Add(partitions);
        foreach (var sql in (ReadOnlySpan<string>)[DropOldKeys, DropOldAnswers])
        {
            var drop = new NpgsqlBatchCommand(sql);
            drop.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
            batch.BatchCommands.Add(drop);
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Drops requests that came when their runs had just ended.</summary>
    public static async Task DropLateCancelRequestsAsync(NpgsqlDataSource database, Guid[] runs, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(DropLateCancelRequests);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = runs });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
