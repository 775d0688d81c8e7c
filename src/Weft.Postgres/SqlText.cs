using System.Text;

namespace Weft.Postgres;

/// <summary>Just enough of SQL's lexical rules to see parameters and the ends of statements.</summary>
internal static class SqlText
{
    /// <summary>The statements of a text with their places in it, without empty ones.</summary>
    public static IReadOnlyList<(string Text, int Start)> Statements(string sql)
    {
        var statements = new List<(string, int)>();
        var start = 0;
        // SQL-standard function bodies (BEGIN ATOMIC … END) hold semicolons of their own; CASE … END nests in them.
        var atomicDepth = 0;
        var previous = "";
        foreach (var (kind, from, to) in Tokens(sql))
        {
            if (kind == Kind.Word)
            {
                var word = sql[from..to].ToLowerInvariant();
                if (atomicDepth == 0 ? word == "atomic" && previous == "begin" : word == "case")
                    atomicDepth++;
                else if (atomicDepth > 0 && word == "end")
                    atomicDepth--;
                previous = word;
            }
            else if (kind == Kind.Semicolon && atomicDepth == 0)
            {
                Add(start, from);
                start = to;
            }
        }

        Add(start, sql.Length);
        return statements;

        void Add(int from, int to)
        {
            while (from < to && char.IsWhiteSpace(sql[from]))
                from++;
            var text = sql[from..to].TrimEnd();
            if (text.Length > 0)
                statements.Add((text, from));
        }
    }

    /// <summary>The text with each named parameter (<c>@id</c>) replaced.</summary>
    public static string ReplaceParameters(string sql, Func<string, string> replace)
    {
        var text = new StringBuilder();
        var copied = 0;
        foreach (var (kind, from, to) in Tokens(sql))
        {
            if (kind != Kind.Parameter)
                continue;
            text.Append(sql, copied, from - copied).Append(replace(sql[(from + 1)..to]));
            copied = to;
        }

        return text.Append(sql, copied, sql.Length - copied).ToString();
    }

    private enum Kind
    {
        Semicolon,
        Parameter,
        Word,
    }

    private static IEnumerable<(Kind Kind, int From, int To)> Tokens(string sql)
    {
        for (var at = 0; at < sql.Length;)
        {
            switch (sql[at])
            {
                case '\'' or '"':
                    at = AfterQuote(sql, at);
                    break;
                case '-' when Next(sql, at) == '-':
                    at = sql.IndexOf('\n', at) is >= 0 and var end ? end : sql.Length;
                    break;
                case '/' when Next(sql, at) == '*':
                    at = AfterComment(sql, at);
                    break;
                case '$' when DollarTag(sql, at) is { } tag:
                    at = sql.IndexOf(tag, at + tag.Length, StringComparison.Ordinal) is >= 0 and var ending ? ending + tag.Length : sql.Length;
                    break;
                case ';':
                    yield return (Kind.Semicolon, at, ++at);
                    break;
                // @ also begins or ends operators: @>, <@, @@, @?.
                case '@' when char.IsLetter(Next(sql, at)) && (at == 0 || !"@<>!~*#&|".Contains(sql[at - 1])):
                    var from = at++;
                    while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] == '_'))
                        at++;
                    yield return (Kind.Parameter, from, at);
                    break;
                case var letter when char.IsLetter(letter) || letter == '_':
                    var begin = at;
                    while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '_' or '$'))
                        at++;
                    yield return (Kind.Word, begin, at);
                    break;
                default:
                    at++;
                    break;
            }
        }
    }

    private static char Next(string sql, int at) => at + 1 < sql.Length ? sql[at + 1] : '\0';

    /// <summary>Unlike C's, these comments nest.</summary>
    private static int AfterComment(string sql, int at)
    {
        var depth = 0;
        while (at < sql.Length)
        {
            if (sql[at] == '/' && Next(sql, at) == '*')
                (depth, at) = (depth + 1, at + 2);
            else if (sql[at] == '*' && Next(sql, at) == '/')
                (depth, at) = (depth - 1, at + 2);
            else
                at++;
            if (depth == 0)
                break;
        }

        return at;
    }

    private static int AfterQuote(string sql, int at)
    {
        var quote = sql[at];
        var hasEscapes = quote == '\'' && at > 0 && sql[at - 1] is 'e' or 'E' && (at < 2 || !char.IsLetterOrDigit(sql[at - 2]));
        for (at++; at < sql.Length; at++)
        {
            if (hasEscapes && sql[at] == '\\')
                at++;
            else if (sql[at] == quote)
                return at + 1; // a doubled quote just begins the next piece
        }

        return at;
    }

    private static string? DollarTag(string sql, int at)
    {
        var end = at + 1;
        while (end < sql.Length && (char.IsLetter(sql[end]) || sql[end] == '_' || (end > at + 1 && char.IsDigit(sql[end]))))
            end++;
        return end < sql.Length && sql[end] == '$' ? sql[at..(end + 1)] : null;
    }
}
