using System.Globalization;
using System.Text;

namespace Weft.Engine.JsonPath;

/// <summary>The grammar of RFC 9535, with its rules of well-typedness.</summary>
internal sealed class JsonPathParser
{
    private const int MaxNesting = 100;
    private const int MaxSource = 16_384;
    private const long MaxInteger = (1L << 53) - 1;

    private readonly string _source;
    private int _at;
    private int _depth;

    private JsonPathParser(string source) => _source = source;

    public static JsonPath Parse(string source)
    {
        var parser = new JsonPathParser(source);
        if (source.Length > MaxSource) throw parser.Error($"the query is longer than {MaxSource} characters");
        if (!parser.Take('$')) throw parser.Error("a query begins with `$`");
        var segments = parser.Segments();
        if (parser._at < source.Length) throw parser.Error($"`{source[parser._at]}` was not expected");
        return new JsonPath(source, segments);
    }

    private JsonPathException Error(string message) => new($"The JSONPath query cannot be read at character {_at + 1}: {message}.", _at + 1);

    private char Current => _at < _source.Length ? _source[_at] : '\0';

    private bool Take(char c)
    {
        if (_at >= _source.Length || _source[_at] != c) return false;
        _at++;
        return true;
    }

    private bool Take(string text)
    {
        if (string.CompareOrdinal(_source, _at, text, 0, text.Length) != 0) return false;
        _at += text.Length;
        return true;
    }

    private void Need(char c)
    {
        if (!Take(c)) throw Error($"`{c}` was expected");
    }

    private void Space()
    {
        while (_at < _source.Length && _source[_at] is ' ' or '\t' or '\n' or '\r') _at++;
    }

    private void Enter()
    {
        if (++_depth > MaxNesting) throw Error($"it is nested deeper than {MaxNesting} levels");
    }

    private Segment[] Segments()
    {
        Enter();
        var segments = new List<Segment>();
        while (true)
        {
            var before = _at;
            Space();
            if (Take(".."))
            {
                segments.Add(new Segment(Current == '[' ? Bracket() : Dotted(), descendants: true));
            }
            else if (Take('.'))
            {
                segments.Add(new Segment(Dotted(), descendants: false));
            }
            else if (Current == '[')
            {
                segments.Add(new Segment(Bracket(), descendants: false));
            }
            else
            {
                // White space belongs to a query only between its segments.
                _at = before;
                _depth--;
                return [.. segments];
            }
        }
    }

    private Selector[] Dotted()
    {
        if (Take('*')) return [new WildcardSelector()];
        var start = _at;
        while (_at < _source.Length && (IsNameStart(_source[_at]) || (_at > start && char.IsAsciiDigit(_source[_at]))))
        {
            if (char.IsSurrogate(_source[_at]))
            {
                if (_at + 1 >= _source.Length || !char.IsSurrogatePair(_source[_at], _source[_at + 1])) throw Error("half a character");
                _at++;
            }
            _at++;
        }
        return _at == start ? throw Error("a name or `*` was expected") : [new NameSelector(_source[start.._at])];
    }

    private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or >= '\u0080';

    private Selector[] Bracket()
    {
        Enter();
        Need('[');
        var selectors = new List<Selector>();
        do
        {
            Space();
            selectors.Add(Selector());
            Space();
        }
        while (Take(','));
        Need(']');
        _depth--;
        return [.. selectors];
    }

    private Selector Selector()
    {
        switch (Current)
        {
            case '*':
                _at++;
                return new WildcardSelector();
            case '\'' or '"': return new NameSelector(Text());
            case '?':
                _at++;
                Space();
                return new FilterSelector(Or());
        }
        long? start = Current is '-' || char.IsAsciiDigit(Current) ? Integer() : null;
        var afterStart = _at;
        Space();
        if (!Take(':'))
        {
            _at = afterStart;
            return new IndexSelector(start ?? throw Error("a selector was expected"));
        }
        Space();
        long? end = Current is '-' || char.IsAsciiDigit(Current) ? Integer() : null;
        var afterEnd = _at;
        Space();
        long step = 1;
        if (Take(':'))
        {
            var afterColon = _at;
            Space();
            if (Current is '-' || char.IsAsciiDigit(Current)) step = Integer();
            else _at = afterColon;
        }
        else
        {
            _at = afterEnd;
        }
        return new SliceSelector(start, end, step);
    }

    private long Integer()
    {
        var start = _at;
        Take('-');
        var digits = _at;
        while (char.IsAsciiDigit(Current)) _at++;
        if (_at == digits) throw Error("a digit was expected");
        if (_source[digits] == '0' && (_at - digits > 1 || digits > start))
        {
            _at = digits;
            throw Error("a whole number has no zero in front, and there is no -0");
        }
        return long.TryParse(_source.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) <= MaxInteger
            ? number
            : throw Error("the number is beyond 2^53 - 1");
    }

