using System.Runtime.InteropServices;
using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

/// <summary>How a branch of a run came back.</summary>
internal enum BranchKind
{
    /// <summary>Through.</summary>
    Done,
    /// <summary>A step failed for good.</summary>
    Failed,
    /// <summary>It waits longer than is worth keeping in memory.</summary>
    Parked,
    /// <summary>The run is cancelled.</summary>
    Cancelled,
    /// <summary>The node stops or lost its lease: the run goes on elsewhere, from its records.</summary>
    Stopped,
}

/// <summary>What a parked branch waits for.</summary>
internal enum ParkReason
{
    /// <summary>For time to pass, or for another run.</summary>
    Time,
    /// <summary>For its next attempt.</summary>
    Retry,
    /// <summary>For an answer from outside.</summary>
    Answer,
}

[StructLayout(LayoutKind.Auto)]
internal readonly record struct Branch(BranchKind Kind, RunFailure? Failure = null, DateTimeOffset Due = default, ParkReason Reason = ParkReason.Time)
{
    public static readonly Branch Done = new(BranchKind.Done);
    public static readonly Branch Stopped = new(BranchKind.Stopped);

    public static Branch Failed(RunFailure failure) => new(BranchKind.Failed, failure);

    public static Branch Cancelled(string reason) => new(BranchKind.Cancelled, new RunFailure("run_cancelled", reason, null));

    public static Branch Parked(DateTimeOffset due, ParkReason reason) => new(BranchKind.Parked, null, due, reason);

    /// <summary>
    /// What becomes of two branches side by side. A failed one waits for a parked one: the run ends when all that was begun
    /// has come to its end.
    /// </summary>
    public Branch With(Branch other)
    {
        if (Kind == BranchKind.Parked && other.Kind == BranchKind.Parked)
            return new Branch(BranchKind.Parked, null, Due < other.Due ? Due : other.Due, Reason == other.Reason ? Reason : ParkReason.Time);
        return Rank(other.Kind) > Rank(Kind) ? other : this;

        static int Rank(BranchKind kind) => kind switch
        {
            BranchKind.Stopped => 4,
            BranchKind.Cancelled => 3,
            BranchKind.Parked => 2,
            BranchKind.Failed => 1,
            _ => 0,
        };
    }
}

/// <summary>
/// One run in memory, from where its records end to its end, or to where it has to wait. The flow is walked as a tree with
/// plain async code; a step that is recorded answers from its record. Everything that a run writes goes through
/// <see cref="Append"/> and <see cref="CommitAsync"/>. Steps stand in RunExecution.Steps.cs, control tasks in RunExecution.Control.cs.
/// </summary>
internal sealed partial class RunExecution : IDisposable
{
    private readonly StartRow _start;
    private readonly RunHistory? _history;
    private readonly NodeSession _session;
    private readonly Lock _gate = new();
    private readonly RunFrame _top = new("");
    private CancellationTokenSource _interrupt;
    private WriteUnit? _pending;
    private bool _pendingBlocksEffects;
    private Task _blockingCommit = Task.CompletedTask;
    private string? _cancelReason;
    private bool _interruptNoticed;
    private bool _interruptConsumed;
    private bool _timedOut;
    private ITimer? _deadlineTimer;
    private DateTimeOffset? _deadline;
    private bool _hasTraces;
    private bool _isClosed;
    private bool _hasWarnings;
    private int _retryCount;
    private readonly int _generation;
    private volatile string? _currentStep;
    private string? _announcedStep;

    public RunExecution(RunServices services, NodeSession session, FlowPlan plan, StartRow start, object? inputs, RunHistory? history, StateRow? state, string? cancelReason)
    {
        Services = services;
        Plan = plan;
        _start = start;
        _session = session;
        _history = history;
        _generation = state?.Generation ?? 0;
        _retryCount = state?.RetryCount ?? 0;
        _hasTraces = state is not null || cancelReason is not null;
        _cancelReason = cancelReason;
        _interrupt = CancellationTokenSource.CreateLinkedTokenSource(session.Abort);
        StartedAt = state?.StartedAt ?? history?.FirstStart ?? services.Time.GetUtcNow();
        Inputs = inputs as IReadOnlyDictionary<string, object?> ?? FlowValue.Map();
        if (start.Masked is not null)
            foreach (var name in start.Masked) Mask.Add(FlowValue.ToText(Inputs.GetValueOrDefault(name)));
    }

