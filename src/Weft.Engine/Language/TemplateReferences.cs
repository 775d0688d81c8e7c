namespace Weft.Engine.Language;

/// <summary>A name that a template reads under <c>inputs</c>, <c>outputs</c> or <c>vars</c>.</summary>
/// <param name="Root">The map it is read from.</param>
/// <param name="Name">The name, which is known without evaluating.</param>
/// <param name="Index">Where it stands in the template.</param>
/// <param name="HyphenatedName">For <c>outputs.a-b</c>, which subtracts: the name that was perhaps meant.</param>
internal readonly record struct TemplateReference(string Root, string Name, int Index, string? HyphenatedName);

/// <summary>
/// Finds the names that a template certainly reads. An expression that copes with absence (<c>is defined</c>, <c>??</c>,
/// <c>default</c>) certainly needs nothing, and neither does a template that tests the name anywhere.
/// </summary>
internal static class TemplateReferences
{
    private static readonly string[] Roots = ["inputs", "outputs", "vars"];

    public static IReadOnlyList<TemplateReference> Find(string template)
    {
        if (!Roots.Any(r => template.Contains(r, StringComparison.Ordinal))) return [];
        var found = new List<TemplateReference>();
        var tested = new HashSet<(string, string)>();
        foreach (var (start, end) in Expressions(template))
        {
            var tokens = Tokens(template, start, end);
            // A template that gives these names a meaning of its own is not judged.
            if (Rebinds(tokens)) return [];
            var handlesAbsence = tokens.Exists(t => t.Text is "??" or "???" or "default") || TestsPresence(tokens);
            for (var i = 0; i < tokens.Count; i++)
            {
                if (tokens[i].Kind != TokenKind.Word || !Roots.Contains(tokens[i].Text)) continue;
                if (i > 0 && tokens[i - 1].Text is "." or "|") continue;
                if (Read(tokens, i) is not { } reference) continue;
                if (handlesAbsence) tested.Add((reference.Root, reference.Name));
                else found.Add(reference);
            }
        }
        return found.FindAll(r => !tested.Contains((r.Root, r.Name)));
    }

    private static TemplateReference? Read(List<Token> tokens, int i)
    {
        var root = tokens[i].Text;
        // A call such as outputs(…) or a named argument is something else.
        if (i + 2 >= tokens.Count) return null;
        if (tokens[i + 1].Text == "." && tokens[i + 2].Kind == TokenKind.Word)
        {
            var name = tokens[i + 2];
            var hyphenated = name.Text;
            for (var j = i + 3; j + 1 < tokens.Count && tokens[j].Text == "-" && tokens[j].Start == tokens[j - 1].End
                && tokens[j + 1].Kind is TokenKind.Word or TokenKind.Number && tokens[j + 1].Start == tokens[j].End; j += 2)
            {
                hyphenated += "-" + tokens[j + 1].Text;
            }
            return new TemplateReference(root, name.Text, name.Start, hyphenated == name.Text ? null : hyphenated);
        }
        if (tokens[i + 1].Text == "[" && tokens[i + 2].Kind == TokenKind.Text && i + 3 < tokens.Count && tokens[i + 3].Text == "]")
        {
            return new TemplateReference(root, tokens[i + 2].Text, tokens[i + 2].Start, null);
        }
        return null;
    }

    private static bool Rebinds(List<Token> tokens)
    {
        if (tokens.Count < 2 || tokens[0].Text is not ("set" or "for" or "macro")) return false;
        return tokens.Skip(1).TakeWhile(t => t.Text is not ("in" or "=")).Any(t => Roots.Contains(t.Text));
    }

    private static bool TestsPresence(List<Token> tokens)
    {
        for (var i = 0; i + 1 < tokens.Count; i++)
        {
            if (tokens[i].Text != "is") continue;
            var test = tokens[i + 1].Text == "not" && i + 2 < tokens.Count ? tokens[i + 2].Text : tokens[i + 1].Text;
            if (test is "defined" or "null" or "empty") return true;
        }
        return false;
    }

    /// <summary>The insides of <c>{{ }}</c> and <c>{% %}</c>, without comments and without what is between raw and endraw.</summary>
    private static IEnumerable<(int Start, int End)> Expressions(string template)
    {
        string? verbatim = null;
        for (var i = 0; i + 1 < template.Length;)
        {
            if (template[i] != '{' || template[i + 1] is not ('{' or '%' or '#'))
            {
                i++;
                continue;
            }
            var close = template[i + 1] switch { '{' => "}}", '%' => "%}", _ => "#}" };
            var start = i + 2;
            var end = close == "#}" ? template.IndexOf(close, start, StringComparison.Ordinal) : End(template, start, close);
            if (end < 0) yield break;
            var word = close == "%}" ? template.AsSpan(start, end - start).Trim(" -\t\r\n").ToString() : "";
            if (verbatim is not null)
            {
                if (word == "end" + verbatim) verbatim = null;
            }
            else if (word is "raw" or "verbatim") verbatim = word;
            else if (close != "#}") yield return (start, end);
            // Inside a verbatim part braces open nothing, so only one character is passed.
            i = verbatim is not null && word != verbatim ? i + 1 : end + 2;
        }
    }

    /// <summary>Where the delimiter is that closes an expression: not one inside a quoted text or a map literal.</summary>
    private static int End(string template, int start, string close)
    {
        char? quote = null;
        var braces = 0;
        for (var i = start; i < template.Length; i++)
        {
            var c = template[i];
            if (quote is not null)
            {
                if (c == '\\') i++;
                else if (c == quote) quote = null;
            }
            else if (c is '"' or '\'') quote = c;
            else if (braces == 0 && string.CompareOrdinal(template, i, close, 0, 2) == 0) return i;
            else if (c == '{') braces++;
            else if (c == '}' && braces > 0) braces--;
        }
        return -1;
    }

    private enum TokenKind
    {
        Word,
        Text,
        Number,
        Sign,
    }

    private readonly record struct Token(TokenKind Kind, string Text, int Start, int End);

    private static List<Token> Tokens(string template, int start, int end)
    {
        var tokens = new List<Token>();
        for (var i = start; i < end;)
        {
            var c = template[i];
            var from = i;
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }
            if (char.IsLetter(c) || c == '_')
            {
                while (i < end && (char.IsLetterOrDigit(template[i]) || template[i] == '_')) i++;
                tokens.Add(new Token(TokenKind.Word, template[from..i], from, i));
            }
            else if (char.IsAsciiDigit(c))
            {
                while (i < end && (char.IsLetterOrDigit(template[i]) || template[i] == '_')) i++;
                tokens.Add(new Token(TokenKind.Number, template[from..i], from, i));
            }
            else if (c is '"' or '\'')
            {
                i++;
                while (i < end && template[i] != c) i += template[i] == '\\' ? 2 : 1;
                i = Math.Min(i, end);
                tokens.Add(new Token(TokenKind.Text, template[(from + 1)..i], from + 1, i));
                i = Math.Min(i + 1, end);
            }
            else
            {
                while (i < end && c == '?' && template[i] == '?') i++;
                if (i == from) i++;
                tokens.Add(new Token(TokenKind.Sign, template[from..i], from, i));
            }
        }
        return tokens;
    }
}
