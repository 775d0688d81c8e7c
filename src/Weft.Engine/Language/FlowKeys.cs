namespace Weft.Engine.Language;

/// <summary>The keys of a flow, for the schema and the reference; the compiler takes each of them.</summary>
internal static class FlowKeys
{
    public static readonly IReadOnlyList<TaskProperty> All =
    [
        new("id", PropertyType.String, "The flow's name, unique in its namespace: letters, digits, -, _ and ., at most 100.") { Required = true },
        new("namespace", PropertyType.String, "What the flow belongs to: words with dots between them, at most 150.") { Required = true },
        new("description", PropertyType.String, "What the flow is for."),
        new("labels", PropertyType.Map, "Labels put on every run: a map, or a list of key and value."),
        new("inputs", PropertyType.Any, "What a run is given: a map by name, or a list with id."),
        new("variables", PropertyType.Map, "Named values, read as vars.NAME and evaluated when first used."),
        new("triggers", PropertyType.List, "What starts the flow."),
        new("tasks", PropertyType.List, "The tasks, in order.") { Required = true },
        new("errors", PropertyType.List, "Tasks that run when one of tasks failed; they see error."),
        new("finally", PropertyType.List, "Tasks that run at the end, whatever happened."),
        new("outputs", PropertyType.Any, "The run's outputs, evaluated at its end: a map by name, or a list with id and value."),
        new("concurrency", PropertyType.Any, "How many runs at once: a number, or a map with limit, key and behavior (QUEUE, CANCEL or FAIL)."),
        new("retry", PropertyType.Map, "The retry of every task that has none of its own."),
        new("timeout", PropertyType.Duration, "The run fails when it takes longer."),
        new("disabled", PropertyType.Boolean, "A disabled flow starts no runs."),
        new("pluginDefaults", PropertyType.List, "Values for all tasks of a type: a list of type, values and forced (then they win over what a task says).") { Aliases = ["taskDefaults"] },
        new("sla", PropertyType.List, "Kestra's way to write timeout: one entry of type MAX_DURATION with behavior FAIL."),
        new("revision", PropertyType.Integer, "Accepted and not used: versions are counted when a flow is saved."),
    ];
}

/// <summary>The keys of an input, for the schema and the reference; the compiler takes each of them.</summary>
internal static class InputKeys
{
    public static readonly IReadOnlyList<TaskProperty> All =
    [
        new("id", PropertyType.String, "The input's name, in the list form; a dotted name is read as inputs.a.b.") { Aliases = ["name"] },
        new("type", PropertyType.String, "What the input accepts.") { Required = true },
        new("required", PropertyType.Boolean, "Whether a run needs it; true when absent. An optional input that is not given is undefined."),
        new("defaults", PropertyType.Any, "The value when none is given; may be a template that reads the inputs before it.") { Aliases = ["default", "prefill"] },
        new("displayName", PropertyType.String, "The label in forms."),
        new("description", PropertyType.String, "Help in forms."),
        new("itemType", PropertyType.String, "The type of an ARRAY's items."),
        new("values", PropertyType.List, "The choices of a SELECT or MULTISELECT.") { Aliases = ["options"] },
        new("allowCustomValue", PropertyType.Boolean, "A SELECT accepts other values too."),
        new("validator", PropertyType.String, "A regular expression that the whole text must match; no look-around, no back-references."),
        new("min", PropertyType.Any, "The smallest number, date, time or duration.") { Aliases = ["after"] },
        new("max", PropertyType.Any, "The largest number, date, time or duration.") { Aliases = ["before"] },
    ];
}
