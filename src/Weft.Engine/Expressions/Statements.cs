using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>One part of a template: text, a printed expression or a tag.</summary>
internal abstract class Statement(int position)
{
    public int Position { get; } = position;

    public abstract void Run(Evaluation e, StringBuilder output);

    public abstract void Collect(ReferenceCollector references);

    public static void Run(Statement[] body, Evaluation e, StringBuilder output)
    {
        foreach (var statement in body) statement.Run(e, output);
    }

    public static string Render(Statement[] body, Evaluation e)
    {
        var output = new StringBuilder();
        Run(body, e, output);
        return output.ToString();
    }

    public static void Collect(Statement[] body, ReferenceCollector references)
    {
        foreach (var statement in body) statement.Collect(references);
    }
}

internal sealed class TextStatement(string text, int position) : Statement(position)
{
    public string Text { get; } = text;
    public override void Run(Evaluation e, StringBuilder output) => e.Write(output, Text);
    public override void Collect(ReferenceCollector references) { }
}

internal sealed class PrintStatement(Node value, int position) : Statement(position)
{
    public Node Value { get; } = value;
    public override void Run(Evaluation e, StringBuilder output) => e.Write(output, e.Text(Value.Evaluate(e)));
    public override void Collect(ReferenceCollector references) => Value.Collect(references, false);
}

internal sealed class SetStatement(string name, Node value, int position) : Statement(position)
{
    public void Assign(Evaluation e) => e.Assign(name, value.Evaluate(e));

    public override void Run(Evaluation e, StringBuilder output) => Assign(e);

    public override void Collect(ReferenceCollector references)
    {
        value.Collect(references, false);
        references.Declare(name);
    }
}

internal sealed class IfStatement((Node Condition, Statement[] Body)[] branches, Statement[]? otherwise, int position) : Statement(position)
{
    public IReadOnlyList<(Node Condition, Statement[] Body)> Branches => branches;
    public Statement[]? Otherwise { get; } = otherwise;

    /// <summary>The same choice between changed statements.</summary>
    public IfStatement With(Func<Statement, Statement> change) =>
        new([.. branches.Select(b => (b.Condition, Array.ConvertAll(b.Body, s => change(s))))], Otherwise is null ? null : Array.ConvertAll(Otherwise, s => change(s)), Position);

    /// <summary>The number of the branch whose condition holds, or -1 for none.</summary>
    public int Choose(Evaluation e)
    {
        for (var i = 0; i < branches.Length; i++)
        {
            var condition = branches[i].Condition;
            var value = condition.Evaluate(e);
            e.At = condition.Position;
            if (Operators.Truth(value, e, "The condition")) return i;
        }
        return -1;
    }

    public override void Run(Evaluation e, StringBuilder output)
    {
        var chosen = Choose(e);
        if (chosen >= 0) Run(branches[chosen].Body, e, output);
        else if (Otherwise is not null) Run(Otherwise, e, output);
    }

    public override void Collect(ReferenceCollector references)
    {
        foreach (var (condition, body) in branches)
        {
            condition.Collect(references, false);
            references.Conditional(() => Collect(body, references));
        }
        if (Otherwise is not null) references.Conditional(() => Collect(Otherwise, references));
    }
}

internal sealed class ForStatement(string variable, Node items, Statement[] body, Statement[]? otherwise, int position) : Statement(position)
{
    public Statement[] Body { get; } = body;
    public Statement[]? Otherwise { get; } = otherwise;

    /// <summary>The same loop over changed statements.</summary>
    public ForStatement With(Func<Statement, Statement> change) =>
        new(variable, items, Array.ConvertAll(Body, s => change(s)), Otherwise is null ? null : Array.ConvertAll(Otherwise, s => change(s)), Position);

    /// <summary>Runs <paramref name="round"/> once per element, with the loop's variables in scope; otherwise <paramref name="none"/>.</summary>
    public void Each(Evaluation e, Action round, Action none)
    {
        var value = items.Evaluate(e);
        if (value is null) return;
        e.At = Position;
        var elements = Operators.Elements(value) ?? throw e.Type($"`for` cannot go over {Operators.Kind(value)}.");
        if (elements.Count == 0)
        {
            none();
            return;
        }
        var frame = e.Push();
        var loop = new LoopState(elements.Count);
        frame.Put("loop", loop);
        for (var i = 0; i < elements.Count; i++)
        {
            e.At = Position;
            e.Step();
            loop.Index = i;
            frame.Put(variable, elements[i]);
            round();
        }
        e.Pop();
    }

    public override void Run(Evaluation e, StringBuilder output) =>
        Each(e, () => Run(Body, e, output), () => { if (Otherwise is not null) Run(Otherwise, e, output); });

    public override void Collect(ReferenceCollector references)
    {
        items.Collect(references, false);
        references.Inside(["loop", variable], () => references.Conditional(() => Collect(Body, references)));
        if (Otherwise is not null) references.Conditional(() => Collect(Otherwise, references));
    }
}

/// <summary><c>{% filter upper %}…{% endfilter %}</c>: the text inside, filtered.</summary>
internal sealed class FilterStatement(Func<Node, Node> filters, Statement[] body, int position) : Statement(position)
{
    private readonly Node _filtered = filters(new BodyNode(body, position));

    public override void Run(Evaluation e, StringBuilder output) => e.Write(output, e.Text(_filtered.Evaluate(e)));

    public override void Collect(ReferenceCollector references) => _filtered.Collect(references, false);

    private sealed class BodyNode(Statement[] body, int position) : Node(position, 0)
    {
        public override object? Evaluate(Evaluation e) => Statement.Render(body, e);
        public override void Collect(ReferenceCollector references, bool guarded) => Statement.Collect(body, references);
    }
}

internal sealed class MacroStatement(string name, (string Name, Node? Default)[] parameters, Statement[] body, int position) : Statement(position)
{
    public override void Run(Evaluation e, StringBuilder output) { }

    public string Call(Evaluation e, object?[] positional, Dictionary<string, object?> named)
    {
        if (positional.Length > parameters.Length) throw e.Fail($"The macro `{name}` takes {parameters.Length} arguments, not {positional.Length}.");
        foreach (var key in named.Keys)
            if (!Array.Exists(parameters, p => p.Name == key)) throw e.Fail($"The macro `{name}` has no argument `{key}`.");
        e.EnterCall();
        var values = new object?[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            var (parameter, fallback) = parameters[i];
            if (i < positional.Length) values[i] = positional[i];
            else if (!named.TryGetValue(parameter, out values[i])) values[i] = fallback?.Evaluate(e);
        }
        var frame = e.Push(isolated: true);
        for (var i = 0; i < values.Length; i++) frame.Put(parameters[i].Name, values[i]);
        var text = Render(body, e);
        e.Pop();
        e.LeaveCall();
        return text;
    }

    public override void Collect(ReferenceCollector references)
    {
        references.DeclareFunction(name);
        foreach (var (_, fallback) in parameters) fallback?.Collect(references, false);
        references.Inside([.. parameters.Select(p => p.Name)], () => Collect(body, references));
    }
}

internal sealed class BlockStatement(Statement[] body, int position) : Statement(position)
{
    public override void Run(Evaluation e, StringBuilder output) => Run(body, e, output);
    public override void Collect(ReferenceCollector references) => Collect(body, references);
}
