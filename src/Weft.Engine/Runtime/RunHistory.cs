namespace Weft.Engine.Runtime;

/// <summary>One recorded attempt of a step, as a replay sees it. The number is negative for a marker of the attempt going on.</summary>
internal sealed record StepRecord(
    int Attempt, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, object? Output, AttemptError? Error);

/// <summary>
/// What is recorded of a failed attempt. Without <c>RetryAt</c> the failure is the step's end; <c>Allowed</c> means that it does
/// not fail the run; <c>ByHand</c> that a person asked for the next attempt, which gives the retry policy a fresh start.
/// </summary>
internal sealed record AttemptError(string Code, string Message, bool Retryable, DateTimeOffset? RetryAt = null, bool Allowed = false, bool ByHand = false, object? Details = null)
{
    public OrderedDictionary<string, object?> ToMap()
    {
        var map = FlowValue.Map(("code", Code), ("message", Message), ("retryable", Retryable));
        if (RetryAt is { } at) map["retry_at"] = at;
        if (Allowed) map["allowed"] = true;
        if (ByHand) map["by_hand"] = true;
        if (Details is not null) map["details"] = Details;
        return map;
    }

    public static AttemptError? Read(object? value) => value is not IReadOnlyDictionary<string, object?> map ? null : new AttemptError(
        FlowValue.ToText(map.GetValueOrDefault("code")),
        FlowValue.ToText(map.GetValueOrDefault("message")),
        map.GetValueOrDefault("retryable") is true,
        map.GetValueOrDefault("retry_at") is string at ? DateTimeOffset.Parse(at) : null,
        map.GetValueOrDefault("allowed") is true,
        map.GetValueOrDefault("by_hand") is true,
        map.GetValueOrDefault("details"));
}

/// <summary>What is recorded of a run that goes on: its attempts by step path.</summary>
internal sealed class RunHistory
{
    private readonly Dictionary<string, List<StepRecord>> _attempts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, int), StepRecord> _markers = [];

    public void Add(string path, StepRecord record)
    {
        if (record.Attempt < 0)
        {
            _markers[(path, -record.Attempt)] = record;
            return;
        }
        if (!_attempts.TryGetValue(path, out var attempts)) _attempts[path] = attempts = [];
        attempts.Add(record);
    }

    /// <summary>The finished attempts of the step, in order.</summary>
    public List<StepRecord>? AttemptsOf(string path) => _attempts.GetValueOrDefault(path);

    /// <summary>The marker of the attempt, if it had begun to decide or to wait.</summary>
    public StepRecord? MarkerOf(string path, int attempt) => _markers.GetValueOrDefault((path, attempt));

    /// <summary>When the run's first recorded attempt started.</summary>
    public DateTimeOffset? FirstStart => _attempts.Count == 0 ? null : _attempts.Values.Min(a => a.Min(r => r.StartedAt));
}
