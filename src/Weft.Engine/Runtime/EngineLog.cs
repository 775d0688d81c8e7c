using Microsoft.Extensions.Logging;

namespace Weft.Engine.Runtime;

/// <summary>The engine's log events. Their numbers are public (docs/reference/telemetry.md): never reuse one.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1001, LogLevel.Information, "Node {Node} registered as {Name}")]
    public static partial void NodeRegistered(ILogger log, int node, string name);

    [LoggerMessage(1002, LogLevel.Information, "Node {Node} stopped: {Running} runs were handed back")]
    public static partial void NodeStopped(ILogger log, int node, int running);

    [LoggerMessage(1003, LogLevel.Warning, "Node {Node} lost its lease; its {Running} runs go on elsewhere and it registers anew")]
    public static partial void NodeFenced(ILogger log, int node, int running);

    [LoggerMessage(1004, LogLevel.Warning, "Took over the work of node {Dead}: {Reason}")]
    public static partial void NodeRescued(ILogger log, int dead, string reason);

    [LoggerMessage(1005, LogLevel.Warning, "{Work} failed and is tried again: {Reason}")]
    public static partial void LoopFailed(ILogger log, string work, string reason, Exception exception);

    [LoggerMessage(1006, LogLevel.Debug, "Slots of node {Node}: {Slots}")]
    public static partial void SlotsChanged(ILogger log, int node, string slots);

    [LoggerMessage(1010, LogLevel.Warning, "A flush failed and is tried again in {DelayMilliseconds} ms: {Reason}")]
    public static partial void FlushFailed(ILogger log, string reason, double delayMilliseconds);

    [LoggerMessage(1011, LogLevel.Information, "Already recorded ({Constraint}: {Detail}): an earlier try had committed it")]
    public static partial void AlreadyRecorded(ILogger log, string constraint, string detail);

    [LoggerMessage(1012, LogLevel.Error, "The database refused a record ({SqlState}): {Reason}")]
    public static partial void RecordRefused(ILogger log, string sqlState, string reason);

    [LoggerMessage(1013, LogLevel.Error, "A flush should have removed {Expected} rows from the queue and removed {Removed}")]
    public static partial void QueueRowsMissing(ILogger log, int expected, int removed);

    [LoggerMessage(1014, LogLevel.Error, "Handing over a committed record failed")]
    public static partial void HandOverFailed(ILogger log, Exception exception);

    [LoggerMessage(1020, LogLevel.Error, "Run {RunId} stopped on an error of the engine and stays in the queue")]
    public static partial void RunBroke(ILogger log, Guid runId, Exception exception);

    [LoggerMessage(1021, LogLevel.Debug, "Run {RunId} ended {Status}")]
    public static partial void RunEnded(ILogger log, Guid runId, string status);

    [LoggerMessage(1022, LogLevel.Debug, "Run {RunId} is parked until {Due}")]
    public static partial void RunParked(ILogger log, Guid runId, DateTimeOffset due);

    [LoggerMessage(1023, LogLevel.Information, "Run {RunId} step {StepPath} attempt {Attempt} failed with {Code}: {Reason}")]
    public static partial void AttemptFailed(ILogger log, Guid runId, string stepPath, int attempt, string code, string reason);

    [LoggerMessage(1024, LogLevel.Warning, "Run {RunId} step {StepPath} attempt {Attempt} ignores its cancellation and is left behind")]
    public static partial void AttemptAbandoned(ILogger log, Guid runId, string stepPath, int attempt);

    [LoggerMessage(1025, LogLevel.Error, "Run {RunId} cannot be loaded: {Reason}")]
    public static partial void RunUnreadable(ILogger log, Guid runId, string reason);

    [LoggerMessage(1030, LogLevel.Warning, "Trigger {TriggerId} of {Flow} could not start a run: {Reason}")]
    public static partial void TriggerFailed(ILogger log, string triggerId, string flow, string reason);
}
