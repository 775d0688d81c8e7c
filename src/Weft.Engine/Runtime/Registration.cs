using Weft.Engine.Store;
using Weft.Engine.Triggers;

namespace Weft.Engine.Runtime;

/// <summary>One registration of this process as a node, from its first lease to its last, with the loops that work under it.</summary>
internal sealed class Registration : IAsyncDisposable
{
    private readonly RunServices _services;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task[] _loops;
    private readonly Lock _gate = new();
    private readonly HashSet<short> _held = [];
    private readonly HashSet<short> _closing = [];
    private readonly TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (Guid Id, long Transaction)? _pendingHorizon;
    private Guid _horizon;
    private volatile bool _isLost;

    public Registration(RunServices services, NodeEpoch epoch)
    {
        _services = services;
        Epoch = epoch;
        Live = new LiveRuns(services.Options.MaxRunsInMemory);
        Reader = new QueueReader(services, Live, Execute);
        Session = new NodeSession(epoch, Live, Begin, Reader.Recall);
        Timers = new TimerLoop(services, Live, Reader);
        Changes = new RowTriggers(services, Live, Begin);
        _loops = services.Options.Works
            ? [Task.Run(() => Reader.RunAsync(_ended.Token)), Task.Run(() => Timers.RunAsync(_ended.Token)), Task.Run(() => Changes.RunAsync(_ended.Token))]
            : [];
    }

    public NodeEpoch Epoch { get; }

    public LiveRuns Live { get; }

    public NodeSession Session { get; }

    public QueueReader Reader { get; }

    public TimerLoop Timers { get; }

    public RowTriggers Changes { get; }

    /// <summary>Ends with the registration.</summary>
    public CancellationToken Ended => _ended.Token;

    public bool IsLost => _isLost;

    /// <summary>The slots that are this node's by the database, also those being given up.</summary>
    public IReadOnlyCollection<short> Held
    {
        get
        {
            lock (_gate) return [.. _held];
        }
    }

    public IReadOnlyCollection<short> Closing
    {
        get
        {
            lock (_gate) return [.. _closing];
        }
    }

    /// <summary>The lease is lost: nothing more can be written under it, so everything stops at once.</summary>
    public void Lost(NodeEpoch epoch)
    {
        if (epoch != Epoch || _isLost) return;
        _isLost = true;
        _services.Metrics.Fenced();
        EngineLog.NodeFenced(_services.Log, Epoch.Id, Live.Count);
        Live.CloseAll();
        Session.AbortAll();
        _wake.TrySetResult();
    }

    /// <summary>Waits for the next renewal of the lease, or for the news that it is lost.</summary>
    public async Task WaitAsync(TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        if (_isLost) return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_wake.Task, Task.Delay(delay, time, either.Token));
        await either.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>These slots are ours now; nothing of them lies below the mark.</summary>
    public void Take(IReadOnlyList<short> slots, Guid lowMark)
    {
        lock (_gate) _held.UnionWith(slots);
        Reader.StartFrom(lowMark);
        Live.Open(slots);
        Reader.Poke();
        Timers.Poke();
        EngineLog.SlotsChanged(_services.Log, Epoch.Id, string.Join(' ', Held.Order()));
    }

    /// <summary>Takes no more runs from so many of our slots, those with the highest numbers.</summary>
    public void CloseSome(int count)
    {
        List<short> close;
        lock (_gate)
        {
            close = [.. _held.Except(_closing).OrderDescending().Take(count)];
            _closing.UnionWith(close);
        }
        Live.Close(close);
    }

    /// <summary>Keeps some of those that were to be given up.</summary>
    public void Reopen(int count)
    {
        List<short> open;
        lock (_gate)
        {
            open = [.. _closing.Order().Take(count)];
            _closing.ExceptWith(open);
        }
        Reader.StartFrom(Guid.Empty);
        Live.Open(open);
        Reader.Poke();
    }

    public void GaveUp(IReadOnlyList<short> slots)
    {
        lock (_gate)
        {
            _held.ExceptWith(slots);
            _closing.ExceptWith(slots);
        }
        EngineLog.SlotsChanged(_services.Log, Epoch.Id, string.Join(' ', Held.Order()));
    }

    /// <summary>A run whose start was just committed here begins, without a way through the queue.</summary>
    public void Begin(StartRow start) => _ = BeginAsync(start);

    /// <summary>Shows runs that take longer than a moment.</summary>
    public void Announce()
    {
        var before = _services.Time.GetUtcNow() - _services.Options.ParkAfter;
        foreach (var run in Live.Executions())
            if (run.StartedAt < before) run.Announce();
    }

