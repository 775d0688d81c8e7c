namespace Weft.Engine;

/// <summary>What a step does: one class per task type, registered with the engine at start.</summary>
public interface ITaskType
{
    /// <summary>The name, aliases, properties and effect of this type; read once at registration.</summary>
    TaskTypeInfo Info { get; }

    /// <summary>
    /// Runs one attempt. Called at least once per step until a result is recorded; side effects outside Weft should carry
    /// <see cref="StepContext.IdempotencyKey"/>. The token is cancelled by run cancellation, step timeout and node shutdown.
    /// </summary>
    ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken);
}

/// <summary>How a step's execution relates to its record.</summary>
public enum StepEffect
{
    /// <summary>No effect outside the run and the same value if replayed: may share the record of the next effectful step.</summary>
    Pure,

    /// <summary>Has an effect outside: its result is committed before the next step starts.</summary>
    Effectful,
}

/// <summary>Describes a task type to the parser, the validator, the JSON Schema and the documentation.</summary>
public sealed record TaskTypeInfo
{
    /// <summary>The short name, e.g. <c>sql.query</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for the editor and the reference.</summary>
    public required string Description { get; init; }

    /// <summary>Other names that mean the same type, such as Kestra's fully qualified ones.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The type's own properties, beside those every task has.</summary>
    public IReadOnlyList<TaskProperty> Properties { get; init; } = [];

    /// <summary>Names of properties that hold lists of tasks (<c>tasks</c>, <c>then</c>, <c>else</c>).</summary>
    public IReadOnlyList<string> TaskLists { get; init; } = [];

    /// <summary>Names of properties that hold a map from a name to a list of tasks (<c>cases</c>).</summary>
    public IReadOnlyList<string> TaskMaps { get; init; } = [];

    /// <summary>Those of <see cref="TaskLists"/> and <see cref="TaskMaps"/> that a flow must give, with at least one task.</summary>
    public IReadOnlyList<string> RequiredTaskLists { get; init; } = [];

    /// <summary>Other spellings of task lists: from the alias to the name in <see cref="TaskLists"/>.</summary>
    public IReadOnlyDictionary<string, string> TaskListAliases { get; init; } = NoAliases;

    /// <summary>Values that a property has when the type is written under a certain alias and the flow does not say otherwise.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, object?>> AliasDefaults { get; init; } = NoAliasDefaults;

    /// <summary>Keys that other engines know and this one refuses, each with what to do instead.</summary>
    public IReadOnlyDictionary<string, string> RefusedKeys { get; init; } = NoAliases;

    /// <summary>Whether the result must be committed before the next step starts.</summary>
    public StepEffect Effect { get; init; } = StepEffect.Effectful;

    /// <summary>True for the engine's own control types, which order other steps and have no handler.</summary>
    public bool IsControl { get; init; }

    private static readonly IReadOnlyDictionary<string, string> NoAliases = new Dictionary<string, string>(StringComparer.Ordinal);
    private static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, object?>> NoAliasDefaults =
        new Dictionary<string, IReadOnlyDictionary<string, object?>>(StringComparer.Ordinal);
}

/// <summary>The JSON type that a property accepts after templates are evaluated.</summary>
public enum PropertyType
{
    /// <summary>Any value.</summary>
    Any,
    /// <summary>Text.</summary>
    String,
    /// <summary>A whole number.</summary>
    Integer,
    /// <summary>A number.</summary>
    Number,
    /// <summary>True or false.</summary>
    Boolean,
    /// <summary>An ISO 8601 duration.</summary>
    Duration,
    /// <summary>A list; a template may yield it.</summary>
    List,
    /// <summary>An object.</summary>
    Map,
    /// <summary>A template handed to the handler uncompiled to a value: the handler binds it itself (SQL).</summary>
    RawTemplate,
}

/// <summary>One property of a task type.</summary>
/// <param name="Name">The key in YAML, camelCase.</param>
/// <param name="Type">What the value must be once templates are evaluated.</param>
/// <param name="Description">One sentence for the editor and the reference.</param>
public sealed record TaskProperty(string Name, PropertyType Type, string Description)
{
    /// <summary>A flow without it is refused when saved.</summary>
    public bool Required { get; init; }

    /// <summary>Other spellings that are accepted, such as Kestra's.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The closed set of values, where there is one (compared without case).</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Masked in inputs, outputs and logs.</summary>
    public bool Secret { get; init; }

    /// <summary>A condition: a text without <c>{{</c> is taken as one expression.</summary>
    public bool IsCondition { get; init; }

    /// <summary>What the property is when a flow leaves it out, for the editor and the reference; the handler applies it.</summary>
    public string? Otherwise { get; init; }
}
