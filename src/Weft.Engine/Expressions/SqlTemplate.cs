using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Engine.Expressions;

/// <summary>SQL whose values travel apart from its text: <c>$1</c> stands for the first of <see cref="Values"/>.</summary>
/// <param name="Sql">The text, with positional parameters.</param>
/// <param name="Values">Canonical values. Texts are meant to be sent without a type, so that the server infers it as it does for a literal.</param>
public sealed record BoundSql(string Sql, IReadOnlyList<object?> Values);

/// <summary>
/// SQL with templates in it. What a template evaluates to never becomes part of the SQL text: a quoted literal that holds
/// <c>{{ … }}</c> becomes one parameter as a whole, whose value is the literal's text; a bare <c>{{ … }}</c> becomes one
/// parameter with its typed value. A quoted literal that is exactly one expression is its text too, but null stays null.
/// <c>{{ name | identifier }}</c> is the one way to name a table or column, and it quotes the name. Templates in comments,
/// dollar-quoted bodies and quoted identifiers are refused, because nothing could be bound there.
/// <c>{% if %}</c> and <c>{% for %}</c> choose between pieces of SQL, each of which closes what it opens.
/// </summary>
public sealed partial class SqlTemplate
{
    private readonly Piece[] _pieces;
    private readonly TemplateLimits _limits;
    private readonly TemplateProgram _program;

    private SqlTemplate(string source, Piece[] pieces, TemplateProgram program, TemplateReferences references, TemplateLimits limits)
    {
        Source = source;
        _pieces = pieces;
        _program = program;
        _limits = limits;
        References = references;
    }

    /// <summary>The text it was parsed from.</summary>
    public string Source { get; }

    /// <summary>The variables and functions that the templates in the SQL refer to.</summary>
    public TemplateReferences References { get; }

    /// <summary>Parses SQL with templates. Throws <see cref="TemplateSyntaxException"/> with the place of the mistake.</summary>
    public static SqlTemplate Parse(string source) => Parse(source, TemplateLimits.Default);

    /// <summary>Parses SQL with templates that will be bound within the given limits.</summary>
    public static SqlTemplate Parse(string source, TemplateLimits limits)
    {
        var (body, program) = TemplateParser.Parse(source, limits);
        var scanner = new Scanner(source);
        var pieces = scanner.Read(body);
        scanner.End();
        var collector = new ReferenceCollector(source);
        Statement.Collect(body, collector);
        return new SqlTemplate(source, pieces, program, collector.ToReferences(), limits);
    }

    /// <summary>The SQL and its parameters for the variables of a scope. Throws <see cref="TemplateException"/> as a template does.</summary>
    public BoundSql Bind(ITemplateScope scope)
    {
        var binding = new Binding(new Evaluation(Source, scope, _limits, _program));
        binding.Run(_pieces);
        return new BoundSql(binding.Sql.ToString(), binding.Values);
    }

    private sealed class Binding(Evaluation evaluation)
    {
        // The protocol counts parameters in 16 bits.
        private const int MaxParameters = 32_767;

        private bool _afterParameter;

        public StringBuilder Sql { get; } = new();
        public List<object?> Values { get; } = [];
        public Evaluation E { get; } = evaluation;

        public void Run(Piece[] pieces)
        {
            foreach (var piece in pieces) piece.Bind(this);
        }

        /// <summary>SQL text as it was written. A parameter and a word that follows it are kept apart.</summary>
        public void Text(string text)
        {
            if (_afterParameter && text.Length > 0 && Scanner.IsWord(text[0])) Sql.Append(' ');
            _afterParameter = false;
            E.Write(Sql, text);
        }

        public void Parameter(object? value)
        {
            if (Sql.Length > 0 && Scanner.IsWord(Sql[^1])) Sql.Append(' ');
            _afterParameter = true;
            if (Values.Count >= MaxParameters) throw E.Error(Evaluation.LimitCode, $"The SQL has more than {MaxParameters} parameters. Bind one list instead: `= any({{{{ list }}}})`.");
            Values.Add(value is LoopState loop ? loop.ToMap() : value);
            Sql.Append('$').Append(Values.Count.ToString(CultureInfo.InvariantCulture));
        }
    }

