using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Engine.Expressions;

/// <summary>
/// The <c>jq</c> filter: paths, pipes, construction, conditionals, <c>reduce</c>, variables and the usual functions of jq 1.6.
/// Assignment, <c>def</c> and modules are not there and are refused by name. The result is the list of what the program yields.
/// </summary>
internal sealed class JqProgram
{
    private const int MaxNesting = 60;
    private const int MaxSource = 10_000;

    private readonly string _source;
    private readonly Evaluation _e;
    private int _at;
    private int _depth;

    private JqProgram(string source, Evaluation e)
    {
        _source = source;
        _e = e;
    }

    private delegate IEnumerable<object?> Step(object? input, Env env);

    /// <summary>The variables in sight, as a chain.</summary>
    private sealed record Env(Env? Parent, string Name, object? Value)
    {
        public static readonly Env Empty = new(null, "", null);
    }

    public static Program Parse(string source, Evaluation e)
    {
        if (source.Length > MaxSource) throw e.Fail($"A jq program is longer than {MaxSource} characters.");
        var parser = new JqProgram(source, e);
        var step = parser.Pipe();
        parser.Space();
        if (parser._at < source.Length) throw parser.Error($"`{source[parser._at]}` was not expected");
        return new Program(step);
    }

    internal sealed class Program
    {
        private readonly Step _step;

        internal Program(Delegate step) => _step = (Step)step;

        public List<object?> Run(Call call)
        {
            var input = call.Input is string text ? Functions.ParseJson(text, call.E, "jq") : call.Input;
            var results = new List<object?>();
            foreach (var value in _step(input, Env.Empty))
            {
                call.E.Step();
                results.Add(value);
            }
            return results;
        }
    }

    private TemplateException Error(string message) => _e.Fail($"The jq program cannot be read at character {_at + 1}: {message}.");

    // ---- reading

    private void Space()
    {
        while (_at < _source.Length && (char.IsWhiteSpace(_source[_at]) || _source[_at] == '#'))
        {
            if (_source[_at] == '#')
                while (_at < _source.Length && _source[_at] != '\n') _at++;
            else _at++;
        }
    }

    private bool Take(string symbol)
    {
        Space();
        if (string.CompareOrdinal(_source, _at, symbol, 0, symbol.Length) != 0) return false;
        var after = _at + symbol.Length;
        if (char.IsAsciiLetter(symbol[0]) && after < _source.Length && (char.IsAsciiLetterOrDigit(_source[after]) || _source[after] == '_')) return false;
        _at = after;
        return true;
    }

    private void Need(string symbol)
    {
        if (!Take(symbol)) throw Error($"`{symbol}` was expected");
    }

    private char Look(int ahead = 0)
    {
        if (ahead == 0) Space();
        return _at + ahead < _source.Length ? _source[_at + ahead] : '\0';
    }

    private Step Pipe()
    {
        if (++_depth > MaxNesting) throw Error($"it is nested deeper than {MaxNesting} levels");
        var left = Comma();
        while (Look() == '|' && Look(1) != '=')
        {
            _at++;
            left = Then(left, Comma());
        }
        RefuseAssignment();
        _depth--;
        return left;
    }

    private void RefuseAssignment()
    {
        var c = Look();
        if ((c == '=' && Look(1) != '=') || (c is '|' or '+' or '-' or '*' or '/' or '%' && Look(1) == '=')) throw Error("assignment is not available");
    }

    private static Step Then(Step left, Step right) => (input, env) => left(input, env).SelectMany(value => right(value, env));

    private Step Comma()
    {
        var left = Alternative();
        while (Look() == ',')
        {
            _at++;
            var (first, second) = (left, Alternative());
            left = (input, env) => first(input, env).Concat(second(input, env));
        }
        return left;
    }

    private Step Alternative()
    {
        var left = Or();
        if (Look() != '/' || Look(1) != '/') return left;
        _at += 2;
        var right = Nested(Alternative);
        return (input, env) =>
        {
            var found = new List<object?>();
            try
            {
                foreach (var value in left(input, env))
                    if (value is not (null or false)) found.Add(value);
            }
            catch (TemplateException problem) when (problem.Code == Evaluation.Failed)
            {
                // `a // b` takes b when a fails.
            }
            return found.Count > 0 ? found : right(input, env);
        };
    }

    private Step Nested(Func<Step> parse)
    {
        if (++_depth > MaxNesting) throw Error($"it is nested deeper than {MaxNesting} levels");
        var step = parse();
        _depth--;
        return step;
    }

    private Step Or()
    {
        var left = And();
        while (Take("or"))
        {
            var (a, b) = (left, And());
            left = (input, env) => a(input, env).SelectMany(x => Truth(x) ? [true] : b(input, env).Select(object? (y) => Truth(y)));
        }
        return left;
    }

    private Step And()
    {
        var left = Comparison();
        while (Take("and"))
        {
            var (a, b) = (left, Comparison());
            left = (input, env) => a(input, env).SelectMany(x => !Truth(x) ? [false] : b(input, env).Select(object? (y) => Truth(y)));
        }
        return left;
    }

