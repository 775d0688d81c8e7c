using System.Collections.Concurrent;
using Npgsql;
using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

/// <summary>
/// Reads the queue ahead by position and hands on the runs of our slots, as far as there is room. Reading claims nothing and
/// writes nothing: the slots are ours. Runs that were started or woken here mostly never come this way; the reader finds what
/// others started, what found no room, and what was committed late, below the position read so far: once a poll it
/// starts again from the low mark, and now and then from the very beginning.
/// </summary>
internal sealed class QueueReader(RunServices services, LiveRuns live, Action<StoredRun, FlowPlan?> execute) : IDisposable
{
    private const int Batch = 500;
    private const int MostBreaks = 3;
    private static readonly short[] Priorities = [(short)RunPriority.High, (short)RunPriority.Normal, (short)RunPriority.Low];
    private static readonly TimeSpan FullSweepEvery = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<Guid> _recalled = new();
    private readonly ConcurrentDictionary<Guid, int> _breaks = new();
    private readonly Guid[] _positions = new Guid[Priorities.Length];
    private readonly SemaphoreSlim _poke = new(0, 1);
    private Guid _lowMark;
    private bool _startOver;
    private volatile bool _isBehind;

    /// <summary>Something may be in the queue: look now.</summary>
    public void Poke()
    {
        try
        {
            if (_poke.CurrentCount == 0) _poke.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else poked at the same moment, or the registration is over.
        }
    }

    /// <summary>This run may be back in the queue, below the position read so far.</summary>
    public void Recall(Guid run)
    {
        _recalled.Enqueue(run);
        Poke();
    }

    /// <summary>New slots came in whose rows lie above the mark.</summary>
    public void StartFrom(Guid lowMark)
    {
        lock (_gate)
        {
            if (lowMark.CompareTo(_lowMark) < 0) _lowMark = lowMark;
            _startOver = true;
        }
    }

    /// <summary>Moves the low mark up to the horizon, but not past anything that is unfinished or unread. Returns it.</summary>
    public Guid MoveLowMark(Guid horizon)
    {
        var mark = horizon;
        if (live.Lowest() is { } lowest && lowest.CompareTo(mark) < 0) mark = lowest;
        lock (_gate)
        {
            if (_isBehind || _startOver)
                foreach (var position in _positions)
                    if (position.CompareTo(mark) < 0) mark = position;
            if (mark.CompareTo(_lowMark) > 0) _lowMark = mark;
            return _lowMark;
        }
    }

    /// <summary>Counts that a run broke the engine's code; true when it did so too often to be tried again.</summary>
    public bool CountBreak(Guid run) => _breaks.AddOrUpdate(run, 1, (_, n) => n + 1) >= MostBreaks;

    public void Dispose() => _poke.Dispose();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        live.OnRoom = () =>
        {
            if (_isBehind && live.HasRoom) Poke();
        };
        var lastSweep = services.Time.GetTimestamp();
        var lastFullSweep = lastSweep;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(cancellationToken);
                if (live.OpenSlots().Length == 0) continue;
                if (services.Time.GetElapsedTime(lastFullSweep) >= FullSweepEvery)
                {
                    lastFullSweep = lastSweep = services.Time.GetTimestamp();
                    StartFrom(Guid.Empty);
                }
                else if (services.Time.GetElapsedTime(lastSweep) >= services.Options.Poll)
                {
                    lastSweep = services.Time.GetTimestamp();
                    lock (_gate) _startOver = true;
                }
                await ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                EngineLog.LoopFailed(services.Log, "Reading the queue", e.Message, e);
                lock (_gate) _startOver = true;
            }
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var poke = _poke.WaitAsync(either.Token);
        await Task.WhenAny(poke, Task.Delay(services.Options.Poll, services.Time, either.Token));
        await either.CancelAsync();
        // A poke that came at the last moment must not be swallowed; looking once too often harms nothing.
        await poke.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        await TakeRecalledAsync(cancellationToken);
        while (live.HasRoom)
        {
            live.BeginRead();
            Guid[] from;
            lock (_gate)
            {
                if (_startOver) Array.Fill(_positions, _lowMark);
                _startOver = false;
                from = [.. _positions];
            }
            var rows = await RunStore.ReadQueueAsync(services.Database.Engine, Priorities, from, Batch, cancellationToken);
            if (rows.Count == 0)
            {
                _isBehind = false;
                return;
            }
            var entered = new List<QueuedRun>(rows.Count);
            var isFull = false;
            lock (_gate)
            {
                foreach (var row in rows)
                {
                    var kind = live.Enter(row.Id, row.Slot);
                    if (kind == EntryKind.Full)
                    {
                        isFull = true;
                        break;
                    }
                    if (kind == EntryKind.Entered) entered.Add(row);
                    var place = Array.IndexOf(Priorities, row.Priority);
                    // Meanwhile new slots may have asked to start over.
                    if (!_startOver) _positions[place] = row.Id;
                }
            }
            _isBehind = isFull;
            await HandOnAsync(entered, cancellationToken);
            if (isFull) return;
        }
        _isBehind = true;
    }

    private async Task TakeRecalledAsync(CancellationToken cancellationToken)
    {
        if (_recalled.IsEmpty || !live.HasRoom) return;
        var runs = new List<Guid>();
        while (runs.Count < Batch && _recalled.TryDequeue(out var run)) runs.Add(run);
        live.BeginRead();
        var rows = await RunStore.FindQueuedAsync(services.Database.Engine, Priorities, [.. runs], cancellationToken);
        await HandOnAsync([.. rows.Where(r => live.TryEnter(r.Id, r.Slot))], cancellationToken);
        if (!_recalled.IsEmpty) Poke();
    }

    /// <summary>Loads runs that entered and hands them on; whatever fails, none may stay entered without being executed.</summary>
    private async Task HandOnAsync(List<QueuedRun> entered, CancellationToken cancellationToken)
    {
        if (entered.Count == 0) return;
        var waiting = entered.Select(r => r.Id).ToHashSet();
        try
        {
            foreach (var stored in await RunStore.LoadAsync(services.Database.Engine, [.. waiting], cancellationToken))
            {
                FlowPlan? plan = null;
                try
                {
                    plan = await services.Flows.FindAsync(stored.Start.FlowVersion, cancellationToken);
                }
                catch (FlowException e)
                {
                    EngineLog.RunUnreadable(services.Log, stored.Start.Id, e.Message);
                }
                waiting.Remove(stored.Start.Id);
                execute(stored, plan);
            }
        }
        finally
        {
            foreach (var run in waiting) live.Leave(run);
        }
    }
}
