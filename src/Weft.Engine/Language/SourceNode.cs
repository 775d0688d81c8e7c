using System.Buffers;
using System.Globalization;

namespace Weft.Engine.Language;

/// <summary>One node of a flow's source with its place; what the YAML and the JSON reader both make.</summary>
internal abstract class SourceNode(int line, int column)
{
    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>How many nodes this one and all below it are, aliases counted as if they were written out.</summary>
    public abstract int Size { get; }

    /// <summary>What the node is, in the words of a message.</summary>
    public abstract string Kind { get; }
}

/// <summary>How a scalar was written, which decides where its characters lie in the source.</summary>
internal enum ScalarForm
{
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

internal sealed class ScalarNode : SourceNode
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.eE+-");

    private readonly SourceText _source;
    private readonly int _start;
    private readonly ScalarForm _form;

    public ScalarNode(SourceText source, int line, int column, string text, ScalarForm form, bool isText) : base(line, column)
    {
        _source = source;
        _start = source.Offset(line, column);
        _form = form;
        Text = text;
        Value = isText || form != ScalarForm.Plain ? text : Resolve(text);
    }

    /// <summary>The characters, unescaped.</summary>
    public string Text { get; }

    /// <summary>The value by YAML's core schema: null, bool, long, decimal, double or string.</summary>
    public object? Value { get; }

    public bool IsNull => Value is null;

    public override int Size => 1;

    public override string Kind => Value switch
    {
        null => "nothing",
        bool => "true or false",
        long or decimal or double => "a number",
        _ => "a text",
    };

    /// <summary>
    /// Where a character of <see cref="Text"/> stands in the source. Visible characters keep their order in every way of
    /// writing a scalar, so counting them finds the place also in folded and indented blocks.
    /// </summary>
    public (int Line, int Column) Locate(int index)
    {
        index = Math.Clamp(index, 0, Text.Length);
        var source = _source.Text;
        var at = _start;
        if (_form is ScalarForm.SingleQuoted or ScalarForm.DoubleQuoted) at++;
        if (_form == ScalarForm.Block)
        {
            while (at < source.Length && source[at] is not ('\n' or '\r')) at++;
        }
        for (var i = 0; i < index && at < source.Length; i++)
        {
            if (char.IsWhiteSpace(Text[i]) && _form != ScalarForm.DoubleQuoted) continue;
            at = Skip(source, at, Text[i]);
        }
        if (index < Text.Length && !char.IsWhiteSpace(Text[index]))
        {
            while (at < source.Length && char.IsWhiteSpace(source[at])) at++;
        }
        else
        {
            // A blank follows what is before it on the same line.
            for (var i = index - 1; i >= 0 && Text[i] is ' ' or '\t' && at < source.Length && source[at] is ' ' or '\t'; i--) at++;
        }
        return _source.Position(Math.Min(at, source.Length));
    }

    /// <summary>The place behind one character of the value.</summary>
    private int Skip(string source, int at, char character)
    {
        if (_form == ScalarForm.DoubleQuoted)
        {
            if (source[at] != '\\')
            {
                if (!char.IsWhiteSpace(character))
                {
                    while (at < source.Length - 1 && (char.IsWhiteSpace(source[at]) || IsLineJoin(source, at))) at += source[at] == '\\' ? 2 : 1;
                    if (source[at] == '\\') return Skip(source, at, character);
                }
                return Math.Min(at + 1, source.Length);
            }
            if (IsLineJoin(source, at)) return Skip(source, Math.Min(at + 2, source.Length - 1), character);
            var length = at + 1 >= source.Length ? 1 : source[at + 1] switch { 'x' => 4, 'u' => 6, 'U' => 10, _ => 2 };
            return Math.Min(at + length, source.Length);
        }
        while (at < source.Length && char.IsWhiteSpace(source[at])) at++;
        if (_form == ScalarForm.SingleQuoted && character == '\'') at++;
        return Math.Min(at + 1, source.Length);
    }

    private static bool IsLineJoin(string source, int at) => source[at] == '\\' && at + 1 < source.Length && source[at + 1] is '\n' or '\r';

    private static object? Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE": return true;
            case "false" or "False" or "FALSE": return false;
        }
        var digits = text[0] is '-' or '+' ? text.AsSpan(1) : text;
        if (digits.IsEmpty || !(char.IsAsciiDigit(digits[0]) || digits[0] == '.')) return text;
        // A leading zero is a code (a postcode, a phone number), not a number.
        if (digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1])) return text;
        if (digits.IndexOfAnyExceptInRange('0', '9') < 0)
        {
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
            return decimal.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big) ? big : text;
        }
        return digits.IndexOfAnyExcept(NumberCharacters) < 0
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : text;
    }
}

internal sealed class ListNode(int line, int column, IReadOnlyList<SourceNode> items) : SourceNode(line, column)
{
    public IReadOnlyList<SourceNode> Items { get; } = items;

    public override int Size { get; } = 1 + items.Sum(i => i.Size);

    public override string Kind => "a list";
}

internal sealed record MapEntry(string Key, int Line, int Column, SourceNode Value);

internal sealed class MapNode : SourceNode
{
    private readonly Dictionary<string, MapEntry> _byKey = new(StringComparer.Ordinal);

    public MapNode(int line, int column, IReadOnlyList<MapEntry> entries) : base(line, column)
    {
        Entries = entries;
        foreach (var entry in entries) _byKey[entry.Key] = entry;
        Size = 1 + entries.Sum(e => 1 + e.Value.Size);
    }

    /// <summary>Keys are unique: the reader saw to it.</summary>
    public IReadOnlyList<MapEntry> Entries { get; }

    public override int Size { get; }

    public override string Kind => "a map";

    public MapEntry? Find(string key) => _byKey.GetValueOrDefault(key);
}
