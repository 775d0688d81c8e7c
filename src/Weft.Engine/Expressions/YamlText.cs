using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Weft.Engine.Expressions;

/// <summary>The <c>yaml</c> filter and function: values to YAML and back, with the types of YAML 1.2's core schema.</summary>
internal static class YamlText
{
    public static object? Read(string text, Evaluation e)
    {
        e.Reserve(text.Length);
        try
        {
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _)) return null;
            parser.Consume<DocumentStart>();
            var value = Node(parser, new Dictionary<string, object?>(StringComparer.Ordinal), e, 0);
            parser.Consume<DocumentEnd>();
            return value;
        }
        catch (YamlException problem)
        {
            throw e.Fail($"`yaml` was given text that is not YAML: {problem.Message}");
        }
    }

    private static object? Node(Parser parser, Dictionary<string, object?> anchors, Evaluation e, int depth)
    {
        e.Step();
        if (depth > FlowValue.MaxDepth) throw e.Fail($"A value is nested deeper than {FlowValue.MaxDepth} levels.");
        object? value;
        if (parser.TryConsume<AnchorAlias>(out var alias))
            return anchors.TryGetValue(alias.Value.Value, out value) ? value : throw e.Fail($"`yaml` was given text with the unknown alias `{alias.Value.Value}`.");
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            value = scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? Typed(scalar.Value) : scalar.Value;
            if (!scalar.Anchor.IsEmpty) anchors[scalar.Anchor.Value] = value;
            return value;
        }
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var list = new List<object?>();
            while (!parser.TryConsume<SequenceEnd>(out _)) list.Add(Node(parser, anchors, e, depth + 1));
            // An anchor is known after its node, so that a value cannot contain itself.
            if (!sequence.Anchor.IsEmpty) anchors[sequence.Anchor.Value] = list;
            return list;
        }
        var start = parser.Consume<MappingStart>();
        var map = FlowValue.Map();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(parser, anchors, e, depth + 1);
            var item = Node(parser, anchors, e, depth + 1);
            if (key is "<<" && item is IReadOnlyDictionary<string, object?> merged)
            {
                e.Step(merged.Count);
                foreach (var (name, inherited) in merged) map.TryAdd(name, inherited);
            }
            else
            {
                map[ValueText.Key(key, e)] = item;
            }
        }
        if (!start.Anchor.IsEmpty) anchors[start.Anchor.Value] = map;
        return map;
    }

    private static object? Typed(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE": return true;
            case "false" or "False" or "FALSE": return false;
        }
        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.')) return text;
        if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)) return hex;
        return Operators.TryParseNumber(text, out var number) ? number : text;
    }

    public static string Write(object? value, Evaluation e)
    {
        var output = new StringBuilder();
        Write(output, value, 0, e, 0, inline: false);
        return output.ToString();
    }

    private static void Write(StringBuilder output, object? value, int indent, Evaluation e, int depth, bool inline)
    {
        e.Step();
        if (depth > FlowValue.MaxDepth) throw e.Fail($"A value is nested deeper than {FlowValue.MaxDepth} levels.");
        if (output.Length > e.Limits.MaxOutput) e.Reserve(output.Length);
        switch (value)
        {
            case IReadOnlyDictionary<string, object?> { Count: 0 }: output.Append("{}\n"); break;
            case IReadOnlyList<object?> { Count: 0 }: output.Append("[]\n"); break;
            case IReadOnlyDictionary<string, object?> map:
                var first = inline;
                foreach (var (key, item) in map)
                {
                    if (!first) output.Append(' ', indent);
                    first = false;
                    output.Append(Scalar(key, e)).Append(':');
                    if (IsFilled(item)) output.Append('\n');
                    else output.Append(' ');
                    Write(output, item, indent + 2, e, depth + 1, inline: false);
                }
                break;
            case IReadOnlyList<object?> list:
                foreach (var item in list)
                {
                    output.Append(' ', indent).Append('-').Append(item is IReadOnlyList<object?> { Count: > 0 } ? '\n' : ' ');
                    Write(output, item, indent + 2, e, depth + 1, inline: true);
                }
                break;
            default: output.Append(Scalar(value, e)).Append('\n'); break;
        }
    }

    private static bool IsFilled(object? value) => value is IReadOnlyDictionary<string, object?> { Count: > 0 } or IReadOnlyList<object?> { Count: > 0 };

    private static string Scalar(object? value, Evaluation e)
    {
        if (value is null) return "null";
        if (value is not string text) return e.Text(value);
        if (IsPlain(text)) return text;
        return text.Any(char.IsControl) ? ValueText.Json(text, e) : "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
    }

    /// <summary>Whether a text reads back as itself without quotes.</summary>
    private static bool IsPlain(string text) =>
        text.Length > 0
        && Typed(text) is string
        && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])
        && !"-?:,[]{}#&*!|>'\"%@`=<~".Contains(text[0], StringComparison.Ordinal)
        && text is not ("yes" or "no" or "on" or "off" or "y" or "n" or "Yes" or "No" or "On" or "Off")
        && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal) && text[^1] != ':'
        && !text.Any(char.IsControl);
}
