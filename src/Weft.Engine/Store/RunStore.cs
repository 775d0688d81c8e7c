using System.Runtime.InteropServices;
using Npgsql;
using Weft.Engine.Runtime;
using Weft.Postgres;

namespace Weft.Engine.Store;

internal sealed record RunEnding(string Status, string? Outcome, string? Outputs, string? ErrorMessage);

[StructLayout(LayoutKind.Auto)]
internal readonly record struct QueuedRun(short Priority, Guid Id, short Slot);

/// <summary>A run of the queue with everything that is needed to go on with it.</summary>
internal sealed record StoredRun(StartRow Start, StateRow? State, string? CancelReason, RunHistory? History);

/// <summary>Reads and moves runs: the queue by position, runs with their records, timers that are due.</summary>
internal static class RunStore
{
    [Sql(DatabaseRole.Engine)]
    private const string ReadQueue = """
        select q.priority, q.run_id, q.slot
        from unnest($1::smallint[], $2::uuid[]) as p (priority, position)
        cross join lateral (select priority, run_id, slot from weft.queue where priority = p.priority and run_id > p.position order by run_id limit $3) q
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindQueued = "select priority, run_id, slot from weft.queue where priority = any($1) and run_id = any($2)";

    [Sql(DatabaseRole.Engine)]
    private const string ReadRuns = """
        select id, workspace_id, user_id, flow_version, namespace, flow_id, trigger, trigger_data, inputs, masked, labels, parent_id, depth, priority, max_retries, created_at
        from weft.run where id = any($1)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ReadStates = "select run_id, status, current_step, started_at, next_retry_at, retry_count, generation from weft.run_state where run_id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string ReadCancelRequests = "select run_id, reason from weft.cancel_request where run_id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string ReadSteps = """
        select run_id, path, attempt, status, started_at, finished_at, output, error
        from weft.step where run_id = any($1) order by run_id, path, attempt
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindEnd = "select status, outcome, outputs, error ->> 'message' from weft.run_end where run_id = $1";

    [Sql(DatabaseRole.Engine)]
    private const string FireTimers = """
        with due as materialized (select run_id from weft.timer where due_at <= $1 and slot = any($2) order by due_at limit $3),
             gone as (delete from weft.timer where run_id in (select run_id from due) and due_at <= $1 returning run_id, priority, slot)
        insert into weft.queue (priority, run_id, slot) select priority, run_id, slot from gone on conflict do nothing
        returning priority, run_id, slot
        """;

    [Sql(DatabaseRole.Engine)]
    private const string NextTimer = "select min(due_at) from weft.timer where slot = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string WakeRuns = """
        with gone as (delete from weft.timer where run_id = any($1) returning run_id, priority, slot)
        insert into weft.queue (priority, run_id, slot) select priority, run_id, slot from gone on conflict do nothing
        """;

    /// <summary>The next rows of the queue behind the given position of each priority; in order of priority, then of position.</summary>
    public static async Task<List<QueuedRun>> ReadQueueAsync(NpgsqlDataSource database, short[] priorities, Guid[] positions, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ReadQueue);
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = priorities });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = positions });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        return await ReadQueuedAsync(command, cancellationToken);
    }

    /// <summary>Those of the runs that are in the queue.</summary>
    public static async Task<List<QueuedRun>> FindQueuedAsync(NpgsqlDataSource database, short[] priorities, Guid[] runs, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FindQueued);
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = priorities });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = runs });
        return await ReadQueuedAsync(command, cancellationToken);
    }

    /// <summary>Puts parked runs whose time has come back into the queue and returns them.</summary>
    public static async Task<List<QueuedRun>> FireTimersAsync(NpgsqlDataSource database, DateTimeOffset now, short[] slots, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FireTimers);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = slots });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        return await ReadQueuedAsync(command, cancellationToken);
    }

    /// <summary>When the next of the slots' timers is due.</summary>
    public static async Task<DateTimeOffset?> NextTimerAsync(NpgsqlDataSource database, short[] slots, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(NextTimer);
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = slots });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime due ? new DateTimeOffset(due) : null;
    }

    /// <summary>Puts these runs back into the queue if they are parked.</summary>
    public static async Task WakeAsync(NpgsqlDataSource database, Guid[] runs, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(WakeRuns);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = runs });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// The runs with their records. Everything is read before anything is handed on: a row is not ours before the statement
    /// that returned it is finished.
    /// </summary>
    public static async Task<List<StoredRun>> LoadAsync(NpgsqlDataSource database, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in (ReadOnlySpan<string>)[ReadRuns, ReadStates, ReadCancelRequests, ReadSteps])
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var starts = new List<StartRow>(ids.Length);
        while (await reader.ReadAsync(cancellationToken)) starts.Add(ReadStart(reader));

        await reader.NextResultAsync(cancellationToken);
        var states = new Dictionary<Guid, StateRow>();
        while (await reader.ReadAsync(cancellationToken))
            states[reader.GetGuid(0)] = new StateRow(reader.GetGuid(0), reader.GetString(1), Text(reader, 2), Time(reader, 3), Time(reader, 4), reader.GetInt32(5), reader.GetInt32(6));

        await reader.NextResultAsync(cancellationToken);
        var cancelled = new Dictionary<Guid, string>();
        while (await reader.ReadAsync(cancellationToken)) cancelled[reader.GetGuid(0)] = reader.GetString(1);

        await reader.NextResultAsync(cancellationToken);
        var histories = new Dictionary<Guid, RunHistory>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var run = reader.GetGuid(0);
            if (!histories.TryGetValue(run, out var history)) histories[run] = history = new RunHistory();
            history.Add(reader.GetString(1), new StepRecord(
                reader.GetInt32(2), reader.GetString(3), Time(reader, 4)!.Value, Time(reader, 5),
                Text(reader, 6) is { } output ? FlowValue.Parse(output) : null,
                Text(reader, 7) is { } error ? AttemptError.Read(FlowValue.Parse(error)) : null));
        }
        return [.. starts.Select(s => new StoredRun(s, states.GetValueOrDefault(s.Id), cancelled.GetValueOrDefault(s.Id), histories.GetValueOrDefault(s.Id)))];
    }

    /// <summary>How the run ended; null while it goes on.</summary>
    public static async Task<RunEnding?> FindEndAsync(NpgsqlDataSource database, Guid run, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FindEnd);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = run });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new RunEnding(reader.GetString(0), Text(reader, 1), Text(reader, 2), Text(reader, 3)) : null;
    }

    private static async Task<List<QueuedRun>> ReadQueuedAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var rows = new List<QueuedRun>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) rows.Add(new QueuedRun(reader.GetInt16(0), reader.GetGuid(1), reader.GetInt16(2)));
        return rows;
    }

    private static StartRow ReadStart(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        WorkspaceId = reader.IsDBNull(1) ? null : reader.GetGuid(1),
        UserId = reader.IsDBNull(2) ? null : reader.GetGuid(2),
        FlowVersion = reader.GetInt64(3),
        Namespace = reader.GetString(4),
        FlowId = reader.GetString(5),
        Trigger = reader.GetString(6),
        TriggerData = Text(reader, 7),
        Inputs = reader.GetString(8),
        Masked = reader.IsDBNull(9) ? null : reader.GetFieldValue<string[]>(9),
        Labels = Text(reader, 10),
        ParentId = reader.IsDBNull(11) ? null : reader.GetGuid(11),
        Depth = reader.GetInt16(12),
        Priority = reader.GetInt16(13),
        MaxRetries = reader.GetInt32(14),
        CreatedAt = Time(reader, 15)!.Value,
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column));
}
