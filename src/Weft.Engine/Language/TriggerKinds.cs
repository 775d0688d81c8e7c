namespace Weft.Engine.Language;

/// <summary>One way to start a flow, as the compiler, the schema and the reference see it.</summary>
public sealed record TriggerKind
{
    /// <summary>The short name, <c>webhook</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence.</summary>
    public required string Description { get; init; }

    /// <summary>Other names of the same kind.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The kind's own properties.</summary>
    public IReadOnlyList<TaskProperty> Properties { get; init; } = [];
}

/// <summary>The kinds of triggers.</summary>
public static class TriggerKinds
{
    /// <summary>The keys that every trigger has.</summary>
    public static readonly IReadOnlyList<TaskProperty> CommonKeys =
    [
        new("id", PropertyType.String, "The trigger's name, unique in the flow.") { Required = true },
        new("type", PropertyType.String, "What starts the flow.") { Required = true },
        new("description", PropertyType.String, "What the trigger is for."),
        new("disabled", PropertyType.Boolean, "A disabled trigger starts nothing."),
        new("when", PropertyType.Boolean, "A run starts only when this is true; it sees trigger, and new and old of a row.") { IsCondition = true },
        new("inputs", PropertyType.Map, "The inputs given to the run."),
    ];

    /// <summary>All kinds.</summary>
    public static readonly IReadOnlyList<TriggerKind> All =
    [
        new()
        {
            Name = "webhook",
            Description = "A request to the flow's webhook address, whose JSON body gives the inputs.",
            Aliases = Kestra("Webhook"),
            Properties =
            [
                new("key", PropertyType.String, "The secret last part of the address, 8 to 256 letters, digits, - and _, or a template such as {{ secret('KEY') }}.") { Required = true, Secret = true },
                new("wait", PropertyType.Boolean, "Answer when the run has ended, with its outputs.") { Otherwise = "false" },
            ],
        },
        new()
        {
            Name = "schedule",
            Description = "Fires at the times of a cron expression.",
            Aliases = Kestra("Schedule"),
            Properties =
            [
                new("cron", PropertyType.String, "Five fields (minute, hour, day of month, month, day of week) or @hourly, @daily, @weekly, @monthly, @yearly.") { Required = true },
                new("timezone", PropertyType.String, "The IANA time zone in which the expression is read.") { Otherwise = "UTC" },
                new("missed", PropertyType.String, "What happens with times that passed while nothing ran: all of them start, the last one, or none.")
                    { Aliases = ["recoverMissedSchedules"], Values = ["all", "last", "none"], Otherwise = "last" },
            ],
        },
        new()
        {
            Name = "row",
            Description = "A row of a table is inserted, updated or deleted; fires if and only if the change commits.",
            Properties =
            [
                new("table", PropertyType.String, "The table, as schema.table. It must be one that allows row triggers.") { Required = true },
                new("on", PropertyType.List, "Any of insert, update, delete.") { Values = ["insert", "update", "delete"], Otherwise = "all three" },
                new("workspace", PropertyType.String, "For whose workspace the run acts, an id; its members see the run with all it holds. Empty: for none. Only in shipped flows.")
                    { Otherwise = "the row's workspace_id" },
                new("user", PropertyType.String, "For whom the run acts, an id; this person sees the run with all it holds. Empty: for nobody. Only in shipped flows.")
                    { Otherwise = "the row's user_id" },
            ],
        },
        new()
        {
            Name = "flow",
            Description = "A run of another flow ended.",
            Aliases = Kestra("Flow"),
            Properties =
            [
                new("namespace", PropertyType.String, "The other flow's namespace.") { Otherwise = "this flow's" },
                new("flowId", PropertyType.String, "The other flow's id.") { Otherwise = "any flow of the namespace" },
                new("states", PropertyType.List, "How the run must have ended.")
                    { Values = ["succeeded", "warning", "failed", "cancelled", "SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"], Otherwise = "any end" },
            ],
        },
        new()
        {
            Name = "event",
            Description = "An event with a certain name arrives.",
            Properties = [new("name", PropertyType.String, "The event's name.") { Required = true }],
        },
    ];

    /// <summary>The kind under this name or alias, or null.</summary>
    public static TriggerKind? Find(string name) => All.FirstOrDefault(k => k.Name == name || k.Aliases.Contains(name));

    private static string[] Kestra(string name) => [$"io.kestra.core.models.triggers.types.{name}", $"io.kestra.plugin.core.trigger.{name}"];
}