    public RunServices Services { get; }

    public FlowPlan Plan { get; }

    public StartRow Start => _start;

    public Guid Id => _start.Id;

    public TimeProvider Time => Services.Time;

    public DateTimeOffset StartedAt { get; }

    public IReadOnlyDictionary<string, object?> Inputs { get; }

    public SecretMask Mask { get; } = new();

    public object? Labels => field ??= _start.Labels is null ? FlowValue.Map() : FlowValue.Parse(_start.Labels);

    public object? TriggerData => field ??= _start.TriggerData is null ? FlowValue.Map() : FlowValue.Parse(_start.TriggerData);

    public OrderedDictionary<string, object?> FlowMap => field ??= FlowValue.Map(
        ("id", Plan.Flow.Id), ("namespace", Plan.Flow.Namespace), ("version", (long)Plan.Version), ("revision", (long)Plan.Version));

    public OrderedDictionary<string, object?> RunMap => field ??= FlowValue.Map(
        ("id", Id.ToString()), ("startDate", _start.CreatedAt), ("created_at", _start.CreatedAt), ("trigger", _start.Trigger),
        ("workspace_id", _start.WorkspaceId?.ToString()), ("user_id", _start.UserId?.ToString()), ("parent_id", _start.ParentId?.ToString()));

    /// <summary>The registration under which the run is held; every record that it writes is fenced by it.</summary>
    public NodeEpoch Epoch => _session.Epoch;

    /// <summary>Ends the run as cancelled: what runs now is told, and nothing new starts but the <c>finally</c> tasks.</summary>
    public void Cancel(string reason)
    {
        lock (_gate)
        {
            if (_cancelReason is not null) return;
            _cancelReason = reason;
            _hasTraces = true;
            if (!_interruptConsumed) _interrupt.Cancel();
        }
    }

    /// <summary>
    /// Walks the run until it ends, parks or has to be left. Returns when all it recorded is committed. Throws only when the
    /// node lost its lease or the engine itself is at fault; then the run stays in the queue.
    /// </summary>
    public async Task<Branch> ExecuteAsync()
    {
        SetDeadline();
        if (_cancelReason is not null) await _interrupt.CancelAsync();
        var main = await RunTasksAsync(Plan.Flow.Tasks, _top);
        if (main.Kind is BranchKind.Parked) return await ParkAsync(main);
        if (main.Kind is BranchKind.Stopped) return main;

        // A generation is one life of the run: after a retry by hand the errors and finally tasks run again, under other paths.
        var after = new RunFrame(_top, _generation == 0 ? "" : $"retry{_generation}.", main.Failure);
        ConsumeInterrupt();
        if (main.Kind == BranchKind.Failed && Plan.Flow.Errors.Count > 0)
        {
            // A failure in here changes nothing: the run has failed already, and the record says how this step did.
            var errors = await RunTasksAsync(Plan.Flow.Errors, after);
            if (errors.Kind is BranchKind.Parked) return await ParkAsync(errors);
            if (errors.Kind is BranchKind.Stopped) return errors;
            ConsumeInterrupt();
        }
        if (Plan.Flow.Finally.Count > 0)
        {
            var last = await RunTasksAsync(Plan.Flow.Finally, after);
            if (last.Kind is BranchKind.Parked) return await ParkAsync(last);
            if (last.Kind is BranchKind.Stopped) return last;
            if (main.Kind == BranchKind.Done) main = last;
        }
        return await EndAsync(main);
    }

