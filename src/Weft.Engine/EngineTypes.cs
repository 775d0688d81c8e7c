using System.Runtime.InteropServices;
using Weft.Engine.Language;

namespace Weft.Engine;

/// <summary>Whose a flow is: a workspace's, or the system's when there is no workspace.</summary>
/// <param name="WorkspaceId">The workspace, or none for the product's own flows.</param>
/// <param name="UserId">Who deployed it; webhook runs of a workspace's flow act for this person.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FlowOwner(Guid? WorkspaceId, Guid? UserId)
{
    /// <summary>The product itself.</summary>
    public static FlowOwner System => default;
}

/// <summary>What came of deploying a flow.</summary>
/// <param name="Id">The flow's key, the same for all its versions.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="FlowId">Its id in the namespace.</param>
/// <param name="Version">The current version, from 1.</param>
/// <param name="IsNewVersion">False when the text was that of the current version already.</param>
public sealed record FlowDeployment(Guid Id, string Namespace, string FlowId, int Version, bool IsNewVersion);

/// <summary>In which order waiting runs are taken up.</summary>
public enum RunPriority
{
    /// <summary>Before all others.</summary>
    High = 0,
    /// <summary>The usual.</summary>
    Normal = 1,
    /// <summary>When nothing else waits.</summary>
    Low = 2,
}

/// <summary>A request to start a run.</summary>
public sealed record StartRun
{
    /// <summary>The flow's namespace.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The flow's id.</summary>
    public required string FlowId { get; init; }

    /// <summary>Canonical values (see <see cref="FlowValue"/>) by input name.</summary>
    public IReadOnlyDictionary<string, object?> Inputs { get; init; } = new Dictionary<string, object?>();

    /// <summary>The workspace the run acts for; its flow of this name is preferred to the system's.</summary>
    public Guid? WorkspaceId { get; init; }

    /// <summary>The person the run acts for.</summary>
    public Guid? UserId { get; init; }

    /// <summary>The same key for the same flow and workspace answers with the same run, within <see cref="EngineOptions.IdempotencyWindow"/>.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What started it, for people to see: <c>api</c>, <c>webhook</c>, <c>row</c> …</summary>
    public string Trigger { get; init; } = "api";

    /// <summary>Labels beside the flow's own.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>In which order it is taken up when many wait.</summary>
    public RunPriority Priority { get; init; } = RunPriority.Normal;

    /// <summary>
    /// Set by the product itself and for operators: only then may a system flow be started. Those flows see across workspaces and
    /// trust their inputs; whoever could start one with inputs of his choice would act with its rights.
    /// </summary>
    public bool MayStartSystemFlow { get; init; }
}

/// <summary>A run that was started and will not be lost.</summary>
/// <param name="Id">Its id.</param>
/// <param name="CreatedAt">When it was started.</param>
/// <param name="AlreadyExisted">The idempotency key had started it before.</param>
public sealed record RunStarted(Guid Id, DateTimeOffset CreatedAt, bool AlreadyExisted);

/// <summary>A call of a flow's webhook.</summary>
public sealed record WebhookRequest
{
    /// <summary>The body as it came.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body's content type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The request's headers.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The query's parameters.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>A run changed: something was recorded of it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="WorkspaceId">Whose it is; unknown when another process told of it.</param>
/// <param name="UserId">Whose it is; unknown when another process told of it.</param>
/// <param name="IsLocal">True when it happened in this process.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RunChange(Guid RunId, Guid? WorkspaceId, Guid? UserId, bool IsLocal);

/// <summary>There is no such flow, or not for this workspace.</summary>
public sealed class FlowNotFoundException(string ns, string flowId)
    : FlowException("flow_not_found", $"There is no flow '{ns}/{flowId}'.");

/// <summary>A flow's source is not valid.</summary>
public sealed class FlowInvalidException(IReadOnlyList<FlowProblem> problems)
    : FlowException("flow_invalid", problems.Count == 1 ? $"The flow is not valid: {problems[0].Message}" : $"The flow is not valid; it has {problems.Count} problems, the first: {problems[0].Message}")
{
    /// <summary>All that is wrong, with line and column.</summary>
    public IReadOnlyList<FlowProblem> Problems { get; } = problems;
}

/// <summary>The inputs of a run are not what the flow declares.</summary>
public sealed class InputsInvalidException(IReadOnlyList<InputProblem> problems)
    : FlowException("inputs_invalid", problems.Count == 1 ? problems[0].Message : $"{problems.Count} inputs are not valid, the first: {problems[0].Message}")
{
    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<InputProblem> Problems { get; } = problems;
}
