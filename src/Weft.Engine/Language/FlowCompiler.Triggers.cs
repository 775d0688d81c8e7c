using Weft.Engine.Cron;
using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

public sealed partial class FlowCompiler
{
    private static readonly IReadOnlyDictionary<string, string> RefusedTriggerKeys = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["preconditions"] = "preconditions is not supported. Use one trigger of type flow for each flow, with when.",
        ["dependsOn"] = "dependsOn is not supported. Use one trigger of type flow for each flow, with when.",
        ["backfill"] = "backfill is not supported in a flow's source.",
        ["withSeconds"] = "withSeconds is not supported: a schedule has five fields.",
        ["lateMaximumDelay"] = "lateMaximumDelay is not supported. Use missed: none.",
        ["stopAfter"] = "stopAfter is not supported. Disable the trigger.",
        ["labels"] = "labels is not supported on a trigger. Put them on the flow; a label may be a template that reads trigger.",
        ["returnOutputs"] = "returnOutputs is not supported: with wait: true a webhook answers with the outputs.",
        ["workerGroup"] = "workerGroup is not supported: every node runs every trigger.",
    };

    private List<TriggerDefinition> CompileTriggers(KeyReader keys)
    {
        var triggers = new List<TriggerDefinition>();
        if (keys.Take("triggers") is not { } entry) return triggers;
        if (entry.Value is not ListNode list)
        {
            _problems.Add(entry.Value, "triggers", $"'triggers' must be a list, but this is {entry.Value.Kind}.");
            return triggers;
        }
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        // A trigger's templates are evaluated before there is a run, so they do not see its inputs and outputs.
        _checksReferences = false;
        for (var i = 0; i < list.Items.Count; i++)
        {
            var path = $"triggers[{i}]";
            if (list.Items[i] is not MapNode map)
            {
                _problems.Add(list.Items[i], path, $"A trigger is a map with id and type, but this is {list.Items[i].Kind}.");
                continue;
            }
            var reader = new KeyReader(map, path, _problems);
            var id = Identifier(reader, "id", Names.IsWord, "letters, digits, - and _, starting with a letter or digit", 100, "A trigger");
            if (id.Length > 0 && !ids.TryAdd(id, map.Line)) _problems.Add(map.Find("id")!.Value, $"{path}.id", $"There are two triggers called {Names.Quote(id)}; the first is in line {ids[id]}.");
            if (CompileTrigger(reader, id, path) is { } trigger) triggers.Add(trigger);
        }
        _checksReferences = true;
        return triggers;
    }

    private TriggerDefinition? CompileTrigger(KeyReader keys, string id, string path)
    {
        var map = keys.Map;
        if (keys.Take("type") is not { } typeEntry)
        {
            _problems.Add(map, $"{path}.type", $"A trigger needs 'type': {Names.OneOf([.. TriggerKinds.All.Select(k => k.Name)])}.");
            return null;
        }
        if (typeEntry.Value is not ScalarNode name || TriggerKinds.Find(name.Text) is not { } kind)
        {
            var text = (typeEntry.Value as ScalarNode)?.Text ?? "";
            var names = TriggerKinds.All.SelectMany(k => k.Aliases.Prepend(k.Name));
            _problems.Add(typeEntry.Value, $"{path}.type", $"The trigger type {Names.Quote(text)} is not supported. The types are {Names.OneOf([.. TriggerKinds.All.Select(k => k.Name)])}.{Names.Suggest(text, names)}");
            return null;
        }

        var owner = $"A trigger of type '{kind.Name}'";
        var properties = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        foreach (var property in kind.Properties)
        {
            if (keys.Take(property.Name, property.Aliases) is { } entry)
            {
                if (Property(property, entry.Value, $"{path}.{entry.Key}", entry.Key) is not { } value) continue;
                properties[property.Name] = value;
                CheckTriggerProperty(kind, property, value, entry, path);
            }
            else if (property.Required) _problems.Add(map, $"{path}.{property.Name}", $"{owner} needs '{property.Name}': {FirstLower(property.Description)}");
        }
        var when = keys.Take("when") is { } whenEntry
            ? Property(TriggerKinds.CommonKeys.First(k => k.Name == "when"), whenEntry.Value, $"{path}.when", "when")
            : null;
        if (keys.Take("conditions") is { } conditions) when = CompileConditions(conditions, $"{path}.conditions", kind, properties, when);
        var trigger = new TriggerDefinition
        {
            Id = id,
            Kind = kind.Name,
            Disabled = keys.Flag("disabled", false),
            When = when,
            Inputs = CompileTriggerInputs(keys),
            Properties = properties,
            Line = map.Line,
            Column = map.Column,
        };
        keys.Text("description");
        keys.Refuse(RefusedTriggerKeys);
        keys.Finish(owner);
        return trigger;
    }

    private OrderedDictionary<string, ValueTemplate> CompileTriggerInputs(KeyReader keys)
    {
        var inputs = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        if (keys.Take("inputs") is not { } entry) return inputs;
        if (entry.Value is not MapNode map)
        {
            _problems.Add(entry.Value, keys.PathOf("inputs"), $"'inputs' must be a map from inputs to values, but this is {entry.Value.Kind}.");
            return inputs;
        }
        foreach (var item in map.Entries)
        {
            var path = $"{keys.PathOf("inputs")}.{item.Key}";
            if (!_inputNames.Contains(item.Key.Split('.')[0]))
            {
                _problems.Add(item, path, $"This flow declares no input {Names.Quote(item.Key)}.{Names.Suggest(item.Key, _inputNames)}");
            }
            inputs[item.Key] = Value(item.Value, path);
        }
        return inputs;
    }

    private void CheckTriggerProperty(TriggerKind kind, TaskProperty property, ValueTemplate value, MapEntry entry, string path)
    {
        if (!value.IsConstant || value.Constant is not string text || IsTemplate(text)) return;
        switch (kind.Name, property.Name)
        {
            case ("webhook", "key") when !(text.Length is >= 8 and <= 256 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')):
                _problems.Add(entry.Value, $"{path}.{entry.Key}", "A webhook's key is 8 to 256 letters, digits, - and _; it is all that keeps strangers out.");
                break;
            case ("schedule", "cron"):
                try
                {
                    CronSchedule.Parse(text);
                }
                catch (CronException e)
                {
                    _problems.Add(entry.Value, $"{path}.{entry.Key}", e.Message);
                }
                break;
            case ("schedule", "timezone") when !TimeZoneInfo.TryFindSystemTimeZoneById(text, out _):
                _problems.Add(entry.Value, $"{path}.{entry.Key}", $"There is no time zone {Names.Quote(text)}. Use an IANA name such as Europe/Berlin.");
                break;
            case ("row", "table") when !Names.IsTable(text):
                _problems.Add(entry.Value, $"{path}.{entry.Key}", $"{Names.Quote(text)} is no table: write schema.table.");
                break;
        }
    }

    /// <summary>Kestra's list of conditions, all of which must hold; those that have a counterpart here become it.</summary>
    private ValueTemplate? CompileConditions(MapEntry entry, string path, TriggerKind kind, OrderedDictionary<string, ValueTemplate> properties, ValueTemplate? when)
    {
        if (entry.Value is not ListNode list)
        {
            _problems.Add(entry.Value, path, $"'conditions' must be a list, but this is {entry.Value.Kind}.");
            return when;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            var itemPath = $"{path}[{i}]";
            if (list.Items[i] is not MapNode item)
            {
                _problems.Add(list.Items[i], itemPath, $"A condition is a map with type, but this is {list.Items[i].Kind}.");
                continue;
            }
            var reader = new KeyReader(item, itemPath, _problems);
            var type = reader.Text("type") ?? "";
            var word = type[(type.LastIndexOf('.') + 1)..];
            if (word.EndsWith("Condition", StringComparison.Ordinal)) word = word[..^"Condition".Length];
            if (word == "Expression" && when is null && reader.Take("expression") is { } expression)
            {
                when = Property(TriggerKinds.CommonKeys.First(k => k.Name == "when"), expression.Value, $"{itemPath}.expression", "expression");
            }
            else if (word is "ExecutionFlow" && kind.Name == "flow" && reader.Take("flowId") is { } flowId)
            {
                Move(reader.Take("namespace"), "namespace");
                Move(flowId, "flowId");
            }
            else if (word == "ExecutionStatus" && kind.Name == "flow" && reader.Take("in") is { } states)
            {
                Move(states, "states");
            }
            else
            {
                _problems.Add(item, itemPath, $"The condition {Names.Quote(type)} is not supported here. Say it with 'when', an expression that must be true.");
                continue;
            }
            reader.Finish("This condition");

            void Move(MapEntry? from, string name)
            {
                if (from is null) return;
                if (properties.ContainsKey(name)) _problems.Add(from, itemPath, $"'{name}' is given twice. Write it on the trigger, once.");
                else if (Property(kind.Properties.First(p => p.Name == name), from.Value, $"{itemPath}.{from.Key}", from.Key) is { } value) properties[name] = value;
            }
        }
        return when;
    }
}
