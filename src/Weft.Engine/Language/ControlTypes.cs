namespace Weft.Engine.Language;

/// <summary>
/// The engine's own task types, which order other tasks and have no handler. What their properties mean:
/// <list type="bullet">
/// <item><c>sequential</c>: <c>tasks</c> one after the other.</item>
/// <item><c>parallel</c>: <c>tasks</c> at once, at most <c>concurrency</c> of them (0: no limit).</item>
/// <item><c>if</c>: <c>then</c> when <c>condition</c> is true, else <c>else</c>.</item>
/// <item><c>switch</c>: the list of <c>cases</c> whose name is the text of <c>value</c>, else <c>defaults</c>.</item>
/// <item><c>foreach</c>: <c>tasks</c> for each of <c>items</c>, <c>concurrency</c> items at once (1 when absent, 0: no limit).</item>
/// <item><c>subflow</c>: a run of <c>flowId</c> in <c>namespace</c> (the flow's own when absent) with <c>inputs</c>; waits for its end
/// unless <c>wait</c> is false and fails with it unless <c>transmitFailed</c> is false.</item>
/// <item><c>errors</c> of a block: run when one of its tasks failed; the block still fails.</item>
/// </list>
/// </summary>
public static class ControlTypes
{
    private const string Errors = "errors";

    /// <summary>One task after the other.</summary>
    public static readonly TaskTypeInfo Sequential = new()
    {
        Name = "sequential",
        Description = "Runs its tasks one after the other.",
        Aliases = Kestra("Sequential"),
        TaskLists = ["tasks", Errors],
        RequiredTaskLists = ["tasks"],
        IsControl = true,
        Effect = StepEffect.Pure,
    };

    /// <summary>Tasks at the same time.</summary>
    public static readonly TaskTypeInfo Parallel = new()
    {
        Name = "parallel",
        Description = "Runs its tasks at the same time.",
        Aliases = Kestra("Parallel"),
        Properties = [new("concurrency", PropertyType.Integer, "How many tasks at once; 0 means all.") { Aliases = ["concurrent"], Otherwise = "0" }],
        TaskLists = ["tasks", Errors],
        RequiredTaskLists = ["tasks"],
        IsControl = true,
        Effect = StepEffect.Pure,
    };

    /// <summary>Tasks under a condition.</summary>
    public static readonly TaskTypeInfo If = new()
    {
        Name = "if",
        Description = "Runs one list of tasks when a condition is true, and another when it is not.",
        Aliases = [.. Kestra("If"), "io.kestra.core.tasks.flows.Condition"],
        Properties = [new("condition", PropertyType.Boolean, "The condition. Empty text, 0, an empty list and nothing count as false.") { Required = true, IsCondition = true }],
        TaskLists = ["then", "else", Errors],
        TaskListAliases = new Dictionary<string, string>(StringComparer.Ordinal) { ["tasks"] = "then" },
        RequiredTaskLists = ["then"],
        IsControl = true,
        Effect = StepEffect.Pure,
    };

    /// <summary>One of several lists of tasks.</summary>
    public static readonly TaskTypeInfo Switch = new()
    {
        Name = "switch",
        Description = "Runs the list of tasks whose name equals a value.",
        Aliases = Kestra("Switch"),
        Properties = [new("value", PropertyType.Any, "The value whose text is looked up among the cases.") { Required = true }],
        TaskLists = ["defaults", Errors],
        TaskMaps = ["cases"],
        TaskListAliases = new Dictionary<string, string>(StringComparer.Ordinal) { ["default"] = "defaults" },
        IsControl = true,
        Effect = StepEffect.Pure,
    };

    /// <summary>Tasks for each item of a list.</summary>
    public static readonly TaskTypeInfo ForEach = new()
    {
        Name = "foreach",
        Description = "Runs its tasks for each item of a list, one item after the other or several at once.",
        Aliases = [.. Kestra("ForEach"), .. Kestra("EachSequential"), .. Kestra("EachParallel")],
        Properties =
        [
            new("items", PropertyType.List, "The items: a list, a text that holds a JSON list, or a template that yields either.") { Required = true, Aliases = ["values", "value"] },
            new("concurrency", PropertyType.Integer, "How many items at once; 0 means all.") { Aliases = ["concurrencyLimit", "concurrent"], Otherwise = "1" },
        ],
        // EachParallel means "all at once"; the other two "one after the other", which is what absence means.
        AliasDefaults = Kestra("EachParallel").ToDictionary(
            alias => alias,
            IReadOnlyDictionary<string, object?> (_) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["concurrency"] = 0L },
            StringComparer.Ordinal),
        TaskLists = ["tasks", Errors],
        RequiredTaskLists = ["tasks"],
        IsControl = true,
        Effect = StepEffect.Pure,
    };

    /// <summary>A run of another flow.</summary>
    public static readonly TaskTypeInfo Subflow = new()
    {
        Name = "subflow",
        Description = "Starts a run of another flow, and waits for its end unless told not to.",
        Aliases = [.. Kestra("Subflow"), .. Kestra("Flow")],
        Properties =
        [
            new("namespace", PropertyType.String, "The other flow's namespace.") { Otherwise = "this flow's" },
            new("flowId", PropertyType.String, "The other flow's id.") { Required = true },
            new("inputs", PropertyType.Map, "The inputs given to it."),
            new("wait", PropertyType.Boolean, "Wait for its end.") { Otherwise = "true" },
            new("transmitFailed", PropertyType.Boolean, "Fail when it fails.") { Otherwise = "true" },
        ],
        RefusedKeys = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["outputs"] = "outputs is not supported on a subflow. Declare outputs in the other flow and read them as outputs.ID.outputs.NAME.",
            ["labels"] = "labels is not supported on a subflow. Declare labels in the other flow.",
            ["inheritLabels"] = "inheritLabels is not supported on a subflow. Declare labels in the other flow.",
            ["revision"] = "revision is not supported on a subflow: the newest version runs.",
            ["scheduleDate"] = "scheduleDate is not supported on a subflow. Put a sleep before it.",
        },
        IsControl = true,
    };

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<TaskTypeInfo> All = [Sequential, Parallel, If, Switch, ForEach, Subflow];

    /// <summary>The old and the new fully qualified name of a Kestra flow task.</summary>
    private static string[] Kestra(string name) => [$"io.kestra.core.tasks.flows.{name}", $"io.kestra.plugin.core.flow.{name}"];
}
