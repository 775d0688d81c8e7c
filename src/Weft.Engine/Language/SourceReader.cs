using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Weft.Engine.Language;

/// <summary>
/// Reads YAML (and so JSON) into nodes with places. It is built for hostile text: size, depth and the number of nodes
/// are bounded, and an alias counts as much as what it stands for.
/// </summary>
internal sealed class SourceReader
{
    public const int MaxBytes = 1024 * 1024;
    public const int MaxDepth = 80;
    public const int MaxNodes = 50_000;
    /// <summary>Keys are repeated in the paths of all that is below them.</summary>
    public const int LongestKey = 256;

    private static readonly string[] KnownTags = [.. new[] { "str", "int", "float", "bool", "null", "map", "seq" }.Select(t => $"tag:yaml.org,2002:{t}")];

    private readonly SourceText _source;
    private readonly ProblemList _problems;
    private readonly Parser _parser;
    private readonly Dictionary<string, SourceNode> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private SourceReader(SourceText source, ProblemList problems)
    {
        _source = source;
        _problems = problems;
        _parser = new Parser(new StringReader(source.Text));
    }

    /// <summary>The document's root, or null when it cannot be read; then there is a problem that says why.</summary>
    public static SourceNode? Read(string text, ProblemList problems)
    {
        // Every character takes a byte at least, so the cheap test comes first.
        var bytes = text.Length > MaxBytes ? text.Length : Encoding.UTF8.GetByteCount(text);
        if (bytes > MaxBytes)
        {
            problems.Add(1, 1, "", $"The flow is larger than {MaxBytes / 1024} KiB. Keep large texts in files and name them in the flow.");
            return null;
        }
        var source = new SourceText(text.TrimStart('\uFEFF'));
        if (UnreadableCharacter(source) is { } bad)
        {
            var (line, column) = source.Position(bad);
            problems.Add(line, column, "", $"The character U+{(int)source.Text[bad]:X4} cannot stand in a flow. Remove it, or write it as an escape in double quotes.");
            return null;
        }
        try
        {
            return new SourceReader(source, problems).ReadDocument();
        }
        catch (UnreadableException e)
        {
            problems.Add(e.Line, e.Column, "", e.Message);
        }
        catch (YamlException e)
        {
            var (line, column) = source.Position(source.Offset((int)e.Start.Line, (int)e.Start.Column));
            // The scanner notices a tab at the line before or after it.
            if ((TabIn(source, line) ?? TabIn(source, line + 1)) is { } tab) problems.Add(tab.Line, tab.Column, "", "A tab cannot indent YAML. Use spaces.");
            else problems.Add(line, column, "", Explain(source, line, column, e));
        }
        return null;
    }

