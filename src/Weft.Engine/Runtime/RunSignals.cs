using System.Collections.Concurrent;

namespace Weft.Engine.Runtime;

/// <summary>Tells those in this process who wait for a run that it ended.</summary>
internal sealed class RunSignals
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();

    /// <summary>Completes when the run ends on this node, if it does. Ask before reading the run's state, so that nothing falls between.</summary>
    public Task EndOf(Guid run) => _waiting.GetOrAdd(run, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Forgets the run when nobody waits any more.</summary>
    public void Forget(Guid run) => _waiting.TryRemove(run, out _);

    public void Ended(Guid run)
    {
        if (!_waiting.IsEmpty && _waiting.TryRemove(run, out var waiting)) waiting.TrySetResult();
    }
}
