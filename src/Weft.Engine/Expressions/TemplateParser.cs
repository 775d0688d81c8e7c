using System.Globalization;

namespace Weft.Engine.Expressions;

/// <summary>Builds the nodes of a template from its tokens. Operators and their precedence are Pebble's, plus <c>in</c>.</summary>
internal sealed class TemplateParser
{
    private readonly string _source;
    private readonly TemplateLimits _limits;
    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;

    private TemplateParser(string source, TemplateLimits limits)
    {
        _source = source;
        _limits = limits;
        _tokens = new TemplateLexer(source, limits).Tokenize();
    }

    public static (Statement[] Body, TemplateProgram Program) Parse(string source, TemplateLimits limits)
    {
        if (source.Length > limits.MaxSource) throw new TemplateSyntaxException($"The template is longer than {limits.MaxSource} characters.", 1, 1);
        var parser = new TemplateParser(source, limits);
        return (parser.Body([], null), parser._program);
    }

    private readonly TemplateProgram _program = new();

    private Token Current => _tokens[_at];

    private Token Next()
    {
        var token = _tokens[_at];
        if (token.Kind != TokenKind.End) _at++;
        return token;
    }

    private Token Peek() => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    private bool Is(string symbol) => Current.Kind == TokenKind.Symbol && Current.Value == symbol;

    private bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Value == name;

    private void Expect(string symbol)
    {
        if (!Is(symbol)) throw Unexpected($"`{symbol}`");
        _at++;
    }

    private Token Expect(TokenKind kind, string wanted) => Current.Kind == kind ? Next() : throw Unexpected(wanted);

    private TemplateSyntaxException Unexpected(string wanted) => Error(
        Current.Kind switch
        {
            TokenKind.End => $"The template ends, but {wanted} was expected.",
            TokenKind.Text => $"Text was found where {wanted} was expected.",
            TokenKind.String => $"A text was found where {wanted} was expected.",
            _ => $"`{Current.Value}` was found where {wanted} was expected.",
        },
        Current.Position);

    private TemplateSyntaxException Error(string message, int position) => TemplateLexer.SyntaxError(_source, message, position);

    // ---- tags

