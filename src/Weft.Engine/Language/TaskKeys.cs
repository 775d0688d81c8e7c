namespace Weft.Engine.Language;

/// <summary>The keys that every task has, with what they mean.</summary>
internal static class TaskKeys
{
    /// <summary>Key, accepted type, meaning; the one list for compiler, schema and reference.</summary>
    public static readonly IReadOnlyList<TaskProperty> All =
    [
        new("id", PropertyType.String, "The task's name, unique in the flow: letters, digits, - and _.") { Required = true },
        new("type", PropertyType.String, "What the task does.") { Required = true },
        new("description", PropertyType.String, "What the task is for."),
        new("if", PropertyType.Boolean, "The task is skipped when this is not true.") { Aliases = ["runIf"], IsCondition = true },
        new("retry", PropertyType.Map, "What happens after a failed attempt; the flow's retry when absent."),
        new("timeout", PropertyType.Duration, "An attempt that takes longer fails and may be retried."),
        new("allowFailure", PropertyType.Boolean, "A failure of this task does not fail the run; the run ends with a warning."),
        new("disabled", PropertyType.Boolean, "A disabled task is skipped."),
    ];

    /// <summary>The keys with their aliases.</summary>
    public static readonly IReadOnlySet<string> Common = All.SelectMany(p => p.Aliases.Prepend(p.Name)).ToHashSet(StringComparer.Ordinal);

    /// <summary>Keys of Kestra that have no meaning here, with what to do instead.</summary>
    public static readonly IReadOnlyDictionary<string, string> Refused = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["allowWarning"] = "allowWarning is not supported: only allowFailure makes a warning here.",
        ["logLevel"] = "logLevel is not supported: every line is kept and can be filtered when it is read.",
        ["logToFile"] = "logToFile is not supported: log lines are kept with the run.",
        ["workerGroup"] = "workerGroup is not supported: every node runs every task.",
        ["workerSelector"] = "workerSelector is not supported: every node runs every task.",
        ["cache"] = "cache is not supported. Keep what is to be reused in a table.",
        ["taskCache"] = "taskCache is not supported. Keep what is to be reused in a table.",
        ["finally"] = "finally is not supported on a task. Put it on the flow.",
    };
}