    private string Text()
    {
        var quote = _source[_at++];
        var text = new StringBuilder();
        while (true)
        {
            if (_at >= _source.Length) throw Error("the text is never closed");
            var c = _source[_at++];
            if (c == quote) return text.ToString();
            if (c < ' ') throw Error("a control character must be escaped");
            if (char.IsSurrogate(c))
            {
                if (!char.IsHighSurrogate(c) || !char.IsLowSurrogate(Current)) throw Error("half a character");
                text.Append(c).Append(_source[_at++]);
                continue;
            }
            if (c != '\\')
            {
                text.Append(c);
                continue;
            }
            c = Current;
            _at++;
            switch (c)
            {
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'n': text.Append('\n'); break;
                case 'r': text.Append('\r'); break;
                case 't': text.Append('\t'); break;
                case '/' or '\\': text.Append(c); break;
                case 'u':
                    var unit = Hex();
                    if (char.IsLowSurrogate(unit)) throw Error("half a character");
                    text.Append(unit);
                    if (!char.IsHighSurrogate(unit)) break;
                    if (!Take("\\u") || Hex() is var low && !char.IsLowSurrogate(low)) throw Error("half a character");
                    text.Append(low);
                    break;
                default:
                    if (c != quote) throw Error("there is no such escape");
                    text.Append(c);
                    break;
            }
        }
    }

    private char Hex()
    {
        if (_at + 4 > _source.Length) throw Error("four hexadecimal digits were expected");
        var digits = _source.AsSpan(_at, 4);
        foreach (var digit in digits)
            if (!char.IsAsciiHexDigit(digit)) throw Error("four hexadecimal digits were expected");
        _at += 4;
        return (char)int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    // ---- filters

    private Condition Or()
    {
        Enter();
        var parts = new List<Condition> { And() };
        while (TakeAfterSpace("||"))
        {
            Space();
            parts.Add(And());
        }
        _depth--;
        return parts.Count == 1 ? parts[0] : new OrCondition([.. parts]);
    }

    private Condition And()
    {
        var parts = new List<Condition> { Basic() };
        while (TakeAfterSpace("&&"))
        {
            Space();
            parts.Add(Basic());
        }
        return parts.Count == 1 ? parts[0] : new AndCondition([.. parts]);
    }

    private bool TakeAfterSpace(string text)
    {
        var before = _at;
        Space();
        if (Take(text)) return true;
        _at = before;
        return false;
    }

    private Condition Basic()
    {
        var negated = Take('!');
        if (negated) Space();
        if (Take('('))
        {
            Space();
            var inner = Or();
            Space();
            Need(')');
            return negated ? new NotCondition(inner) : inner;
        }
        var left = Operand();
        var after = _at;
        Space();
        string? operation = null;
        foreach (var symbol in (ReadOnlySpan<string>)["==", "!=", "<=", ">=", "<", ">"])
        {
            if (!Take(symbol)) continue;
            operation = symbol;
            break;
        }
        if (operation is null)
        {
            _at = after;
            Condition test = left switch
            {
                QueryOperand query => new ExistsCondition(query),
                FunctionOperand { Result: FunctionResult.Logical } call => new FunctionCondition(call),
                FunctionOperand => throw Error("the result of the function must be compared"),
                _ => throw Error("a literal must be compared"),
            };
            return negated ? new NotCondition(test) : test;
        }
        if (negated) throw Error("`!` before a comparison needs parentheses");
        Comparable(left);
        Space();
        var right = Operand();
        Comparable(right);
        return new ComparisonCondition(operation, left, right);
    }

    private void Comparable(Operand operand)
    {
        if (operand is QueryOperand { IsSingular: false }) throw Error("only a query for a single node can be compared");
        if (operand is FunctionOperand { Result: FunctionResult.Logical }) throw Error("the function answers true or false already and cannot be compared");
    }

    private Operand Operand()
    {
        switch (Current)
        {
            case '@' or '$':
                var fromRoot = _source[_at++] == '$';
                return new QueryOperand(fromRoot, Segments());
            case '\'' or '"': return new LiteralOperand(Text());
        }
        if (Current is '-' || char.IsAsciiDigit(Current)) return new LiteralOperand(Number());
        var start = _at;
        while (char.IsAsciiLetter(Current) || char.IsAsciiDigit(Current) || Current == '_') _at++;
        var word = _source[start.._at];
        switch (word)
        {
            case "true": return new LiteralOperand(true);
            case "false": return new LiteralOperand(false);
            case "null": return new LiteralOperand(null);
            case "": throw Error("a value, a query or a function was expected");
        }
        if (!FunctionOperand.All.TryGetValue(word, out var function)) throw Error($"there is no function `{word}`");
        Need('(');
        Enter();
        var arguments = new Operand[function.Parameters.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            Space();
            if (i > 0)
            {
                Need(',');
                Space();
            }
            arguments[i] = Operand();
            var fits = function.Parameters[i] == ParameterKind.Nodes
                ? arguments[i] is QueryOperand
                : arguments[i] is LiteralOperand or QueryOperand { IsSingular: true } or FunctionOperand { Result: FunctionResult.Value };
            if (!fits) throw Error($"this is no argument for `{word}`");
        }
        Space();
        Need(')');
        _depth--;
        return new FunctionOperand(function, arguments);
    }

    private object Number()
    {
        var start = _at;
        Take('-');
        var digits = _at;
        while (char.IsAsciiDigit(Current)) _at++;
        if (_at == digits) throw Error("a digit was expected");
        if (_source[digits] == '0' && _at - digits > 1) throw Error("a number has no zero in front");
        var whole = true;
        if (Take('.'))
        {
            whole = false;
            var fraction = _at;
            while (char.IsAsciiDigit(Current)) _at++;
            if (_at == fraction) throw Error("a digit was expected");
        }
        if (Current is 'e' or 'E')
        {
            whole = false;
            _at++;
            if (Current is '+' or '-') _at++;
            var exponent = _at;
            while (char.IsAsciiDigit(Current)) _at++;
            if (_at == exponent) throw Error("a digit was expected");
        }
        var text = _source.AsSpan(start, _at - start);
        if (whole && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
