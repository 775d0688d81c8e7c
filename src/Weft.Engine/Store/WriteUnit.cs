namespace Weft.Engine.Store;

/// <summary>
/// What must be committed together: the records of one run since its last flush, and what follows from them. The writer
/// puts many units into one transaction and never tears one apart.
/// </summary>
internal sealed class WriteUnit
{
    /// <summary>New runs: the one that was started, or children of the run that this unit belongs to.</summary>
    public List<StartRow>? Starts { get; set; }

    /// <summary>The one of <see cref="Starts"/> that goes on in this process as soon as it is committed.</summary>
    public StartRow? Entered { get; set; }

    public List<StepRow>? Steps { get; set; }

    public List<LogRow>? Logs { get; set; }

    public List<EventRow>? Events { get; set; }

    public List<WaitRow>? Waits { get; set; }

    public EndRow? End { get; set; }

    public ParkRow? Park { get; set; }

    public StateRow? State { get; set; }

    /// <summary>
    /// The registration under which the unit's run is held: its lease is checked by the transaction that writes the unit.
    /// None for a start, which any process may write at any time.
    /// </summary>
    public NodeEpoch? Node { get; init; }

    /// <summary>True when there is nothing to write.</summary>
    public bool IsEmpty => Starts is null && Steps is null && Logs is null && Events is null && Waits is null && End is null && Park is null && State is null;

    /// <summary>Called on the writer's thread after the commit, before <see cref="Committed"/> completes.</summary>
    public Action<WriteUnit>? OnCommitted { get; init; }

    /// <summary>Called when the unit was refused, before <see cref="Committed"/> fails.</summary>
    public Action? OnRefused { get; init; }

    public int Records => 1 + (Steps?.Count ?? 0) + (Logs?.Count ?? 0) + (Starts?.Count ?? 0);

    /// <summary>Completes when the unit is committed, or fails with what prevented it.</summary>
    public TaskCompletionSource Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Committed => Completion.Task;

    public void Add(StepRow row) => (Steps ??= []).Add(row);

    public void Add(LogRow row) => (Logs ??= []).Add(row);

    public void Add(EventRow row) => (Events ??= []).Add(row);

    public void Add(StartRow row) => (Starts ??= []).Add(row);

    public void Add(WaitRow row) => (Waits ??= []).Add(row);
}

/// <summary>A run as it was started. JSON travels as text that is already written.</summary>
internal sealed record StartRow
{
    public required Guid Id { get; init; }
    public Guid? WorkspaceId { get; init; }
    public Guid? UserId { get; init; }
    public required long FlowVersion { get; init; }
    public required string Namespace { get; init; }
    public required string FlowId { get; init; }
    public required string Trigger { get; init; }
    public string? TriggerData { get; init; }
    public required string Inputs { get; init; }
    public string[]? Masked { get; init; }
    public string? Labels { get; init; }
    public Guid? ParentId { get; init; }
    public short Depth { get; init; }
    public required short Priority { get; init; }
    public int MaxRetries { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public short Slot => (short)Runtime.RunIds.SlotOf(Id);
}

internal sealed record StepRow(
    Guid RunId, string Path, int Attempt, string TaskId, string Type, int? Iteration, string Status,
    DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string? Input, string? Output, string? Error);

internal sealed record LogRow(Guid RunId, Guid Id, string? Path, int? Attempt, DateTimeOffset At, string Level, string Message);

internal sealed record EventRow(Guid RunId, DateTimeOffset At, int Number, string From, string To, string? Reason);

internal sealed record WaitRow(string Key, Guid RunId, string Path);

/// <summary>The end of a run: its queue row goes, and with it whatever else was kept while it was unfinished.</summary>
internal sealed record EndRow(
    Guid RunId, short Priority, string Status, string? Outcome, DateTimeOffset StartedAt, DateTimeOffset EndedAt,
    string? Outputs, string? Error, int RetryCount, int Generation)
{
    /// <summary>The run has rows beside the queue's (state, wait, cancel request) that must go too.</summary>
    public bool HasTraces { get; init; }

    /// <summary>A run that waits for this one.</summary>
    public Guid? ParentId { get; init; }
}

/// <summary>The run leaves memory and the queue until its timer is due.</summary>
internal sealed record ParkRow(Guid RunId, short Priority, short Slot, DateTimeOffset DueAt);

internal sealed record StateRow(
    Guid RunId, string Status, string? CurrentStep, DateTimeOffset? StartedAt, DateTimeOffset? NextRetryAt, int RetryCount, int Generation);
