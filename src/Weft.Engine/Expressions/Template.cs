namespace Weft.Engine.Expressions;

/// <summary>
/// A Pebble-compatible template, parsed once and evaluated without reflection. Nothing is escaped and every variable must
/// exist, as in Kestra; lists and maps print as compact JSON. A template can read what its scope offers and nothing else.
/// </summary>
public sealed class Template
{
    private readonly Statement[] _body;
    private readonly TemplateProgram _program;
    private readonly TemplateLimits _limits;
    private readonly Node? _single;
    private readonly (string Name, string[] Keys)? _path;

    private Template(string source, Statement[] body, TemplateProgram program, TemplateLimits limits)
    {
        Source = source;
        _body = body;
        _program = program;
        _limits = limits;
        References = TemplateReferences.None;
        if (!TemplateLexer.HasTemplate(source))
        {
            IsConstant = true;
            return;
        }
        if (body is [PrintStatement print])
        {
            _single = print.Value;
            _path = PathOf(print.Value);
        }
        var collector = new ReferenceCollector(source);
        Statement.Collect(body, collector);
        References = collector.ToReferences();
        // What a host function answers may change from call to call, apart from secrets.
        IsVolatile = References.Functions.Any(f => Functions.TryGet(f.Name, out var function) ? function.IsVolatile : f.Name != "secret");
    }

    /// <summary>The text it was parsed from.</summary>
    public string Source { get; }

    /// <summary>True when the text holds no expression: its value is the text itself.</summary>
    public bool IsConstant { get; }

    /// <summary>True when the value may differ between two evaluations with the same variables (<c>now()</c>, <c>uuid()</c>, random numbers).</summary>
    public bool IsVolatile { get; }

    /// <summary>The variables and functions that the template refers to.</summary>
    public TemplateReferences References { get; }

    /// <summary>Parses a template. Throws <see cref="TemplateSyntaxException"/> with the place of the mistake.</summary>
    public static Template Parse(string source) => Parse(source, TemplateLimits.Default);

    /// <summary>Parses a template that will be evaluated within the given limits.</summary>
    public static Template Parse(string source, TemplateLimits limits)
    {
        var (body, program) = TemplateParser.Parse(source, limits);
        return new Template(source, body, program, limits);
    }

    /// <summary>
    /// Evaluates the template. A template that is one single expression keeps the type of its value; any other yields text.
    /// Throws <see cref="TemplateException"/> when a variable is missing or a limit is passed.
    /// </summary>
    public object? Evaluate(ITemplateScope scope)
    {
        if (IsConstant) return Source;
        if (_path is var (name, keys) && TryRead(scope, name, keys, out var value)) return Leave(value);
        return Evaluate(new Evaluation(Source, scope, _limits, _program));
    }

    /// <summary>Evaluates the template to text, whatever the type of a single expression.</summary>
    public string EvaluateText(ITemplateScope scope)
    {
        if (IsConstant) return Source;
        return Statement.Render(_body, new Evaluation(Source, scope, _limits, _program));
    }

    /// <summary>Evaluates on a budget that is already in use, for <c>render()</c>.</summary>
    internal object? EvaluateWithin(Evaluation outer) => IsConstant ? Source : Evaluate(outer.Nested(Source, _program));

    private object? Evaluate(Evaluation evaluation) => _single is not null ? Leave(_single.Evaluate(evaluation)) : Statement.Render(_body, evaluation);

    /// <summary>Values of the language's own making become canonical when they leave.</summary>
    private static object? Leave(object? value) => value switch
    {
        DateTimeOffset => FlowValue.ToText(value),
        LoopState loop => loop.ToMap(),
        _ => value,
    };

    private static (string, string[])? PathOf(Node node)
    {
        var keys = new List<string>();
        while (node is AttributeNode { Key: LiteralNode { Value: string key } } attribute)
        {
            keys.Add(key);
            node = attribute.Container;
        }
        if (node is not VariableNode variable) return null;
        keys.Reverse();
        return (variable.Name, [.. keys]);
    }

    /// <summary>The short way for the most common template, a path to a variable. When it fails, the long way explains why.</summary>
    private static bool TryRead(ITemplateScope scope, string name, string[] keys, out object? value)
    {
        if (!scope.TryGet(name, out value)) return false;
        foreach (var key in keys)
            if (value is null || !Operators.TryAttribute(value, key, out value)) return false;
        return true;
    }
}

/// <summary>A template that cannot be parsed.</summary>
public sealed class TemplateSyntaxException(string message, int line, int column) : FlowException("template_syntax", message)
{
    /// <summary>1-based line inside the template.</summary>
    public int Line { get; } = line;
    /// <summary>1-based column inside the template.</summary>
    public int Column { get; } = column;
}

/// <summary>A template that cannot be evaluated: a missing variable, a wrong type, a limit.</summary>
public sealed class TemplateException(string code, string message) : FlowException(code, message);