    private abstract class Piece
    {
        public abstract void Bind(Binding binding);
    }

    private sealed class SqlPiece(string text) : Piece
    {
        public override void Bind(Binding binding) => binding.Text(text);
    }

    private sealed class ValuePiece(Node value) : Piece
    {
        public override void Bind(Binding binding) => binding.Parameter(value.Evaluate(binding.E));
    }

    private sealed class IdentifierPiece(FilterNode name) : Piece
    {
        public override void Bind(Binding binding) => binding.Text((string)name.Evaluate(binding.E)!);
    }

    /// <summary>A quoted literal; <paramref name="type"/> when it was written after a type's name (<c>interval '…'</c>).</summary>
    private sealed class LiteralPiece(Statement[] parts, string? type) : Piece
    {
        public override void Bind(Binding binding)
        {
            if (type is not null) binding.Text("CAST(");
            if (parts is [PrintStatement only])
            {
                var value = only.Value.Evaluate(binding.E);
                binding.Parameter(value is null ? null : binding.E.Text(value));
            }
            else
            {
                binding.Parameter(Statement.Render(parts, binding.E));
            }
            if (type is not null) binding.Text($" AS {type})");
        }
    }

    private sealed class IfPiece(IfStatement statement, Piece[][] branches, Piece[]? otherwise) : Piece
    {
        public override void Bind(Binding binding)
        {
            var chosen = statement.Choose(binding.E);
            if (chosen >= 0) binding.Run(branches[chosen]);
            else if (otherwise is not null) binding.Run(otherwise);
        }
    }

    private sealed class ForPiece(ForStatement statement, Piece[] body, Piece[]? otherwise) : Piece
    {
        public override void Bind(Binding binding) =>
            statement.Each(binding.E, () => binding.Run(body), () => { if (otherwise is not null) binding.Run(otherwise); });
    }

    private sealed class SetPiece(SetStatement statement) : Piece
    {
        public override void Bind(Binding binding) => statement.Assign(binding.E);
    }

    private enum Within { Sql, Literal, EscapeLiteral, Identifier, LineComment, BlockComment, Dollar }

    /// <summary>Follows the SQL through the texts of a template and knows at each place what it is inside of.</summary>
    private sealed partial class Scanner(string source)
    {
        private readonly StringBuilder _sql = new();
        private Within _within = Within.Sql;
        private int _opened;
        private int _commentDepth;
        private string _dollarTag = "";
        private bool _prefixedLiteral;
        private bool _afterValue;

        // Where the SQL after a dollar-quoted text begins, whose last $ is not part of a word.
        private int _boundary;

        // What the literal that is open consists of so far, and its raw text for when it turns out to hold no template.
        private readonly StringBuilder _raw = new();
        private readonly StringBuilder _text = new();
        private List<Statement> _parts = [];
        private bool _literalHasTemplate;

