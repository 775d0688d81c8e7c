namespace Weft.Engine.Expressions;

/// <summary>One node of an expression. Nodes are immutable and shared by all evaluations.</summary>
internal abstract class Node(int position, int height)
{
    /// <summary>What <see cref="Probe"/> answers for a variable that does not exist.</summary>
    public static readonly object Undefined = new();

    /// <summary>Offset in the source.</summary>
    public int Position { get; } = position;

    /// <summary>Longest path to a leaf: bounded by the parser, so that evaluation cannot exhaust the stack.</summary>
    public int Height { get; } = height;

    public abstract object? Evaluate(Evaluation e);

    /// <summary>The value, or <see cref="Undefined"/> when a variable on the way does not exist.</summary>
    public virtual object? Probe(Evaluation e)
    {
        var mark = e.Mark;
        try
        {
            return Evaluate(e);
        }
        catch (TemplateException missing) when (missing.Code == Evaluation.Missing)
        {
            e.Mark = mark;
            return Undefined;
        }
    }

    /// <summary>Tells what the expression refers to; <paramref name="guarded"/> when it may be missing.</summary>
    public abstract void Collect(ReferenceCollector references, bool guarded);

    /// <summary>How the node is called in a message.</summary>
    public virtual string Describe() => "the value";

    protected static int Above(params ReadOnlySpan<Node> children)
    {
        var height = 0;
        foreach (var child in children) height = Math.Max(height, child.Height);
        return height + 1;
    }

    protected static int Above(IReadOnlyList<Node> children)
    {
        var height = 0;
        for (var i = 0; i < children.Count; i++) height = Math.Max(height, children[i].Height);
        return height + 1;
    }
}

internal sealed class LiteralNode(object? value, int position) : Node(position, 0)
{
    public object? Value { get; } = value;
    public override object? Evaluate(Evaluation e) => Value;
    public override object? Probe(Evaluation e) => Value;
    public override void Collect(ReferenceCollector references, bool guarded) { }
}

internal sealed class VariableNode(string name, int position) : Node(position, 0)
{
    public string Name { get; } = name;

    public override object? Evaluate(Evaluation e)
    {
        if (e.TryLookup(Name, out var value)) return value;
        e.At = Position;
        throw e.Error(Evaluation.Missing, $"The variable `{Name}` does not exist.{NearestName.Hint(Name, e.VisibleNames())}");
    }

    public override object? Probe(Evaluation e) => e.TryLookup(Name, out var value) ? value : Undefined;

    public override void Collect(ReferenceCollector references, bool guarded) => references.Variable(Name, [], guarded, Position);

    public override string Describe() => $"`{Name}`";
}

internal sealed class AttributeNode(Node container, Node key, int position) : Node(position, Above(container, key))
{
    public Node Container { get; } = container;
    public Node Key { get; } = key;

    public override object? Evaluate(Evaluation e)
    {
        var owner = Container.Evaluate(e);
        var name = Key.Evaluate(e);
        if (owner is not null && Operators.TryAttribute(owner, name, out var value)) return value;
        e.At = Position;
        throw e.Error(Evaluation.Missing, Explain(owner, name, e));
    }

    public override object? Probe(Evaluation e)
    {
        var owner = Container.Probe(e);
        if (ReferenceEquals(owner, Undefined) || owner is null) return Undefined;
        var name = Key.Probe(e);
        return !ReferenceEquals(name, Undefined) && Operators.TryAttribute(owner, name, out var value) ? value : Undefined;
    }

    private string Explain(object? owner, object? missing, Evaluation e)
    {
        var name = ValueText.Key(missing, e);
        if (name.Length > 100) name = string.Concat(name.AsSpan(0, 100), "…");
        return owner switch
        {
            null => $"`{name}` cannot be read, because {Container.Describe()} is null.",
            IReadOnlyDictionary<string, object?> map => $"{Container.Describe()} has no `{name}`.{NearestName.Hint(name, map.Keys)}",
            IReadOnlyList<object?> list => $"{Container.Describe()} has no element `{name}`; it has {list.Count}.",
            _ => $"{Container.Describe()} is {Operators.Kind(owner)} and has no `{name}`.",
        };
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        // a.b['c'] is one reference with a path, as far as its keys are constant.
        var keys = new List<string>();
        Node node = this;
        var reach = this;
        while (node is AttributeNode attribute)
        {
            if (attribute.Key is LiteralNode { Value: string text }) keys.Add(text);
            else
            {
                keys.Clear();
                attribute.Key.Collect(references, guarded);
            }
            reach = attribute;
            node = attribute.Container;
        }
        keys.Reverse();
        if (node is VariableNode variable) references.Variable(variable.Name, keys, guarded, variable.Position);
        else reach.Container.Collect(references, guarded);
    }

