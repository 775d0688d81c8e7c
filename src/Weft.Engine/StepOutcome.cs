namespace Weft.Engine;

/// <summary>
/// What a step's handler tells the engine: a closed set. Throwing means "failed, maybe retry"; returning says which.
/// </summary>
public abstract record StepOutcome
{
    private StepOutcome() { }

    /// <summary>The step is finished. <paramref name="Output"/> is a canonical value (see <see cref="FlowValue"/>).</summary>
    public sealed record DoneOutcome(object? Output) : StepOutcome;

    /// <summary>
    /// The handler committed the output together with the step's record, through
    /// <see cref="StepContext.RecordAsync"/>; the engine writes nothing more for this attempt.
    /// </summary>
    public sealed record RecordedOutcome(object? Output) : StepOutcome;

    /// <summary>Not now: try again after <paramref name="After"/>. Does not count as a failed attempt.</summary>
    public sealed record RetryLaterOutcome(TimeSpan After, string Reason) : StepOutcome;

    /// <summary>
    /// The step waits for the outside: for <paramref name="Key"/> to be answered or for <paramref name="Until"/> to pass,
    /// whichever comes first. At least one of the two is given.
    /// </summary>
    public sealed record WaitOutcome(string? Key, DateTimeOffset? Until) : StepOutcome;

    /// <summary>The attempt failed. A retryable failure follows the step's retry policy; the other ends the step.</summary>
    public sealed record FailOutcome(string Code, string Message, bool Retryable, object? Details = null) : StepOutcome;

    /// <summary>The run is to end as cancelled.</summary>
    public sealed record CancelOutcome(string Reason) : StepOutcome;

    /// <summary>The step is finished with this output.</summary>
    public static StepOutcome Done(object? output = null) => new DoneOutcome(output);

    /// <summary>The output is already committed with the step's record.</summary>
    public static StepOutcome Recorded(object? output) => new RecordedOutcome(output);

    /// <summary>Try again later, without counting an attempt.</summary>
    public static StepOutcome RetryLater(TimeSpan after, string reason) => new RetryLaterOutcome(after, reason);

    /// <summary>Wait until this time.</summary>
    public static StepOutcome WaitUntil(DateTimeOffset until) => new WaitOutcome(null, until);

    /// <summary>Wait for an answer under this key, at most until the deadline if one is given.</summary>
    public static StepOutcome WaitFor(string key, DateTimeOffset? until = null) => new WaitOutcome(key, until);

    /// <summary>The attempt failed with a stable code (docs/reference/errors.md) and a message a person can act on.</summary>
    public static StepOutcome Fail(string code, string message, bool retryable = false, object? details = null) =>
        new FailOutcome(code, message, retryable, details);

    /// <summary>End the run as cancelled.</summary>
    public static StepOutcome Cancel(string reason) => new CancelOutcome(reason);
}
