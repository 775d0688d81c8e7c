using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

public sealed partial class FlowCompiler
{
    /// <summary>Values for all tasks of a type, in Kestra's two spellings.</summary>
    private void ReadTaskDefaults(KeyReader keys)
    {
        if (keys.Take("pluginDefaults", ["taskDefaults"]) is not { } entry) return;
        if (entry.Value is not ListNode list)
        {
            _problems.Add(entry.Value, entry.Key, $"'{entry.Key}' must be a list of type and values, but this is {entry.Value.Kind}.");
            return;
        }
        for (var i = 0; i < list.Items.Count; i++)
        {
            var path = $"{entry.Key}[{i}]";
            if (list.Items[i] is not MapNode item)
            {
                _problems.Add(list.Items[i], path, $"An entry of '{entry.Key}' is a map with type and values, but this is {list.Items[i].Kind}.");
                continue;
            }
            var reader = new KeyReader(item, path, _problems);
            var type = reader.Text("type");
            var values = reader.Take("values");
            var forced = reader.Flag("forced", false);
            reader.Finish($"An entry of '{entry.Key}'");
            if (type is null) _problems.Add(item, $"{path}.type", "Defaults need 'type': the task type they are for.");
            else if (values?.Value is not MapNode map) _problems.Add(item, $"{path}.values", "Defaults need 'values': a map from properties to values.");
            else if (_registry.Find(type) is not { } registered) _problems.Add(item.Find("type")!.Value, $"{path}.type", UnknownType(type));
            else _taskDefaults.Add((registered.Info.Name, forced, map));
        }
    }

    private List<TaskDefinition> CompileTaskList(KeyReader keys, string key, bool required, string owner, IReadOnlyList<string>? aliases = null)
    {
        if (keys.Take(key, aliases) is { } entry) return CompileTasks(entry.Value, keys.PathOf(entry.Key), entry.Key);
        if (required) _problems.Add(keys.Map, keys.PathOf(key), $"{owner} needs '{key}': a list of at least one task.");
        return [];
    }