    private static int? UnreadableCharacter(SourceText source)
    {
        var text = source.Text;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (char.IsSurrogate(c) || (c < ' ' && c is not ('\t' or '\n' or '\r')) || c is '\x7f' or '\uFEFF' or '\uFFFE' or '\uFFFF') return i;
        }
        return null;
    }

    private static (int Line, int Column)? TabIn(SourceText source, int line)
    {
        for (var at = source.Offset(line, 1); at < source.Text.Length && source.Text[at] is ' ' or '\t'; at++)
        {
            if (source.Text[at] == '\t' && source.Position(at).Line == line) return source.Position(at);
        }
        return null;
    }

    /// <summary>The scanner's own words say what it was doing; the usual slips are named in the author's words.</summary>
    private static string Explain(SourceText source, int line, int column, YamlException e)
    {
        var at = source.Offset(line, column);
        if (at < source.Text.Length && source.Text[at] is '@' or '`') return $"A text that starts with {source.Text[at]} must be in quotes.";
        if (at < source.Text.Length && source.Text[at] == '%') return "A text that starts with % must be in quotes, as in \"{% if … %}\".";
        var said = e.Message.TrimEnd('.');
        return $"This is not valid YAML: {(said.Length == 0 ? "it cannot be read here" : char.ToLowerInvariant(said[0]) + said[1..])}. Check indentation, quotes and brackets around this place.";
    }

    private SourceNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            _problems.Add(1, 1, "", "The flow is empty. It needs at least id, namespace and tasks.");
            return null;
        }
        _parser.Consume<DocumentStart>();
        var root = ReadNode(1, "");
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
        {
            _problems.Add((int)second.Start.Line, (int)second.Start.Column, "", "A second document starts here. One file holds one flow.");
            return null;
        }
        return root;
    }

    private SourceNode ReadNode(int depth, string path)
    {
        var start = _parser.Current!.Start;
        if (depth > MaxDepth) throw new UnreadableException(start, $"The flow is nested deeper than {MaxDepth} levels. Move inner parts to a subflow.");
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out var target))
            {
                throw new UnreadableException(start, $"The alias *{alias.Value.Value} stands for nothing: there is no &{alias.Value.Value} completed before it.");
            }
            Count(target.Size, start);
            return target;
        }
        Count(1, start);
        SourceNode node;
        var anchor = ((NodeEvent)_parser.Current!).Anchor;
        var tag = ((NodeEvent)_parser.Current!).Tag;
        if (!tag.IsEmpty && !tag.IsNonSpecific && !KnownTags.Contains(tag.Value))
        {
            throw new UnreadableException(start, $"The tag {Names.Quote(tag.Value)} means nothing here. Remove it.");
        }
        if (_parser.TryConsume<Scalar>(out var scalar)) node = ReadScalar(scalar);
        else if (_parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<SourceNode>();
            while (!_parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode(depth + 1, $"{path}[{items.Count}]"));
            node = new ListNode((int)start.Line, (int)start.Column, items);
        }
        else
        {
            _parser.Consume<MappingStart>();
            node = ReadMap(start, depth, path);
        }
        if (!anchor.IsEmpty) _anchors[anchor.Value] = node;
        return node;
    }

    private ScalarNode ReadScalar(Scalar scalar)
    {
        if (scalar.Value.Contains('\0')) throw new UnreadableException(scalar.Start, "A text cannot contain the character U+0000.");
        var form = scalar.Style switch
        {
            ScalarStyle.SingleQuoted => ScalarForm.SingleQuoted,
            ScalarStyle.DoubleQuoted => ScalarForm.DoubleQuoted,
            ScalarStyle.Literal or ScalarStyle.Folded => ScalarForm.Block,
            _ => ScalarForm.Plain,
        };
        var isText = !scalar.Tag.IsEmpty && scalar.Tag.Value is "!" or "tag:yaml.org,2002:str";
        return new ScalarNode(_source, (int)scalar.Start.Line, (int)scalar.Start.Column, scalar.Value, form, isText);
    }

    private MapNode ReadMap(Mark start, int depth, string path)
    {
        var entries = new List<MapEntry>();
        var merged = new List<MapNode>();
        var seen = new Dictionary<string, Mark>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var place = _parser.Current!.Start;
            if (!_parser.TryConsume<Scalar>(out var key)) throw new UnreadableException(place, "A key must be a text. Put it in quotes if it starts with [, {, & or *.");
            Count(1, place);
            if (key.Value.Length > LongestKey) throw new UnreadableException(place, $"A key is {key.Value.Length} characters long; at most {LongestKey} are accepted.");
            var keyPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            var value = ReadNode(depth + 1, keyPath);
            if (key.Value == "<<" && key.Style == ScalarStyle.Plain)
            {
                merged.AddRange(MergeSources(value));
                continue;
            }
            if (seen.TryGetValue(key.Value, out var first))
            {
                _problems.Add((int)place.Line, (int)place.Column, keyPath, $"The key {Names.Quote(key.Value)} is written twice; the first is in line {first.Line}. Keep one.");
                continue;
            }
            seen[key.Value] = place;
            entries.Add(new MapEntry(key.Value, (int)place.Line, (int)place.Column, value));
        }
        foreach (var entry in merged.SelectMany(m => m.Entries))
        {
            if (seen.TryAdd(entry.Key, start)) entries.Add(entry);
        }
        return new MapNode((int)start.Line, (int)start.Column, entries);
    }

    private IEnumerable<MapNode> MergeSources(SourceNode value)
    {
        if (value is MapNode map) return [map];
        if (value is ListNode list && list.Items.All(i => i is MapNode)) return list.Items.Cast<MapNode>();
        _problems.Add(value, "<<", $"<< merges a map or a list of maps, but this is {value.Kind}.");
        return [];
    }

    private void Count(int size, Mark place)
    {
        _nodes += size;
        if (_nodes > MaxNodes) throw new UnreadableException(place, $"The flow has more than {MaxNodes} parts, aliases counted as what they stand for. Split it into subflows.");
    }

    /// <summary>Ends the reading at a place; never leaves this class.</summary>
    private sealed class UnreadableException(Mark place, string message) : Exception(message)
    {
        public int Line { get; } = (int)place.Line;

        public int Column { get; } = (int)place.Column;
    }
}
