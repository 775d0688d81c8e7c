using System.Globalization;
using System.Security.Cryptography;
using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

/// <summary>Turns the source of a flow into its definition, or into the list of everything that is wrong with it.</summary>
public sealed partial class FlowCompiler
{
    private static readonly IReadOnlyDictionary<string, string> RefusedFlowKeys = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["listeners"] = "listeners is not supported. Use a trigger of type flow in the flow that is to listen, or errors and finally in this one.",
        ["afterExecution"] = "afterExecution is not supported. Use finally.",
        ["checks"] = "checks is not supported. Use an if task that ends in fail.",
        ["quotas"] = "quotas is not supported. Use concurrency.",
        ["workerGroup"] = "workerGroup is not supported: every node runs every flow.",
        ["workerSelector"] = "workerSelector is not supported: every node runs every flow.",
    };

    private readonly TaskTypeRegistry _registry;
    private readonly ProblemList _problems = new();
    private readonly Dictionary<string, (int Line, int Column)> _taskIds = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inputNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _variableNames = new(StringComparer.Ordinal);
    private readonly List<PendingReference> _references = [];
    private readonly List<(string Type, bool Forced, MapNode Values)> _taskDefaults = [];

    private FlowCompiler(TaskTypeRegistry registry) => _registry = registry;

    /// <summary>
    /// Compiles YAML or JSON source. Never throws for what the source says: whatever is wrong is in the result, all of it
    /// at once, with line and column.
    /// </summary>
    /// <param name="source">The text of the flow.</param>
    /// <param name="registry">The task types it may use.</param>
    /// <param name="defaultNamespace">The namespace of a flow that names none.</param>
    public static FlowCompilation Compile(string source, TaskTypeRegistry registry, string? defaultNamespace = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(registry);
        var compiler = new FlowCompiler(registry);
        var root = SourceReader.Read(source, compiler._problems);
        var flow = root is null ? null : compiler.CompileFlow(root, defaultNamespace);
        var hash = Convert.ToHexStringLower(SHA256.HashData(SourceText.Canonical(source)));
        return compiler._problems.Count == 0
            ? new FlowCompilation(flow, [], hash)
            : new FlowCompilation(null, compiler._problems.ToSorted(), hash);
    }

    private FlowDefinition? CompileFlow(SourceNode root, string? defaultNamespace)
    {
        if (root is not MapNode map)
        {
            _problems.Add(root, "", $"A flow is a map with id, namespace and tasks, but this is {root.Kind}.");
            return null;
        }
        var keys = new KeyReader(map, "", _problems);
        var id = Identifier(keys, "id", Names.IsFlowId, "letters, digits, -, _ and ., starting with a letter or digit", 100, "A flow");
        var flowNamespace = defaultNamespace is not null && keys.Map.Find("namespace") is null
            ? defaultNamespace
            : Identifier(keys, "namespace", Names.IsDotted, "words of letters, digits, - and _ with dots between them", 150, "A flow");
        ReadTaskDefaults(keys);
        var inputs = CompileInputs(keys);
        var variables = CompileVariables(keys);
        var flow = new FlowDefinition
        {
            Id = id,
            Namespace = flowNamespace,
            Description = keys.Text("description"),
            Inputs = inputs,
            Variables = variables,
            Labels = CompileLabels(keys),
            Triggers = CompileTriggers(keys),
            Tasks = CompileTaskList(keys, "tasks", required: true, "A flow"),
            Errors = CompileTaskList(keys, "errors", required: false, "A flow"),
            Finally = CompileTaskList(keys, "finally", required: false, "A flow"),
            Outputs = CompileOutputs(keys),
            Concurrency = CompileConcurrency(keys),
            Retry = CompileRetry(keys),
            Timeout = CompileTimeout(keys),
            Disabled = keys.Flag("disabled", false),
        };
        // Kestra counts versions here; ours are counted by the engine.
        keys.Take("revision");
        keys.Refuse(RefusedFlowKeys);
        keys.Finish("A flow");
        CheckReferences();
        return flow;
    }

    private string Identifier(KeyReader keys, string key, Func<string, bool> isValid, string expected, int longest, string owner)
    {
        if (keys.Take(key) is not { } entry)
        {
            _problems.Add(keys.Map, keys.PathOf(key), $"{owner} needs '{key}': {expected}.");
            return "";
        }
        if (entry.Value is not ScalarNode scalar)
        {
            _problems.Add(entry.Value, keys.PathOf(key), $"'{key}' must be a text ({expected}), but this is {entry.Value.Kind}.");
            return "";
        }
        if (scalar.Text.Length > longest)
        {
            _problems.Add(scalar, keys.PathOf(key), $"'{key}' is {scalar.Text.Length} characters long; at most {longest} are accepted.");
        }
        else if (!isValid(scalar.Text))
        {
            _problems.Add(scalar, keys.PathOf(key), $"{Names.Quote(scalar.Text)} is no valid {key}: it must be {expected}.");
        }
        return scalar.Text;
    }

    private IReadOnlyDictionary<string, ValueTemplate> CompileVariables(KeyReader keys)
    {
        if (keys.Take("variables") is not { } entry) return FlowDefinition.EmptyTemplates;
        if (entry.Value is not MapNode map)
        {
            _problems.Add(entry.Value, "variables", $"'variables' must be a map from names to values, but this is {entry.Value.Kind}.");
            return FlowDefinition.EmptyTemplates;
        }
        foreach (var variable in map.Entries) _variableNames.Add(variable.Key);
        var variables = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        foreach (var variable in map.Entries) variables[variable.Key] = Value(variable.Value, $"variables.{variable.Key}");
        return variables;
    }

    private OrderedDictionary<string, ValueTemplate> CompileLabels(KeyReader keys)
    {
        var labels = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        switch (keys.Take("labels")?.Value)
        {
            case null: break;
            case MapNode map:
                foreach (var entry in map.Entries)
                {
                    if (entry.Value is ScalarNode scalar) labels[entry.Key] = TextTemplate(scalar, $"labels.{entry.Key}");
                    else _problems.Add(entry.Value, $"labels.{entry.Key}", $"A label must be a text, but this is {entry.Value.Kind}.");
                }
                break;
            case ListNode list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    var path = $"labels[{i}]";
                    if (list.Items[i] is not MapNode item)
                    {
                        _problems.Add(list.Items[i], path, $"A label in a list is a map with key and value, but this is {list.Items[i].Kind}.");
                        continue;
                    }
                    var reader = new KeyReader(item, path, _problems);
                    var key = reader.Text("key");
                    var value = reader.Take("value");
                    reader.Finish("A label");
                    if (key is null) _problems.Add(item, $"{path}.key", "A label needs 'key'.");
                    else if (value?.Value is ScalarNode scalar) labels[key] = TextTemplate(scalar, $"{path}.value");
                    else _problems.Add(item, $"{path}.value", "A label needs 'value', a text.");
                }
                break;
            case var other:
                _problems.Add(other, "labels", $"'labels' must be a map or a list of key and value, but this is {other.Kind}.");
                break;
        }
        return labels;
    }

    private OrderedDictionary<string, ValueTemplate> CompileOutputs(KeyReader keys)
    {
        var outputs = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        switch (keys.Take("outputs")?.Value)
        {
            case null: break;
            case MapNode map:
                foreach (var entry in map.Entries) outputs[entry.Key] = Value(entry.Value, $"outputs.{entry.Key}");
                break;
            case ListNode list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    var path = $"outputs[{i}]";
                    if (list.Items[i] is not MapNode item)
                    {
                        _problems.Add(list.Items[i], path, $"An output in a list is a map with id and value, but this is {list.Items[i].Kind}.");
                        continue;
                    }
                    var reader = new KeyReader(item, path, _problems);
                    var id = Identifier(reader, "id", Names.IsDotted, "letters, digits, -, _ and .", 100, "An output");
                    if (reader.Take("type") is { } type && !(type.Value is ScalarNode name && InputTypes.TryParse(name.Text, out _)))
                    {
                        _problems.Add(type.Value, $"{path}.type", $"An output's type must be one of {Names.OneOf(InputTypes.Names)}.");
                    }
                    reader.Text("description");
                    reader.Text("displayName");
                    var value = reader.Take("value");
                    reader.Finish("An output");
                    if (value is null) _problems.Add(item, $"{path}.value", "An output needs 'value'.");
                    else if (!outputs.TryAdd(id, Value(value.Value, $"{path}.value"))) _problems.Add(item, path, $"There are two outputs called {Names.Quote(id)}.");
                }
                break;
            case var other:
                _problems.Add(other, "outputs", $"'outputs' must be a map or a list of id and value, but this is {other.Kind}.");
                break;
        }
        return outputs;
    }

    private ConcurrencyLimit? CompileConcurrency(KeyReader keys)
    {
        if (keys.Take("concurrency") is not { } entry) return null;
        if (entry.Value is ScalarNode scalar && int.TryParse(scalar.Text, out var plain) && plain >= 1) return new ConcurrencyLimit(plain);
        if (entry.Value is not MapNode map)
        {
            _problems.Add(entry.Value, "concurrency", "'concurrency' must be a whole number of at least 1, or a map with limit, key and behavior.");
            return null;
        }
        var reader = new KeyReader(map, "concurrency", _problems);
        var limit = reader.Whole("limit", 1);
        if (limit is null && map.Find("limit") is null) _problems.Add(map, "concurrency.limit", "'concurrency' needs 'limit': how many runs at once.");
        ValueTemplate? key = null;
        if (reader.Take("key") is { } keyEntry)
        {
            if (keyEntry.Value is ScalarNode keyText) key = TextTemplate(keyText, "concurrency.key");
            else _problems.Add(keyEntry.Value, "concurrency.key", $"'key' must be a text, but this is {keyEntry.Value.Kind}.");
        }
        var behavior = ConcurrencyBehavior.Queue;
        if (reader.Take("behavior") is { } how
            && !(how.Value is ScalarNode text && Enum.TryParse(text.Text, ignoreCase: true, out behavior) && Enum.IsDefined(behavior) && !char.IsAsciiDigit(text.Text[0])))
        {
            _problems.Add(how.Value, "concurrency.behavior", "'behavior' must be QUEUE, CANCEL or FAIL.");
        }
        reader.Finish("'concurrency'");
        return new ConcurrencyLimit(limit ?? 1, key, behavior);
    }

    private RetryPolicy? CompileRetry(KeyReader keys)
    {
        if (keys.Take("retry") is not { } entry) return null;
        var path = keys.PathOf("retry");
        if (entry.Value is not MapNode map)
        {
            _problems.Add(entry.Value, path, $"'retry' must be a map such as {{ type: exponential, interval: PT2S, maxAttempts: 5 }}, but this is {entry.Value.Kind}.");
            return null;
        }
        var reader = new KeyReader(map, path, _problems);
        var kind = RetryKind.Constant;
        if (reader.Take("type") is { } type)
        {
            switch ((type.Value as ScalarNode)?.Text.ToLowerInvariant())
            {
                case "constant": break;
                case "exponential": kind = RetryKind.Exponential; break;
                case "random": kind = RetryKind.Random; break;
                default: _problems.Add(type.Value, $"{path}.type", "A retry's type must be constant, exponential or random."); break;
            }
        }
        var interval = kind == RetryKind.Random ? reader.Duration("minInterval", "interval") : reader.Duration("interval");
        var maxInterval = reader.Duration("maxInterval");
        var attempts = reader.Whole("maxAttempts", 1, "maxAttempt");
        var maxDuration = reader.Duration("maxDuration");
        var jitter = reader.Flag("jitter", false);
        var factor = 2d;
        if (reader.Take("factor", ["delayFactor"]) is { } growth
            && !(growth.Value is ScalarNode number && double.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out factor) && factor is >= 1 and <= 100))
        {
            _problems.Add(growth.Value, $"{path}.{growth.Key}", $"'{growth.Key}' must be a number from 1 to 100.");
            factor = 2;
        }
        // A note in the log is written for every failed attempt anyway.
        reader.Flag("warningOnRetry", false);
        if (reader.Take("behavior") is { } behavior && (behavior.Value as ScalarNode)?.Text != "RETRY_FAILED_TASK")
        {
            _problems.Add(behavior.Value, $"{path}.behavior", "Only RETRY_FAILED_TASK is supported: a retry continues its run. To start a new run, use a trigger of type flow.");
        }
        reader.Finish("'retry'");

        var intervalName = kind == RetryKind.Random ? "minInterval" : "interval";
        if (interval is null && map.Find(intervalName) is null && map.Find("interval") is null)
        {
            _problems.Add(map, $"{path}.{intervalName}", $"A {kind.ToString().ToLowerInvariant()} retry needs '{intervalName}', {IsoDuration.Expected}.");
        }
        if (kind == RetryKind.Random && maxInterval is null && map.Find("maxInterval") is null)
        {
            _problems.Add(map, $"{path}.maxInterval", $"A random retry needs 'maxInterval', {IsoDuration.Expected}.");
        }
        if (interval is { } least && maxInterval is { } most && most < least)
        {
            _problems.Add(map.Find("maxInterval")!.Value, $"{path}.maxInterval", $"'maxInterval' is shorter than '{intervalName}'.");
        }
        if (interval == TimeSpan.Zero && attempts is null)
        {
            _problems.Add(map, path, "A retry without a delay needs 'maxAttempts'; it would never let go of a task that fails.");
        }
        return new RetryPolicy
        {
            Kind = kind,
            Interval = interval ?? TimeSpan.Zero,
            MaxInterval = maxInterval,
            Factor = factor,
            MaxAttempts = attempts,
            MaxDuration = maxDuration,
            Jitter = jitter,
        };
    }

    /// <summary>The flow's own timeout, or Kestra's way to say it: a service level of type MAX_DURATION whose behavior is FAIL.</summary>
    private TimeSpan? CompileTimeout(KeyReader keys)
    {
        var timeout = keys.Duration("timeout");
        if (timeout == TimeSpan.Zero) _problems.Add(keys.Map.Find("timeout")!.Value, "timeout", "'timeout' must be longer than nothing.");
        if (keys.Take("sla") is not { } sla) return timeout;
        if (sla.Value is not ListNode { Items.Count: 1 } list || list.Items[0] is not MapNode item)
        {
            _problems.Add(sla.Value, "sla", "'sla' is supported as a list of one entry of type MAX_DURATION. Use timeout.");
            return timeout;
        }
        var reader = new KeyReader(item, "sla[0]", _problems);
        reader.Text("id");
        if (reader.Text("type") is var type && type != "MAX_DURATION") _problems.Add(item, "sla[0].type", $"An sla of type {Names.Quote(type ?? "")} is not supported, only MAX_DURATION.");
        if (reader.Text("behavior") is var behavior && behavior != "FAIL") _problems.Add(item, "sla[0].behavior", $"The behavior {Names.Quote(behavior ?? "")} of an sla is not supported, only FAIL.");
        var duration = reader.Duration("duration");
        reader.Finish("An sla");
        if (duration is null && item.Find("duration") is null) _problems.Add(item, "sla[0].duration", $"An sla needs 'duration', {IsoDuration.Expected}.");
        if (timeout is not null) _problems.Add(sla, "sla", "'sla' and 'timeout' mean the same. Keep timeout.");
        return duration;
    }

    /// <summary>Reports names that templates read and that the flow does not have.</summary>
    private void CheckReferences()
    {
        var missing = 0;
        foreach (var (node, path, root, name, index) in _references)
        {
            var (names, what) = root switch
            {
                "outputs" => ((IReadOnlyCollection<string>)_taskIds.Keys, "task"),
                "inputs" => (_inputNames, "input"),
                _ => (_variableNames, "variable"),
            };
            if (names.Contains(name)) continue;
            // A name costs a comparison with all others and a walk to its place, which those that are only counted are not worth.
            if (++missing > ProblemList.Most)
            {
                _problems.Add(node, path, $"There is no {what} {Names.Quote(name)} in this flow.");
                continue;
            }
            // outputs.a-b reads outputs.a and subtracts b, which nobody means who has a task called a-b.
            var meant = names.FirstOrDefault(n => n.StartsWith(name + "-", StringComparison.Ordinal)
                && node.Text.AsSpan(Math.Clamp(index, 0, node.Text.Length)).StartsWith($"{root}.{n}", StringComparison.Ordinal));
            var (line, column) = node.Locate(index);
            _problems.Add(line, column, path, meant is not null
                ? $"{root}.{meant} subtracts. Write {root}['{meant}']."
                : $"There is no {what} {Names.Quote(name)} in this flow.{Names.Suggest(name, names)}");
        }
    }

    /// <summary>A name that a template certainly reads, to be looked up when all names are known.</summary>
    private readonly record struct PendingReference(ScalarNode Node, string Path, string Root, string Name, int Index);
}
