using Weft.Engine.Expressions;

namespace Weft.Engine.Runtime;

/// <summary>
/// What a template of a run sees. Names are worked out when asked for, and the scope notices when something was read that
/// may be different at a replay (<see cref="ReadOutside"/>).
/// <para>
/// In a loop, <c>item</c> is the item itself (so that <c>item.email</c> works) and <c>index</c> its number from 0;
/// <c>taskrun.value</c> and <c>taskrun.iteration</c> say the same in Kestra's words, where the value is text. A loop written
/// under Kestra's name has <c>item.value</c>, <c>item.index</c> and <c>outputs.task[taskrun.value]</c> inside the loop as there.
/// </para>
/// </summary>
internal sealed class RunScope(RunExecution run, RunFrame frame, TaskDefinition? task, int attempt) : ITemplateScope
{
    private static readonly string[] Always =
        ["inputs", "outputs", "vars", "flow", "run", "execution", "task", "taskrun", "labels", "trigger", "env", "envs", "namespace"];

    private LazyMap? _variables;

    /// <summary>True once the environment or a secret was read: what came of it may come out differently at a replay.</summary>
    public bool ReadOutside { get; private set; }

    /// <inheritdoc/>
    public DateTimeOffset Now => run.Time.GetUtcNow();

    /// <inheritdoc/>
    public IEnumerable<string> Names
    {
        get
        {
            IEnumerable<string> names = Always;
            if (frame.Loop is not null) names = names.Concat(["item", "index", "taskRunContext", "parent", "parents"]);
            return frame.Failure is null ? names : names.Append("error");
        }
    }

    /// <inheritdoc/>
    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "inputs" => run.Inputs,
            "outputs" => frame.Outputs(),
            "vars" => _variables ??= new LazyMap([.. run.Plan.Flow.Variables.Keys], v => run.Plan.Flow.Variables[v].Evaluate(this)),
            "flow" => run.FlowMap,
            "run" or "execution" => run.RunMap,
            "namespace" => FlowValue.Map(("id", run.Plan.Flow.Namespace)),
            "labels" => run.Labels,
            "trigger" => run.TriggerData,
            "task" when task is not null => FlowValue.Map(("id", task.Id), ("type", task.TypeName)),
            "taskrun" when task is not null => TaskRun(task),
            "item" when frame.Loop is not null => Item(),
            "index" when frame.Loop is not null => (long)frame.Index!.Value,
            "taskRunContext" when frame.Loop is not null => FlowValue.Map(("value", frame.Value), ("index", (long)frame.Index!.Value)),
            "parent" when frame.Outer is { Loop: not null } outer => Around(outer),
            "parents" when frame.Loop is not null => Parents(),
            "env" => Outside(run.Services.Environment),
            "envs" => Outside(run.Services.LowerEnvironment),
            "error" when frame.Failure is { } failure => failure.ToMap(),
            _ => this,
        };
        if (!ReferenceEquals(value, this)) return true;
        value = null;
        return false;
    }

    /// <inheritdoc/>
    public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
    {
        value = null;
        if (function != "secret") return false;
        var name = FlowValue.ToText(arguments.Count > 0 ? arguments[0] : named.GetValueOrDefault("key"));
        ReadOutside = true;
        // The operator's secrets are for the product's own flows: a workspace could otherwise read them by writing a flow.
        if (!run.Plan.IsSystem || !run.Services.Secrets.TryGetValue(name, out var secret))
            throw new TemplateException("secret_missing", $"There is no secret '{name}' for the flow {run.Plan.Name}.");
        run.Mask.Add(secret);
        value = secret;
        return true;
    }

    private object? Outside(object? value)
    {
        ReadOutside = true;
        return value;
    }

    private object? Item() => frame.KestraShaped ? FlowValue.Map(("value", frame.Value), ("index", (long)frame.Index!.Value)) : frame.Value;

    private OrderedDictionary<string, object?> TaskRun(TaskDefinition current)
    {
        var map = FlowValue.Map(("id", run.Id + ":" + frame.PathOf(current)), ("attemptsCount", (long)attempt));
        if (frame.Loop is not null)
        {
            map["value"] = FlowValue.ToText(frame.Value);
            map["iteration"] = (long)frame.Index!.Value;
        }
        return map;
    }

    private static OrderedDictionary<string, object?> Around(RunFrame outer) => FlowValue.Map(
        ("taskrun", FlowValue.Map(("value", FlowValue.ToText(outer.Value)), ("iteration", (long)outer.Index!.Value))),
        ("item", outer.Value),
        ("index", (long)outer.Index!.Value));

    private List<object?> Parents()
    {
        var parents = new List<object?>();
        for (var outer = frame.Outer; outer?.Loop is not null; outer = outer.Outer) parents.Add(Around(outer));
        return parents;
    }
}

/// <summary>Why a run or a step failed.</summary>
/// <param name="Code">A stable code of docs/reference/errors.md.</param>
/// <param name="Message">What a person can act on.</param>
/// <param name="Step">The path of the step that failed.</param>
internal sealed record RunFailure(string Code, string Message, string? Step)
{
    public OrderedDictionary<string, object?> ToMap() => FlowValue.Map(("code", Code), ("message", Message), ("step", Step));
}

/// <summary>Hides secret values in what is recorded for people to look at.</summary>
internal sealed class SecretMask
{
    private const int ShortestWorthHiding = 4;

    private readonly Lock _gate = new();
    private volatile string[] _secrets = [];

    public void Add(string secret)
    {
        if (secret.Length < ShortestWorthHiding) return;
        lock (_gate)
            if (!_secrets.Contains(secret)) _secrets = [.. _secrets.Append(secret).OrderByDescending(s => s.Length)];
    }

    public string Hide(string text)
    {
        foreach (var secret in _secrets) text = text.Replace(secret, "******", StringComparison.Ordinal);
        return text;
    }

    /// <summary>The value with every occurrence hidden.</summary>
    public object? Hide(object? value)
    {
        if (_secrets.Length == 0) return value;
        switch (value)
        {
            case string text: return Hide(text);
            case IReadOnlyDictionary<string, object?> map:
                var hidden = FlowValue.Map();
                foreach (var (key, item) in map) hidden[key] = Hide(item);
                return hidden;
            case IEnumerable<object?> list: return list.Select(Hide).ToList();
            default: return value;
        }
    }
}
