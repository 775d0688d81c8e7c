using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

public sealed partial class FlowCompiler
{
    private List<InputDefinition> CompileInputs(KeyReader keys)
    {
        var inputs = new List<InputDefinition>();
        if (keys.Take("inputs") is not { } entry) return inputs;
        var places = new Dictionary<string, SourceNode>(StringComparer.Ordinal);
        switch (entry.Value)
        {
            case ListNode list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    var path = $"inputs[{i}]";
                    if (list.Items[i] is not MapNode map)
                    {
                        _problems.Add(list.Items[i], path, $"An input in a list is a map with id and type, but this is {list.Items[i].Kind}.");
                        continue;
                    }
                    var reader = new KeyReader(map, path, _problems);
                    // Kestra's older flows call the id "name".
                    var idKey = map.Find("id") is null && map.Find("name") is not null ? "name" : "id";
                    var id = Identifier(reader, idKey, Names.IsDotted, "letters, digits, - and _, with dots between names of nested inputs", 100, "An input");
                    Add(CompileInput(reader, id, path), map, path);
                }
                break;
            case MapNode map:
                foreach (var item in map.Entries)
                {
                    var path = $"inputs.{item.Key}";
                    if (item.Key.Length > 100 || !Names.IsDotted(item.Key))
                    {
                        _problems.Add(item, path, $"{Names.Quote(item.Key)} is no valid input name: it must be letters, digits, - and _, at most 100.");
                    }
                    if (item.Value is ScalarNode { IsNull: false } type && InputTypes.TryParse(type.Text, out var shorthand))
                    {
                        Add(new InputDefinition { Id = item.Key, Type = shorthand }, type, path);
                    }
                    else if (item.Value is MapNode body) Add(CompileInput(new KeyReader(body, path, _problems), item.Key, path), body, path);
                    else _problems.Add(item.Value, path, $"An input is a type, such as STRING, or a map with type, but this is {Shown(item.Value)}.");
                }
                break;
            default:
                _problems.Add(entry.Value, "inputs", $"'inputs' must be a list or a map of inputs, but this is {entry.Value.Kind}.");
                break;
        }
        return inputs;

