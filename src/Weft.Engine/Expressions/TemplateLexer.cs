using System.Globalization;
using System.Text;

namespace Weft.Engine.Expressions;

internal enum TokenKind
{
    Text, PrintStart, PrintEnd, TagStart, TagEnd, Name, Number, String, InterpolationStart, InterpolationEnd, Symbol, End,
}

internal readonly record struct Token(TokenKind Kind, string Value, int Position);

/// <summary>Turns the source of a template into tokens: text, and between delimiters names, literals and symbols.</summary>
internal sealed class TemplateLexer(string source, TemplateLimits limits)
{
    private readonly List<Token> _tokens = [];
    private int _at;
    private bool _trimNext;

    /// <summary>True when the source holds a tag, an expression or a comment.</summary>
    public static bool HasTemplate(string source)
    {
        for (var i = source.IndexOf('{'); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
            if (source[i + 1] is '{' or '%' or '#') return true;
        return false;
    }

    public List<Token> Tokenize()
    {
        while (_at < source.Length) Data();
        Push(TokenKind.End, "", source.Length);
        return _tokens;
    }

    private void Push(TokenKind kind, string value, int position) => _tokens.Add(new Token(kind, value, position));

    private void Data()
    {
        var start = _at;
        var open = _at;
        while (true)
        {
            open = source.IndexOf('{', open);
            if (open < 0 || open + 1 >= source.Length) { open = source.Length; break; }
            if (source[open + 1] is '{' or '%' or '#') break;
            open++;
        }
        var text = source[start..open];
        if (_trimNext) text = text.TrimStart();
        _trimNext = false;
        _at = open;
        if (open == source.Length)
        {
            PushText(text, start);
            return;
        }
        var kind = source[open + 1];
        if (kind == '%' && TryRaw(text, start)) return;
        _at += 2;
        // A minus sign trims only when white space follows: `{{-1}}` is a number.
        if (_at + 1 < source.Length && source[_at] == '-' && char.IsWhiteSpace(source[_at + 1]))
        {
            text = text.TrimEnd();
            _at++;
        }
        PushText(text, start);
        switch (kind)
        {
            case '{':
                Push(TokenKind.PrintStart, "{{", open);
                Code("}}", TokenKind.PrintEnd, open, "{{");
                break;
            case '%':
                Push(TokenKind.TagStart, "{%", open);
                Code("%}", TokenKind.TagEnd, open, "{%");
                break;
            default:
                var close = source.IndexOf("#}", _at, StringComparison.Ordinal);
                if (close < 0) throw Error("The comment is never closed with `#}`.", open);
                _trimNext = close > _at && source[close - 1] == '-';
                _at = close + 2;
                break;
        }
    }

    private void PushText(string text, int position)
    {
        if (text.Length > 0) Push(TokenKind.Text, text, position);
    }

    /// <summary><c>raw</c> keeps every character between its tags; <c>verbatim</c> obeys the trim signs.</summary>
    private bool TryRaw(string before, int start)
    {
        var at = _at + 2;
        var trimBefore = at < source.Length && source[at] == '-';
        if (trimBefore) at++;
        at = SkipSpace(at);
        var word = Word(at);
        if (word is not ("raw" or "verbatim")) return false;
        at = SkipSpace(at + word.Length);
        var trimFirst = at < source.Length && source[at] == '-';
        if (trimFirst) at++;
        if (!Looking(at, "%}")) return false;
        at += 2;
        var trims = word == "verbatim";
        PushText(trims && trimBefore ? before.TrimEnd() : before, start);
        for (var end = source.IndexOf("{%", at, StringComparison.Ordinal); end >= 0; end = source.IndexOf("{%", end + 2, StringComparison.Ordinal))
        {
            var p = end + 2;
            var trimLast = p < source.Length && source[p] == '-';
            if (trimLast) p++;
            p = SkipSpace(p);
            if (Word(p) != "end" + word) continue;
            p = SkipSpace(p + word.Length + 3);
            var trimAfter = p < source.Length && source[p] == '-';
            if (trimAfter) p++;
            if (!Looking(p, "%}")) continue;
            var body = source[at..end];
            if (trims && trimFirst) body = body.TrimStart();
            if (trims && trimLast) body = body.TrimEnd();
            _trimNext = trims && trimAfter;
            PushText(body, at);
            _at = p + 2;
            return true;
        }
        throw Error($"The tag `{word}` is never closed with `{{% end{word} %}}`.", _at);
    }

    private void Code(string closing, TokenKind end, int opened, string opening)
    {
        var brackets = new Stack<char>();
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= source.Length)
            {
                throw brackets.Count > 0
                    ? Error($"A bracket is never closed: expected `{Closing(brackets.Peek())}`.", opened)
                    : Error($"`{opening}` is never closed with `{closing}`.", opened);
            }
            if (brackets.Count == 0)
            {
                if (Looking(_at, closing))
                {
                    Push(end, closing, _at);
                    _at += 2;
                    return;
                }
                if (source[_at] == '-' && Looking(_at + 1, closing))
                {
                    Push(end, closing, _at);
                    _at += 3;
                    _trimNext = true;
                    return;
                }
            }
            Expression(brackets);
        }
    }

    private void Expression(Stack<char> brackets)
    {
        var start = _at;
        var c = source[_at];
        if (char.IsLetter(c) || c == '_')
        {
            while (_at < source.Length && (char.IsLetterOrDigit(source[_at]) || source[_at] == '_')) _at++;
            Push(TokenKind.Name, source[start.._at], start);
            return;
        }
        if (char.IsAsciiDigit(c))
        {
            while (_at < source.Length && char.IsAsciiDigit(source[_at])) _at++;
            if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
            {
                _at++;
                while (_at < source.Length && char.IsAsciiDigit(source[_at])) _at++;
            }
            var digits = source[start.._at];
            if (_at < source.Length && source[_at] == 'L' && !digits.Contains('.', StringComparison.Ordinal)) _at++;
            Push(TokenKind.Number, digits, start);
            return;
        }
        switch (c)
        {
            case '\'': SingleQuoted(start); return;
            case '"': DoubleQuoted(start, brackets); return;
            case '(' or '[' or '{':
                if (brackets.Count >= limits.MaxNesting) throw Error($"Brackets are nested deeper than {limits.MaxNesting} levels.", start);
                brackets.Push(c);
                break;
            case ')' or ']' or '}':
                if (brackets.Count == 0) throw Error($"Unexpected `{c}`.", start);
                var open = brackets.Pop();
                if (Closing(open) != c) throw Error($"Expected `{Closing(open)}` but found `{c}`.", start);
                break;
        }
        foreach (var symbol in Symbols)
        {
            if (!Looking(_at, symbol)) continue;
            _at += symbol.Length;
            Push(TokenKind.Symbol, symbol, start);
            return;
        }
        throw Error($"Unexpected character `{(char.IsControl(c) ? $"\\u{(int)c:x4}" : c)}`.", start);
    }

    // Longest first, so that `??` is not read as two question marks.
    private static readonly string[] Symbols =
        ["???", "??", "==", "!=", ">=", "<=", "..", "(", ")", "[", "]", "{", "}", "?", ":", ".", ",", "|", "=", "+", "-", "*", "/", "%", "~", ">", "<"];

    private void SingleQuoted(int start)
    {
        var text = new StringBuilder();
        for (_at++; _at < source.Length; _at++)
        {
            var c = source[_at];
            if (c == '\'')
            {
                _at++;
                Push(TokenKind.String, text.ToString(), start);
                return;
            }
            // As in Pebble, a backslash only protects the quote; any other stays, and so does what follows it.
            if (c == '\\' && _at + 1 < source.Length)
            {
                if (source[_at + 1] != '\'') text.Append(c);
                c = source[++_at];
            }
            text.Append(c);
        }
        throw Error("The text is never closed with `'`.", start);
    }

    private void DoubleQuoted(int start, Stack<char> outer)
    {
        var text = new StringBuilder();
        var parts = 0;
        var partStart = start;
        for (_at++; _at < source.Length; _at++)
        {
            var c = source[_at];
            if (c == '"')
            {
                _at++;
                if (text.Length > 0 || parts == 0) Push(TokenKind.String, text.ToString(), partStart);
                return;
            }
            if (c == '#' && Looking(_at, "#{"))
            {
                if (outer.Count >= limits.MaxNesting) throw Error($"Brackets are nested deeper than {limits.MaxNesting} levels.", _at);
                if (text.Length > 0) Push(TokenKind.String, text.ToString(), partStart);
                text.Clear();
                parts++;
                Push(TokenKind.InterpolationStart, "#{", _at);
                _at += 2;
                Interpolation(start, outer);
                partStart = _at;
                _at--;
                continue;
            }
            if (c == '\\' && _at + 1 < source.Length)
            {
                if (source[_at + 1] != '"') text.Append(c);
                c = source[++_at];
            }
            text.Append(c);
        }
        throw Error("The text is never closed with `\"`.", start);
    }

    private void Interpolation(int start, Stack<char> outer)
    {
        // The outer brackets stay on the stack below a marker, so that nesting is counted across texts inside texts.
        var floor = outer.Count;
        outer.Push('#');
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= source.Length) throw Error("The text is never closed with `\"`.", start);
            if (source[_at] == '}' && outer.Count == floor + 1)
            {
                outer.Pop();
                Push(TokenKind.InterpolationEnd, "}", _at);
                _at++;
                return;
            }
            Expression(outer);
        }
    }

    private static char Closing(char open) => open switch { '(' => ')', '[' => ']', _ => '}' };

    private int SkipSpace(int at)
    {
        while (at < source.Length && char.IsWhiteSpace(source[at])) at++;
        return at;
    }

    private string Word(int at)
    {
        var end = at;
        while (end < source.Length && char.IsAsciiLetter(source[end])) end++;
        return at >= source.Length ? "" : source[at..end];
    }

    private bool Looking(int at, string text) => string.CompareOrdinal(source, at, text, 0, text.Length) == 0;

    private TemplateSyntaxException Error(string message, int position) => SyntaxError(source, message, position);

    public static TemplateSyntaxException SyntaxError(string source, string message, int position)
    {
        var (line, column) = Place(source, position);
        return new TemplateSyntaxException(string.Create(CultureInfo.InvariantCulture, $"{message} (line {line}, column {column} of the template)"), line, column);
    }

    public static (int Line, int Column) Place(string source, int position)
    {
        var line = 1;
        var column = 1;
        for (var i = 0; i < position && i < source.Length; i++)
        {
            if (source[i] == '\n') { line++; column = 1; }
            else column++;
        }
        return (line, column);
    }
}