    public override string Describe()
    {
        var inner = Container.Describe();
        return Key is LiteralNode { Value: string name } && inner.StartsWith('`') ? $"{inner[..^1]}.{name}`" : "the value";
    }
}

internal sealed class ListNode(Node[] items, int position) : Node(position, Above(items))
{
    public override object? Evaluate(Evaluation e)
    {
        e.Step(items.Length);
        var list = new List<object?>(items.Length);
        foreach (var item in items) list.Add(item.Evaluate(e));
        return list;
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        foreach (var item in items) item.Collect(references, guarded);
    }
}

internal sealed class MapNode(Node[] keys, Node[] values, int position) : Node(position, Math.Max(Above(keys), Above(values)))
{
    public override object? Evaluate(Evaluation e)
    {
        e.Step(keys.Length);
        var map = FlowValue.Map();
        for (var i = 0; i < keys.Length; i++) map[ValueText.Key(keys[i].Evaluate(e), e)] = values[i].Evaluate(e);
        return map;
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        foreach (var key in keys) key.Collect(references, guarded);
        foreach (var value in values) value.Collect(references, guarded);
    }
}

/// <summary>A text with <c>#{…}</c> in it.</summary>
internal sealed class InterpolationNode(Node[] parts, int position) : Node(position, Above(parts))
{
    public override object? Evaluate(Evaluation e)
    {
        var texts = new string[parts.Length];
        for (var i = 0; i < parts.Length; i++) texts[i] = e.Text(parts[i].Evaluate(e));
        return e.Made(string.Concat(texts));
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        foreach (var part in parts) part.Collect(references, guarded);
    }
}

internal sealed class UnaryNode(string operation, Node operand, int position) : Node(position, Above(operand))
{
    public override object? Evaluate(Evaluation e)
    {
        var value = operand.Evaluate(e);
        e.At = Position;
        return operation switch
        {
            "not" => !Operators.Truth(value, e, operand.Describe()),
            "-" => Operators.Negate(value, e),
            _ => Operators.Arithmetic('*', 1L, value, e),
        };
    }

    public override void Collect(ReferenceCollector references, bool guarded) => operand.Collect(references, guarded);
}

internal sealed class LogicNode(bool and, Node left, Node right, int position) : Node(position, Above(left, right))
{
    public override object? Evaluate(Evaluation e)
    {
        var first = left.Evaluate(e);
        e.At = Position;
        if (Operators.Truth(first, e, left.Describe()) != and) return !and;
        var second = right.Evaluate(e);
        e.At = Position;
        return Operators.Truth(second, e, right.Describe());
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        left.Collect(references, guarded);
        right.Collect(references, guarded);
    }
}

internal sealed class BinaryNode(string operation, Node left, Node right, int position) : Node(position, Above(left, right))
{
    public override object? Evaluate(Evaluation e)
    {
        var a = left.Evaluate(e);
        var b = right.Evaluate(e);
        e.At = Position;
        return operation switch
        {
            "+" => Operators.Add(a, b, e),
            "-" => Operators.Subtract(a, b, e),
            "*" or "/" or "%" => Operators.Arithmetic(operation[0], a, b, e),
            "~" => e.Made(string.Concat(e.Text(a), e.Text(b))),
            "==" => Operators.Same(a, b),
            "!=" => !Operators.Same(a, b),
            "contains" => Operators.Contains(a, b, e),
            "in" => Operators.Contains(b, a, e),
            "not in" => !Operators.Contains(b, a, e),
            ".." => Functions.Range(a, b, null, e),
            _ => Operators.Ordered(operation, a, b, e),
        };
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        left.Collect(references, guarded);
        right.Collect(references, guarded);
    }
}

/// <summary><c>??</c> takes the right side for null and undefined, <c>???</c> for undefined only.</summary>
internal sealed class CoalesceNode(bool onNull, Node left, Node right, int position) : Node(position, Above(left, right))
{
    public override object? Evaluate(Evaluation e)
    {
        var value = left.Probe(e);
        return ReferenceEquals(value, Undefined) || (onNull && value is null) ? right.Evaluate(e) : value;
    }

    public override object? Probe(Evaluation e)
    {
        var value = left.Probe(e);
        return ReferenceEquals(value, Undefined) || (onNull && value is null) ? right.Probe(e) : value;
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        left.Collect(references, true);
        right.Collect(references, guarded);
    }
}

internal sealed class TernaryNode(Node condition, Node yes, Node no, int position) : Node(position, Above(condition, yes, no))
{
    public override object? Evaluate(Evaluation e)
    {
        var value = condition.Evaluate(e);
        e.At = Position;
        // Unlike `if`, a ternary takes null for false (so does Pebble).
        return value is not null && Operators.Truth(value, e, condition.Describe()) ? yes.Evaluate(e) : no.Evaluate(e);
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        condition.Collect(references, guarded);
        yes.Collect(references, true);
        no.Collect(references, true);
    }
}

