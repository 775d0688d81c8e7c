using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>
/// The statements of one flush. Rows travel as one array per column, so that a thousand records cost as many statements as
/// one. Nothing here joins two tables or an array with a table: the statistics of a hot queue are always wrong, and a
/// planner that may choose sometimes chooses a loop over everything.
/// </summary>
internal static class FlushStatements
{
    [Sql(DatabaseRole.Engine)]
    private const string HoldLease = "select weft.hold_lease($1)";

    [Sql(DatabaseRole.Engine)]
    private const string InsertRuns = """
        insert into weft.run (id, workspace_id, user_id, flow_version, namespace, flow_id, trigger, trigger_data, inputs, labels, parent_id, depth, priority, max_retries, created_at, masked)
        select a.id, a.workspace_id, a.user_id, a.flow_version, a.namespace, a.flow_id, a.trigger, a.trigger_data, a.inputs, a.labels, a.parent_id, a.depth, a.priority, a.max_retries, a.created_at,
               case when a.masked <> '' then string_to_array(a.masked, e'\n') end
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::uuid[], $12::smallint[], $13::smallint[], $14::integer[], $15::timestamptz[], $16::text[])
          as a (id, workspace_id, user_id, flow_version, namespace, flow_id, trigger, trigger_data, inputs, labels, parent_id, depth, priority, max_retries, created_at, masked)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertQueue = """
        insert into weft.queue (priority, run_id, slot)
        select a.priority, a.run_id, a.slot from unnest($1::smallint[], $2::uuid[], $3::smallint[]) as a (priority, run_id, slot)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertSteps = """
        insert into weft.step (run_id, path, attempt, task_id, type, iteration, status, started_at, finished_at, input, output, error)
        select * from unnest($1::uuid[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::jsonb[], $11::jsonb[], $12::jsonb[])
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertLogs = """
        insert into weft.log (run_id, id, path, attempt, at, level, message)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[], $7::text[])
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertEvents = """
        insert into weft.run_event (run_id, at, number, from_status, to_status, reason)
        select * from unnest($1::uuid[], $2::timestamptz[], $3::integer[], $4::text[], $5::text[], $6::text[])
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertWaits = """
        insert into weft.wait (key, run_id, path) select * from unnest($1::text[], $2::uuid[], $3::text[]) on conflict do nothing
        """;

    [Sql(DatabaseRole.Engine)]
    private const string LeaveQueue = "delete from weft.queue where priority = any($1) and run_id = any($2)";

    [Sql(DatabaseRole.Engine)]
    private const string InsertEnds = """
        insert into weft.run_end (run_id, status, outcome, started_at, ended_at, outputs, error, retry_count, generation)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::jsonb[], $7::jsonb[], $8::integer[], $9::integer[])
        """;

    [Sql(DatabaseRole.Engine)]
    private const string DropStates = "delete from weft.run_state where run_id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string DropWaits = "delete from weft.wait where run_id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string DropCancelRequests = "delete from weft.cancel_request where run_id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string WakeWaiting = """
        with answered as materialized (select run_id from weft.wait where key = any($1)),
             woken as (delete from weft.timer where run_id in (select run_id from answered) returning run_id, priority, slot)
        insert into weft.queue (priority, run_id, slot) select priority, run_id, slot from woken on conflict do nothing
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertTimers = """
        insert into weft.timer (run_id, due_at, slot, priority)
        select * from unnest($1::uuid[], $2::timestamptz[], $3::smallint[], $4::smallint[])
        on conflict (run_id) do update set due_at = least(timer.due_at, excluded.due_at)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string WriteStates = """
        insert into weft.run_state (run_id, status, current_step, started_at, next_retry_at, retry_count, generation)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::integer[], $7::integer[])
        on conflict (run_id) do update set status = excluded.status, current_step = excluded.current_step, started_at = excluded.started_at,
          next_retry_at = excluded.next_retry_at, retry_count = excluded.retry_count, generation = excluded.generation, updated_at = now()
        """;

    /// <summary>Adds the statements that write the units to the batch. Returns how many queue rows must go.</summary>
    public static int AddTo(NpgsqlBatch batch, IEnumerable<NodeEpoch> nodes, IReadOnlyList<WriteUnit> units, out NpgsqlBatchCommand? leave)
    {
        leave = null;
        foreach (var node in nodes) batch.BatchCommands.Add(Command(HoldLease, new NpgsqlParameter<int> { TypedValue = node.Id }));

        AddStarts(batch, Collect(units, u => u.Starts));
        if (Collect(units, u => u.Steps) is { Count: > 0 } steps) batch.BatchCommands.Add(Steps(steps));
        if (Collect(units, u => u.Logs) is { Count: > 0 } logs)
            batch.BatchCommands.Add(Command(InsertLogs,
                Uuids(logs, l => l.RunId), Uuids(logs, l => l.Id), Texts(logs, l => l.Path), NullableIntegers(logs, l => l.Attempt),
                Times(logs, l => l.At), Texts(logs, l => l.Level), Texts(logs, l => l.Message)));
        if (Collect(units, u => u.Events) is { Count: > 0 } events)
            batch.BatchCommands.Add(Command(InsertEvents,
                Uuids(events, e => e.RunId), Times(events, e => e.At), Integers(events, e => e.Number), Texts(events, e => e.From), Texts(events, e => e.To),
                Texts(events, e => e.Reason)));
        if (Collect(units, u => u.Waits) is { Count: > 0 } waits)
            batch.BatchCommands.Add(Command(InsertWaits, Texts(waits, w => w.Key), Uuids(waits, w => w.RunId), Texts(waits, w => w.Path)));

        var ends = new List<EndRow>();
        var parks = new List<ParkRow>();
        var states = new List<StateRow>();
        foreach (var unit in units)
        {
            if (unit.End is not null) ends.Add(unit.End);
            if (unit.Park is not null) parks.Add(unit.Park);
            if (unit.State is not null) states.Add(unit.State);
        }
        if (states.Count > 0)
            batch.BatchCommands.Add(Command(WriteStates,
                Uuids(states, s => s.RunId), Texts(states, s => s.Status), Texts(states, s => s.CurrentStep), NullableTimes(states, s => s.StartedAt),
                NullableTimes(states, s => s.NextRetryAt), Integers(states, s => s.RetryCount), Integers(states, s => s.Generation)));
        if (ends.Count + parks.Count > 0)
        {
            var gone = new List<(short Priority, Guid RunId)>(ends.Count + parks.Count);
            foreach (var end in ends) gone.Add((end.Priority, end.RunId));
            foreach (var park in parks) gone.Add((park.Priority, park.RunId));
            short[] priorities = [.. gone.Select(g => g.Priority).Distinct()];
            leave = Command(LeaveQueue, Array(priorities, NpgsqlDbType.Smallint), Uuids(gone, g => g.RunId));
            batch.BatchCommands.Add(leave);
        }
        if (parks.Count > 0)
            batch.BatchCommands.Add(Command(InsertTimers,
                Uuids(parks, p => p.RunId), Times(parks, p => p.DueAt), Smalls(parks, p => p.Slot), Smalls(parks, p => p.Priority)));
        AddEnds(batch, ends);
        return ends.Count + parks.Count;
    }

    /// <summary>Adds the insertion of new runs and their queue rows.</summary>
    public static void AddStarts(NpgsqlBatch batch, List<StartRow>? starts)
    {
        if (starts is not { Count: > 0 }) return;
        batch.BatchCommands.Add(Command(InsertRuns,
            Uuids(starts, s => s.Id), NullableUuids(starts, s => s.WorkspaceId), NullableUuids(starts, s => s.UserId), Longs(starts, s => s.FlowVersion),
            Texts(starts, s => s.Namespace), Texts(starts, s => s.FlowId), Texts(starts, s => s.Trigger), Json(starts, s => s.TriggerData),
            Json(starts, s => s.Inputs), Json(starts, s => s.Labels), NullableUuids(starts, s => s.ParentId), Smalls(starts, s => s.Depth),
            Smalls(starts, s => s.Priority), Integers(starts, s => s.MaxRetries), Times(starts, s => s.CreatedAt),
            Texts(starts, s => s.Masked is null ? "" : string.Join('\n', s.Masked))));
        batch.BatchCommands.Add(Command(InsertQueue, Smalls(starts, s => s.Priority), Uuids(starts, s => s.Id), Smalls(starts, s => s.Slot)));
    }

    private static void AddEnds(NpgsqlBatch batch, List<EndRow> ends)
    {
        if (ends.Count == 0) return;
        batch.BatchCommands.Add(Command(InsertEnds,
            Uuids(ends, e => e.RunId), Texts(ends, e => e.Status), Texts(ends, e => e.Outcome), Times(ends, e => e.StartedAt), Times(ends, e => e.EndedAt),
            Json(ends, e => e.Outputs), Json(ends, e => e.Error), Integers(ends, e => e.RetryCount), Integers(ends, e => e.Generation)));
        var traced = ends.FindAll(e => e.HasTraces);
        if (traced.Count > 0)
        {
            batch.BatchCommands.Add(Command(DropStates, Uuids(traced, e => e.RunId)));
            batch.BatchCommands.Add(Command(DropWaits, Uuids(traced, e => e.RunId)));
            batch.BatchCommands.Add(Command(DropCancelRequests, Uuids(traced, e => e.RunId)));
        }
        var children = ends.FindAll(e => e.ParentId is not null);
        if (children.Count > 0) batch.BatchCommands.Add(Command(WakeWaiting, Texts(children, e => WaitKeys.RunEnd(e.RunId))));
    }

    private static NpgsqlBatchCommand Steps(List<StepRow> steps) => Command(InsertSteps,
        Uuids(steps, s => s.RunId), Texts(steps, s => s.Path), Integers(steps, s => s.Attempt), Texts(steps, s => s.TaskId), Texts(steps, s => s.Type),
        NullableIntegers(steps, s => s.Iteration), Texts(steps, s => s.Status), Times(steps, s => s.StartedAt), NullableTimes(steps, s => s.FinishedAt),
        Json(steps, s => s.Input), Json(steps, s => s.Output), Json(steps, s => s.Error));

    private static List<T>? Collect<T>(IReadOnlyList<WriteUnit> units, Func<WriteUnit, List<T>?> part)
    {
        List<T>? all = null;
        foreach (var unit in units)
        {
            if (part(unit) is not { } rows) continue;
            if (all is null && units.Count == 1) return rows;
            (all ??= []).AddRange(rows);
        }
        return all;
    }

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    private static NpgsqlParameter<T[]> Array<T>(T[] values, NpgsqlDbType element) =>
        new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | element };

    private static NpgsqlParameter<T[]> Column<TRow, T>(List<TRow> rows, Func<TRow, T> value, NpgsqlDbType element)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(rows[i]);
        return Array(values, element);
    }

    private static NpgsqlParameter<Guid[]> Uuids<T>(List<T> rows, Func<T, Guid> value) => Column(rows, value, NpgsqlDbType.Uuid);

    private static NpgsqlParameter<Guid?[]> NullableUuids<T>(List<T> rows, Func<T, Guid?> value) => Column(rows, value, NpgsqlDbType.Uuid);

    private static NpgsqlParameter<string?[]> Texts<T>(List<T> rows, Func<T, string?> value) => Column(rows, value, NpgsqlDbType.Text);

    private static NpgsqlParameter<string?[]> Json<T>(List<T> rows, Func<T, string?> value) => Column(rows, value, NpgsqlDbType.Jsonb);

    private static NpgsqlParameter<int[]> Integers<T>(List<T> rows, Func<T, int> value) => Column(rows, value, NpgsqlDbType.Integer);

    private static NpgsqlParameter<int?[]> NullableIntegers<T>(List<T> rows, Func<T, int?> value) => Column(rows, value, NpgsqlDbType.Integer);

    private static NpgsqlParameter<long[]> Longs<T>(List<T> rows, Func<T, long> value) => Column(rows, value, NpgsqlDbType.Bigint);

    private static NpgsqlParameter<short[]> Smalls<T>(List<T> rows, Func<T, short> value) => Column(rows, value, NpgsqlDbType.Smallint);

    private static NpgsqlParameter<DateTime[]> Times<T>(List<T> rows, Func<T, DateTimeOffset> value) =>
        Column(rows, r => value(r).UtcDateTime, NpgsqlDbType.TimestampTz);

    private static NpgsqlParameter<DateTime?[]> NullableTimes<T>(List<T> rows, Func<T, DateTimeOffset?> value) =>
        Column(rows, r => value(r)?.UtcDateTime, NpgsqlDbType.TimestampTz);
}

/// <summary>The keys of <c>weft.wait</c> that the engine itself makes.</summary>
internal static class WaitKeys
{
    /// <summary>What a run that waits for another run's end waits for.</summary>
    public static string RunEnd(Guid run) => $"run:{run}";
}
