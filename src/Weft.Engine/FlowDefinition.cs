using System.Text.RegularExpressions;
using Weft.Engine.Expressions;

namespace Weft.Engine;

/// <summary>
/// A flow as compiled once per version: immutable, no YAML, regex or reflection left. YAML and the JSON graph form
/// both compile to it; nothing downstream knows which was read.
/// </summary>
public sealed record FlowDefinition
{
    /// <summary>Unique within the namespace: letters, digits, <c>-</c>, <c>_</c>, <c>.</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Dot-separated words.</summary>
    public required string Namespace { get; init; }

    /// <summary>What the flow is for.</summary>
    public string? Description { get; init; }

    /// <summary>Declared inputs in order.</summary>
    public IReadOnlyList<InputDefinition> Inputs { get; init; } = [];

    /// <summary>Named values available as <c>vars.name</c>, evaluated when first used.</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Variables { get; init; } = EmptyTemplates;

    /// <summary>Labels put on every run.</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Labels { get; init; } = EmptyTemplates;

    /// <summary>What starts the flow.</summary>
    public IReadOnlyList<TriggerDefinition> Triggers { get; init; } = [];

    /// <summary>The steps, in order. Never empty.</summary>
    public required IReadOnlyList<TaskDefinition> Tasks { get; init; }

    /// <summary>Run when a task failed, with <c>error</c> in scope.</summary>
    public IReadOnlyList<TaskDefinition> Errors { get; init; } = [];

    /// <summary>Run at the end, whatever happened.</summary>
    public IReadOnlyList<TaskDefinition> Finally { get; init; } = [];

    /// <summary>The run's outputs by name, evaluated at its end.</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Outputs { get; init; } = EmptyTemplates;

    /// <summary>How many runs at once, per key.</summary>
    public ConcurrencyLimit? Concurrency { get; init; }

    /// <summary>The retry policy of every task that has none of its own.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>The run fails when it takes longer.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>A disabled flow starts no runs.</summary>
    public bool Disabled { get; init; }

    /// <summary>An empty map of templates.</summary>
    public static readonly IReadOnlyDictionary<string, ValueTemplate> EmptyTemplates = new Dictionary<string, ValueTemplate>(StringComparer.Ordinal);
}

/// <summary>One task of a flow.</summary>
public sealed record TaskDefinition
{
    /// <summary>Unique in the flow.</summary>
    public required string Id { get; init; }

    /// <summary>The type as the author wrote it (an alias perhaps).</summary>
    public required string TypeName { get; init; }

    /// <summary>The resolved type.</summary>
    public required TaskTypeInfo Type { get; init; }

    /// <summary>What the task is for.</summary>
    public string? Description { get; init; }

    /// <summary>The step is skipped when this is not true.</summary>
    public ValueTemplate? If { get; init; }

    /// <summary>What to do after a failed attempt; the flow's policy when absent.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>An attempt that takes longer fails as retryable.</summary>
    public ValueTemplate? Timeout { get; init; }

    /// <summary>A failure of this task does not fail the run (its outcome becomes "warning").</summary>
    public bool AllowFailure { get; init; }

    /// <summary>A disabled task is skipped.</summary>
    public bool Disabled { get; init; }

    /// <summary>The type's own properties by canonical name, without the raw templates.</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Properties { get; init; } = FlowDefinition.EmptyTemplates;

