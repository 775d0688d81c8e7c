namespace Weft.Engine.Expressions;

internal delegate object? FilterBody(Call call);

internal delegate bool TestBody(Call call);

/// <summary>A filter: parameters by name in order, and what it does. <see cref="AcceptsUndefined"/> is for <c>default</c>.</summary>
internal sealed record Filter(IReadOnlyList<string> Parameters, FilterBody Apply, bool AcceptsUndefined = false);

/// <summary>A test behind <c>is</c>.</summary>
internal sealed record Test(IReadOnlyList<string> Parameters, TestBody Apply, bool AcceptsUndefined = false);

/// <summary>A function of the language. A null parameter list takes any number of positional arguments.</summary>
internal sealed record Function(IReadOnlyList<string>? Parameters, FilterBody Apply, bool IsVolatile = false);

/// <summary>One application of a filter, test or function, with its arguments evaluated.</summary>
internal sealed class Call(Evaluation evaluation, string name, object? input, IReadOnlyList<string> parameters, object?[] values)
{
    public Evaluation E { get; } = evaluation;
    public string Name { get; } = name;
    public object? Input { get; } = input;
    public int Count => values.Length;

    public bool Has(int index) => !ReferenceEquals(values[index], Node.Undefined);

    /// <summary>The argument, or null when it was not given.</summary>
    public object? Value(int index) => Has(index) ? values[index] : null;

    public object Required(int index) => Value(index) ?? throw E.Fail($"`{Name}` needs the argument `{parameters[index]}`.");

    public string Text(int index) => Required(index) is var value && value is string text ? text : ValueText.IsContainer(value) ? throw Wrong(index, "text", value) : E.Text(value);

    public string? TextOrNull(int index) => Value(index) is null ? null : Text(index);

    public long Whole(int index) => Required(index) switch
    {
        long whole => whole,
        double number when double.IsInteger(number) && Math.Abs(number) < 1e18 => (long)number,
        string text when long.TryParse(text, out var parsed) => parsed,
        var other => throw Wrong(index, "a whole number", other),
    };

    public long Whole(int index, long fallback) => Value(index) is null ? fallback : Whole(index);

    public bool Flag(int index, bool fallback) => Value(index) switch
    {
        null => fallback,
        bool flag => flag,
        var other => throw Wrong(index, "true or false", other),
    };

    public IReadOnlyDictionary<string, object?> Map(int index) => Required(index) as IReadOnlyDictionary<string, object?> ?? throw Wrong(index, "a map", Value(index));

    /// <summary>The input as text; lists and maps have none.</summary>
    public string InputText() => Input is string text ? text : ValueText.IsContainer(Input) ? throw WrongInput("text") : E.Text(Input);

    public IReadOnlyList<object?> InputList() => Input as IReadOnlyList<object?> ?? throw WrongInput("a list");

    public TemplateException WrongInput(string wanted) => E.Type($"`{Name}` needs {wanted}, not {Operators.Kind(Input)}.");

    private TemplateException Wrong(int index, string wanted, object? value) =>
        E.Type($"The argument `{parameters[index]}` of `{Name}` must be {wanted}, not {Operators.Kind(value)}.");
}
