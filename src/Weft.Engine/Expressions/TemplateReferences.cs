namespace Weft.Engine.Expressions;

/// <summary>A variable that a template reads.</summary>
/// <param name="Name">The top-level name.</param>
/// <param name="Path">The constant keys that follow it: <c>outputs.fetch.body</c> has <c>fetch</c>, <c>body</c>.</param>
/// <param name="Guarded">True when the template copes with its absence (<c>??</c>, <c>default</c>, <c>is defined</c>) or reads it only in a branch.</param>
/// <param name="Line">1-based line inside the template.</param>
/// <param name="Column">1-based column inside the template.</param>
public sealed record VariableReference(string Name, IReadOnlyList<string> Path, bool Guarded, int Line, int Column);

/// <summary>A function that a template calls.</summary>
/// <param name="Name">Its name.</param>
/// <param name="BuiltIn">False for a function of the host (<c>secret</c>, <c>kv</c> …).</param>
/// <param name="Line">1-based line inside the template.</param>
/// <param name="Column">1-based column inside the template.</param>
public sealed record FunctionReference(string Name, bool BuiltIn, int Line, int Column);

/// <summary>What a template refers to, for checks before anything runs.</summary>
/// <param name="Variables">The variables of the scope; loop variables, <c>set</c> names and macro arguments are not among them.</param>
/// <param name="Functions">The functions called; macros of the template are not among them.</param>
public sealed record TemplateReferences(IReadOnlyList<VariableReference> Variables, IReadOnlyList<FunctionReference> Functions)
{
    /// <summary>No references.</summary>
    public static readonly TemplateReferences None = new([], []);
}

/// <summary>Gathers the references of a template while its nodes are walked, with the names that the template declares itself.</summary>
internal sealed class ReferenceCollector(string source)
{
    private readonly List<VariableReference> _variables = [];
    private readonly List<FunctionReference> _functions = [];
    private readonly HashSet<string> _macros = new(StringComparer.Ordinal);
    private readonly Stack<HashSet<string>> _declared = new([new HashSet<string>(StringComparer.Ordinal)]);
    private int _conditional;
    private int _at;
    private (int Line, int Column) _place = (1, 1);

    public void Variable(string name, List<string> path, bool guarded, int position)
    {
        foreach (var names in _declared)
            if (names.Contains(name)) return;
        var (line, column) = Place(position);
        _variables.Add(new VariableReference(name, path, guarded || _conditional > 0, line, column));
    }

    public void Function(string name, int position)
    {
        var (line, column) = Place(position);
        _functions.Add(new FunctionReference(name, Functions.TryGet(name, out _), line, column));
    }

    /// <summary>The place of a position, counted on from the last one: a text may hold very many references.</summary>
    private (int Line, int Column) Place(int position)
    {
        if (position < _at) (_at, _place) = (0, (1, 1));
        for (; _at < position && _at < source.Length; _at++) _place = source[_at] == '\n' ? (_place.Line + 1, 1) : (_place.Line, _place.Column + 1);
        return _place;
    }

    public void Declare(string name) => _declared.Peek().Add(name);

    public void DeclareFunction(string name) => _macros.Add(name);

    public void Inside(string[] names, Action walk)
    {
        _declared.Push(new HashSet<string>(names, StringComparer.Ordinal));
        walk();
        _declared.Pop();
    }

    public void Conditional(Action walk)
    {
        _conditional++;
        walk();
        _conditional--;
    }

    public TemplateReferences ToReferences() => new(_variables, _functions.FindAll(f => f.BuiltIn || !_macros.Contains(f.Name)));
}
