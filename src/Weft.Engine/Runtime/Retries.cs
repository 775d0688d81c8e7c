namespace Weft.Engine.Runtime;

/// <summary>When a failed attempt is followed by another.</summary>
internal static class Retries
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>
    /// The time of the next attempt, or null when there is none. <paramref name="failures"/> counts the failed attempts, the
    /// last one included; <paramref name="first"/> is when the first one started.
    /// </summary>
    public static DateTimeOffset? Next(RetryPolicy? policy, int failures, DateTimeOffset first, DateTimeOffset now, double random)
    {
        if (policy is null || failures >= (policy.MaxAttempts ?? int.MaxValue)) return null;
        var due = now + Delay(policy, failures, random);
        return policy.MaxDuration is { } most && due > first + most ? null : due;
    }

    /// <summary>How long to wait after the given number of failures; <paramref name="random"/> is from 0 up to 1.</summary>
    public static TimeSpan Delay(RetryPolicy policy, int failures, double random)
    {
        var interval = policy.Interval.Ticks;
        var most = Math.Min((policy.MaxInterval ?? Longest).Ticks, Longest.Ticks);
        var ticks = policy.Kind switch
        {
            // Truly exponential: interval, interval × factor, interval × factor² …
            RetryKind.Exponential => interval * Math.Pow(policy.Factor, failures - 1),
            RetryKind.Random => interval + (random * Math.Max(0, most - interval)),
            _ => interval,
        };
        ticks = Math.Min(ticks, most);
        if (policy.Jitter && policy.Kind != RetryKind.Random) ticks *= 0.5 + (random / 2);
        return TimeSpan.FromTicks((long)ticks);
    }
}
