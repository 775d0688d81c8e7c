using System.Text.Json;

namespace Weft.Engine.Expressions;

/// <summary>The tests behind <c>is</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> All = new(StringComparer.Ordinal)
    {
        ["defined"] = new([], c => c.Input is not null, AcceptsUndefined: true),
        ["null"] = new([], c => c.Input is null),
        ["empty"] = new([], c => IsEmpty(c.Input)),
        ["even"] = new([], c => Remainder(c) == 0),
        ["odd"] = new([], c => Remainder(c) != 0),
        ["iterable"] = new([], c => c.Input is IReadOnlyList<object?>),
        ["map"] = new([], c => c.Input is IReadOnlyDictionary<string, object?>),
        ["equalTo"] = new(["value"], c => Operators.Same(c.Input, c.Value(0))),
        ["json"] = new([], c => IsJson(c.Input)),
        ["string"] = new([], c => c.Input is string),
        ["number"] = new([], c => Operators.IsNumber(c.Input)),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Test? test) => All.TryGetValue(name, out test);

    public static bool IsEmpty(object? value) => value switch
    {
        null => true,
        string text => string.IsNullOrWhiteSpace(text),
        IReadOnlyDictionary<string, object?> map => map.Count == 0,
        IReadOnlyList<object?> list => list.Count == 0,
        _ => false,
    };

    private static long Remainder(Call call) => call.Input switch
    {
        long whole => whole % 2,
        double number when double.IsInteger(number) => (long)(number % 2),
        decimal number => (long)(number % 2),
        _ => throw call.WrongInput("a whole number"),
    };

    private static bool IsJson(object? value)
    {
        if (value is not string text) return value is not null;
        try
        {
            FlowValue.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
