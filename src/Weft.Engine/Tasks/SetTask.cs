namespace Weft.Engine.Tasks;

/// <summary><c>set</c>: evaluates named values once, for the steps that follow.</summary>
public sealed class SetTask : ITaskType
{
    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "set",
        Description = "Evaluates named values once, for the steps that follow, as outputs.ID.NAME.",
        Effect = StepEffect.Pure,
        Properties = [new("values", PropertyType.Map, "The values by name.") { Required = true }],
    };

    /// <inheritdoc/>
    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken) =>
        step.Properties.TryGetValue("values", out var values) && values is IReadOnlyDictionary<string, object?>
            ? new(StepOutcome.Done(values))
            : throw new FlowException("step_property_invalid", "values must be a map from names to values.");
}
