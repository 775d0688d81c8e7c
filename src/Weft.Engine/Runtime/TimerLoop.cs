using Npgsql;
using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

/// <summary>Brings parked runs of our slots back into the queue when their time has come.</summary>
internal sealed class TimerLoop(RunServices services, LiveRuns live, QueueReader reader)
{
    private const int Batch = 500;
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private TaskCompletionSource _sooner = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A run was parked here until then.</summary>
    public void Expect(DateTimeOffset due)
    {
        lock (_gate)
        {
            if (due >= _next) return;
            _next = due;
            _sooner.TrySetResult();
        }
    }

    /// <summary>Slots came in: look at their timers.</summary>
    public void Poke() => Expect(DateTimeOffset.MinValue);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await FireAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                EngineLog.LoopFailed(services.Log, "Firing timers", e.Message, e);
                lock (_gate) _next = services.Time.GetUtcNow() + services.Options.Poll;
            }
            try
            {
                await WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task FireAsync(CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        lock (_gate)
        {
            _next = now + LookAgainAfter;
            _sooner = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        var slots = live.OpenSlots();
        if (slots.Length == 0) return;
        while (true)
        {
            var due = await RunStore.FireTimersAsync(services.Database.Engine, services.Time.GetUtcNow(), slots, Batch, cancellationToken);
            foreach (var run in due) reader.Recall(run.Id);
            if (due.Count < Batch) break;
        }
        if (await RunStore.NextTimerAsync(services.Database.Engine, slots, cancellationToken) is { } next) Expect(next);
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task sooner;
            TimeSpan left;
            lock (_gate)
            {
                left = _next - services.Time.GetUtcNow();
                if (_sooner.Task.IsCompleted) _sooner = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                sooner = _sooner.Task;
            }
            if (left <= TimeSpan.Zero) return;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(sooner, Task.Delay(left, services.Time, either.Token));
            await either.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