    private static bool Truth(object? value) => value is not (null or false);

    private Step Comparison()
    {
        var left = Sum();
        foreach (var symbol in (ReadOnlySpan<string>)["==", "!=", "<=", ">=", "<", ">"])
        {
            if (!Take(symbol)) continue;
            return Binary(left, Sum(), (a, b) => symbol switch
            {
                "==" => Compare(a, b) == 0,
                "!=" => Compare(a, b) != 0,
                "<" => Compare(a, b) < 0,
                "<=" => Compare(a, b) <= 0,
                ">" => Compare(a, b) > 0,
                _ => Compare(a, b) >= 0,
            });
        }
        return left;
    }

    private Step Sum()
    {
        var left = Product();
        while (Look() is '+' or '-' && Look(1) != '=')
        {
            var plus = _source[_at++] == '+';
            left = Binary(left, Product(), plus ? Add : Subtract);
        }
        return left;
    }

    private Step Product()
    {
        var left = Postfix();
        while (Look() is '*' or '%' || (Look() == '/' && Look(1) != '/'))
        {
            if (Look(1) == '=') break;
            var symbol = _source[_at++];
            left = Binary(left, Postfix(), (a, b) => Multiply(symbol, a, b));
        }
        return left;
    }

    private Step Binary(Step left, Step right, Func<object?, object?, object?> combine) => (input, env) =>
        right(input, env).SelectMany(b => left(input, env).Select(a =>
        {
            _e.Step();
            return combine(a, b);
        }));

    private Step Postfix()
    {
        var term = Term();
        while (true)
        {
            var c = _at < _source.Length ? _source[_at] : '\0';
            if (c == '.' && Look(1) is var next && (char.IsAsciiLetter(next) || next is '_' or '"'))
            {
                _at++;
                term = Index(term, Key());
            }
            else if (c == '.' && Look(1) == '[')
            {
                _at++;
            }
            else if (c == '[')
            {
                term = Bracket(term);
            }
            else if (c == '?')
            {
                _at++;
                var inner = term;
                term = (input, env) => Try(inner, input, env, null);
            }
            else if (Take("as"))
            {
                Need("$");
                var name = Word();
                Need("|");
                var source = term;
                var body = Nested(Pipe);
                return (input, env) => source(input, env).SelectMany(value => body(input, new Env(env, name, value)));
            }
            else
            {
                return term;
            }
        }
    }

    private IEnumerable<object?> Try(Step body, object? input, Env env, Step? handler)
    {
        var results = new List<object?>();
        string? failure = null;
        try
        {
            foreach (var value in body(input, env))
            {
                _e.Step();
                results.Add(value);
            }
        }
        catch (TemplateException problem) when (problem.Code == Evaluation.Failed)
        {
            failure = problem.Message;
        }
        return failure is null || handler is null ? results : results.Concat(handler(failure, env));
    }

    /// <summary>A key after a dot: a word or a text.</summary>
    private Step Key() => _source[_at] == '"' ? Text() : Constant(Word());

    private static Step Constant(object? value)
    {
        object?[] one = [value];
        return (_, _) => one;
    }

    private string Word()
    {
        var start = _at;
        while (_at < _source.Length && (char.IsAsciiLetterOrDigit(_source[_at]) || _source[_at] == '_')) _at++;
        return start == _at ? throw Error("a name was expected") : _source[start.._at];
    }

    private Step Index(Step container, Step key) => (input, env) =>
        container(input, env).SelectMany(value => key(input, env).Select(k => At(value, k)));

