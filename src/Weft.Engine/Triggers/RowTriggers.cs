using Npgsql;
using NpgsqlTypes;
using Weft.Engine.Runtime;
using Weft.Engine.Store;
using Weft.Postgres;

namespace Weft.Engine.Triggers;

/// <summary>
/// Turns row changes into runs. The change's row in the outbox was written by the transaction that made the change; here the
/// starts and the deletion of that row are one transaction, so each change starts its runs exactly once. Rows are taken as
/// they become visible and leave by deletion: there is no cursor that could pass a change whose transaction is still open, and
/// a transaction held open elsewhere delays nobody.
/// </summary>
internal sealed class RowTriggers(RunServices services, LiveRuns live, Action<StartRow> begin) : IDisposable
{
    private const int Batch = 200;
    private static readonly TimeSpan BusyPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(5);

    [Sql(DatabaseRole.Engine)]
    private const string TakeChanges = """
        select id, table_name, operation, new, old from weft.outbox order by id limit $1 for update skip locked
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindListeners = """
        select t.table_name, t.operations, t.trigger_id, v.id, f.workspace_id, f.id
        from weft.trigger t join weft.flow f on f.id = t.flow join weft.flow_version v on v.flow = f.id and v.version = f.current_version
        where t.kind = 'row' and t.table_name = any($1) and not t.disabled and not f.disabled
        """;

    [Sql(DatabaseRole.Engine)]
    private const string DropChanges = "delete from weft.outbox where id = any($1)";

    [Sql(DatabaseRole.Engine)]
    private const string NoteFired = "update weft.trigger set last_fired_at = now() where flow = $1 and trigger_id = $2";

    [Sql(DatabaseRole.Engine)]
    private const string NoteFailed = "update weft.trigger set last_error = $3, last_error_at = now() where flow = $1 and trigger_id = $2";

    private readonly SemaphoreSlim _poke = new(0, 1);

    /// <summary>Changes wait: the node sees that when it renews its lease, so that an idle node asks for nothing else.</summary>
    public void Poke()
    {
        if (_poke.CurrentCount == 0) _poke.Release();
    }

    public void Dispose() => _poke.Dispose();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _poke.WaitAsync(cancellationToken);
                var lastFound = services.Time.GetTimestamp();
                // One change is often followed by others: for a while the outbox is looked at more often.
                while (services.Time.GetElapsedTime(lastFound) < BusyFor)
                {
                    while (live.OpenSlots().Length > 0 && await TakeAsync(cancellationToken) > 0) lastFound = services.Time.GetTimestamp();
                    await Task.Delay(BusyPoll, services.Time, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                EngineLog.LoopFailed(services.Log, "Reading row changes", e.Message, e);
            }
        }
    }

    /// <summary>Starts what the next changes ask for. Returns how many changes were taken.</summary>
    internal async Task<int> TakeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await services.Database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var changes = await ReadChangesAsync(connection, cancellationToken);
        if (changes.Count == 0) return 0;
        var listeners = await ReadListenersAsync(connection, [.. changes.Select(c => c.Table).Distinct()], cancellationToken);

        var starts = new List<StartRow>();
        var notes = new Dictionary<(Guid Flow, string Trigger), string?>();
        foreach (var change in changes)
        {
            foreach (var listener in listeners)
            {
                if (listener.Table != change.Table || !listener.Operations.Contains(change.Operation)) continue;
                try
                {
                    if (await PrepareAsync(listener, change, cancellationToken) is not { } start) continue;
                    starts.Add(start);
                    notes.TryAdd((listener.Flow, listener.TriggerId), null);
                }
                catch (FlowException e)
                {
                    // The change stays committed and the flow's author finds the reason at the trigger.
                    EngineLog.TriggerFailed(services.Log, listener.TriggerId, listener.Flow.ToString(), e.Message);
                    notes[(listener.Flow, listener.TriggerId)] = Json.Clean(e.Message, 2_000);
                }
            }
        }

        await using (var batch = new NpgsqlBatch(connection))
        {
            FlushStatements.AddStarts(batch, starts);
            foreach (var ((flow, trigger), error) in notes)
            {
                var note = new NpgsqlBatchCommand(error is null ? NoteFired : NoteFailed);
                note.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = flow });
                note.Parameters.Add(new NpgsqlParameter<string> { TypedValue = trigger });
                if (error is not null) note.Parameters.Add(new NpgsqlParameter<string> { TypedValue = error });
                batch.BatchCommands.Add(note);
            }
            var drop = new NpgsqlBatchCommand(DropChanges);
            drop.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. changes.Select(c => c.Id)] });
            batch.BatchCommands.Add(drop);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        // Entered before the commit, so that the queue's reader leaves them to us.
        var entered = starts.FindAll(s => live.TryEnter(s.Id, s.Slot));
        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        catch
        {
            foreach (var start in entered) live.Leave(start.Id);
            throw;
        }
        services.Metrics.Started(starts.Count);
        foreach (var start in entered) begin(start);
        return changes.Count;
    }

    private async Task<StartRow?> PrepareAsync(Listener listener, Change change, CancellationToken cancellationToken)
    {
        var row = change.New ?? change.Old ?? FlowValue.Map();
        var workspace = Id(row, "workspace_id");
        // A workspace's flow sees the rows of its own workspace and no others.
        if (listener.WorkspaceId is not null && listener.WorkspaceId != workspace) return null;
        if (await services.Flows.FindAsync(listener.Version, cancellationToken) is not { } plan) return null;
        var trigger = plan.Flow.Triggers.First(t => t.Id == listener.TriggerId);
        var data = FlowValue.Map(
            ("id", trigger.Id), ("type", "row"), ("table", change.Table), ("operation", change.Operation), ("new", change.New), ("old", change.Old));
        var scope = new StartScope(services, plan, data, services.Time.GetUtcNow());
        if (trigger.When is { } when && !Truth.Of(when.Evaluate(scope))) return null;

        var inputs = FlowValue.Map();
        if (trigger.Inputs.Count > 0)
        {
            foreach (var (name, template) in trigger.Inputs) inputs[name] = template.Evaluate(scope);
        }
        else
        {
            // Without a mapping, inputs take the columns of the same name, and "TABLE_id" takes the row's id.
            var single = change.Table[(change.Table.LastIndexOf('.') + 1)..] + "_id";
            foreach (var input in plan.Flow.Inputs)
            {
                if (row.TryGetValue(input.Id, out var value)) inputs[input.Id] = value;
                else if (input.Id == single && row.TryGetValue("id", out var id)) inputs[input.Id] = id;
            }
        }
        return RunStarts.Prepare(services, plan, new StartRun
        {
            Namespace = plan.Flow.Namespace,
            FlowId = plan.Flow.Id,
            Inputs = inputs,
            // A workspace's flow acts for its workspace, always; where a flow of the product acts for somebody else than the
            // row's columns say, it says so.
            WorkspaceId = listener.WorkspaceId ?? ActsFor(trigger, "workspace", workspace, scope),
            UserId = listener.WorkspaceId is null ? ActsFor(trigger, "user", Id(row, "user_id"), scope) : Id(row, "user_id"),
            Trigger = "row",
        }, live.NextSlot() is { } slot ? services.Ids.Next(slot) : services.Ids.Next(), data);
    }

    /// <summary>Whom the trigger names under this key: the row's own where it says nothing, nobody where what it says is empty.</summary>
    private static Guid? ActsFor(TriggerDefinition trigger, string key, Guid? otherwise, StartScope scope)
    {
        if (!trigger.Properties.TryGetValue(key, out var template)) return otherwise;
        var text = FlowValue.ToText(template.Evaluate(scope));
        if (string.IsNullOrWhiteSpace(text)) return null;
        return Guid.TryParse(text, out var id) ? id : throw new FlowException("trigger_invalid", $"'{key}' of the trigger '{trigger.Id}' is '{text}'; it must be an id, or empty for none.");
    }

    private static Guid? Id(IReadOnlyDictionary<string, object?> row, string column) =>
        row.GetValueOrDefault(column) is string text && Guid.TryParse(text, out var id) ? id : null;

    private static async Task<List<Change>> ReadChangesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeChanges, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Batch });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new List<Change>();
        while (await reader.ReadAsync(cancellationToken))
            changes.Add(new Change(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), Row(reader, 3), Row(reader, 4)));
        return changes;
    }

    private static IReadOnlyDictionary<string, object?>? Row(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : (IReadOnlyDictionary<string, object?>?)FlowValue.Parse(reader.GetString(column));

    private static async Task<List<Listener>> ReadListenersAsync(NpgsqlConnection connection, string[] tables, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindListeners, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = tables, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var listeners = new List<Listener>();
        while (await reader.ReadAsync(cancellationToken))
            listeners.Add(new Listener(reader.GetString(0), reader.GetFieldValue<string[]>(1), reader.GetString(2), reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetGuid(4), reader.GetGuid(5)));
        return listeners;
    }

    private sealed record Change(long Id, string Table, string Operation, IReadOnlyDictionary<string, object?>? New, IReadOnlyDictionary<string, object?>? Old);

    private sealed record Listener(string Table, string[] Operations, string TriggerId, long Version, Guid? WorkspaceId, Guid Flow);
}
