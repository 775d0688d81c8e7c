using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Weft.Engine.Language;
using Weft.Engine.Runtime;
using Weft.Engine.Store;
using Weft.Engine.Triggers;
using Weft.Postgres;

namespace Weft.Engine;

/// <summary>
/// The engine of this process: deploys flows, starts runs, and, between <see cref="StartAsync(CancellationToken)"/> and <see cref="StopAsync"/>,
/// runs them. Authorisation is the caller's: whoever may not see a run must not be let through to here.
/// </summary>
public sealed class FlowEngine : IAsyncDisposable
{
    private const int LongestKey = 256;
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswersKept = TimeSpan.FromDays(30);

    [Sql(DatabaseRole.Engine)]
    private const string RequestCancel = "insert into weft.cancel_request (run_id, reason) values ($1, $2) on conflict (run_id) do nothing";

    [Sql(DatabaseRole.Engine)]
    private const string RunExists = "select exists (select 1 from weft.run where id = $1), exists (select 1 from weft.run_end where run_id = $1)";

    [Sql(DatabaseRole.Engine)]
    private const string TakeEnd = "delete from weft.run_end where run_id = $1 and status in ('failed', 'cancelled') returning status, outcome, started_at, ended_at, error ->> 'message', retry_count, generation";

    [Sql(DatabaseRole.Engine)]
    private const string RetryFailedSteps = """
        update weft.step set error = error || jsonb_build_object('retry_at', $2::text, 'by_hand', true)
        where run_id = $1 and attempt > 0 and status in ('failed', 'cancelled') and not (error ? 'retry_at') and not coalesce((error ->> 'allowed')::boolean, false)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string NoteRetry = """
        insert into weft.run_event (run_id, at, number, from_status, to_status, reason)
        values ($1, $7, 2, 'pending', 'running', null), ($1, $2, 3, 'running', $3, $4), ($1, $5, 4, $3, 'pending', $6)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string PutPending = """
        insert into weft.run_state (run_id, status, started_at, retry_count, generation) values ($1, 'pending', $4, $2, $3)
        on conflict (run_id) do update set status = excluded.status, started_at = excluded.started_at, retry_count = excluded.retry_count,
          generation = excluded.generation, updated_at = now()
        """;

    [Sql(DatabaseRole.Engine)]
    private const string PutIntoQueue = "insert into weft.queue (priority, run_id, slot) select priority, id, $2 from weft.run where id = $1";

    private readonly RunServices _services;
    private readonly Doorbell _doorbell;
    private EngineNode? _node;

    /// <summary>An engine on the given database. It runs nothing before <see cref="StartAsync(CancellationToken)"/>.</summary>
    public FlowEngine(WeftDatabase database, TaskTypeRegistry types, EngineOptions options, TimeProvider time, ILoggerFactory log)
    {
        options.Validate();
        var logger = log.CreateLogger<FlowEngine>();
        _services = new RunServices(database, new FlowCatalog(database.Engine, types, time), options, time, logger);
        _doorbell = new Doorbell(database, time, logger);
        _services.Changed = start => Notice(new RunChange(start.Id, start.WorkspaceId, start.UserId, IsLocal: true));
        _doorbell.OnWork = () => _node?.Poke();
        _doorbell.OnDeployment = _services.Flows.Refresh;
        _doorbell.OnChange = run => RunChanged?.Invoke(new RunChange(run, null, null, IsLocal: false));
    }

    /// <summary>Raised whenever something of a run was recorded, here or on another node. Handlers must be quick and not throw.</summary>
#pragma warning disable MA0046 // A change is raised thousands of times a second; it needs neither a sender nor an EventArgs object each.
    public event Action<RunChange>? RunChanged;
#pragma warning restore MA0046

    /// <summary>The task types that flows may use.</summary>
    public TaskTypeRegistry TaskTypes => _services.Flows.Types;

    internal RunServices Services => _services;

    internal EngineNode? Node => _node;