    private object? At(object? value, object? key)
    {
        _e.Step();
        switch (value, key)
        {
            case (null, string or long or double or null): return null;
            case (IReadOnlyDictionary<string, object?> map, string name): return map.TryGetValue(name, out var item) ? item : null;
            case (IReadOnlyList<object?> list, long or double):
                var index = key is long whole ? whole : (long)Math.Floor((double)key);
                if (index < 0) index += list.Count;
                return index >= 0 && index < list.Count ? list[(int)index] : null;
            default: throw Fail($"cannot index {Name(value)} with {(key is string text ? $"\"{text}\"" : Name(key))}");
        }
    }

    private TemplateException Fail(string message) => _e.Fail($"jq: {message}.");

    private static string Name(object? value) => value switch
    {
        null => "null",
        bool => "boolean",
        string => "string",
        IReadOnlyDictionary<string, object?> => "object",
        IReadOnlyList<object?> => "array",
        _ => "number",
    };

    private Step Bracket(Step container)
    {
        Need("[");
        if (Take("]")) return (input, env) => container(input, env).SelectMany(Each);
        var from = Look() == ':' ? null : Nested(Pipe);
        if (!Take(":"))
        {
            Need("]");
            return Index(container, from!);
        }
        var to = Look() == ']' ? null : Nested(Pipe);
        Need("]");
        return (input, env) => container(input, env).SelectMany(value =>
            (from ?? Constant(null))(input, env).SelectMany(a => (to ?? Constant(null))(input, env).Select(b => Slice(value, a, b))));
    }

    private object? Slice(object? value, object? from, object? to)
    {
        if (value is null) return null;
        var length = value switch { string text => text.Length, IReadOnlyList<object?> list => list.Count, _ => throw Fail($"cannot slice {Name(value)}") };
        var start = Bound(from, 0);
        var end = Math.Max(start, Bound(to, length));
        _e.Step(end - start);
        return value is string s ? _e.Made(s[start..end]) : ((IReadOnlyList<object?>)value).Skip(start).Take(end - start).ToList();

        int Bound(object? given, int fallback)
        {
            if (given is null) return fallback;
            if (given is not (long or double)) throw Fail("the ends of a slice must be numbers");
            var number = Convert.ToDouble(given, CultureInfo.InvariantCulture);
            if (number < 0) number += length;
            return (int)Math.Clamp(Math.Floor(number), 0, length);
        }
    }

    private IEnumerable<object?> Each(object? value)
    {
        _e.Step();
        return value switch
        {
            IReadOnlyDictionary<string, object?> map => map.Values,
            IReadOnlyList<object?> list => list,
            _ => throw Fail($"cannot go over {Name(value)}"),
        };
    }

    private Step Term()
    {
        var c = Look();
        switch (c)
        {
            case '.':
                if (Look(1) == '.')
                {
                    _at += 2;
                    return (input, _) => Descend(input, 0);
                }
                _at++;
                if (_at < _source.Length && (char.IsAsciiLetter(_source[_at]) || _source[_at] is '_' or '"')) return Index((input, _) => [input], Key());
                return (input, _) => [input];
            case '(':
                _at++;
                var inner = Nested(Pipe);
                Need(")");
                return inner;
            case '[':
                _at++;
                if (Take("]")) return (_, _) => [new List<object?>()];
                var items = Nested(Pipe);
                Need("]");
                return (input, env) => [Collect(items(input, env))];
            case '{': return Object();
            case '"': return Text();
            case '-':
                _at++;
                var operand = Nested(Postfix);
                return (input, env) => operand(input, env).Select(object? (v) => Operators.IsNumber(v) ? Operators.Negate(v, _e) : throw Fail($"cannot negate {Name(v)}"));
            case '$':
                _at++;
                var name = Word();
                return (_, env) =>
                {
                    for (var at = env; at is not null; at = at.Parent)
                        if (at.Name == name && at.Parent is not null) return [at.Value];
                    throw Fail($"there is no variable ${name}");
                };
            case '@':
                _at++;
                var format = Word();
                return (input, _) => [Formatted(format, input)];
        }
        if (char.IsAsciiDigit(c)) return Constant(Number());
        if (!char.IsAsciiLetter(c) && c != '_') throw Error(c == '\0' ? "it ends too early" : $"`{c}` was not expected");
        return Call();
    }

    private object Number()
    {
        var start = _at;
        while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || _source[_at] is '.' or 'e' or 'E' || (_source[_at] is '+' or '-' && _source[_at - 1] is 'e' or 'E'))) _at++;
        return Operators.TryParseNumber(_source[start.._at], out var number) ? number : throw Error("the number cannot be read");
    }

    private IEnumerable<object?> Descend(object? value, int depth)
    {
        if (depth > FlowValue.MaxDepth) throw Fail("the value is nested too deeply");
        _e.Step();
        yield return value;
        if (!ValueText.IsContainer(value)) yield break;
        foreach (var item in Each(value))
            foreach (var below in Descend(item, depth + 1)) yield return below;
    }

    private List<object?> Collect(IEnumerable<object?> values)
    {
        var list = new List<object?>();
        foreach (var value in values)
        {
            _e.Step();
            list.Add(value);
        }
        return list;
    }

    private Step Object()
    {
        Need("{");
        var keys = new List<Step>();
        var values = new List<Step>();
        while (!Take("}"))
        {
            if (keys.Count > 0) Need(",");
            Step key;
            Step? value = null;
            switch (Look())
            {
                case '(':
                    _at++;
                    key = Nested(Pipe);
                    Need(")");
                    break;
                case '$':
                    _at++;
                    var variable = Word();
                    key = Constant(variable);
                    _at -= variable.Length + 1;
                    value = Term();
                    break;
                default:
                    key = Look() == '"' ? Text() : Constant(Word());
                    break;
            }
            if (Take(":")) value = Nested(ObjectValue);
            keys.Add(key);
            values.Add(value ?? Index((input, _) => [input], key));
        }
        return (input, env) => Objects(keys, values, 0, FlowValue.Map(), input, env);
    }

    private Step ObjectValue()
    {
        var left = Alternative();
        while (Look() == '|' && Look(1) != '=')
        {
            _at++;
            left = Then(left, Alternative());
        }
        return left;
    }

    private IEnumerable<object?> Objects(List<Step> keys, List<Step> values, int index, OrderedDictionary<string, object?> soFar, object? input, Env env)
    {
        _e.Step();
        if (index == keys.Count) return [new OrderedDictionary<string, object?>(soFar, StringComparer.Ordinal)];
        return keys[index](input, env).SelectMany(key => values[index](input, env).SelectMany(value =>
        {
            var next = new OrderedDictionary<string, object?>(soFar, StringComparer.Ordinal) { [key as string ?? throw Fail("the keys of an object must be text")] = value };
            return Objects(keys, values, index + 1, next, input, env);
        }));
    }

    private Step Text()
    {
        Need("\"");
        var parts = new List<Step>();
        var text = new StringBuilder();
        while (true)
        {
            if (_at >= _source.Length) throw Error("the text is never closed");
            var c = _source[_at++];
            if (c == '"') break;
            if (c != '\\')
            {
                text.Append(c);
                continue;
            }
            if (_at >= _source.Length) throw Error("the text is never closed");
            c = _source[_at++];
            switch (c)
            {
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'u':
                    if (_at + 4 > _source.Length || !int.TryParse(_source.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) throw Error("the escape \\u needs four hex digits");
                    text.Append((char)code);
                    _at += 4;
                    break;
                case '(':
                    parts.Add(Constant(text.ToString()));
                    text.Clear();
                    parts.Add(Nested(Pipe));
                    Need(")");
                    break;
                case '"' or '\\' or '/': text.Append(c); break;
                default: throw Error($"there is no escape \\{c}");
            }
        }
        if (parts.Count == 0) return Constant(text.ToString());
        parts.Add(Constant(text.ToString()));
        return (input, env) => parts.Aggregate((IEnumerable<object?>)[""], (prefixes, part) =>
            prefixes.SelectMany(prefix => part(input, env).Select(object? (value) => _e.Made((string)prefix! + Plain(value)))));
    }

    private string Plain(object? value) => value as string ?? ValueText.Json(value, _e);

    private Step Call()
    {
        var start = _at;
        var name = Word();
        switch (name)
        {
            case "null": return Constant(null);
            case "true": return Constant(true);
            case "false": return Constant(false);
            case "empty": return (_, _) => [];
            case "if": return If();
            case "try":
                var body = Nested(Postfix);
                var handler = Take("catch") ? Nested(Postfix) : null;
                return (input, env) => Try(body, input, env, handler);
            case "reduce" or "foreach": return Fold(name == "foreach");
            case "def" or "import" or "include" or "label": throw Error($"`{name}` is not available");
        }
        var arguments = new List<Step>();
        if (_at < _source.Length && _source[_at] == '(')
        {
            _at++;
            do arguments.Add(Nested(Pipe));
            while (Take(";"));
            Need(")");
        }
        if (Function(name, arguments) is { } function) return function;
        _at = start;
        throw Error($"there is no function {name}/{arguments.Count}");
    }

    private Step If()
    {
        var condition = Nested(Pipe);
        Need("then");
        var yes = Nested(Pipe);
        Step no;
        if (Take("elif")) no = Nested(If);
        else
        {
            no = Take("else") ? Nested(Pipe) : (input, _) => [input];
            Need("end");
        }
        return (input, env) => condition(input, env).SelectMany(c => (Truth(c) ? yes : no)(input, env));
    }

    private Step Fold(bool each)
    {
        var source = PostfixWithoutAs();
        Need("as");
        Need("$");
        var name = Word();
        Need("(");
        var initial = Nested(Pipe);
        Need(";");
        var update = Nested(Pipe);
        var extract = each && Take(";") ? Nested(Pipe) : null;
        Need(")");
        return (input, env) => initial(input, env).SelectMany(start =>
        {
            var state = start;
            var seen = new List<object?>();
            foreach (var item in source(input, env))
            {
                var inner = new Env(env, name, item);
                foreach (var next in update(state, inner))
                {
                    _e.Step();
                    state = next;
                    if (each) seen.AddRange(extract is null ? [next] : extract(next, inner));
                }
            }
            return each ? seen : [state];
        });
    }

    /// <summary>The source of a fold ends before its own `as`.</summary>
    private Step PostfixWithoutAs()
    {
        var term = Term();
        while (_at < _source.Length && (_source[_at] == '[' || (_source[_at] == '.' && Look(1) is var next && (char.IsAsciiLetter(next) || next is '_' or '"' or '['))))
        {
            if (_source[_at] == '[') term = Bracket(term);
            else if (_source[++_at] != '[') term = Index(term, Key());
        }
        return term;
    }

    // ---- functions

    private Step? Function(string name, List<Step> args)
    {
        Step Map(Func<object?, object?> f) => (input, _) =>
        {
            _e.Step();
            return [f(input)];
        };
        Step With(Func<object?, object?, object?> f) => (input, env) => args[0](input, env).Select(a =>
        {
            _e.Step();
            return f(input, a);
        });
        Step By(Func<IReadOnlyList<(object? Item, object? Key)>, object?> f) => (input, env) =>
            [f([.. Items(input, name).Select(item => (item, (object?)Collect(args[0](item, env)))).OrderBy(p => p.Item2, Comparer<object?>.Create(Compare))])];

        return (name, args.Count) switch
        {
            ("not", 0) => Map(v => !Truth(v)),
            ("length", 0) => Map(v => v switch
            {
                null => 0L,
                string text => (long)text.EnumerateRunes().Count(),
                IReadOnlyDictionary<string, object?> map => (long)map.Count,
                IReadOnlyList<object?> list => (long)list.Count,
                bool => throw Fail("boolean has no length"),
                double number => Math.Abs(number),
                _ => Compare(v, 0L) < 0 ? Operators.Negate(v, _e) : v,
            }),
            ("utf8bytelength", 0) => Map(v => (long)Encoding.UTF8.GetByteCount(AsText(v, name))),
            ("type", 0) => Map(v => Name(v)),
            ("keys" or "keys_unsorted", 0) => Map(v => v switch
            {
                IReadOnlyDictionary<string, object?> map => Collect(name == "keys" ? map.Keys.Order(StringComparer.Ordinal) : map.Keys),
                IReadOnlyList<object?> list => Collect(Enumerable.Range(0, list.Count).Select(object? (i) => (long)i)),
                _ => throw Fail($"{Name(v)} has no keys"),
            }),
            ("values", 0) => (input, _) => input is null ? [] : [input],
            ("has", 1) => With((v, k) => (v, k) switch
            {
                (IReadOnlyDictionary<string, object?> map, string key) => map.ContainsKey(key),
                (IReadOnlyList<object?> list, long index) => index >= 0 && index < list.Count,
                _ => throw Fail($"cannot ask {Name(v)} for {Name(k)}"),
            }),
            ("in", 1) => With((k, v) => v is IReadOnlyDictionary<string, object?> map ? map.ContainsKey(AsText(k, name)) : throw Fail($"cannot look into {Name(v)}")),
            ("contains", 1) => With((a, b) => Contains(a, b)),
            ("inside", 1) => With((a, b) => Contains(b, a)),
            ("map", 1) => (input, env) => [Collect(Items(input, name).SelectMany(item => args[0](item, env)))],
            ("map_values", 1) => (input, env) => input is IReadOnlyDictionary<string, object?> map
                ? [Build(map.SelectMany(e => args[0](e.Value, env).Take(1).Select(v => (e.Key, v))))]
                : [Collect(Items(input, name).SelectMany(item => args[0](item, env).Take(1)))],
            ("select", 1) => (input, env) => args[0](input, env).Where(Truth).Select(_ => input),
            ("recurse", 0) => (input, _) => Descend(input, 0),
            ("recurse", 1) => (input, env) => Recurse(args[0], input, env, 0),
            ("add", 0) => Map(v => (v is IReadOnlyDictionary<string, object?> map ? map.Values : Items(v, name)).Aggregate((object?)null, Add)),
            ("any", 0) => Map(v => Items(v, name).Any(Truth)),
            ("all", 0) => Map(v => Items(v, name).All(Truth)),
            ("any", 1) => (input, env) => [Items(input, name).Any(i => args[0](i, env).Any(Truth))],
            ("all", 1) => (input, env) => [Items(input, name).All(i => args[0](i, env).All(Truth))],
            ("flatten", 0) => Map(v => Flatten(v, FlowValue.MaxDepth)),
            ("flatten", 1) => With((v, d) => Flatten(v, (int)Math.Clamp(AsNumber(d, name), 0, FlowValue.MaxDepth))),
            ("range", 1) => (input, env) => args[0](input, env).SelectMany(n => Range(0, AsNumber(n, name), 1)),
            ("range", 2) => (input, env) => args[0](input, env).SelectMany(a => args[1](input, env).SelectMany(b => Range(AsNumber(a, name), AsNumber(b, name), 1))),
            ("range", 3) => (input, env) => args[0](input, env).SelectMany(a => args[1](input, env).SelectMany(b => args[2](input, env).SelectMany(c => Range(AsNumber(a, name), AsNumber(b, name), AsNumber(c, name))))),
            ("floor", 0) => Map(v => Rounded(Math.Floor(AsNumber(v, name)))),
            ("ceil", 0) => Map(v => Rounded(Math.Ceiling(AsNumber(v, name)))),
            ("round", 0) => Map(v => Rounded(Math.Round(AsNumber(v, name), MidpointRounding.AwayFromZero))),
            ("sqrt", 0) => Map(v => Rounded(Math.Sqrt(AsNumber(v, name)))),
            ("abs", 0) => Map(v => Compare(v, 0L) < 0 ? Operators.Negate(v, _e) : v),
            ("tostring", 0) => Map(v => _e.Made(Plain(v))),
            ("tonumber", 0) => Map(v => v is string text ? Operators.TryParseNumber(text.Trim(), out var n) ? n : throw Fail("the text is not a number") : Operators.IsNumber(v) ? v : throw Fail($"`{name}` needs text or a number, not {Name(v)}")),
            ("tojson", 0) => Map(v => _e.Made(ValueText.Json(v, _e))),
            ("fromjson", 0) => Map(v => Functions.ParseJson(AsText(v, name), _e, "fromjson")),
            ("ascii_downcase", 0) => Map(v => _e.Made(AsText(v, name).ToLowerInvariant())),
            ("ascii_upcase", 0) => Map(v => _e.Made(AsText(v, name).ToUpperInvariant())),
            ("ltrimstr", 1) => With((v, p) => v is string t && p is string s && t.StartsWith(s, StringComparison.Ordinal) ? _e.Made(t[s.Length..]) : v),
            ("rtrimstr", 1) => With((v, p) => v is string t && p is string { Length: > 0 } s && t.EndsWith(s, StringComparison.Ordinal) ? _e.Made(t[..^s.Length]) : v),
            ("startswith", 1) => With((v, p) => AsText(v, name).StartsWith(AsText(p, name), StringComparison.Ordinal)),
            ("endswith", 1) => With((v, p) => AsText(v, name).EndsWith(AsText(p, name), StringComparison.Ordinal)),
            ("split", 1) => With((v, p) => SplitText(AsText(v, name), AsText(p, name))),
            ("join", 1) => With((v, p) => Joined(Items(v, name), AsText(p, name))),
            ("test", 1) => With((v, p) => TextPatterns.Run(AsText(p, name), _e, r => r.IsMatch(AsText(v, name)))),
            ("sub", 2) => Sub(args, all: false),
            ("gsub", 2) => Sub(args, all: true),
            ("index", 1) => With((v, p) => AsText(v, name).IndexOf(AsText(p, name), StringComparison.Ordinal) is >= 0 and var i ? (long)i : null),
            ("reverse", 0) => Map(v => v is string text ? _e.Made(new string([.. text.Reverse()])) : Collect(Items(v, name).Reverse())),
            ("sort", 0) => Map(v => Collect(Items(v, name).Order(Comparer<object?>.Create(Compare)))),
            ("sort_by", 1) => By(sorted => Collect(sorted.Select(p => p.Item))),
            ("group_by", 1) => By(sorted => Groups(sorted)),
            ("unique_by", 1) => By(sorted => Collect(Groups(sorted).Select(g => ((List<object?>)g!)[0]))),
            ("unique", 0) => Map(v => Collect(Items(v, name).Order(Comparer<object?>.Create(Compare)).Aggregate(new List<object?>(), (list, item) =>
            {
                if (list.Count == 0 || Compare(list[^1], item) != 0) list.Add(item);
                return list;
            }))),
            ("min", 0) => Map(v => Items(v, name).Order(Comparer<object?>.Create(Compare)).FirstOrDefault()),
            ("max", 0) => Map(v => Items(v, name).Order(Comparer<object?>.Create(Compare)).LastOrDefault()),
            ("min_by", 1) => By(sorted => sorted.Count == 0 ? null : sorted[0].Item),
            ("max_by", 1) => By(sorted => sorted.Count == 0 ? null : sorted[^1].Item),
            ("first", 0) => Map(v => At(v, 0L)),
            ("last", 0) => Map(v => At(v, -1L)),
            ("nth", 1) => With(At),
            ("first", 1) => (input, env) => args[0](input, env).Take(1),
            ("last", 1) => (input, env) => args[0](input, env).TakeLast(1),
            ("limit", 2) => (input, env) => args[0](input, env).SelectMany(n => args[1](input, env).Take((int)Math.Clamp(AsNumber(n, name), 0, int.MaxValue))),
            ("to_entries", 0) => Map(v => Entries(v)),
            ("from_entries", 0) => Map(v => FromEntries(Items(v, name))),
            ("with_entries", 1) => (input, env) => [FromEntries(Entries(input).SelectMany(entry => args[0](entry, env)))],
            ("del", 1) => (input, env) => throw Fail("`del` is not available; build the object that is wanted, or use `with_entries(select(…))`"),
            ("error", 0) => (input, _) => throw Fail(Plain(input)),
            ("error", 1) => With((_, m) => throw Fail(Plain(m))),
            ("ascii", 0) => Map(v => ((char)AsNumber(v, name)).ToString()),
            ("explode", 0) => Map(v => Collect(AsText(v, name).EnumerateRunes().Select(object? (r) => (long)r.Value))),
            ("implode", 0) => Map(v => _e.Made(string.Concat(Items(v, name).Select(n => Rune.IsValid((int)AsNumber(n, name)) ? new Rune((int)AsNumber(n, name)).ToString() : throw Fail("there is no such character"))))),
            ("trim", 0) => Map(v => _e.Made(AsText(v, name).Trim())),
            ("numbers" or "strings" or "booleans" or "nulls" or "arrays" or "objects", 0) => (input, _) => Name(input) + "s" == name ? [input] : [],
            ("scalars", 0) => (input, _) => ValueText.IsContainer(input) ? [] : [input],
            ("iterables", 0) => (input, _) => ValueText.IsContainer(input) ? [input] : [],
            _ => null,
        };
    }

    private Step Sub(List<Step> args, bool all) => (input, env) => args[0](input, env).SelectMany(pattern => args[1](input, env).Select(object? (to) =>
    {
        var (text, replacement) = (AsText(input, "sub"), AsText(to, "sub"));
        var length = 0L;
        return _e.Made(TextPatterns.Run(AsText(pattern, "sub"), _e, r => r.Replace(
            text,
            _ =>
            {
                _e.Step();
                length += replacement.Length;
                if (length > _e.Limits.MaxOutput) _e.Reserve(length);
                return replacement;
            },
            all ? -1 : 1)));
    }));

    private IEnumerable<object?> Recurse(Step next, object? value, Env env, int depth)
    {
        if (depth > FlowValue.MaxDepth) throw Fail("`recurse` goes too deep");
        _e.Step();
        yield return value;
        foreach (var below in next(value, env))
            foreach (var found in Recurse(next, below, env, depth + 1)) yield return found;
    }

    private IReadOnlyList<object?> Items(object? value, string name)
    {
        var list = value as IReadOnlyList<object?> ?? (value is IReadOnlyDictionary<string, object?> map ? [.. map.Values] : throw Fail($"`{name}` cannot go over {Name(value)}"));
        _e.Step(list.Count);
        return list;
    }

    private string AsText(object? value, string name) => value as string ?? throw Fail($"`{name}` needs text, not {Name(value)}");

    private double AsNumber(object? value, string name) => Operators.IsNumber(value) ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : throw Fail($"`{name}` needs a number, not {Name(value)}");

    /// <summary>A whole number where it is one; what is no number is null, as jq prints it.</summary>
    private static readonly Func<double, object?> Rounded = number =>
    {
        if (double.IsNaN(number)) return null;
        if (Math.Abs(number) < 9e15 && double.IsInteger(number)) return (long)number;
        return number;
    };

    private IEnumerable<object?> Range(double from, double to, double by)
    {
        if (by == 0) throw Fail("`range` cannot go in steps of 0");
        for (var i = from; by > 0 ? i < to : i > to; i += by)
        {
            _e.Step();
            yield return Rounded(i);
        }
    }

    private List<object?> Flatten(object? value, int depth)
    {
        var list = new List<object?>();
        foreach (var item in Items(value, "flatten"))
        {
            if (item is IReadOnlyList<object?> && depth > 0) list.AddRange(Flatten(item, depth - 1));
            else list.Add(item);
        }
        return list;
    }

    private static List<object?> Groups(IReadOnlyList<(object? Item, object? Key)> sorted)
    {
        var groups = new List<object?>();
        for (var i = 0; i < sorted.Count; i++)
        {
            if (i == 0 || Compare(sorted[i - 1].Key, sorted[i].Key) != 0) groups.Add(new List<object?>());
            ((List<object?>)groups[^1]!).Add(sorted[i].Item);
        }
        return groups;
    }

    private List<object?> Entries(object? value) => value is IReadOnlyDictionary<string, object?> map
        ? Collect(map.Select(object? (e) => FlowValue.Map(("key", e.Key), ("value", e.Value))))
        : throw Fail($"{Name(value)} has no entries");

    private OrderedDictionary<string, object?> FromEntries(IEnumerable<object?> entries) => Build(entries.Select(entry =>
    {
        var map = entry as IReadOnlyDictionary<string, object?> ?? throw Fail($"an entry must be an object, not {Name(entry)}");
        var key = map.GetValueOrDefault("key") ?? map.GetValueOrDefault("k") ?? map.GetValueOrDefault("name");
        return (key is null or string ? (string)(key ?? "null") : Plain(key), map.TryGetValue("value", out var value) ? value : map.GetValueOrDefault("v"));
    }));

    private OrderedDictionary<string, object?> Build(IEnumerable<(string Key, object? Value)> entries)
    {
        var map = FlowValue.Map();
        foreach (var (key, value) in entries)
        {
            _e.Step();
            map[key] = value;
        }
        return map;
    }

    private List<object?> SplitText(string text, string separator)
    {
        _e.Reserve(text.Length);
        if (text.Length == 0) return [];
        return Collect(separator.Length == 0 ? text.EnumerateRunes().Select(object? (r) => r.ToString()) : text.Split(separator));
    }

    private string Joined(IReadOnlyList<object?> items, string separator)
    {
        var output = new StringBuilder();
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) output.Append(separator);
            if (ValueText.IsContainer(items[i])) throw Fail($"`join` cannot join {Name(items[i])}");
            output.Append(items[i] is null ? "" : Plain(items[i]));
            if (output.Length > _e.Limits.MaxOutput) _e.Reserve(output.Length);
        }
        return _e.Made(output.ToString());
    }

    private string Formatted(string format, object? value) => _e.Made(format switch
    {
        "text" => Plain(value),
        "json" => ValueText.Json(value, _e),
        "base64" => Convert.ToBase64String(Encoding.UTF8.GetBytes(Plain(value))),
        "base64d" => Decoded(Plain(value)),
        "uri" => Uri.EscapeDataString(Plain(value)),
        "csv" => string.Join(',', Items(value, "@csv").Select(v => v is string t ? "\"" + t.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : v is null ? "" : Plain(v))),
        "html" => System.Net.WebUtility.HtmlEncode(Plain(value)),
        _ => throw Fail($"there is no format @{format}"),
    });

    private string Decoded(string text)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw Fail("the text is not Base64");
        }
    }

    private object? Add(object? a, object? b)
    {
        switch (a, b)
        {
            case (null, _): return b;
            case (_, null): return a;
            case (string x, string y): return _e.Made(x + y);
            case (IReadOnlyList<object?> x, IReadOnlyList<object?> y): return Collect(x.Concat(y));
            case (IReadOnlyDictionary<string, object?> x, IReadOnlyDictionary<string, object?> y): return Build(x.Concat(y).Select(e => (e.Key, e.Value)));
            default: return Operators.IsNumber(a) && Operators.IsNumber(b) ? Operators.Arithmetic('+', a, b, _e) : throw Fail($"{Name(a)} and {Name(b)} cannot be added");
        }
    }

    private object? Subtract(object? a, object? b)
    {
        if (a is IReadOnlyList<object?> x && b is IReadOnlyList<object?> y)
        {
            _e.Step((long)x.Count * (y.Count + 1));
            return x.Where(item => !y.Any(gone => Compare(item, gone) == 0)).ToList();
        }
        return Operators.IsNumber(a) && Operators.IsNumber(b) ? Operators.Arithmetic('-', a, b, _e) : throw Fail($"{Name(a)} and {Name(b)} cannot be subtracted");
    }

    private object? Multiply(char symbol, object? a, object? b)
    {
        if (symbol == '/' && a is string text && b is string separator) return SplitText(text, separator);
        if (symbol == '*' && a is IReadOnlyDictionary<string, object?> x && b is IReadOnlyDictionary<string, object?> y) return Merge(x, y, 0);
        if (!Operators.IsNumber(a) || !Operators.IsNumber(b)) throw Fail($"{Name(a)} and {Name(b)} cannot be combined with `{symbol}`");
        // jq divides into fractions.
        return symbol == '/' && a is long p && b is long q && q != 0 && p % q != 0 ? (double)p / q : Operators.Arithmetic(symbol, a, b, _e);
    }

    private OrderedDictionary<string, object?> Merge(IReadOnlyDictionary<string, object?> a, IReadOnlyDictionary<string, object?> b, int depth)
    {
        if (depth > FlowValue.MaxDepth) throw Fail("the value is nested too deeply");
        var map = Build(a.Select(e => (e.Key, e.Value)));
        foreach (var (key, value) in b)
        {
            map[key] = map.TryGetValue(key, out var before) && before is IReadOnlyDictionary<string, object?> left && value is IReadOnlyDictionary<string, object?> right
                ? Merge(left, right, depth + 1)
                : value;
        }
        return map;
    }

    private bool Contains(object? a, object? b)
    {
        _e.Step();
        return (a, b) switch
        {
            (string x, string y) => x.Contains(y, StringComparison.Ordinal),
            (IReadOnlyDictionary<string, object?> x, IReadOnlyDictionary<string, object?> y) => y.All(e => x.TryGetValue(e.Key, out var value) && Contains(value, e.Value)),
            (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => y.All(wanted => x.Any(item => Name(item) == Name(wanted) && Contains(item, wanted))),
            _ when Name(a) == Name(b) => Compare(a, b) == 0,
            _ => throw Fail($"{Name(a)} cannot contain {Name(b)}"),
        };
    }

    /// <summary>jq's order of all values: null, false, true, numbers, texts, arrays, objects.</summary>
    private static int Compare(object? a, object? b) => Compare(a, b, 0);

    private static int Compare(object? a, object? b, int depth)
    {
        var order = Rank(a).CompareTo(Rank(b));
        if (order != 0 || depth > FlowValue.MaxDepth) return order;
        switch (a, b)
        {
            case (string x, string y): return string.CompareOrdinal(x, y);
            case (IReadOnlyList<object?> x, IReadOnlyList<object?> y):
                for (var i = 0; i < Math.Min(x.Count, y.Count); i++)
                    if (Compare(x[i], y[i], depth + 1) is not 0 and var difference) return difference;
                return x.Count.CompareTo(y.Count);
            case (IReadOnlyDictionary<string, object?> x, IReadOnlyDictionary<string, object?> y):
                var (left, right) = (x.Keys.Order(StringComparer.Ordinal).ToList<object?>(), y.Keys.Order(StringComparer.Ordinal).ToList<object?>());
                if (Compare(left, right, depth + 1) is not 0 and var keys) return keys;
                foreach (var key in left)
                    if (Compare(x[(string)key!], y[(string)key!], depth + 1) is not 0 and var value) return value;
                return 0;
            case (long x, long y): return x.CompareTo(y);
            case (null or bool, _): return 0;
            default: return Convert.ToDouble(a, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(b, CultureInfo.InvariantCulture));
        }
    }

    private static int Rank(object? value) => value switch
    {
        null => 0,
        false => 1,
        true => 2,
        string => 4,
        IReadOnlyList<object?> => 5,
        IReadOnlyDictionary<string, object?> => 6,
        _ => 3,
    };
}