        public Piece[] Read(Statement[] body)
        {
            var pieces = new List<Piece>();
            foreach (var statement in body)
            {
                switch (statement)
                {
                    case TextStatement text:
                        Scan(text, pieces);
                        break;
                    case SetStatement set when _within == Within.Sql:
                        Flush(pieces);
                        pieces.Add(new SetPiece(set));
                        break;
                    case PrintStatement print when _within == Within.Sql:
                        if (IsWord(Last(1)) || Last(1) == '"') throw Error(Joined, print.Position);
                        _afterValue = true;
                        Flush(pieces);
                        pieces.Add(print.Value is FilterNode { Name: "identifier" } name ? new IdentifierPiece(name) : new ValuePiece(print.Value));
                        break;
                    case IfStatement choice when _within == Within.Sql:
                        Flush(pieces);
                        pieces.Add(new IfPiece(choice, [.. choice.Branches.Select(b => Branch(b.Body, "if"))], choice.Otherwise is null ? null : Branch(choice.Otherwise, "if")));
                        break;
                    case ForStatement loop when _within == Within.Sql:
                        Flush(pieces);
                        pieces.Add(new ForPiece(loop, Branch(loop.Body, "for"), loop.Otherwise is null ? null : Branch(loop.Otherwise, "for")));
                        break;
                    case MacroStatement or BlockStatement or FilterStatement:
                        throw Error("SQL can be chosen with `if` and `for` only; macros, blocks and filter tags would make text that is not bound.", statement.Position);
                    default:
                        InsideLiteral(statement);
                        break;
                }
            }
            Flush(pieces);
            return [.. pieces];
        }

        public void End()
        {
            if (_within is Within.Sql or Within.LineComment) return;
            throw Error($"{Opened()} is never closed.", _opened);
        }

        private const string Joined =
            "A template cannot be joined to a word: put a space between them. A name is put together inside the template: {{ ('table_' ~ part) | identifier }}.";

        /// <summary>The last character of the SQL so far, or the one before it, as far as it is one piece.</summary>
        private char Last(int back) => _sql.Length - back >= _boundary ? _sql[^back] : '\0';

        private string Opened() => _within switch
        {
            Within.Literal or Within.EscapeLiteral => "The quoted text",
            Within.Identifier => "The quoted identifier",
            Within.Dollar => "The dollar-quoted text",
            _ => "The comment",
        };

        private Piece[] Branch(Statement[] body, string tag)
        {
            var pieces = Read(body);
            // A line comment that a branch begins would swallow what follows the branch.
            if (_within != Within.Sql) throw Error($"{Opened()} is opened inside `{{% {tag} %}}` and must be closed there too.", _opened);
            return pieces;
        }

        /// <summary>A template inside something quoted: part of a literal's value, or refused.</summary>
        private void InsideLiteral(Statement statement)
        {
            if (_within is not (Within.Literal or Within.EscapeLiteral))
            {
                var (place, advice) = _within switch
                {
                    Within.Identifier => ("a quoted identifier", "write {{ name | identifier }} without the quotes"),
                    Within.Dollar => ("a dollar-quoted text", "write it as '…' or as a bare {{ … }}"),
                    _ => ("a comment", "remove it or the comment"),
                };
                throw Error($"A template cannot stand in {place}: {advice}.", statement.Position);
            }
            if (_prefixedLiteral) throw Error("A template cannot stand in a literal with the prefix B, X or U&.", statement.Position);
            if (statement is PrintStatement { Value: FilterNode { Name: "identifier" } }) throw Error("`identifier` is for names outside quotes.", statement.Position);
            if (_text.Length > 0) _parts.Add(new TextStatement(_text.ToString(), statement.Position));
            _text.Clear();
            _parts.Add(Unquoted(statement));
            _literalHasTemplate = true;
        }

        /// <summary>A statement inside a literal, with the literal's escapes undone in the texts that it chooses between.</summary>
        private Statement Unquoted(Statement statement)
        {
            switch (statement)
            {
                case TextStatement text:
                    var value = new StringBuilder();
                    for (var i = 0; i < text.Text.Length; i++)
                    {
                        var c = text.Text[i];
                        if (c == '\'')
                        {
                            if (i + 1 >= text.Text.Length || text.Text[i + 1] != '\'') throw Error("The quoted text is opened outside this tag and must be closed outside too; a quote inside is written ''.", text.Position);
                            i++;
                        }
                        else if (c == '\\' && _within == Within.EscapeLiteral)
                        {
                            c = Escape(text.Text, ref i);
                        }
                        value.Append(c);
                    }
                    return new TextStatement(value.ToString(), text.Position);
                case IfStatement choice: return choice.With(Unquoted);
                case ForStatement loop: return loop.With(Unquoted);
                case PrintStatement or SetStatement: return statement;
                default: throw Error("Only {{ … }}, `if`, `for` and `set` can stand in a quoted text.", statement.Position);
            }
        }

