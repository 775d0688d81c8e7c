using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

/// <summary>One registration of this process as a node, as its runs see it.</summary>
internal sealed class NodeSession(NodeEpoch epoch, LiveRuns live, Action<StartRow> begin, Action<Guid> recall) : IDisposable
{
    private readonly CancellationTokenSource _abort = new();
    private volatile bool _isDraining;

    public NodeEpoch Epoch { get; } = epoch;

    /// <summary>Everything stops at once: the lease is lost, or the time to drain is up.</summary>
    public CancellationToken Abort => _abort.Token;

    /// <summary>The node stops: running attempts may finish, new ones do not start.</summary>
    public bool IsDraining => _isDraining;

    public void Drain() => _isDraining = true;

    public void AbortAll() => _abort.Cancel();

    /// <summary>The runs that this registration holds.</summary>
    public LiveRuns Live { get; } = live;

    /// <summary>Starts a run for which room was made with <see cref="LiveRuns.TryEnter"/>, now that its start is committed.</summary>
    public void Begin(StartRow start) => begin(start);

    /// <summary>A run may have come back into the queue.</summary>
    public void Recall(Guid run) => recall(run);

    public void Dispose() => _abort.Dispose();
}