    private List<TaskDefinition> CompileTasks(SourceNode node, string path, string name)
    {
        if (node is not ListNode list)
        {
            _problems.Add(node, path, $"'{name}' must be a list of tasks, but this is {node.Kind}.");
            return [];
        }
        if (list.Items.Count == 0) _problems.Add(list, path, $"'{name}' is empty. It needs at least one task.");
        var tasks = new List<TaskDefinition>(list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
        {
            var itemPath = $"{path}[{i}]";
            if (list.Items[i] is not MapNode map) _problems.Add(list.Items[i], itemPath, $"A task is a map with id and type, but this is {list.Items[i].Kind}.");
            else if (CompileTask(map, itemPath) is { } task) tasks.Add(task);
        }
        return tasks;
    }

    private TaskDefinition? CompileTask(MapNode map, string path)
    {
        var typeEntry = map.Find("type");
        var registered = typeEntry?.Value is ScalarNode { IsNull: false } typeName ? _registry.Find(typeName.Text) : null;
        if (registered is not null) map = WithDefaults(map, registered.Info);

        var keys = new KeyReader(map, path, _problems);
        var id = Identifier(keys, "id", Names.IsWord, "letters, digits, - and _, starting with a letter or digit", 100, "A task");
        if (id.Length > 0 && map.Find("id") is { } idEntry && !_taskIds.TryAdd(id, (idEntry.Value.Line, idEntry.Value.Column)))
        {
            _problems.Add(idEntry.Value, $"{path}.id", $"There are two tasks called {Names.Quote(id)}; the first is in line {_taskIds[id].Line}. Ids are unique in the whole flow.");
        }
        if (registered is null)
        {
            ReportType(map, path, typeEntry);
            // The tasks inside are still worth reading: their problems would only show after the type is put right.
            foreach (var entry in map.Entries)
            {
                if (entry.Key is "tasks" or "then" or "else" or "errors" or "defaults" && entry.Value is ListNode { Items.Count: > 0 } list && list.Items.All(i => i is MapNode m && m.Find("type") is not null))
                {
                    CompileTasks(list, $"{path}.{entry.Key}", entry.Key);
                }
            }
            return null;
        }

        keys.Take("type");
        var info = registered.Info;
        var writtenType = ((ScalarNode)typeEntry!.Value).Text;
        var owner = $"A task of type '{info.Name}'";
        var properties = new OrderedDictionary<string, ValueTemplate>(StringComparer.Ordinal);
        var raw = new Dictionary<string, string>(StringComparer.Ordinal);
        var children = new OrderedDictionary<string, IReadOnlyList<TaskDefinition>>(StringComparer.Ordinal);

        foreach (var property in info.Properties)
        {
            var entry = keys.Take(property.Name, property.Aliases);
            if (entry is null)
            {
                if (property.Required) _problems.Add(map, $"{path}.{property.Name}", $"{owner} needs '{property.Name}': {FirstLower(property.Description)}");
            }
            else if (property.Type == PropertyType.RawTemplate)
            {
                if (RawTemplate(entry, $"{path}.{entry.Key}") is { } text) raw[property.Name] = text;
            }
            else if (Property(property, entry.Value, $"{path}.{entry.Key}", entry.Key) is { } value)
            {
                properties[property.Name] = value;
            }
        }
        if (info.AliasDefaults.TryGetValue(writtenType, out var aliasDefaults))
        {
            foreach (var (name, value) in aliasDefaults) properties.TryAdd(name, ValueTemplate.Of(value));
        }
        foreach (var name in info.TaskLists)
        {
            var aliases = info.TaskListAliases.Where(a => a.Value == name).Select(a => a.Key).ToArray();
            var tasks = CompileTaskList(keys, name, info.RequiredTaskLists.Contains(name), owner, aliases);
            if (tasks.Count > 0) children[name] = tasks;
        }
        foreach (var name in info.TaskMaps)
        {
            foreach (var (key, tasks) in CompileTaskMap(keys, name, owner, info.RequiredTaskLists.Contains(name))) children[$"{name}/{key}"] = tasks;
        }
        if (ReferenceEquals(info, ControlTypes.Switch) && map.Find("cases") is null && map.Find("defaults") is null && map.Find("default") is null)
        {
            _problems.Add(map, $"{path}.cases", $"{owner} needs 'cases' or 'defaults'.");
        }

        var definition = new TaskDefinition
        {
            Id = id,
            TypeName = writtenType,
            Type = info,
            Handler = registered.Handler,
            Description = keys.Text("description"),
            If = Common(keys, "if"),
            Retry = CompileRetry(keys),
            Timeout = info.Properties.Any(p => p.Name == "timeout") ? null : Common(keys, "timeout"),
            AllowFailure = keys.Flag("allowFailure", false),
            Disabled = keys.Flag("disabled", false),
            Properties = properties,
            RawTemplates = raw,
            Children = children,
            Line = map.Line,
            Column = map.Column,
        };
        keys.Refuse(info.RefusedKeys);
        keys.Refuse(TaskKeys.Refused);
        keys.Finish(owner);
        return definition;
    }

    private ValueTemplate? Common(KeyReader keys, string name)
    {
        var property = TaskKeys.All.First(p => p.Name == name);
        return keys.Take(property.Name, property.Aliases) is { } entry ? Property(property, entry.Value, keys.PathOf(entry.Key), entry.Key) : null;
    }

    private IEnumerable<(string Key, IReadOnlyList<TaskDefinition> Tasks)> CompileTaskMap(KeyReader keys, string name, string owner, bool required)
    {
        if (keys.Take(name) is not { } entry)
        {
            if (required) _problems.Add(keys.Map, keys.PathOf(name), $"{owner} needs '{name}': a map from names to lists of tasks.");
            yield break;
        }
        if (entry.Value is not MapNode map)
        {
            _problems.Add(entry.Value, keys.PathOf(name), $"'{name}' must be a map from names to lists of tasks, but this is {entry.Value.Kind}.");
            yield break;
        }
        foreach (var item in map.Entries) yield return (item.Key, CompileTasks(item.Value, $"{keys.PathOf(name)}.{item.Key}", item.Key));
    }

    private void ReportType(MapNode map, string path, MapEntry? entry)
    {
        if (entry is null || entry.Value is ScalarNode { IsNull: true }) _problems.Add(map, $"{path}.type", "A task needs 'type': what it does, as in log, http.request or sql.query.");
        else if (entry.Value is not ScalarNode name) _problems.Add(entry.Value, $"{path}.type", $"'type' must be a text, but this is {entry.Value.Kind}.");
        else _problems.Add(name, $"{path}.type", UnknownType(name.Text));
    }

    private string UnknownType(string name)
    {
        // Packages of Kestra's names were moved about, so the class name says more than the distance of the whole.
        var last = name[(name.LastIndexOf('.') + 1)..];
        var near = name.StartsWith("io.kestra.", StringComparison.Ordinal)
            ? _registry.Names.FirstOrDefault(n => n.StartsWith("io.kestra.", StringComparison.Ordinal) && n.EndsWith($".{last}", StringComparison.Ordinal))
                ?? NearestName.Find(last, _registry.All.Select(t => t.Info.Name))
            : NearestName.Find(name, _registry.Names);
        var types = string.Join(", ", _registry.All.Select(t => t.Info.Name));
        return near is null
            ? $"The task type {Names.Quote(name)} is not supported. The types are {types}."
            : $"The task type {Names.Quote(name)} is not supported. Did you mean '{near}'?";
    }

    /// <summary>The task with the flow's defaults for its type: a forced default wins over what the task says.</summary>
    private MapNode WithDefaults(MapNode map, TaskTypeInfo info)
    {
        var merged = map.Entries.ToList();
        foreach (var (type, forced, values) in _taskDefaults)
        {
            if (type != info.Name) continue;
            foreach (var entry in values.Entries)
            {
                var canonical = Canonical(info, entry.Key);
                var index = merged.FindIndex(e => Canonical(info, e.Key) == canonical);
                if (index < 0) merged.Add(entry);
                else if (forced) merged[index] = entry;
            }
        }
        return merged.Count == map.Entries.Count && merged.SequenceEqual(map.Entries) ? map : new MapNode(map.Line, map.Column, merged);
    }

    private static string Canonical(TaskTypeInfo info, string key) =>
        info.Properties.FirstOrDefault(p => p.Aliases.Contains(key))?.Name
        ?? TaskKeys.All.FirstOrDefault(p => p.Aliases.Contains(key))?.Name
        ?? (info.TaskListAliases.TryGetValue(key, out var list) ? list : key);

    private static string FirstLower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];
}
