namespace Weft.Testing;

/// <summary>
/// Time that stands still until a test moves it. Timers (and with them <c>Task.Delay(delay, clock, …)</c> and
/// <c>CancellationTokenSource(delay, clock)</c>) fire while it is moved, in the order of their due times.
/// </summary>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start;
    private TaskCompletionSource timersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts on the second of March 2026, a Monday, at 09:00 UTC.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the time forward, firing every timer that becomes due at its own moment.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset target;
        lock (gate)
            target = now + by;
        while (true)
        {
            ManualTimer? due;
            lock (gate)
            {
                due = timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
                if (due is null)
                {
                    now = target;
                    return;
                }

                if (due.Due > now)
                    now = due.Due.Value;
                due.Reschedule();
            }

            due.Fire();
        }
    }

    /// <summary>Moves the time forward to a moment.</summary>
    public void AdvanceTo(DateTimeOffset moment) => Advance(moment - GetUtcNow());

    /// <summary>
    /// Completes once a timer waits: the signal that code under test has reached its delay, after which
    /// <see cref="Advance"/> is sure to wake it.
    /// </summary>
    public async Task WaitForTimerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                if (timers.Any(timer => timer.Due is not null))
                    return;
                changed = timersChanged.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period = Timeout.InfiniteTimeSpan;
        private bool isDisposed;

        /// <summary>When it fires next, or never. Read and written under the clock's lock.</summary>
        public DateTimeOffset? Due { get; private set; }

        public void Reschedule() =>
            Due = period > TimeSpan.Zero ? Due + period : null;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            bool isDueNow;
            lock (clock.gate)
            {
                if (isDisposed)
                    return false;
                period = newPeriod;
                isDueNow = dueTime == TimeSpan.Zero;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.now + dueTime;
                if (isDueNow)
                    Reschedule();
                if (!clock.timers.Contains(this))
                    clock.timers.Add(this);
                clock.timersChanged.TrySetResult();
                clock.timersChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            // As the system's timers do, a due time of zero fires at once and not inside the caller.
            if (isDueNow)
                ThreadPool.QueueUserWorkItem(_ => Fire());
            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                isDisposed = true;
                Due = null;
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