        private void Flush(List<Piece> pieces)
        {
            if (_sql.Length == 0) return;
            pieces.Add(new SqlPiece(_sql.ToString()));
            _sql.Clear();
            _boundary = 0;
        }

        private TemplateSyntaxException Error(string message, int position) => TemplateLexer.SyntaxError(source, message, position);

        private void Scan(TextStatement statement, List<Piece> pieces)
        {
            var text = statement.Text;
            for (var i = 0; i < text.Length; i++)
            {
                switch (_within)
                {
                    case Within.Sql: InSql(text, ref i, statement.Position); break;
                    case Within.Literal or Within.EscapeLiteral: InLiteral(text, ref i, pieces); break;
                    case Within.Identifier:
                        _sql.Append(text[i]);
                        // A doubled quote closes and opens again, which comes to the same.
                        if (text[i] == '"') _within = Within.Sql;
                        break;
                    case Within.LineComment:
                        _sql.Append(text[i]);
                        if (text[i] is '\n' or '\r') _within = Within.Sql;
                        break;
                    case Within.BlockComment:
                        _sql.Append(text[i]);
                        var pair = i + 1 < text.Length ? (text[i], text[i + 1]) : default;
                        if (pair is not (('/', '*') or ('*', '/'))) break;
                        _sql.Append(text[++i]);
                        _commentDepth += pair == ('/', '*') ? 1 : -1;
                        if (_commentDepth == 0) _within = Within.Sql;
                        break;
                    default:
                        if (string.CompareOrdinal(text, i, _dollarTag, 0, _dollarTag.Length) == 0)
                        {
                            _sql.Append(_dollarTag);
                            i += _dollarTag.Length - 1;
                            _within = Within.Sql;
                            _boundary = _sql.Length;
                        }
                        else
                        {
                            _sql.Append(text[i]);
                        }
                        break;
                }
            }
        }

        private void InSql(string text, ref int i, int position)
        {
            var c = text[i];
            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            var afterWord = IsWord(Last(1));
            if (_afterValue && (IsWord(c) || c == '"')) throw Error(Joined, position + i);
            _afterValue = false;
            switch (c)
            {
                case '\'':
                    OpenLiteral(position + i);
                    return;
                case '"':
                    Enter(Within.Identifier, position + i);
                    break;
                case '-' when next == '-':
                    Enter(Within.LineComment, position + i);
                    _sql.Append(c);
                    i++;
                    break;
                case '/' when next == '*':
                    Enter(Within.BlockComment, position + i);
                    _commentDepth = 1;
                    _sql.Append(c);
                    c = text[++i];
                    break;
                case '$' when !afterWord && char.IsAsciiDigit(next):
                    throw Error($"`${next}` is a parameter that nothing binds: write the value as {{{{ … }}}} instead.", position + i);
                case '$' when !afterWord && DollarTag(text, i) is { } tag:
                    Enter(Within.Dollar, position + i);
                    _dollarTag = tag;
                    _sql.Append(_dollarTag);
                    i += _dollarTag.Length - 1;
                    return;
            }
            _sql.Append(c);
        }

        public static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' || c >= '\u0080';

        /// <summary><c>$$</c> or <c>$tag$</c> at a place, or null.</summary>
        private static string? DollarTag(string text, int at)
        {
            // A tag is an identifier, so it is short.
            for (var i = at + 1; i < text.Length && i <= at + 64; i++)
            {
                if (text[i] == '$') return text[at..(i + 1)];
                if (!IsWord(text[i]) || (i == at + 1 && char.IsDigit(text[i]))) return null;
            }
            return null;
        }

        private void Enter(Within place, int position)
        {
            _within = place;
            _opened = position;
        }

