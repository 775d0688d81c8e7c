using System.Collections;
using Microsoft.Extensions.Logging;

namespace Weft.Engine.Tasks;

/// <summary><c>log</c>: writes one or more lines to the run's log.</summary>
public sealed class LogTask : ITaskType
{
    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "log",
        Description = "Writes one or more lines to the run's log.",
        Aliases =
        [
            "io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.log.Log",
            // Kestra's Echo writes its text to the log and has no output, so it is this type and not `return`.
            "io.kestra.core.tasks.debugs.Echo", "io.kestra.plugin.core.debug.Echo",
        ],
        Effect = StepEffect.Pure,
        Properties =
        [
            new("message", PropertyType.Any, "The line to write, or a list of lines.") { Required = true, Aliases = ["format"] },
            new("level", PropertyType.String, "How much it matters; INFO when absent.") { Values = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] },
        ],
    };

    /// <inheritdoc/>
    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        var level = step.Text("level")?.ToUpperInvariant() switch
        {
            null or "" or "INFO" => LogLevel.Information,
            "TRACE" => LogLevel.Trace,
            "DEBUG" => LogLevel.Debug,
            "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            var other => throw new FlowException("step_property_invalid", $"level is '{other}'; it can be TRACE, DEBUG, INFO, WARN or ERROR."),
        };
        step.Properties.TryGetValue("message", out var message);
        if (message is IEnumerable lines and not string and not IReadOnlyDictionary<string, object?>)
        {
            foreach (var line in lines) step.Log(level, FlowValue.ToText(line));
        }
        else
        {
            step.Log(level, FlowValue.ToText(message));
        }
        return new(StepOutcome.Done());
    }
}