    /// <summary>
    /// Below which position of the queue nothing of ours is left and nothing can appear any more: ids do not commit in order,
    /// so the mark stays behind every transaction that was under way when its time was now.
    /// </summary>
    public Guid MoveLowMark(Pulse pulse, TimeSpan unsafeAge)
    {
        if (_pendingHorizon is { } pending && pulse.OldestTransaction >= pending.Transaction)
        {
            _horizon = pending.Id;
            _pendingHorizon = null;
        }
        _pendingHorizon ??= (RunIds.At(_services.Time.GetUtcNow() - unsafeAge), pulse.NextTransaction);
        return Reader.MoveLowMark(_horizon);
    }

    /// <summary>Takes nothing new and waits for what runs, at most so long.</summary>
    public async Task DrainAsync(TimeSpan within)
    {
        Live.CloseAll();
        Session.Drain();
        try
        {
            await Live.WhenEmptyAsync().WaitAsync(within, _services.Time);
        }
        catch (TimeoutException)
        {
            // What is left is broken off below and runs again elsewhere.
        }
    }

    /// <summary>Breaks off everything and waits until it has stopped.</summary>
    public async Task AbandonAsync()
    {
        Live.CloseAll();
        Session.AbortAll();
        await _ended.CancelAsync();
        await Task.WhenAll(_loops);
        await Live.WhenEmptyAsync().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAll(_loops);
        Reader.Dispose();
        Changes.Dispose();
        _ended.Dispose();
    }

    private async Task BeginAsync(StartRow start)
    {
        try
        {
            var plan = await _services.Flows.FindAsync(start.FlowVersion, Session.Abort);
            Execute(new StoredRun(start, null, null, null), plan);
        }
        catch (Exception e) when (e is OperationCanceledException or FlowException or Npgsql.NpgsqlException or IOException or TimeoutException)
        {
            // The queue's reader will find it again, and tell what is wrong if it still is.
            Live.Leave(start.Id);
        }
    }

    /// <summary>Executes a run that entered, and lets it leave when it is through.</summary>
    private void Execute(StoredRun stored, FlowPlan? plan) => _ = Task.Run(() => ExecuteAsync(stored, plan));

    private async Task ExecuteAsync(StoredRun stored, FlowPlan? plan)
    {
        var id = stored.Start.Id;
        try
        {
            if (plan is null)
            {
                await FailUnreadableAsync(stored, "the version of its flow is gone");
                return;
            }
            using var run = new RunExecution(_services, Session, plan, stored.Start, FlowValue.Parse(stored.Start.Inputs), stored.History, stored.State, stored.CancelReason);
            Live.Attach(id, run);
            var end = await run.ExecuteAsync();
            if (end.Kind == BranchKind.Parked) Timers.Expect(end.Due);
        }
        catch (Exception e) when (e is NodeFencedException or OperationCanceledException || Session.Abort.IsCancellationRequested)
        {
            // Stays in the queue; whoever owns its slot now goes on with it.
        }
        catch (FlowException e) when (e.Code == "engine_stopped")
        {
            // Likewise.
        }
#pragma warning disable CA1031 // A defect met by one run must not take the node down; three times, and the run is ended with it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            EngineLog.RunBroke(_services.Log, id, e);
            if (Reader.CountBreak(id)) await FailUnreadableAsync(stored, $"the engine failed on it: {e.Message}");
        }
        finally
        {
            Live.Leave(id);
        }
    }

    /// <summary>Ends a run that cannot be executed, so that it does not stay in the queue for ever.</summary>
    public async Task FailUnreadableAsync(StoredRun stored, string reason)
    {
        EngineLog.RunUnreadable(_services.Log, stored.Start.Id, reason);
        var now = _services.Time.GetUtcNow();
        var error = FlowValue.Map(("code", "run_unreadable"), ("message", Json.Clean($"The run cannot go on: {reason}")), ("step", null));
        var unit = new WriteUnit
        {
            Node = Epoch,
            End = new EndRow(stored.Start.Id, stored.Start.Priority, "failed", "failure", stored.State?.StartedAt ?? now, now, null,
                FlowValue.ToJson(error), stored.State?.RetryCount ?? 0, stored.State?.Generation ?? 0) { HasTraces = true, ParentId = stored.Start.ParentId },
        };
        try
        {
            await _services.Writer.WriteAsync(unit, Session.Abort);
            _services.Signals.Ended(stored.Start.Id);
        }
        catch (Exception e) when (e is NodeFencedException or OperationCanceledException or FlowException)
        {
            // The next node meets the same and ends it.
        }
    }
}