    /// <summary>
    /// For a run that takes longer than a moment: shows that it runs and where, and commits what it recorded meanwhile, so that
    /// people see it. Called about once a second.
    /// </summary>
    public void Announce()
    {
        var step = _currentStep;
        lock (_gate)
        {
            // The one before is still under way, or the run is at its end: a state written after that would stay for ever.
            if (_isClosed || !_blockingCommit.IsCompletedSuccessfully) return;
            if (_pending is null && step == _announcedStep && _hasTraces) return;
            _announcedStep = step;
            _hasTraces = true;
            var unit = TakePending();
            unit.State = State("running", null);
            _blockingCommit = unit.Committed;
            Services.Writer.Write(unit);
        }
    }

    public void Dispose()
    {
        _deadlineTimer?.Dispose();
        _interrupt.Dispose();
    }

    private async ValueTask<Branch> RunTasksAsync(IReadOnlyList<TaskDefinition> tasks, RunFrame frame)
    {
        for (var i = 0; i < tasks.Count; i++)
        {
            var branch = await RunTaskAsync(tasks[i], frame);
            if (branch.Kind != BranchKind.Done) return branch;
        }
        return Branch.Done;
    }

    private async Task<Branch> EndAsync(Branch main)
    {
        string? outputs = null;
        if (main.Kind == BranchKind.Done && Plan.Flow.Outputs.Count > 0)
        {
            try
            {
                outputs = Json.Write(Mask.Hide(EvaluateOutputs()), Services.Options.MaxValueBytes, "The flow's output");
            }
            catch (FlowException e)
            {
                main = Branch.Failed(new RunFailure(e.Code, $"The outputs cannot be evaluated: {e.Message}", null));
            }
        }
        var (status, outcome) = main.Kind switch
        {
            BranchKind.Done => ("completed", _hasWarnings ? "warning" : "success"),
            BranchKind.Cancelled => ("cancelled", null),
            _ => ("failed", (string?)"failure"),
        };
        var error = main.Failure is { } failure
            ? Json.WriteForDisplay(FlowValue.Map(("code", failure.Code), ("message", Json.Clean(Mask.Hide(failure.Message))), ("step", failure.Step)), Services.Options.MaxValueBytes)
            : null;
        var ended = Time.GetUtcNow();
        await CloseAsync();
        WriteUnit unit;
        lock (_gate)
        {
            unit = TakePending();
            unit.End = new EndRow(Id, _start.Priority, status, outcome, StartedAt, ended, outputs, error, _retryCount, _generation)
            {
                HasTraces = _hasTraces,
                ParentId = _start.ParentId,
            };
        }
        Services.Writer.Write(unit);
        await unit.Committed;
        Services.Metrics.Ended(status, ended - StartedAt);
        EngineLog.RunEnded(Services.Log, Id, status);
        return main;
    }

    private OrderedDictionary<string, object?> EvaluateOutputs()
    {
        var scope = new RunScope(this, _top, null, 0);
        var values = FlowValue.Map();
        foreach (var (name, template) in Plan.Flow.Outputs) values[name] = template.Evaluate(scope);
        return values;
    }

    private async Task<Branch> ParkAsync(Branch parked)
    {
        var due = _deadline is { } deadline && deadline < parked.Due ? deadline : parked.Due;
        var status = parked.Reason switch
        {
            ParkReason.Retry => "awaiting_retry",
            ParkReason.Answer => "paused",
            _ => "running",
        };
        await CloseAsync();
        WriteUnit unit;
        lock (_gate)
        {
            unit = TakePending();
            unit.Park = new ParkRow(Id, _start.Priority, _start.Slot, due);
            unit.State = State(status, parked.Reason == ParkReason.Retry ? due : null);
            if (status != "running") unit.Add(new EventRow(Id, Time.GetUtcNow(), 0, "running", status, null));
        }
        Services.Writer.Write(unit);
        await unit.Committed;
        Services.Metrics.Parked();
        EngineLog.RunParked(Services.Log, Id, due);
        return parked with { Due = due };
    }

    /// <summary>The last record of the run's stay in memory comes after all others: two connections write, so it must wait for them.</summary>
    private Task CloseAsync()
    {
        lock (_gate)
        {
            _isClosed = true;
            return _blockingCommit;
        }
    }

    private StateRow State(string status, DateTimeOffset? nextRetry) =>
        new(Id, status, _currentStep, StartedAt, nextRetry, _retryCount, _generation);

