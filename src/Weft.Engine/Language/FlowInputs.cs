using Weft.Engine.Expressions;

namespace Weft.Engine.Language;

/// <summary>One thing wrong with the inputs of a run.</summary>
/// <param name="Path">Which input: <c>inputs.email</c>.</param>
/// <param name="Message">What is wrong and what was expected.</param>
public sealed record InputProblem(string Path, string Message);

/// <summary>The inputs that a run starts with, or everything that is wrong with those given.</summary>
/// <param name="Values">By name, in the order of declaration; a dotted name is a map in a map. An optional input that was not given is absent.</param>
/// <param name="Problems">Empty when the run may start.</param>
public sealed record InputBinding(OrderedDictionary<string, object?> Values, IReadOnlyList<InputProblem> Problems);

/// <summary>Binds what a caller gave to what a flow declares.</summary>
public static class FlowInputs
{
    /// <summary>Checks and converts the inputs of a run, with defaults for those not given.</summary>
    /// <param name="flow">The flow that is to run.</param>
    /// <param name="given">Canonical values by name; text is converted to the declared type.</param>
    /// <param name="scope">What the templates of defaults see, beside <c>inputs</c>, which holds the inputs before theirs.</param>
    /// <param name="ignoreUnknown">True for webhooks, whose body may hold more than the flow asks for.</param>
    public static InputBinding Bind(FlowDefinition flow, IReadOnlyDictionary<string, object?> given, ITemplateScope scope, bool ignoreUnknown = false)
    {
        ArgumentNullException.ThrowIfNull(flow);
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(scope);
        var values = FlowValue.Map();
        var problems = new List<InputProblem>();
        var inner = new InputsScope(scope, values);
        foreach (var input in flow.Inputs)
        {
            var path = $"inputs.{input.Id}";
            if (TryGive(given, input.Id, out var value))
            {
                // A null that was given, like one in a JSON body, says that there is none.
                if (value is not null) Accept(input, value, path);
                else if (input.Default is not null) AcceptDefault(input, path);
                else if (input.Required) problems.Add(new InputProblem(path, $"'{input.Id}' is required: {InputTypes.Expected(input.Type)}."));
            }
            else if (input.Default is not null) AcceptDefault(input, path);
            else if (input.Required) problems.Add(new InputProblem(path, $"'{input.Id}' is required: {InputTypes.Expected(input.Type)}."));
        }
        if (!ignoreUnknown) ReportUnknown(flow, given, "", problems);
        return new InputBinding(values, problems);

        void Accept(InputDefinition input, object? value, string path)
        {
            var accepted = InputValues.Coerce(input, value, out var problem);
            if (problem is null) Put(values, input.Id, accepted);
            else problems.Add(new InputProblem(path, $"'{input.Id}' {problem}{(problem.EndsWith('?') ? "" : ".")}"));
        }

        void AcceptDefault(InputDefinition input, string path)
        {
            try
            {
                var value = input.Default!.Evaluate(inner);
                if (value is not null) Accept(input, value, path);
                else if (input.Required) problems.Add(new InputProblem(path, $"'{input.Id}' is required, and its default is nothing."));
            }
            catch (TemplateException e)
            {
                problems.Add(new InputProblem(path, $"The default of '{input.Id}' cannot be evaluated: {e.Message}"));
            }
        }
    }

    /// <summary>Finds an input by its whole name, or a dotted one inside maps.</summary>
    private static bool TryGive(IReadOnlyDictionary<string, object?> given, string id, out object? value)
    {
        if (given.TryGetValue(id, out value)) return true;
        for (var dot = id.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = id.IndexOf('.', dot + 1))
        {
            if (given.TryGetValue(id[..dot], out var inner) && inner is IReadOnlyDictionary<string, object?> map && TryGive(map, id[(dot + 1)..], out value)) return true;
        }
        return false;
    }

    private static void Put(OrderedDictionary<string, object?> values, string id, object? value)
    {
        var map = values;
        var parts = id.Split('.');
        foreach (var part in parts.AsSpan(0, parts.Length - 1))
        {
            if (!map.TryGetValue(part, out var inner) || inner is not OrderedDictionary<string, object?> next) map[part] = next = FlowValue.Map();
            map = next;
        }
        map[parts[^1]] = value;
    }

    private static void ReportUnknown(FlowDefinition flow, IReadOnlyDictionary<string, object?> given, string prefix, List<InputProblem> problems)
    {
        foreach (var (key, value) in given)
        {
            var name = prefix + key;
            if (flow.Inputs.Any(i => i.Id == name)) continue;
            if (value is IReadOnlyDictionary<string, object?> inner && flow.Inputs.Any(i => i.Id.StartsWith(name + ".", StringComparison.Ordinal)))
            {
                ReportUnknown(flow, inner, name + ".", problems);
                continue;
            }
            var known = flow.Inputs.Select(i => i.Id).ToList();
            var remedy = Names.Suggest(name, known);
            if (remedy.Length == 0) remedy = known.Count == 0 ? " It has none." : known.Count > 20 ? "" : $" It has {string.Join(", ", known)}.";
            problems.Add(new InputProblem($"inputs.{name}", $"The flow has no input {Names.Quote(name)}.{remedy}"));
        }
    }

    /// <summary>The caller's scope with the inputs that are bound so far.</summary>
    private sealed class InputsScope(ITemplateScope outer, OrderedDictionary<string, object?> inputs) : ITemplateScope
    {
        public IEnumerable<string> Names => outer.Names.Append("inputs").Distinct(StringComparer.Ordinal);

        public DateTimeOffset Now => outer.Now;

        public bool TryGet(string name, out object? value)
        {
            if (name != "inputs") return outer.TryGet(name, out value);
            value = inputs;
            return true;
        }

        public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value) =>
            outer.TryCall(function, arguments, named, out value);
    }
}