    /// <summary>Statements up to one of the closing tags, whose name token is left as the current one.</summary>
    private Statement[] Body(ReadOnlySpan<string> closing, Token? opened)
    {
        if (++_depth > _limits.MaxNesting) throw Error($"Tags are nested deeper than {_limits.MaxNesting} levels.", Current.Position);
        var body = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            var token = Next();
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new TextStatement(token.Value, token.Position));
                    break;
                case TokenKind.PrintStart:
                    var value = Expression();
                    Expect(TokenKind.PrintEnd, "`}}`");
                    body.Add(new PrintStatement(value, token.Position));
                    break;
                case TokenKind.TagStart:
                    if (Current.Kind == TokenKind.Name && closing.Contains(Current.Value))
                    {
                        _depth--;
                        return [.. body];
                    }
                    if (Tag() is { } statement) body.Add(statement);
                    break;
                default: throw Error($"`{token.Value}` was not expected here.", token.Position);
            }
        }
        if (opened is { } open) throw Error($"The tag `{open.Value}` is never closed with `{{% {closing[^1]} %}}`.", open.Position);
        _depth--;
        return [.. body];
    }

    private void CloseTag() => Expect(TokenKind.TagEnd, "`%}`");

    private Statement? Tag()
    {
        var name = Expect(TokenKind.Name, "the name of a tag");
        switch (name.Value)
        {
            case "if": return If(name);
            case "for": return For(name);
            case "set":
                var target = NewName();
                Expect("=");
                var value = Expression();
                CloseTag();
                return new SetStatement(target, value, name.Position);
            case "macro": return Macro(name);
            case "block": return Block(name);
            case "filter": return FilterTag(name);
            case "autoescape":
                // Nothing is escaped here, as in Kestra: the tag is accepted for its body.
                if (Current.Kind != TokenKind.TagEnd) Expression();
                CloseTag();
                var body = Body(["endautoescape"], name);
                Next();
                CloseTag();
                return new BlockStatement(body, name.Position);
            case "flush":
                CloseTag();
                return null;
            case "extends" or "include" or "import" or "from" or "embed":
                throw Error($"`{name.Value}` is not available: a template stands alone. Macros can be written in the template itself.", name.Position);
            default:
                var hint = name.Value.StartsWith("end", StringComparison.Ordinal) || name.Value is "else" or "elseif"
                    ? $"`{name.Value}` closes nothing here."
                    : $"There is no tag `{name.Value}`.{NearestName.Hint(name.Value, TagNames)}";
                throw Error(hint, name.Position);
        }
    }

    private static readonly string[] TagNames = ["if", "for", "set", "raw", "verbatim", "macro", "block", "filter", "autoescape"];

    private IfStatement If(Token opened)
    {
        var branches = new List<(Node, Statement[])>();
        Statement[]? otherwise = null;
        var condition = Expression();
        CloseTag();
        branches.Add((condition, Body(["else", "elseif", "endif"], opened)));
        while (true)
        {
            var tag = Next();
            switch (tag.Value)
            {
                case "elseif":
                    var next = Expression();
                    CloseTag();
                    branches.Add((next, Body(["else", "elseif", "endif"], opened)));
                    break;
                case "else":
                    CloseTag();
                    otherwise = Body(["endif"], opened);
                    break;
                default:
                    CloseTag();
                    return new IfStatement([.. branches], otherwise, opened.Position);
            }
        }
    }

    private ForStatement For(Token opened)
    {
        var variable = NewName();
        if (!IsName("in")) throw Unexpected("`in`");
        _at++;
        var items = Expression();
        CloseTag();
        var body = Body(["else", "endfor"], opened);
        Statement[]? otherwise = null;
        if (Next().Value == "else")
        {
            CloseTag();
            otherwise = Body(["endfor"], opened);
            _at++;
        }
        CloseTag();
        return new ForStatement(variable, items, body, otherwise, opened.Position);
    }

    private MacroStatement Macro(Token opened)
    {
        var name = NewName();
        Expect("(");
        var parameters = new List<(string Name, Node? Default)>();
        while (!Is(")"))
        {
            if (parameters.Count > 0) Expect(",");
            var parameter = NewName();
            Node? fallback = null;
            if (Is("="))
            {
                _at++;
                fallback = Expression();
            }
            parameters.Add((parameter, fallback));
        }
        _at++;
        CloseTag();
        var body = Body(["endmacro"], opened);
        SkipClosingName(name);
        var macro = new MacroStatement(name, [.. parameters], body, opened.Position);
        if (!_program.Macros.TryAdd(name, macro)) throw Error($"The macro `{name}` is defined twice.", opened.Position);
        return macro;
    }

    private BlockStatement Block(Token opened)
    {
        var name = Current.Kind == TokenKind.String ? Next().Value : NewName();
        CloseTag();
        var body = Body(["endblock"], opened);
        SkipClosingName(name);
        if (!_program.Blocks.TryAdd(name, body)) throw Error($"The block `{name}` is defined twice.", opened.Position);
        return new BlockStatement(body, opened.Position);
    }

    private void SkipClosingName(string name)
    {
        Next();
        if (IsName(name)) _at++;
        CloseTag();
    }

    private FilterStatement FilterTag(Token opened)
    {
        var filters = new List<(Token Name, Filter Filter, Arguments Arguments)>();
        do
        {
            if (filters.Count > 0) Expect("|");
            if (filters.Count >= _limits.MaxChain) throw Error("There are too many filters.", Current.Position);
            filters.Add(FilterCall());
        }
        while (Is("|"));
        CloseTag();
        var body = Body(["endfilter"], opened);
        Next();
        CloseTag();
        return new FilterStatement(
            input => filters.Aggregate(input, (node, f) => new FilterNode(f.Name.Value, f.Filter, node, f.Arguments, f.Name.Position)), body, opened.Position);
    }

    private string NewName()
    {
        var name = Expect(TokenKind.Name, "a name");
        if (name.Value is "true" or "false" or "null" or "none" or "TRUE" or "FALSE" or "NULL" or "NONE")
            throw Error($"`{name.Value}` is a value and cannot be a name.", name.Position);
        return name.Value;
    }

    // ---- expressions

    private Node Expression() => Expression(0);

    private Node Expression(int minimum)
    {
        if (++_depth > _limits.MaxNesting) throw Error($"The expression is nested deeper than {_limits.MaxNesting} levels.", Current.Position);
        var left = Operand();
        while (Operator(out var length) is var (name, precedence) && precedence >= minimum)
        {
            var position = Current.Position;
            _at += length;
            left = name switch
            {
                "|" => Filtered(left),
                "is" or "is not" => Tested(left, name == "is not"),
                _ => Combine(name, left, Expression(precedence + 1), position),
            };
            Bounded(left);
        }
        if (minimum == 0 && Is("?"))
        {
            var position = Next().Position;
            var yes = Expression();
            Expect(":");
            left = Bounded(new TernaryNode(left, yes, Expression(), position));
        }
        _depth--;
        return left;
    }

    private Node Bounded(Node node) => node.Height <= _limits.MaxChain ? node : throw Error($"The expression has more than {_limits.MaxChain} parts in a row.", node.Position);

    private static Node Combine(string name, Node left, Node right, int position) => name switch
    {
        "and" or "or" => new LogicNode(name == "and", left, right, position),
        "??" or "???" => new CoalesceNode(name == "??", left, right, position),
        _ => new BinaryNode(name == "equals" ? "==" : name, left, right, position),
    };

    /// <summary>The binary operator at the current place with its precedence and length in tokens.</summary>
    private (string Name, int Precedence)? Operator(out int length)
    {
        length = 1;
        if (Current.Kind == TokenKind.Symbol)
        {
            return Current.Value switch
            {
                "==" or "!=" or ">" or "<" or ">=" or "<=" => (Current.Value, 30),
                "+" or "-" => (Current.Value, 40),
                "*" or "/" or "%" => (Current.Value, 60),
                "|" => ("|", 100),
                "~" => ("~", 110),
                ".." or "??" or "???" => (Current.Value, 120),
                _ => null,
            };
        }
        if (Current.Kind != TokenKind.Name) return null;
        switch (Current.Value)
        {
            case "or": return ("or", 10);
            case "and": return ("and", 15);
            case "contains" or "in": return (Current.Value, 20);
            case "equals": return ("equals", 30);
            case "is":
                if (Peek() is not { Kind: TokenKind.Name, Value: "not" }) return ("is", 20);
                length = 2;
                return ("is not", 20);
            case "not" when Peek() is { Kind: TokenKind.Name, Value: "in" }:
                length = 2;
                return ("not in", 20);
            default: return null;
        }
    }

    private Node Operand()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Symbol when token.Value is "+" or "-":
                _at++;
                var number = Expression(500);
                // A negative literal is one value, so that it can be a constant.
                if (token.Value == "-" && number is LiteralNode { Value: long or double } literal)
                    return new LiteralNode(literal.Value is long whole ? (object)-whole : -(double)literal.Value!, token.Position);
                return Bounded(new UnaryNode(token.Value, number, token.Position));
            case TokenKind.Name when token.Value == "not":
                _at++;
                return Bounded(new UnaryNode("not", Expression(500), token.Position));
            case TokenKind.Symbol when token.Value == "(":
                _at++;
                var inner = Expression();
                Expect(")");
                return Postfix(inner);
            case TokenKind.Symbol when token.Value == "[": return Postfix(List());
            case TokenKind.Symbol when token.Value == "{": return Postfix(Map());
            case TokenKind.Number:
                _at++;
                return Postfix(new LiteralNode(Number(token), token.Position));
            case TokenKind.String or TokenKind.InterpolationStart: return Postfix(Text());
            case TokenKind.Name:
                _at++;
                switch (token.Value)
                {
                    case "true" or "TRUE": return new LiteralNode(true, token.Position);
                    case "false" or "FALSE": return new LiteralNode(false, token.Position);
                    case "null" or "NULL" or "none" or "NONE": return new LiteralNode(null, token.Position);
                }
                return Postfix(Is("(") ? FunctionCall(token) : new VariableNode(token.Value, token.Position));
            default: throw Unexpected("a value");
        }
    }

    private object Number(Token token)
    {
        if (token.Value.Contains('.', StringComparison.Ordinal))
        {
            var real = double.Parse(token.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            return double.IsFinite(real) ? real : throw Error("The number is too large.", token.Position);
        }
        if (long.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)) return whole;
        return decimal.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var big) ? big : throw Error("The number is too large.", token.Position);
    }

    private Node Text()
    {
        var position = Current.Position;
        var parts = new List<Node>();
        var afterText = false;
        while (true)
        {
            if (Current.Kind == TokenKind.String && !afterText)
            {
                var token = Next();
                parts.Add(new LiteralNode(token.Value, token.Position));
                afterText = true;
            }
            else if (Current.Kind == TokenKind.InterpolationStart)
            {
                _at++;
                parts.Add(Expression());
                Expect(TokenKind.InterpolationEnd, "`}`");
                afterText = false;
            }
            else
            {
                break;
            }
        }
        return parts.Count == 1 && parts[0] is LiteralNode { Value: string } ? parts[0] : Bounded(new InterpolationNode([.. parts], position));
    }

    private Node Postfix(Node node)
    {
        while (true)
        {
            if (Is("."))
            {
                _at++;
                var name = Expect(TokenKind.Name, "the name of an attribute");
                if (Is("(")) throw Error($"Methods cannot be called here: use a filter instead of `.{name.Value}(…)`.{NearestName.Hint(name.Value, Filters.Names)}", name.Position);
                node = Bounded(new AttributeNode(node, new LiteralNode(name.Value, name.Position), name.Position));
            }
            else if (Is("["))
            {
                var position = Next().Position;
                node = Bounded(new AttributeNode(node, Expression(), position));
                Expect("]");
            }
            else if (Is("("))
            {
                throw Error("Only a name can be called.", Current.Position);
            }
            else
            {
                return node;
            }
        }
    }

    private ListNode List()
    {
        var position = Next().Position;
        var items = new List<Node>();
        while (!Is("]"))
        {
            if (items.Count > 0) Expect(",");
            items.Add(Expression());
        }
        _at++;
        return new ListNode([.. items], position);
    }

    private MapNode Map()
    {
        var position = Next().Position;
        var keys = new List<Node>();
        var values = new List<Node>();
        while (!Is("}"))
        {
            if (keys.Count > 0) Expect(",");
            // A bare word is a variable here, as in Pebble: {name: 1} takes the key from `name`.
            keys.Add(Expression());
            Expect(":");
            values.Add(Expression());
        }
        _at++;
        return new MapNode([.. keys], [.. values], position);
    }

    private (List<Node> Positional, List<(string Name, Node Value)> Named) ParseArguments()
    {
        var positional = new List<Node>();
        var named = new List<(string Name, Node Value)>();
        if (!Is("(")) return (positional, named);
        _at++;
        while (!Is(")"))
        {
            if (positional.Count + named.Count > 0) Expect(",");
            if (Current.Kind == TokenKind.Name && Peek() is { Kind: TokenKind.Symbol, Value: "=" })
            {
                var name = Next();
                _at++;
                if (named.Exists(n => n.Name == name.Value)) throw Error($"The argument `{name.Value}` is given twice.", name.Position);
                named.Add((name.Value, Expression()));
            }
            else
            {
                if (named.Count > 0) throw Error("Arguments without a name come before those with a name.", Current.Position);
                positional.Add(Expression());
            }
        }
        _at++;
        return (positional, named);
    }

    private Arguments Match(Token name, IReadOnlyList<string> parameters)
    {
        var (positional, named) = ParseArguments();
        if (positional.Count > parameters.Count)
        {
            throw Error(
                parameters.Count == 0 ? $"`{name.Value}` takes no arguments." : $"`{name.Value}` takes at most {parameters.Count} arguments ({string.Join(", ", parameters)}), not {positional.Count}.",
                name.Position);
        }
        var nodes = new Node?[parameters.Count];
        for (var i = 0; i < positional.Count; i++) nodes[i] = positional[i];
        foreach (var (key, node) in named)
        {
            var index = -1;
            for (var i = 0; i < parameters.Count; i++)
                if (parameters[i] == key) index = i;
            if (index < 0) throw Error($"`{name.Value}` has no argument `{key}`.{NearestName.Hint(key, parameters)}", node.Position);
            if (nodes[index] is not null) throw Error($"The argument `{key}` of `{name.Value}` is given twice.", node.Position);
            nodes[index] = node;
        }
        return new Arguments(parameters, nodes);
    }

    private (Token Name, Filter Filter, Arguments Arguments) FilterCall()
    {
        var name = Expect(TokenKind.Name, "the name of a filter");
        if (!Filters.TryGet(name.Value, out var filter)) throw Error($"There is no filter `{name.Value}`.{NearestName.Hint(name.Value, Filters.Names)}", name.Position);
        return (name, filter, Match(name, filter.Parameters));
    }

    private FilterNode Filtered(Node input)
    {
        var (name, filter, arguments) = FilterCall();
        return new FilterNode(name.Value, filter, input, arguments, name.Position);
    }

    private TestNode Tested(Node input, bool negated)
    {
        var name = Expect(TokenKind.Name, "the name of a test");
        if (!Tests.TryGet(name.Value, out var test)) throw Error($"There is no test `{name.Value}`.{NearestName.Hint(name.Value, Tests.Names)}", name.Position);
        return new TestNode(name.Value, test, input, Match(name, test.Parameters), negated, name.Position);
    }

    private Node FunctionCall(Token name)
    {
        if (name.Value == "block")
        {
            var (names, _) = ParseArguments();
            return names is [LiteralNode { Value: string block }] ? new BlockNode(block, name.Position) : throw Error("`block` takes the name of a block.", name.Position);
        }
        if (Functions.TryGet(name.Value, out var function) && function.Parameters is { } parameters)
            return new FunctionNode(name.Value, function, Match(name, parameters), name.Position);
        var (positional, named) = ParseArguments();
        if (function is null) return Bounded(new CallNode(name.Value, [.. positional], [.. named], name.Position));
        if (named.Count > 0) throw Error($"`{name.Value}` takes no named arguments.", name.Position);
        var counted = new string[positional.Count];
        for (var i = 0; i < counted.Length; i++) counted[i] = (i + 1).ToString(CultureInfo.InvariantCulture);
        return new FunctionNode(name.Value, function, new Arguments(counted, [.. positional]), name.Position);
    }
}