/// <summary>The arguments of a filter, test or function, in the order of its parameters.</summary>
internal sealed class Arguments(IReadOnlyList<string> parameters, Node?[] nodes)
{
    public IReadOnlyList<string> Parameters { get; } = parameters;

    public Call Evaluate(Evaluation e, string name, object? input)
    {
        var values = new object?[nodes.Length];
        for (var i = 0; i < nodes.Length; i++) values[i] = nodes[i] is { } node ? node.Evaluate(e) : Node.Undefined;
        return new Call(e, name, input, Parameters, values);
    }

    public int Height => nodes.Length == 0 ? 0 : nodes.Max(n => n?.Height ?? 0);

    public void Collect(ReferenceCollector references, bool guarded)
    {
        foreach (var node in nodes) node?.Collect(references, guarded);
    }
}

internal sealed class FilterNode(string name, Filter filter, Node input, Arguments arguments, int position)
    : Node(position, Math.Max(input.Height, arguments.Height) + 1)
{
    public string Name { get; } = name;
    public Node Input { get; } = input;

    public override object? Evaluate(Evaluation e)
    {
        object? value;
        if (filter.AcceptsUndefined)
        {
            value = Input.Probe(e);
            if (ReferenceEquals(value, Undefined)) value = null;
        }
        else
        {
            value = Input.Evaluate(e);
        }
        var call = arguments.Evaluate(e, Name, value);
        e.At = Position;
        e.Step();
        return filter.Apply(call);
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        Input.Collect(references, guarded || filter.AcceptsUndefined);
        arguments.Collect(references, guarded);
    }
}

internal sealed class TestNode(string name, Test test, Node input, Arguments arguments, bool negated, int position)
    : Node(position, Math.Max(input.Height, arguments.Height) + 1)
{
    public override object? Evaluate(Evaluation e)
    {
        object? value;
        if (test.AcceptsUndefined)
        {
            value = input.Probe(e);
            if (ReferenceEquals(value, Undefined)) value = null;
        }
        else
        {
            value = input.Evaluate(e);
        }
        var call = arguments.Evaluate(e, name, value);
        e.At = Position;
        return test.Apply(call) != negated;
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        input.Collect(references, guarded || test.AcceptsUndefined);
        arguments.Collect(references, guarded);
    }
}

/// <summary>A call of one of the language's own functions.</summary>
internal sealed class FunctionNode(string name, Function function, Arguments arguments, int position) : Node(position, arguments.Height + 1)
{
    public override object? Evaluate(Evaluation e)
    {
        var call = arguments.Evaluate(e, name, null);
        e.At = Position;
        e.Step();
        return function.Apply(call);
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        references.Function(name, Position);
        arguments.Collect(references, guarded);
    }
}

/// <summary>A call of a macro of the template, or of a function that the host offers.</summary>
internal sealed class CallNode(string name, Node[] positional, (string Name, Node Value)[] named, int position)
    : Node(position, Above([.. positional, .. named.Select(n => n.Value)]))
{
    public string Name { get; } = name;

    public override object? Evaluate(Evaluation e)
    {
        var values = new object?[positional.Length];
        for (var i = 0; i < values.Length; i++) values[i] = positional[i].Evaluate(e);
        var byName = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, node) in named) byName[key] = node.Evaluate(e);
        e.At = Position;
        e.Step();
        if (e.Program.Macros.TryGetValue(Name, out var macro)) return macro.Call(e, values, byName);
        if (e.Scope.TryCall(Name, values, byName, out var value)) return value;
        throw e.Error("function_unknown", $"There is no function `{Name}`.{NearestName.Hint(Name, Functions.Names.Concat(e.Program.Macros.Keys))}");
    }

    public override void Collect(ReferenceCollector references, bool guarded)
    {
        references.Function(Name, Position);
        foreach (var node in positional) node.Collect(references, guarded);
        foreach (var (_, node) in named) node.Collect(references, guarded);
    }
}

/// <summary><c>block('name')</c>: the text of a block once more.</summary>
internal sealed class BlockNode(string name, int position) : Node(position, 0)
{
    public override object? Evaluate(Evaluation e)
    {
        e.At = Position;
        if (!e.Program.Blocks.TryGetValue(name, out var body)) throw e.Fail($"There is no block `{name}`.{NearestName.Hint(name, e.Program.Blocks.Keys)}");
        e.EnterCall();
        var text = Statement.Render(body, e);
        e.LeaveCall();
        return text;
    }

    public override void Collect(ReferenceCollector references, bool guarded) { }
}