    /// <summary>Registers this process as a node and begins to work, unless the options say that it does not work.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_node is not null) throw new InvalidOperationException("The engine has been started.");
        await _doorbell.ListenAsync(cancellationToken);
        _node = new EngineNode(_services);
        await _node.StartAsync(cancellationToken);
    }

    /// <summary>Takes nothing new, lets running steps finish within <see cref="EngineOptions.DrainTimeout"/>, commits, and hands back what is left.</summary>
    public async Task StopAsync()
    {
        if (_node is not null) await _node.StopAsync();
    }

    /// <summary>
    /// Checks a flow's source and makes it the current version; the text of the current version again changes nothing. Runs
    /// under way stay on their versions. Throws <see cref="FlowInvalidException"/> with every problem.
    /// </summary>
    public async Task<FlowDeployment> DeployAsync(string source, FlowOwner owner, CancellationToken cancellationToken)
    {
        var compilation = FlowCompiler.Compile(source, _services.Flows.Types);
        if (compilation.Flow is null) throw new FlowInvalidException(compilation.Problems);
        var deployment = await FlowStore.DeployAsync(_services, source, compilation, owner, cancellationToken);
        _services.Flows.Refresh();
        if (deployment.IsNewVersion) _doorbell.TellOfDeployment();
        return deployment;
    }

    /// <summary>Removes a flow; its runs stay to be seen, and those under way end as failed. False when there is none.</summary>
    public async Task<bool> DeleteFlowAsync(string ns, string flowId, FlowOwner owner, CancellationToken cancellationToken)
    {
        var isGone = await FlowStore.DeleteAsync(_services.Database.Engine, ns, flowId, owner, cancellationToken);
        _services.Flows.Refresh();
        if (isGone) _doorbell.TellOfDeployment();
        return isGone;
    }

    /// <summary>
    /// Starts a run. When this returns the run is committed and will not be lost. Throws <see cref="FlowNotFoundException"/>
    /// and <see cref="InputsInvalidException"/>.
    /// </summary>
    public async Task<RunStarted> StartAsync(StartRun request, CancellationToken cancellationToken)
    {
        var start = await PrepareAsync(request, cancellationToken);
        if (request.IdempotencyKey is null) return await CommitAsync(start, cancellationToken);

        await using var connection = await _services.Database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var started = await RunStarts.WriteAsync(_services, connection, start, CheckKey(request.IdempotencyKey), cancellationToken);
        if (started.AlreadyExisted) return started;
        var isHere = _node?.TryEnter(start) == true;
        try
        {
            await transaction.CommitAsync(cancellationToken);
        }
        catch
        {
            if (isHere) _node!.Forget(start);
            throw;
        }
        HandOver(start, isHere);
        return started;
    }

    /// <summary>
    /// Starts a run inside the caller's transaction (of the engine's role): the run exists if and only if the transaction
    /// commits. After the commit call <see cref="Announce"/>, or the run begins up to a second later.
    /// </summary>
    public async Task<RunStarted> StartAsync(StartRun request, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var start = await PrepareAsync(request, cancellationToken);
        var key = request.IdempotencyKey is null ? null : CheckKey(request.IdempotencyKey);
        return await RunStarts.WriteAsync(_services, transaction.Connection!, start, key, cancellationToken);
    }

    /// <summary>Tells the nodes that a transaction which started runs has committed.</summary>
    public void Announce()
    {
        _node?.Poke();
        _doorbell.Ring();
    }

    /// <summary>
    /// Starts the flow whose webhook has this key. Null when there is no such flow or the key is wrong. Throws
    /// <see cref="InputsInvalidException"/>, and <see cref="FlowException"/> with <c>trigger_condition_false</c>.
    /// </summary>
    public async Task<RunStarted?> StartByWebhookAsync(string ns, string flowId, string key, WebhookRequest request, CancellationToken cancellationToken)
    {
        if (await Webhooks.FindAsync(_services, ns, flowId, key, request, cancellationToken) is not { } webhook) return null;
        var start = RunStarts.Prepare(_services, webhook.Plan, webhook.Request, NextId(), webhook.Data, ignoreUnknown: true);
        return await CommitAsync(start, cancellationToken);
    }

    /// <summary>
    /// Ends a run as cancelled: running steps are told, nothing new starts but the <c>finally</c> tasks. Returns when the request
    /// is committed. Throws <c>run_not_found</c> and <c>run_ended</c>.
    /// </summary>
    public async Task CancelAsync(Guid runId, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await _services.Database.Engine.OpenConnectionAsync(cancellationToken);
        await using (var find = new NpgsqlCommand(RunExists, connection))
        {
            find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runId });
            await using var row = await find.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            if (!row.GetBoolean(0)) throw NoRun(runId);
            if (row.GetBoolean(1)) throw new FlowException("run_ended", $"The run {runId} has ended; there is nothing to cancel.");
        }
        var text = Json.Clean(string.IsNullOrWhiteSpace(reason) ? "Cancelled." : reason, 1_000);
        await using (var request = new NpgsqlCommand(RequestCancel, connection))
        {
            request.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runId });
            request.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
            await request.ExecuteNonQueryAsync(cancellationToken);
        }
        // A parked run goes back into the queue to end; its node finds the request there.
        await RunStore.WakeAsync(_services.Database.Engine, [runId], cancellationToken);
        if (_node?.TryCancel(runId, text) == true) return;
        if (_node?.Owns(RunIds.SlotOf(runId)) == true) _node.Recall(runId);
        else _doorbell.Ring();
    }

    /// <summary>
    /// Goes on with a failed or cancelled run, from the steps that failed; what is recorded stays. Throws <c>run_not_found</c>
    /// and <c>run_not_failed</c>.
    /// </summary>
    public async Task RetryAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await _services.Database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        string status, message;
        DateTime began, ended;
        int retries, generation;
        await using (var take = new NpgsqlCommand(TakeEnd, connection))
        {
            take.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runId });
            await using var row = await take.ExecuteReaderAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken))
            {
                await row.DisposeAsync();
                throw await WhyNoRetryAsync(connection, runId, cancellationToken);
            }
            status = row.GetString(0);
            began = row.GetDateTime(2);
            ended = row.GetDateTime(3);
            message = row.IsDBNull(4) ? "" : row.GetString(4);
            retries = row.GetInt32(5) + 1;
            generation = row.GetInt32(6) + 1;
        }
        var now = _services.Time.GetUtcNow();
        await using (var batch = new NpgsqlBatch(connection))
        {
            Add(batch, RetryFailedSteps, (runId, NpgsqlDbType.Uuid), (now.ToString("O"), NpgsqlDbType.Text));
            Add(batch, NoteRetry, (runId, NpgsqlDbType.Uuid), (ended, NpgsqlDbType.TimestampTz), (status, NpgsqlDbType.Text), (message, NpgsqlDbType.Text),
                (now.UtcDateTime, NpgsqlDbType.TimestampTz), ("retried by hand", NpgsqlDbType.Text), (began, NpgsqlDbType.TimestampTz));
            // The flow's timeout begins anew with the retry.
            Add(batch, PutPending, (runId, NpgsqlDbType.Uuid), (retries, NpgsqlDbType.Integer), (generation, NpgsqlDbType.Integer), (now.UtcDateTime, NpgsqlDbType.TimestampTz));
            Add(batch, PutIntoQueue, (runId, NpgsqlDbType.Uuid), ((short)RunIds.SlotOf(runId), NpgsqlDbType.Smallint));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        if (_node?.Owns(RunIds.SlotOf(runId)) == true) _node.Recall(runId);
        else _doorbell.Ring();
    }

    /// <summary>
    /// Answers a step that waits for this key (<see cref="StepOutcome.WaitFor"/>), also before it does. The first answer counts;
    /// false when there was one already.
    /// </summary>
    public async Task<bool> AnswerAsync(string key, object? value, CancellationToken cancellationToken)
    {
        var json = value is null ? null : Json.Write(value, _services.Options.MaxValueBytes, "The answer");
        var isFirst = await AnswerStore.GiveAsync(_services.Database.Engine, key, json, _services.Time.GetUtcNow() + AnswersKept, cancellationToken);
        Announce();
        return isFirst;
    }

    /// <summary>Waits until the run has ended and returns it whole. Throws <c>run_not_found</c>.</summary>
    public async Task<RunDetail> WaitForEndAsync(Guid runId, CancellationToken cancellationToken)
    {
        var delay = FirstLook;
        while (true)
        {
            // Asked for before the look, so that an end between the two is not missed.
            var signal = _services.Signals.EndOf(runId);
            if (await RunStore.FindEndAsync(_services.Database.Engine, runId, cancellationToken) is not null)
            {
                _services.Signals.Forget(runId);
                await using var connection = await _services.Database.Engine.OpenConnectionAsync(cancellationToken);
                return await RunReader.FindAsync(connection, runId, cancellationToken) ?? throw NoRun(runId);
            }
            if (delay == FirstLook) await CheckExistsAsync(runId, cancellationToken);
            // The end may come on another node, or in another process whose signal does not reach us.
            await Task.WhenAny(signal, Task.Delay(delay, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            delay = delay * 2 < LongestLook ? delay * 2 : LongestLook;
        }
    }

    /// <summary>Stops, if it was started, and closes what it opened.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        await _services.Writer.DisposeAsync();
        await _doorbell.DisposeAsync();
        _services.Metrics.Dispose();
    }

    private Guid NextId() => _node?.NextSlot() is { } slot ? _services.Ids.Next(slot) : _services.Ids.Next();

    private async ValueTask<StartRow> PrepareAsync(StartRun request, CancellationToken cancellationToken)
    {
        var plan = await _services.Flows.FindCurrentAsync(request.WorkspaceId, request.Namespace, request.FlowId, cancellationToken)
            ?? throw new FlowNotFoundException(request.Namespace, request.FlowId);
        if (plan.IsSystem && !request.MayStartSystemFlow) throw NotStartable(plan);
        return RunStarts.Prepare(_services, plan, request, NextId());
    }

    /// <summary>Commits the start with whatever else is committed at this moment.</summary>
    private async Task<RunStarted> CommitAsync(StartRow start, CancellationToken cancellationToken)
    {
        var isHere = _node?.TryEnter(start) == true;
        var unit = new WriteUnit
        {
            OnCommitted = _ => HandOver(start, isHere),
            OnRefused = () =>
            {
                if (isHere) _node!.Forget(start);
            },
        };
        unit.Add(start);
        await _services.Writer.WriteAsync(unit, cancellationToken);
        return new RunStarted(start.Id, start.CreatedAt, AlreadyExisted: false);
    }

    private void HandOver(StartRow start, bool isHere)
    {
        _services.Metrics.Started(1);
        if (isHere) _node!.Begin(start);
        else if (_node?.Owns(start.Slot) == true) _node.Poke();
        else _doorbell.Ring();
        _services.Changed?.Invoke(start);
    }

    private void Notice(RunChange change)
    {
        RunChanged?.Invoke(change);
        if (_node is { Others: > 0 }) _doorbell.TellOfChange(change.RunId);
    }

    private static string CheckKey(string key) => key.Length is > 0 and <= LongestKey && !key.Contains('\0')
        ? key
        : throw new FlowException("idempotency_key_invalid", $"An idempotency key has 1 to {LongestKey} characters.");

    private async Task CheckExistsAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var find = _services.Database.Engine.CreateCommand(RunExists);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runId });
        if (await find.ExecuteScalarAsync(cancellationToken) is not true)
        {
            _services.Signals.Forget(runId);
            throw NoRun(runId);
        }
    }

    private static async Task<FlowException> WhyNoRetryAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(RunExists, connection);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runId });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetBoolean(0)
            ? new FlowException("run_not_failed", $"The run {runId} has not failed; only failed and cancelled runs can be retried.")
            : NoRun(runId);
    }

    internal static FlowException NotStartable(FlowPlan plan) => new(
        "flow_not_startable", $"{plan.Name} is one of the product's own flows: it starts by what happens in the product. Save a flow of that name in your workspace to start your own.");

    private static FlowException NoRun(Guid runId) => new("run_not_found", $"There is no run {runId}.");

    private static void Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<(object? Value, NpgsqlDbType Type)> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (value, type) in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        batch.BatchCommands.Add(command);
    }
}