        void Add(InputDefinition input, SourceNode place, string path)
        {
            if (input.Id.Length == 0) return;
            var clash = places.FirstOrDefault(p => p.Key == input.Id || p.Key.StartsWith(input.Id + ".", StringComparison.Ordinal) || input.Id.StartsWith(p.Key + ".", StringComparison.Ordinal));
            if (clash.Key is not null)
            {
                _problems.Add(place, path, $"The input {Names.Quote(input.Id)} is taken by {Names.Quote(clash.Key)} in line {clash.Value.Line}. Rename one.");
                return;
            }
            places[input.Id] = place;
            _inputNames.Add(input.Id.Split('.')[0]);
            inputs.Add(input);
        }
    }

    private InputDefinition CompileInput(KeyReader keys, string id, string path)
    {
        var type = InputType.String;
        var hasType = false;
        if (keys.Take("type") is not { } typeEntry) _problems.Add(keys.Map, $"{path}.type", $"An input needs 'type': {Names.OneOf(InputTypes.Names)}.");
        else if (typeEntry.Value is not ScalarNode name) _problems.Add(typeEntry.Value, $"{path}.type", $"'type' must be a text, but this is {typeEntry.Value.Kind}.");
        else if (!InputTypes.TryParse(name.Text, out type))
        {
            _problems.Add(name, $"{path}.type", $"{Names.Quote(name.Text)} is no input type. The types are {Names.OneOf(InputTypes.Names)}.{Names.Suggest(name.Text, InputTypes.Names)}");
        }
        else hasType = true;

        var input = new InputDefinition
        {
            Id = id,
            Type = type,
            Required = keys.Flag("required", true),
            DisplayName = keys.Text("displayName"),
            Description = keys.Text("description"),
            AllowCustomValue = keys.Flag("allowCustomValue", false),
            ItemType = CompileItemType(keys, path, type),
            Values = CompileChoices(keys, path, type, hasType),
            Min = CompileBound(keys, path, type, hasType, "min", "after"),
            Max = CompileBound(keys, path, type, hasType, "max", "before"),
        };
        input = WithValidator(keys, path, input);
        var withDefault = WithDefault(keys, path, input, hasType);
        keys.Finish("An input");
        return withDefault;
    }

    private InputType? CompileItemType(KeyReader keys, string path, InputType type)
    {
        if (keys.Take("itemType") is not { } entry) return null;
        if (type is not (InputType.Array or InputType.MultiSelect)) _problems.Add(entry, $"{path}.itemType", $"Only an ARRAY has 'itemType', but this input is a {InputTypes.Name(type)}.");
        else if (entry.Value is not ScalarNode name || !InputTypes.TryParse(name.Text, out var itemType)) _problems.Add(entry.Value, $"{path}.itemType", $"'itemType' must be one of {Names.OneOf(InputTypes.Names)}.");
        else if (itemType is InputType.Array or InputType.Select or InputType.MultiSelect or InputType.File or InputType.Secret)
        {
            _problems.Add(entry.Value, $"{path}.itemType", $"An ARRAY cannot hold {InputTypes.Name(itemType)}. Use JSON for lists of lists.");
        }
        else return itemType;
        return null;
    }

    private List<string>? CompileChoices(KeyReader keys, string path, InputType type, bool hasType)
    {
        var entry = keys.Take("values", ["options"]);
        var isSelect = type is InputType.Select or InputType.MultiSelect;
        if (entry is null)
        {
            if (isSelect) _problems.Add(keys.Map, $"{path}.values", $"A {InputTypes.Name(type)} input needs 'values': the list of choices.");
            return null;
        }
        if (hasType && !isSelect) _problems.Add(entry, $"{path}.{entry.Key}", $"Only a SELECT or MULTISELECT has '{entry.Key}', but this input is a {InputTypes.Name(type)}.");
        if (entry.Value is not ListNode { Items.Count: > 0 } list || list.Items.Any(i => i is not ScalarNode { IsNull: false }))
        {
            _problems.Add(entry.Value, $"{path}.{entry.Key}", $"'{entry.Key}' must be a list of at least one text.");
            return null;
        }
        return [.. list.Items.Select(i => ((ScalarNode)i).Text)];
    }

    private string? CompileBound(KeyReader keys, string path, InputType type, bool hasType, string key, string alias)
    {
        if (keys.Take(key, [alias]) is not { } entry) return null;
        if (!hasType) return null;
        if (type is not (InputType.Int or InputType.Float or InputType.Date or InputType.DateTime or InputType.Time or InputType.Duration))
        {
            _problems.Add(entry, $"{path}.{entry.Key}", $"A {InputTypes.Name(type)} input has no '{entry.Key}'; numbers, dates, times and durations have.");
            return null;
        }
        if (entry.Value is ScalarNode scalar && InputValues.IsBound(type, scalar.Text)) return scalar.Text;
        _problems.Add(entry.Value, $"{path}.{entry.Key}", $"'{entry.Key}' must be {InputTypes.Expected(type)}, as the input is.");
        return null;
    }

    private InputDefinition WithValidator(KeyReader keys, string path, InputDefinition input)
    {
        if (keys.Take("validator") is not { } entry) return input;
        if (input.Type is not (InputType.String or InputType.Secret or InputType.Email or InputType.Uri))
        {
            _problems.Add(entry, $"{path}.validator", $"A {InputTypes.Name(input.Type)} input has no 'validator'; texts have.");
            return input;
        }
        if (entry.Value is not ScalarNode scalar)
        {
            _problems.Add(entry.Value, $"{path}.validator", $"'validator' must be a regular expression, but this is {entry.Value.Kind}.");
            return input;
        }
        var pattern = InputValues.CompilePattern(scalar.Text, out var reason);
        if (pattern is null) _problems.Add(scalar, $"{path}.validator", $"The validator cannot be used: {reason!.TrimEnd('.')}.");
        return input with { Validator = scalar.Text, Pattern = pattern };
    }

    private InputDefinition WithDefault(KeyReader keys, string path, InputDefinition input, bool hasType)
    {
        if (keys.Take("defaults", ["default", "prefill"]) is not { } entry) return input;
        if (input.Type == InputType.File)
        {
            _problems.Add(entry, $"{path}.{entry.Key}", "A FILE input has no default, since a file belongs to who uploaded it. Make it optional with required: false.");
            return input;
        }
        // A text that looks like a number is a text here when the input wants one.
        var value = input.Type is InputType.String or InputType.Secret && entry.Value is ScalarNode scalar
            ? TextTemplate(scalar, $"{path}.{entry.Key}")
            : Value(entry.Value, $"{path}.{entry.Key}");
        if (hasType && value.IsConstant)
        {
            InputValues.Coerce(input, value.Constant, out var problem);
            if (problem is not null) _problems.Add(entry.Value, $"{path}.{entry.Key}", $"The default {problem}{(problem.EndsWith('?') ? "" : ".")}");
        }
        return input with { Default = value };
    }
}
