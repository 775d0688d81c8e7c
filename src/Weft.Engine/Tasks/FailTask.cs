namespace Weft.Engine.Tasks;

/// <summary><c>fail</c>: ends the run as failed, always or where a condition holds.</summary>
public sealed class FailTask : ITaskType
{
    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "fail",
        Description = "Ends the run as failed, always or where a condition holds.",
        Aliases = ["io.kestra.core.tasks.executions.Fail", "io.kestra.plugin.core.execution.Fail"],
        Effect = StepEffect.Pure,
        Properties =
        [
            new("message", PropertyType.String, "Why; shown as the run's error.") { Aliases = ["errorMessage"] },
            new("condition", PropertyType.Any, "Fails only when this is true; always when absent."),
        ],
    };

    /// <inheritdoc/>
    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (step.Properties.TryGetValue("condition", out var condition) && !IsTrue(condition)) return new(StepOutcome.Done());
        var message = step.Text("message");
        // Retryable, since a policy on the step or the flow was written by somebody who wants it tried again.
        return new(StepOutcome.Fail("failed_by_flow", string.IsNullOrWhiteSpace(message) ? "The flow ended itself as failed." : message, retryable: true));
    }

    // A condition that was written as text arrives as text; what counts as false there is Kestra's list.
    private static bool IsTrue(object? condition) => FlowValue.ToText(condition).Trim() is not ("" or "false" or "0" or "-0");
}