    /// <summary>Source text of raw templates (<see cref="PropertyType.RawTemplate"/>) by canonical name.</summary>
    public IReadOnlyDictionary<string, string> RawTemplates { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Child task lists by property name; entries of a task map are <c>cases/NAME</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TaskDefinition>> Children { get; init; } =
        new Dictionary<string, IReadOnlyList<TaskDefinition>>(StringComparer.Ordinal);

    /// <summary>1-based line in the source.</summary>
    public int Line { get; init; }

    /// <summary>1-based column in the source.</summary>
    public int Column { get; init; }

    /// <summary>The registered handler (null for control types): resolved when compiled, so that running looks nothing up.</summary>
    public ITaskType? Handler { get; init; }
}

/// <summary>The type of a flow input.</summary>
public enum InputType
{
    /// <summary>Text.</summary>
    String,
    /// <summary>A whole number.</summary>
    Int,
    /// <summary>A number.</summary>
    Float,
    /// <summary>True or false.</summary>
    Boolean,
    /// <summary>ISO 8601 date.</summary>
    Date,
    /// <summary>ISO 8601 date and time.</summary>
    DateTime,
    /// <summary>ISO 8601 time of day.</summary>
    Time,
    /// <summary>ISO 8601 duration.</summary>
    Duration,
    /// <summary>Any JSON value, or text that holds one.</summary>
    Json,
    /// <summary>A list, of <see cref="InputDefinition.ItemType"/> if given.</summary>
    Array,
    /// <summary>One of <see cref="InputDefinition.Values"/>.</summary>
    Select,
    /// <summary>Several of <see cref="InputDefinition.Values"/>.</summary>
    MultiSelect,
    /// <summary>A mail address.</summary>
    Email,
    /// <summary>An absolute URI.</summary>
    Uri,
    /// <summary>The id of a stored file.</summary>
    File,
    /// <summary>Text that is masked everywhere.</summary>
    Secret,
    /// <summary>YAML text, parsed to a value.</summary>
    Yaml,
}

/// <summary>One declared input.</summary>
public sealed record InputDefinition
{
    /// <summary>The name, as in <c>inputs.name</c>.</summary>
    public required string Id { get; init; }
    /// <summary>What it accepts.</summary>
    public required InputType Type { get; init; }
    /// <summary>True by default, as in Kestra; an input with a default is never missing.</summary>
    public bool Required { get; init; } = true;
    /// <summary>Used when the caller gives nothing; null means no default.</summary>
    public ValueTemplate? Default { get; init; }
    /// <summary>Label for forms.</summary>
    public string? DisplayName { get; init; }
    /// <summary>Help for forms.</summary>
    public string? Description { get; init; }
    /// <summary>The element type of an array.</summary>
    public InputType? ItemType { get; init; }
    /// <summary>The choices of a select.</summary>
    public IReadOnlyList<string>? Values { get; init; }
    /// <summary>A select accepts other values too.</summary>
    public bool AllowCustomValue { get; init; }
    /// <summary>A regular expression that text must match whole.</summary>
    public string? Validator { get; init; }
    /// <summary>Smallest number, date or duration, as written.</summary>
    public string? Min { get; init; }
    /// <summary>Largest number, date or duration, as written.</summary>
    public string? Max { get; init; }
    /// <summary>The compiled <see cref="Validator"/>, linear in the length of the text.</summary>
    internal Regex? Pattern { get; init; }
}

/// <summary>What starts a flow.</summary>
public sealed record TriggerDefinition
{
    /// <summary>Unique in the flow.</summary>
    public required string Id { get; init; }
    /// <summary><c>webhook</c>, <c>schedule</c>, <c>row</c>, <c>flow</c> or <c>event</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>A disabled trigger fires never.</summary>
    public bool Disabled { get; init; }
    /// <summary>The run starts only when this is true; sees <c>trigger</c>.</summary>
    public ValueTemplate? When { get; init; }
    /// <summary>Inputs given to the run.</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Inputs { get; init; } = FlowDefinition.EmptyTemplates;
    /// <summary>The kind's own properties (webhook: <c>key</c>, <c>wait</c>; row: <c>table</c>, <c>on</c>; schedule: <c>cron</c>, <c>timezone</c>, …).</summary>
    public IReadOnlyDictionary<string, ValueTemplate> Properties { get; init; } = FlowDefinition.EmptyTemplates;
    /// <summary>1-based line in the source.</summary>
    public int Line { get; init; }
    /// <summary>1-based column in the source.</summary>
    public int Column { get; init; }
}

/// <summary>What to do with a run that finds the limit taken.</summary>
public enum ConcurrencyBehavior
{
    /// <summary>It waits its turn.</summary>
    Queue,
    /// <summary>It ends cancelled.</summary>
    Cancel,
    /// <summary>It ends failed.</summary>
    Fail,
}

/// <summary>A limit on how many runs of a flow go on at once.</summary>
public sealed record ConcurrencyLimit(int Limit, ValueTemplate? Key = null, ConcurrencyBehavior Behavior = ConcurrencyBehavior.Queue);

/// <summary>How the delay between attempts grows.</summary>
public enum RetryKind
{
    /// <summary>The same delay each time.</summary>
    Constant,
    /// <summary>interval × factor^(n-1), at most <see cref="RetryPolicy.MaxInterval"/>.</summary>
    Exponential,
    /// <summary>A random delay between interval and maxInterval.</summary>
    Random,
}

/// <summary>What happens after a failed attempt.</summary>
public sealed record RetryPolicy
{
    /// <summary>How the delay grows.</summary>
    public required RetryKind Kind { get; init; }
    /// <summary>The first delay.</summary>
    public required TimeSpan Interval { get; init; }
    /// <summary>The longest delay.</summary>
    public TimeSpan? MaxInterval { get; init; }
    /// <summary>Growth per attempt, 2 by default.</summary>
    public double Factor { get; init; } = 2;
    /// <summary>Attempts in all, the first included; null means without limit but for <see cref="MaxDuration"/>.</summary>
    public int? MaxAttempts { get; init; }
    /// <summary>No attempt starts later than this after the first.</summary>
    public TimeSpan? MaxDuration { get; init; }
    /// <summary>Spread the delay evenly over half to all of itself.</summary>
    public bool Jitter { get; init; }
}

/// <summary>One thing wrong with a flow's source, as shown in the API, the command line and the editor alike.</summary>
/// <param name="Line">1-based.</param>
/// <param name="Column">1-based.</param>
/// <param name="Path">Where in the document: <c>tasks[2].url</c>.</param>
/// <param name="Message">What is wrong, what was expected, and the nearest known name where one is near.</param>
public sealed record FlowProblem(int Line, int Column, string Path, string Message);
