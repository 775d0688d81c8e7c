using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

/// <summary>A task type that a flow can name; what it would do plays no part when a flow is compiled.</summary>
internal sealed class DescribedType(TaskTypeInfo info) : ITaskType
{
    public TaskTypeInfo Info { get; } = info;

    public ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken) => new(StepOutcome.Done());

    /// <summary>A registry of a few types that between them have every kind of property.</summary>
    public static TaskTypeRegistry Registry() => new(
    [
        new DescribedType(new TaskTypeInfo
        {
            Name = "say",
            Description = "Says something.",
            Aliases = ["io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.log.Log"],
            Properties =
            [
                new("message", PropertyType.Any, "What is said.") { Required = true },
                new("level", PropertyType.String, "How loud.") { Values = ["INFO", "WARN"] },
                new("times", PropertyType.Integer, "How often."),
                new("volume", PropertyType.Number, "How loud, in numbers."),
                new("pause", PropertyType.Duration, "How long between."),
                new("loud", PropertyType.Boolean, "Loud or not."),
                new("to", PropertyType.List, "Whom."),
                new("with", PropertyType.Map, "What else."),
                new("voice", PropertyType.String, "Whose voice.") { Aliases = ["speaker"] },
            ],
        }),
        new DescribedType(new TaskTypeInfo
        {
            Name = "sql.query",
            Description = "Runs a statement.",
            Aliases = ["io.kestra.plugin.jdbc.postgresql.Query"],
            Properties =
            [
                new("url", PropertyType.String, "The database."),
                new("username", PropertyType.String, "The user."),
                new("password", PropertyType.String, "The password.") { Secret = true },
                new("sql", PropertyType.RawTemplate, "The statement.") { Required = true },
            ],
        }),
    ]);
}
