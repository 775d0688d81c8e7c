using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>The filters of Pebble and Kestra. Null passes through nearly all of them.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> All = new(Dates.Filters, StringComparer.Ordinal)
    {
        ["jq"] = new(["expression"], c => c.Input is null ? null : JqProgram.Parse(c.Text(0), c.E).Run(c)),
        ["yaml"] = new([], c => c.E.Made(YamlText.Write(c.Input, c.E))),

        // text
        ["lower"] = Text(s => s.ToLowerInvariant()),
        ["upper"] = Text(s => s.ToUpperInvariant()),
        ["trim"] = Text(s => s.Trim()),
        ["capitalize"] = Text(Capitalize),
        ["title"] = Text(Title),
        ["abbreviate"] = new(["length"], OnText((s, c) => Abbreviate(s, c))),
        ["urlencode"] = new([], OnText((s, c) => c.E.Made(UrlEncode(s)))),
        ["urldecode"] = new([], OnText((s, _) => UrlDecode(s))),
        ["base64encode"] = new([], OnText((s, c) => c.E.Made(Convert.ToBase64String(Encoding.UTF8.GetBytes(s))))),
        ["base64decode"] = new([], OnText(Base64Decode)),
        ["md5"] = Hash(MD5.HashData),
        ["sha1"] = Hash(SHA1.HashData),
        ["sha256"] = Hash(SHA256.HashData),
        ["sha512"] = Hash(SHA512.HashData),
        ["slugify"] = Text(Slugify),
        ["string"] = new([], c => c.Input is null ? null : c.E.Text(c.Input)),
        ["substringBefore"] = new(["separator"], OnText((s, c) => s.IndexOf(c.Text(0), StringComparison.Ordinal) is >= 0 and var i ? s[..i] : s)),
        ["substringBeforeLast"] = new(["separator"], OnText((s, c) => c.Text(0) is { Length: > 0 } t && s.LastIndexOf(t, StringComparison.Ordinal) is >= 0 and var i ? s[..i] : s)),
        ["substringAfter"] = new(["separator"], OnText((s, c) => c.Text(0) is var t && s.IndexOf(t, StringComparison.Ordinal) is >= 0 and var i ? s[(i + t.Length)..] : "")),
        ["substringAfterLast"] = new(["separator"], OnText((s, c) => c.Text(0) is { Length: > 0 } t && s.LastIndexOf(t, StringComparison.Ordinal) is >= 0 and var i ? s[(i + t.Length)..] : "")),
        ["startsWith"] = new(["value"], OnText((s, c) => s.StartsWith(c.Text(0), StringComparison.Ordinal))),
        ["endsWith"] = new(["value"], OnText((s, c) => s.EndsWith(c.Text(0), StringComparison.Ordinal))),
        ["indent"] = new(["amount", "prefix"], OnText((s, c) => Indent(s, c, false))),
        ["nindent"] = new(["amount", "prefix"], OnText((s, c) => Indent(s, c, true))),
        ["escapeChar"] = new(["type"], EscapeChar),
        ["identifier"] = new([], Identifier),
        ["escape"] = new(["strategy"], OnText(Escape)),
        ["nl2br"] = new([], OnText((s, c) => c.E.Made(s.ReplaceLineEndings("<br />")))),
        ["replace"] = new(["replace_pairs", "regexp"], TextPatterns.Replace),
        ["split"] = new(["delimiter", "limit"], OnText(TextPatterns.Split)),
        ["regexMatch"] = new(["regex"], OnText(TextPatterns.IsMatch)),
        ["regexExtract"] = new(["regex", "group"], OnText(TextPatterns.Extract)),
        ["regexReplace"] = new(["regex", "replacement"], OnText((s, c) => TextPatterns.ReplaceAll(s, c.Text(0), c.Text(1), c.E))),

        // numbers
        ["abs"] = new([], Abs),
        ["round"] = new(["precision"], Round),
        ["number"] = new(["type"], Number),
        ["numberformat"] = new(["format"], c => c.Input is null ? null : NumberPattern.Format(c)),

        // lists and maps
        ["default"] = new(["default"], c => Tests.IsEmpty(c.Input) ? c.Value(0) : c.Input, AcceptsUndefined: true),
        ["first"] = new([], c => End(c, first: true)),
        ["last"] = new([], c => End(c, first: false)),
        ["length"] = new([], c => Length(c)),
        ["join"] = new(["separator"], Join),
        ["sort"] = new([], c => Sort(c, 1)),
        ["rsort"] = new([], c => Sort(c, -1)),
        ["reverse"] = new([], Reverse),
        ["slice"] = new(["fromIndex", "toIndex"], Slice),
        ["merge"] = new(["items"], Merge),
        ["chunk"] = new(["size"], Chunk),
        ["flatten"] = new([], Flatten),
        ["distinct"] = new([], Distinct),
        ["keys"] = new([], Keys),
        ["values"] = new([], c => c.Input switch
        {
            null => null,
            IReadOnlyDictionary<string, object?> map => Counted(map.Values.ToList(), c),
            _ => throw c.WrongInput("a map"),
        }),

        // other forms
        ["json"] = new([], c => c.E.Made(ValueText.Json(c.Input, c.E))),
        ["toJson"] = new([], c => c.E.Made(ValueText.Json(c.Input, c.E))),
        ["className"] = new([], c => c.Input is null ? null : Operators.Kind(c.Input)),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static bool TryGet(string name, [NotNullWhen(true)] out Filter? filter) => All.TryGetValue(name, out filter);

    private static Filter Text(Func<string, string> change) => new([], c => c.Input is null ? null : c.E.Made(change(c.InputText())));

    private static FilterBody OnText(Func<string, Call, object?> change) => c => c.Input is null ? null : change(c.InputText(), c);

    private static Filter Hash(Func<byte[], byte[]> hash) => new([], c => c.Input is null ? null : Convert.ToHexStringLower(hash(Encoding.UTF8.GetBytes(c.InputText()))));

    private static List<object?> Counted(List<object?> list, Call call)
    {
        call.E.Step(list.Count);
        return list;
    }

    private static string Capitalize(string text)
    {
        var first = 0;
        while (first < text.Length && char.IsWhiteSpace(text[first])) first++;
        return first == text.Length ? text : string.Concat(text.AsSpan(0, first), char.ToUpperInvariant(text[first]).ToString(), text.AsSpan(first + 1));
    }

    private static string Title(string text) => string.Create(text.Length, text, static (target, source) =>
    {
        var wordStarts = true;
        for (var i = 0; i < source.Length; i++)
        {
            var space = char.IsWhiteSpace(source[i]);
            target[i] = wordStarts && !space ? char.ToUpperInvariant(source[i]) : source[i];
            wordStarts = space;
        }
    });

    private static string Abbreviate(string text, Call call)
    {
        var width = call.Whole(0);
        if (width < 0) throw call.E.Fail("`abbreviate` needs a length that is not negative.");
        if (text.Length < width || text.Length <= 3) return text;
        return width <= 3 ? text[..(int)width] : width >= text.Length ? string.Concat(text.AsSpan(0, Math.Min(text.Length, (int)width - 3)), "...") : string.Concat(text.AsSpan(0, (int)width - 3), "...");
    }

    private static string UrlEncode(string text)
    {
        // The form encoding of URLEncoder: letters, digits and .-*_ stay, a space is a plus sign.
        var output = new StringBuilder(text.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '*' or '_') output.Append(c);
            else if (c == ' ') output.Append('+');
            else output.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return output.ToString();
    }

    private static string UrlDecode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string Base64Decode(string text, Call call)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            throw call.E.Fail("`base64decode` was given text that is not Base64.");
        }
    }

    // Latin letters with marks and what is left of them. The runtime's own normalization is not there with invariant globalization.
    private static readonly Dictionary<char, string> Folded = Fold(
        "a:àáâãäåāăąǎ", "ae:æ", "c:çćĉċč", "d:ďđð", "e:èéêëēĕėęě", "g:ĝğġģ", "h:ĥħ", "i:ìíîïĩīĭįıǐ", "j:ĵ", "k:ķ", "l:ĺļľŀł", "n:ñńņňŋ",
        "o:òóôõöøōŏőǒ", "oe:œ", "r:ŕŗř", "s:śŝşšș", "ss:ß", "t:ţťŧț", "th:þ", "u:ùúûüũūŭůűųǔ", "w:ŵ", "y:ýÿŷ", "z:źżž");

    private static Dictionary<char, string> Fold(params ReadOnlySpan<string> groups)
    {
        var folded = new Dictionary<char, string>();
        foreach (var group in groups)
        {
            var colon = group.IndexOf(':', StringComparison.Ordinal);
            foreach (var letter in group[(colon + 1)..]) folded[letter] = group[..colon];
        }
        return folded;
    }

    private static string Slugify(string text)
    {
        var output = new StringBuilder(text.Length);
        var gap = false;
        foreach (var c in text)
        {
            var lower = char.ToLowerInvariant(c);
            var letters = char.IsAsciiLetterOrDigit(lower) ? lower.ToString() : Folded.GetValueOrDefault(lower);
            if (letters is not null)
            {
                if (gap && output.Length > 0) output.Append('-');
                gap = false;
                output.Append(letters);
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
            {
                gap = true;
            }
        }
        return output.ToString();
    }

    private static string Indent(string text, Call call, bool newLine)
    {
        if (text.Length == 0) return text;
        var amount = call.Whole(0);
        if (amount is < 0 or > 10_000) throw call.E.Fail($"`{call.Name}` needs an amount from 0 to 10000.");
        var prefix = call.TextOrNull(1) ?? " ";
        call.E.Reserve(prefix.Length * amount);
        var separator = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : text.Contains('\n', StringComparison.Ordinal) || !text.Contains('\r', StringComparison.Ordinal) ? "\n" : "\r";
        var indented = separator + new StringBuilder().Insert(0, prefix, (int)amount);
        var lines = text.AsSpan().Count(separator) + (newLine ? 1 : 0);
        call.E.Reserve(text.Length + (long)lines * indented.Length);
        return (newLine ? separator + text : text).Replace(separator, indented, StringComparison.Ordinal);
    }

    private static object? EscapeChar(Call call)
    {
        if (call.Input is null) return null;
        var (from, to) = call.Text(0).ToUpperInvariant() switch
        {
            "SINGLE" => ("'", "\\'"),
            "DOUBLE" => ("\"", "\\\""),
            "SHELL" => ("'", "'\\''"),
            _ => throw call.E.Fail("`escapeChar` needs the type `single`, `double` or `shell`."),
        };
        return TextPatterns.EachText(call.Input, call.E, s => call.E.Made(s.Replace(from, to, StringComparison.Ordinal)));
    }

    private static string Escape(string text, Call call) => call.E.Made((call.TextOrNull(0) ?? "html") switch
    {
        "html" or "html_attr" => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal),
        "url_param" => UrlEncode(text),
        "json" => ValueText.Json(text, call.E) is var quoted ? quoted[1..^1] : "",
        var other => throw call.E.Fail($"`escape` knows the strategies html, html_attr, url_param and json, not `{other}`."),
    });

    /// <summary>A quoted SQL name; a list of texts is a qualified one.</summary>
    private static string Identifier(Call call)
    {
        if (call.Input is IReadOnlyList<object?> { Count: > 0 and <= 3 } parts) return string.Join('.', parts.Select(Quoted));
        return Quoted(call.Input);

        string Quoted(object? part) => part is string { Length: > 0 } name && Encoding.UTF8.GetByteCount(name) <= 63 && !name.Contains('\0', StringComparison.Ordinal)
            ? "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
            : throw call.E.Fail("`identifier` needs a name of 1 to 63 bytes.");
    }

    private static object? Abs(Call call) => call.Input switch
    {
        null => null,
        long whole when whole != long.MinValue => Math.Abs(whole),
        long whole => -(decimal)whole,
        double number => Math.Abs(number),
        decimal number => Math.Abs(number),
        _ => throw call.WrongInput("a number"),
    };

    private static object? Round(Call call)
    {
        var digits = (int)Math.Clamp(call.Whole(0, 0), 0, 15);
        return call.Input switch
        {
            null => null,
            long or decimal => call.Input,
            double number when !double.IsFinite(number) || Math.Abs(number) >= 1e15 => number,
            double number when digits == 0 => (long)Math.Round(number, MidpointRounding.AwayFromZero),
            double number => Math.Round(number, digits, MidpointRounding.AwayFromZero),
            _ => throw call.WrongInput("a number"),
        };
    }

    private static object? Number(Call call)
    {
        if (call.Input is null) return null;
        var type = call.TextOrNull(0) ?? "";
        if (!Operators.TryParseNumber(call.InputText().Trim(), out var number)) throw call.E.Fail($"`number` was given text that is not a number.");
        return type switch
        {
            "" or "BIGDECIMAL" => number,
            "INT" or "LONG" or "BIGINTEGER" when number is not double => number,
            "INT" or "LONG" or "BIGINTEGER" => throw call.E.Fail("`number` was given text that is not a whole number."),
            "FLOAT" or "DOUBLE" => Convert.ToDouble(number, CultureInfo.InvariantCulture),
            _ => throw call.E.Fail($"`number` knows the types INT, LONG, FLOAT, DOUBLE, BIGDECIMAL and BIGINTEGER, not `{type}`."),
        };
    }

    private static object? End(Call call, bool first) => call.Input switch
    {
        null => null,
        string text => text.Length == 0 ? null : (first ? text[0] : text[^1]).ToString(),
        IReadOnlyList<object?> list => list.Count == 0 ? null : list[first ? 0 : list.Count - 1],
        _ => throw call.WrongInput("a list or text"),
    };

    private static long Length(Call call) => call.Input switch
    {
        null => 0L,
        string text => (long)text.Length,
        IReadOnlyDictionary<string, object?> map => (long)map.Count,
        IReadOnlyList<object?> list => (long)list.Count,
        _ => 0L,
    };

    private static string? Join(Call call)
    {
        if (call.Input is null) return null;
        var list = call.InputList();
        var separator = call.TextOrNull(0) ?? "";
        call.E.Step(list.Count);
        var output = new StringBuilder();
        for (var i = 0; i < list.Count; i++)
        {
            if (i > 0) output.Append(separator);
            output.Append(list[i] is null ? "null" : call.E.Text(list[i]));
            if (output.Length > call.E.Limits.MaxOutput) call.E.Reserve(output.Length);
        }
        return call.E.Made(output.ToString());
    }

    private static List<object?>? Sort(Call call, int direction)
    {
        if (call.Input is null) return null;
        var list = call.InputList();
        call.E.Step(list.Count * (long)(1 + Math.ILogB(list.Count + 1)));
        return list.Order(Comparer<object?>.Create((a, b) => direction * Operators.Order(a, b, call.E))).ToList();
    }

    private static object? Reverse(Call call) => call.Input switch
    {
        null => null,
        string text => call.E.Made(string.Create(text.Length, text, static (target, source) =>
        {
            source.CopyTo(target);
            target.Reverse();
        })),
        _ => Counted([.. call.InputList().Reverse()], call),
    };

    private static object? Slice(Call call)
    {
        if (call.Input is null) return null;
        var list = call.Input as IReadOnlyList<object?>;
        var text = list is null ? call.InputText() : null;
        var length = list?.Count ?? text!.Length;
        var from = call.Whole(0, 0);
        var to = call.Whole(1, length);
        if (from < 0 || from > length) throw call.E.Fail($"`slice` cannot start at {from}: there are {length} elements.");
        if (to < from || to > length) throw call.E.Fail($"`slice` cannot end at {to}: it starts at {from} and there are {length} elements.");
        return text is not null ? call.E.Made(text[(int)from..(int)to]) : Counted([.. list!.Skip((int)from).Take((int)(to - from))], call);
    }

    private static object? Merge(Call call)
    {
        var items = call.Value(0);
        if (call.Input is null) return items ?? throw call.E.Fail("`merge` was given nothing on both sides.");
        if (items is null) return call.Input;
        switch (call.Input, items)
        {
            case (IReadOnlyDictionary<string, object?> map, IReadOnlyDictionary<string, object?> more):
                call.E.Step(map.Count + more.Count);
                var merged = FlowValue.Map();
                foreach (var (key, value) in map) merged[key] = value;
                foreach (var (key, value) in more) merged[key] = value;
                return merged;
            case (IReadOnlyDictionary<string, object?> map, IReadOnlyList<object?> more):
                call.E.Step(map.Count + more.Count);
                var extended = FlowValue.Map();
                foreach (var (key, value) in map) extended[key] = value;
                foreach (var item in more) extended[ValueText.Key(item, call.E)] = item;
                return extended;
            case (IReadOnlyList<object?> list, IReadOnlyList<object?> more): return Counted([.. list, .. more], call);
            case (IReadOnlyList<object?> list, IReadOnlyDictionary<string, object?> more): return Counted([.. list, .. Operators.Elements(more)!], call);
            default: throw call.E.Type($"`merge` joins lists and maps, not {Operators.Kind(call.Input)} and {Operators.Kind(items)}.");
        }
    }

    private static List<object?>? Chunk(Call call)
    {
        if (call.Input is null) return null;
        var size = call.Whole(0);
        if (size is < 1 or > int.MaxValue) throw call.E.Fail("`chunk` needs a size of at least 1.");
        var list = call.InputList();
        call.E.Step(list.Count * 2L);
        return [.. list.Chunk((int)size).Select(object? (c) => c.ToList())];
    }

    private static List<object?>? Flatten(Call call) => call.Input is null ? null : Counted([.. call.InputList().SelectMany(i => i is IReadOnlyList<object?> inner ? inner : [i])], call);

    private static List<object?>? Distinct(Call call)
    {
        if (call.Input is null) return null;
        var list = call.InputList();
        call.E.Step(list.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // Equal values print the same JSON, and a number its shortest form, so the text is the key.
        return list.Where(item => seen.Add(ValueText.Json(item is double number && double.IsInteger(number) && Math.Abs(number) < 1e15 ? (long)number : item, call.E))).ToList();
    }

    private static List<object?>? Keys(Call call) => call.Input switch
    {
        null => null,
        IReadOnlyDictionary<string, object?> map => Counted([.. map.Keys], call),
        IReadOnlyList<object?> list => Counted([.. Enumerable.Range(0, list.Count).Select(object? (i) => (long)i)], call),
        _ => throw call.WrongInput("a map or a list"),
    };
}
