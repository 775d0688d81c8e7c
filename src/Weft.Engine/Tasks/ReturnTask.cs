namespace Weft.Engine.Tasks;

/// <summary><c>return</c>: gives a value to the steps that follow, as <c>outputs.ID.value</c>.</summary>
public sealed class ReturnTask : ITaskType
{
    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "return",
        Description = "Gives a value to the steps that follow, as outputs.ID.value.",
        Aliases = ["io.kestra.core.tasks.debugs.Return", "io.kestra.plugin.core.debug.Return"],
        Effect = StepEffect.Pure,
        Properties = [new("value", PropertyType.Any, "The value; a template that is one expression keeps its type.") { Aliases = ["format"] }],
    };

    /// <inheritdoc/>
    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        step.Properties.TryGetValue("value", out var value);
        return new(StepOutcome.Done(FlowValue.Map(("value", value))));
    }
}
