namespace Weft.Engine.Expressions;

/// <summary>The variables and host functions that a template sees while it is evaluated.</summary>
public interface ITemplateScope
{
    /// <summary>The value of a top-level name (<c>inputs</c>, <c>outputs</c>, <c>env</c> …), or false when there is none.</summary>
    bool TryGet(string name, out object? value);

    /// <summary>The names that exist, for suggestions in errors.</summary>
    IEnumerable<string> Names { get; }

    /// <summary>Functions of the host beyond the language's own (<c>secret</c>, <c>kv</c>), or false.</summary>
    bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value);

    /// <summary>The time that <c>now()</c> answers.</summary>
    DateTimeOffset Now { get; }
}
