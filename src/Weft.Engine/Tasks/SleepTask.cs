namespace Weft.Engine.Tasks;

/// <summary><c>sleep</c>: waits for a while. The wait is a row, not a thread: it outlives restarts and costs nothing.</summary>
public sealed class SleepTask : ITaskType
{
    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "sleep",
        Description = "Waits for a while; the wait outlives restarts.",
        Aliases = ["io.kestra.core.tasks.flows.Sleep", "io.kestra.plugin.core.flow.Sleep"],
        Properties = [new("duration", PropertyType.Duration, "How long, as in PT30S or P1D.") { Required = true }],
    };

    /// <inheritdoc/>
    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        var duration = StepDuration.Read(step, "duration") ?? throw new FlowException("step_property_missing", "sleep needs the property 'duration'.");
        return new(StepOutcome.WaitUntil(step.Time.GetUtcNow() + duration));
    }
}
