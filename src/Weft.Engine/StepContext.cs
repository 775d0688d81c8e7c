using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Engine.Expressions;

namespace Weft.Engine;

/// <summary>One attempt of one step, as its handler sees it.</summary>
public abstract class StepContext
{
    /// <summary>The run this step belongs to.</summary>
    public abstract Guid RunId { get; }

    /// <summary>The step's place in the run, with iterations: <c>tell[3].mail</c>.</summary>
    public abstract string StepPath { get; }

    /// <summary>The task as the flow defines it.</summary>
    public abstract TaskDefinition Task { get; }

    /// <summary>1 for the first try.</summary>
    public abstract int Attempt { get; }

    /// <summary>Stable over attempts, restarts and nodes: made from run, step and iteration, not from the attempt.</summary>
    public abstract string IdempotencyKey { get; }

    /// <summary>The workspace the run acts for, or none for a platform run.</summary>
    public abstract Guid? WorkspaceId { get; }

    /// <summary>The person the run acts for, or none.</summary>
    public abstract Guid? UserId { get; }

    /// <summary>True when the flow is one of the product's own (namespace owner "system"), not a workspace's.</summary>
    public abstract bool IsSystemFlow { get; }

    /// <summary>The run's time source.</summary>
    public abstract TimeProvider Time { get; }

    /// <summary>The task's properties with all templates evaluated, by canonical name; raw templates are absent.</summary>
    public abstract IReadOnlyDictionary<string, object?> Properties { get; }

    /// <summary>The variables that the run's templates see, for handlers that bind a raw template themselves.</summary>
    public abstract ITemplateScope Scope { get; }

    /// <summary>Adds a line to the run's log; written with the step's record.</summary>
    public abstract void Log(LogLevel level, string message);

    /// <summary>
    /// Writes this step's completed record inside the handler's own transaction on Weft's database, with the node's fence
    /// checked, so that effect and record commit together. The handler then commits and returns
    /// <see cref="StepOutcome.Recorded"/>. Throws when the node has lost its lease.
    /// </summary>
    public abstract Task RecordAsync(NpgsqlTransaction transaction, object? output, CancellationToken cancellationToken);

    /// <summary>The property as text, or null when it is absent.</summary>
    public string? Text(string property) => Properties.TryGetValue(property, out var value) ? FlowValue.ToText(value) : null;

    /// <summary>The property as text; a missing one is an error that names it.</summary>
    public string RequiredText(string property) =>
        Text(property) ?? throw new FlowException("step_property_missing", $"{Task.TypeName} needs the property '{property}'.");
}
