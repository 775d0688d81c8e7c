using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

/// <summary>A scope over a map, for tests.</summary>
internal sealed class VariableScope(IReadOnlyDictionary<string, object?> variables) : ITemplateScope
{
    public static VariableScope Of(params ReadOnlySpan<(string Key, object? Value)> entries) => new(FlowValue.Map(entries));

    public static VariableScope FromJson(string json) => new((IReadOnlyDictionary<string, object?>)FlowValue.Parse(json)!);

    public bool TryGet(string name, out object? value) => variables.TryGetValue(name, out value);

    public IEnumerable<string> Names => variables.Keys;

    public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
    {
        value = function == "secret" ? "secret of " + arguments[0] : null;
        return function == "secret";
    }

    public DateTimeOffset Now { get; init; } = new(2026, 3, 5, 8, 9, 10, TimeSpan.Zero);
}