    /// <summary>Adds a record to what is committed next.</summary>
    private void Append(StepRow row, List<LogRow>? logs, ReplayRule.Commit commit)
    {
        lock (_gate)
        {
            _pending ??= new WriteUnit { Node = Epoch, OnCommitted = Committed };
            _pending.Add(row);
            if (logs is not null) (_pending.Logs ??= []).AddRange(logs);
            if (commit != ReplayRule.Commit.Whenever) _pendingBlocksEffects = true;
        }
    }

    /// <summary>Commits all that is recorded so far, and the given things with it.</summary>
    private Task CommitAsync(StartRow? child = null, WaitRow? wait = null)
    {
        WriteUnit unit;
        lock (_gate)
        {
            unit = TakePending();
            if (child is not null)
            {
                unit.Add(child);
                // Entered before it is committed: else the queue's reader could take it up as well.
                if (_session.Live.TryEnter(child.Id, child.Slot)) unit.Entered = child;
            }
            if (wait is not null)
            {
                unit.Add(wait);
                _hasTraces = true;
            }
            if (unit.IsEmpty) return _blockingCommit;
            // Whoever asks next must wait for this one too: it may hold what they build on.
            _blockingCommit = _blockingCommit.IsCompletedSuccessfully ? unit.Committed : Task.WhenAll(_blockingCommit, unit.Committed);
            Services.Writer.Write(unit);
            return _blockingCommit;
        }
    }

    /// <summary>Before a step with an effect: everything that cannot be worked out again must be committed.</summary>
    private ValueTask SettleAsync()
    {
        lock (_gate)
        {
            if (!_pendingBlocksEffects) return _blockingCommit.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(_blockingCommit);
        }
        return new ValueTask(CommitAsync());
    }

    private WriteUnit TakePending()
    {
        var unit = _pending ?? new WriteUnit { Node = Epoch, OnCommitted = Committed };
        _pending = null;
        _pendingBlocksEffects = false;
        return unit;
    }

    private void Committed(WriteUnit unit)
    {
        if (unit.Entered is { } child) _session.Begin(child);
        if (unit.End is not null)
        {
            Services.Signals.Ended(Id);
            if (_start.ParentId is { } parent) _session.Recall(parent);
        }
        Services.Changed?.Invoke(_start);
    }

    private void SetDeadline()
    {
        if (Plan.Flow.Timeout is not { } timeout) return;
        _deadline = StartedAt + timeout;
        var left = _deadline.Value - Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            _timedOut = true;
            _interrupt.Cancel();
            return;
        }
        _deadlineTimer = Time.CreateTimer(static state =>
        {
            var run = (RunExecution)state!;
            lock (run._gate)
            {
                if (run._interruptConsumed) return;
                run._timedOut = true;
                run._interrupt.Cancel();
            }
        }, this, left < TimeSpan.FromDays(40) ? left : TimeSpan.FromDays(40), Timeout.InfiniteTimeSpan);
    }

    /// <summary>What an interruption of the run means to the step that noticed it.</summary>
    private Branch Interrupted()
    {
        lock (_gate)
        {
            if (_session.Abort.IsCancellationRequested) return Branch.Stopped;
            _interruptNoticed = true;
            if (_cancelReason is not null) return Branch.Cancelled(_cancelReason);
            return _timedOut
                ? Branch.Failed(new RunFailure("run_timeout", $"The run took longer than the flow's timeout of {Plan.Flow.Timeout}.", _currentStep))
                : Branch.Stopped;
        }
    }

    /// <summary>
    /// An interruption that stopped something has done its work: the errors and finally tasks run undisturbed by it. One that
    /// found nothing left to stop is still to come, also after a replay.
    /// </summary>
    private void ConsumeInterrupt()
    {
        lock (_gate)
        {
            if (!_interruptNoticed || _interruptConsumed) return;
            _interruptConsumed = true;
            _deadline = null;
            _deadlineTimer?.Dispose();
            _interrupt.Dispose();
            _interrupt = CancellationTokenSource.CreateLinkedTokenSource(_session.Abort);
        }
    }
}