        private void OpenLiteral(int position)
        {
            // A prefix belongs to the literal: E'…' has backslash escapes; B, X and U& are other kinds of literal; N says nothing.
            var prefix = IsWord(Last(2)) ? '\0' : char.ToUpperInvariant(Last(1));
            var unicode = Last(1) == '&' && Last(2) is ('u' or 'U') && !IsWord(Last(3));
            Enter(prefix == 'E' ? Within.EscapeLiteral : Within.Literal, position);
            _prefixedLiteral = unicode || prefix is 'B' or 'X';
            _raw.Clear().Append('\'');
            if (prefix is 'E' or 'N')
            {
                _raw.Insert(0, _sql[^1]);
                _sql.Length--;
            }
            _text.Clear();
            _parts = [];
            _literalHasTemplate = false;
        }

        private void InLiteral(string text, ref int i, List<Piece> pieces)
        {
            var c = text[i];
            _raw.Append(c);
            if (c == '\\' && _within == Within.EscapeLiteral)
            {
                var from = i;
                var character = Escape(text, ref i);
                _raw.Append(text, from + 1, Math.Min(i, text.Length - 1) - from);
                _text.Append(character);
                return;
            }
            if (c != '\'')
            {
                _text.Append(c);
                return;
            }
            if (i + 1 < text.Length && text[i + 1] == '\'')
            {
                _raw.Append('\'');
                _text.Append('\'');
                i++;
                return;
            }
            _within = Within.Sql;
            if (!_literalHasTemplate)
            {
                _sql.Append(_raw);
                return;
            }
            if (_text.Length > 0) _parts.Add(new TextStatement(_text.ToString(), 0));
            var type = TakeType();
            Flush(pieces);
            pieces.Add(new LiteralPiece([.. _parts], type));
        }

        [GeneratedRegex(
            @"(?:\A|[^A-Za-z0-9_$.""])(?<type>(?:timestamp|time)(?:\s*\(\s*\d\s*\))?\s+with(?:out)?\s+time\s+zone|double\s+precision|interval|date|timestamptz|timestamp|timetz|time|uuid|jsonb?|inet|cidr|numeric|decimal|integer|bigint|smallint|int[248]?|float[48]?|real|boolean|bool|bytea|xml|point|(?:int[48]|num|ts|tstz|date)(?:multi)?range)\s*\z",
            RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
        private static partial Regex TypeBefore();

        /// <summary>In <c>interval '…'</c> only a constant may follow the type: the type moves into a cast around the parameter.</summary>
        private string? TakeType()
        {
            const int farthest = 80;
            var start = Math.Max(0, _sql.Length - farthest);
            var match = TypeBefore().Match(_sql.ToString(start, _sql.Length - start));
            if (!match.Success) return null;
            _sql.Length = start + match.Groups["type"].Index;
            return match.Groups["type"].Value;
        }

        /// <summary>One backslash escape of E'…'; <paramref name="i"/> ends on its last character.</summary>
        private static char Escape(string text, ref int i)
        {
            if (i + 1 >= text.Length) return '\\';
            var c = text[++i];
            switch (c)
            {
                case 'b': return '\b';
                case 'f': return '\f';
                case 'n': return '\n';
                case 'r': return '\r';
                case 't': return '\t';
                case 'x' or 'u':
                    var from = i + 1;
                    var length = 0;
                    while (length < (c == 'x' ? 2 : 4) && from + length < text.Length && char.IsAsciiHexDigit(text[from + length])) length++;
                    if (length == 0) return c;
                    i += length;
                    return (char)int.Parse(text.AsSpan(from, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                case >= '0' and <= '7':
                    var value = 0;
                    var digits = 0;
                    for (; digits < 3 && i + digits < text.Length && text[i + digits] is >= '0' and <= '7'; digits++) value = value * 8 + text[i + digits] - '0';
                    i += digits - 1;
                    return (char)value;
                default: return c;
            }
        }
    }
}
