using System.Text.Json.Nodes;

namespace Weft.Engine.Language;

/// <summary>The JSON Schema (2020-12) of the flow language, made from what the compiler itself reads, so that editors complete and check.</summary>
public static class FlowSchema
{
    private const string TemplatePattern = @"\{[\{%#]";

    /// <summary>The schema for flows that may use these task types.</summary>
    public static JsonObject Build(TaskTypeRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        var definitions = new JsonObject
        {
            ["template"] = new JsonObject { ["type"] = "string", ["pattern"] = TemplatePattern, ["description"] = "A template." },
            ["duration"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[Pp]", ["description"] = "An ISO 8601 duration such as PT30S, PT1H30M or P1D." },
            ["retry"] = Retry(),
            ["input"] = Input(),
            ["tasks"] = new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = new JsonObject { ["$ref"] = "#/$defs/task" } },
            ["task"] = new JsonObject
            {
                ["type"] = "object",
                ["required"] = new JsonArray("id", "type"),
                ["properties"] = new JsonObject { ["type"] = new JsonObject { ["description"] = TaskKeys.All[1].Description, ["enum"] = Strings(registry.Names) } },
                ["allOf"] = new JsonArray([.. registry.All.Select(t => When(t.Info.Aliases.Prepend(t.Info.Name), $"task.{t.Info.Name}"))]),
            },
            ["trigger"] = new JsonObject
            {
                ["type"] = "object",
                ["required"] = new JsonArray("id", "type"),
                ["properties"] = new JsonObject { ["type"] = new JsonObject { ["enum"] = Strings(TriggerKinds.All.SelectMany(k => k.Aliases.Prepend(k.Name))) } },
                ["allOf"] = new JsonArray([.. TriggerKinds.All.Select(k => When(k.Aliases.Prepend(k.Name), $"trigger.{k.Name}"))]),
            },
        };
        foreach (var type in registry.All) definitions[$"task.{type.Info.Name}"] = Task(type.Info);
        foreach (var kind in TriggerKinds.All) definitions[$"trigger.{kind.Name}"] = Trigger(kind);

        var properties = new JsonObject();
        foreach (var key in FlowKeys.All)
        {
            var schema = FlowKey(key.Name);
            schema["description"] = key.Description;
            foreach (var name in key.Aliases.Prepend(key.Name)) properties[name] = schema.DeepClone();
        }
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Weft flow",
            ["type"] = "object",
            ["required"] = Strings(FlowKeys.All.Where(k => k.Required).Select(k => k.Name)),
            ["additionalProperties"] = false,
            ["properties"] = properties,
            ["$defs"] = definitions,
        };
    }

    private static JsonObject FlowKey(string name) => name switch
    {
        "id" or "namespace" or "description" => new JsonObject { ["type"] = "string" },
        "disabled" => new JsonObject { ["type"] = "boolean" },
        "revision" => new JsonObject { ["type"] = "integer" },
        "timeout" => Ref("duration"),
        "retry" => Ref("retry"),
        "tasks" or "errors" or "finally" => Ref("tasks"),
        "variables" => new JsonObject { ["type"] = "object" },
        "triggers" => new JsonObject { ["type"] = "array", ["items"] = Ref("trigger") },
        "inputs" => OneOf(
            new JsonObject { ["type"] = "array", ["items"] = Ref("input") },
            new JsonObject { ["type"] = "object", ["additionalProperties"] = OneOf(Ref("input"), new JsonObject { ["enum"] = Strings(InputTypes.Names.Concat(InputTypes.Aliases.Keys)) }) }),
        "labels" => OneOf(
            new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") } },
            new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object", ["required"] = new JsonArray("key", "value") } }),
        "outputs" => OneOf(
            new JsonObject { ["type"] = "object" },
            new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object", ["required"] = new JsonArray("id", "value") } }),
        "concurrency" => OneOf(
            new JsonObject { ["type"] = "integer", ["minimum"] = 1 },
            new JsonObject
            {
                ["type"] = "object",
                ["required"] = new JsonArray("limit"),
                ["additionalProperties"] = false,
                ["properties"] = new JsonObject
                {
                    ["limit"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1 },
                    ["key"] = new JsonObject { ["type"] = "string" },
                    ["behavior"] = new JsonObject { ["enum"] = new JsonArray("QUEUE", "CANCEL", "FAIL") },
                },
            }),
        _ => new JsonObject { ["type"] = "array" },
    };

    private static JsonObject Task(TaskTypeInfo info)
    {
        var properties = new JsonObject();
        foreach (var key in TaskKeys.All)
        {
            if (key.Name is "id" or "type") properties[key.Name] = new JsonObject { ["type"] = "string", ["description"] = key.Description };
            else if (key.Name == "retry") properties[key.Name] = Ref("retry");
            else AddProperty(properties, key);
        }
        foreach (var property in info.Properties) AddProperty(properties, property);
        foreach (var list in info.TaskLists.Concat(info.TaskListAliases.Keys)) properties[list] = Ref("tasks");
        foreach (var map in info.TaskMaps) properties[map] = new JsonObject { ["type"] = "object", ["additionalProperties"] = Ref("tasks") };
        var schema = new JsonObject { ["description"] = info.Description, ["additionalProperties"] = false, ["properties"] = properties };
        var required = new JsonArray();
        foreach (var property in info.Properties.Where(p => p.Required)) required.Add(AnyOf(property.Aliases.Prepend(property.Name)));
        foreach (var list in info.RequiredTaskLists) required.Add(AnyOf(info.TaskListAliases.Where(a => a.Value == list).Select(a => a.Key).Prepend(list)));
        if (required.Count > 0) schema["allOf"] = required;
        return schema;
    }

    private static JsonObject Trigger(TriggerKind kind)
    {
        var properties = new JsonObject();
        foreach (var property in TriggerKinds.CommonKeys.Concat(kind.Properties)) AddProperty(properties, property);
        properties["type"] = new JsonObject { ["type"] = "string" };
        properties["conditions"] = new JsonObject { ["type"] = "array", ["description"] = "Kestra's conditions; those with a counterpart here are accepted. Use when." };
        var required = new JsonArray([.. kind.Properties.Where(p => p.Required).Select(p => AnyOf(p.Aliases.Prepend(p.Name)))]);
        var schema = new JsonObject { ["description"] = kind.Description, ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Count > 0) schema["allOf"] = required;
        return schema;
    }

    private static void AddProperty(JsonObject properties, TaskProperty property)
    {
        foreach (var name in property.Aliases.Prepend(property.Name))
        {
            var schema = Value(property);
            schema["description"] = name == property.Name ? property.Description : $"Same as {property.Name}: {property.Description}";
            properties[name] = schema;
        }
    }

    /// <summary>What a property accepts: its own type, or a template that yields it.</summary>
    private static JsonObject Value(TaskProperty property)
    {
        JsonObject? own = property.Type switch
        {
            PropertyType.Any => null,
            PropertyType.String or PropertyType.RawTemplate => new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
            PropertyType.Integer => new JsonObject { ["type"] = "integer" },
            PropertyType.Number => new JsonObject { ["type"] = "number" },
            PropertyType.Boolean when property.IsCondition => new JsonObject { ["type"] = new JsonArray("boolean", "string") },
            PropertyType.Boolean => new JsonObject { ["type"] = "boolean" },
            PropertyType.Duration => Ref("duration"),
            PropertyType.List => new JsonObject { ["type"] = "array" },
            _ => new JsonObject { ["type"] = "object" },
        };
        if (own is null) return [];
        if (property.Values is { } values)
        {
            // Editors offer the values as they are documented; the compiler takes them in any case of letters.
            var choices = Strings(values.Concat(values.Select(v => v.ToLowerInvariant())).Concat(values.Select(v => v.ToUpperInvariant())).Distinct(StringComparer.Ordinal));
            own = property.Type == PropertyType.List
                ? OneOf(new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["enum"] = choices.DeepClone() } }, new JsonObject { ["enum"] = choices })
                : new JsonObject { ["enum"] = choices };
        }
        return OneOf(own, Ref("template"));
    }

    private static JsonObject Retry() => new()
    {
        ["type"] = "object",
        ["description"] = "What happens after a failed attempt.",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            ["type"] = new JsonObject { ["enum"] = new JsonArray("constant", "exponential", "random"), ["description"] = "How the delay grows; constant when absent." },
            ["interval"] = Ref("duration"),
            ["minInterval"] = Ref("duration"),
            ["maxInterval"] = Ref("duration"),
            ["maxDuration"] = Ref("duration"),
            ["factor"] = new JsonObject { ["type"] = "number", ["minimum"] = 1, ["maximum"] = 100, ["description"] = "Growth per attempt; 2 when absent." },
            ["delayFactor"] = new JsonObject { ["type"] = "number", ["minimum"] = 1, ["maximum"] = 100, ["description"] = "Same as factor." },
            ["maxAttempts"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["description"] = "Attempts in all, the first included." },
            ["maxAttempt"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["description"] = "Same as maxAttempts." },
            ["jitter"] = new JsonObject { ["type"] = "boolean", ["description"] = "Spread each delay over half to all of itself." },
            ["warningOnRetry"] = new JsonObject { ["type"] = "boolean" },
            ["behavior"] = new JsonObject { ["enum"] = new JsonArray("RETRY_FAILED_TASK") },
        },
    };

    private static JsonObject Input()
    {
        var properties = new JsonObject();
        foreach (var key in InputKeys.All)
        {
            foreach (var name in key.Aliases.Prepend(key.Name))
            {
                properties[name] = new JsonObject { ["description"] = key.Description };
                if (key.Name is "type" or "itemType") properties[name]!["enum"] = Strings(InputTypes.Names.Concat(InputTypes.Aliases.Keys));
                else if (key.Type == PropertyType.Boolean) properties[name]!["type"] = "boolean";
                else if (key.Type == PropertyType.List) properties[name]!["type"] = "array";
            }
        }
        return new JsonObject { ["type"] = "object", ["required"] = new JsonArray("type"), ["additionalProperties"] = false, ["properties"] = properties };
    }

    private static JsonObject When(IEnumerable<string> types, string definition) => new()
    {
        ["if"] = new JsonObject { ["properties"] = new JsonObject { ["type"] = new JsonObject { ["enum"] = Strings(types) } } },
        ["then"] = Ref(definition),
    };

    private static JsonNode AnyOf(IEnumerable<string> names)
    {
        var choices = names.Select(n => (JsonNode)new JsonObject { ["required"] = new JsonArray(n) }).ToArray();
        return choices.Length == 1 ? choices[0] : new JsonObject { ["anyOf"] = new JsonArray(choices) };
    }

    private static JsonObject OneOf(params JsonNode[] choices) => new() { ["anyOf"] = new JsonArray(choices) };

    private static JsonObject Ref(string definition) => new() { ["$ref"] = $"#/$defs/{definition}" };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)JsonValue.Create(v))]);
}
