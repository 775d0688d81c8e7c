using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Language;

/// <summary>A scope without names, at a fixed time.</summary>
internal sealed class NoScope : ITemplateScope
{
    public static readonly NoScope Instance = new();

    public IEnumerable<string> Names => [];

    public DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public bool TryGet(string name, out object? value)
    {
        value = null;
        return false;
    }

    public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
    {
        value = null;
        return false;
    }
}
