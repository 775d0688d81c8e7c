using System.Globalization;
using System.Text;

namespace Weft.Engine.JsonPath;

/// <summary>A JSONPath query (RFC 9535), parsed once and run over canonical values.</summary>
public sealed class JsonPath
{
    private readonly Segment[] _segments;

    internal JsonPath(string source, Segment[] segments)
    {
        Source = source;
        _segments = segments;
    }

    /// <summary>The text it was parsed from.</summary>
    public string Source { get; }

    /// <summary>True when the query can select one node at most: names and indexes only.</summary>
    public bool IsSingular => Array.TrueForAll(_segments, s => s.IsSingular);

    /// <summary>Parses a query. Throws <see cref="JsonPathException"/> with the place of the mistake.</summary>
    public static JsonPath Parse(string query) => JsonPathParser.Parse(query);

    /// <summary>The nodes that the query selects, in order. Throws <see cref="FlowException"/> when there are too many.</summary>
    public IReadOnlyList<JsonPathNode> Select(object? root)
    {
        var search = new Search(root);
        return search.Run(_segments, root, null).ConvertAll(n => new JsonPathNode(n.Value, n.Location));
    }

    /// <summary>The values that the query selects, in order.</summary>
    public IReadOnlyList<object?> Values(object? root)
    {
        var search = new Search(root);
        return search.Run(_segments, root, null).ConvertAll(n => n.Value);
    }

    /// <inheritdoc/>
    public override string ToString() => Source;
}

/// <summary>A selected value and where it is.</summary>
public sealed class JsonPathNode
{
    private readonly Location? _location;

    internal JsonPathNode(object? value, Location? location)
    {
        Value = value;
        _location = location;
    }

    /// <summary>The value.</summary>
    public object? Value { get; }

    /// <summary>The normalized path, such as <c>$['a'][0]</c>.</summary>
    public string Path
    {
        get
        {
            var steps = new Stack<Location>();
            for (var at = _location; at is not null; at = at.Parent) steps.Push(at);
            var text = new StringBuilder("$");
            foreach (var step in steps)
            {
                if (step.Name is null) text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
                else Quote(text, step.Name);
            }
            return text.ToString();
        }
    }

    private static void Quote(StringBuilder text, string name)
    {
        text.Append("['");
        foreach (var c in name)
        {
            _ = c switch
            {
                '\'' => text.Append("\\'"),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\t' => text.Append("\\t"),
                '\n' => text.Append("\\n"),
                '\f' => text.Append("\\f"),
                '\r' => text.Append("\\r"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
        text.Append("']");
    }
}

/// <summary>A JSONPath query that cannot be parsed.</summary>
public sealed class JsonPathException(string message, int position) : FlowException("jsonpath_syntax", message)
{
    /// <summary>1-based character in the query.</summary>
    public int Position { get; } = position;
}

/// <summary>One step of the way to a node; a name or an index.</summary>
internal sealed record Location(Location? Parent, string? Name, long Index);

internal readonly record struct Found(object? Value, Location? Location);

/// <summary>One run of a query: the root for <c>$</c> inside filters, and how much may still be visited.</summary>
internal sealed class Search(object? root)
{
    private const int MaxVisited = 1_000_000;
    private int _visited;

    public object? Root { get; } = root;

    public void Visit()
    {
        if (++_visited > MaxVisited) throw new FlowException("jsonpath_limit", $"The JSONPath query was stopped: it visits more than {MaxVisited} values.");
    }

    public List<Found> Run(Segment[] segments, object? start, Location? at)
    {
        var nodes = new List<Found> { new(start, at) };
        foreach (var segment in segments)
        {
            var next = new List<Found>();
            foreach (var node in nodes) segment.Apply(this, node, next);
            nodes = next;
            if (nodes.Count == 0) break;
        }
        return nodes;
    }
}

/// <summary>A child segment, or a descendant one (<c>..</c>).</summary>
internal sealed class Segment(Selector[] selectors, bool descendants)
{
    public bool IsSingular => !descendants && selectors is [NameSelector or IndexSelector];

    public void Apply(Search search, Found node, List<Found> output) => Apply(search, node, output, 0);

    private void Apply(Search search, Found node, List<Found> output, int depth)
    {
        search.Visit();
        if (depth > 1000) throw new FlowException("jsonpath_limit", "The JSONPath query was stopped: the value is nested too deeply.");
        foreach (var selector in selectors) selector.Select(search, node, output);
        if (!descendants) return;
        foreach (var child in Children(node)) Apply(search, child, output, depth + 1);
    }

    public static IEnumerable<Found> Children(Found node)
    {
        switch (node.Value)
        {
            case IReadOnlyDictionary<string, object?> map:
                foreach (var (name, value) in map) yield return new Found(value, new Location(node.Location, name, 0));
                break;
            case IReadOnlyList<object?> list:
                for (var i = 0; i < list.Count; i++) yield return new Found(list[i], new Location(node.Location, null, i));
                break;
        }
    }
}

internal abstract class Selector
{
    public abstract void Select(Search search, Found node, List<Found> output);
}

internal sealed class NameSelector(string name) : Selector
{
    public override void Select(Search search, Found node, List<Found> output)
    {
        if (node.Value is IReadOnlyDictionary<string, object?> map && map.TryGetValue(name, out var value))
            output.Add(new Found(value, new Location(node.Location, name, 0)));
    }
}

internal sealed class WildcardSelector : Selector
{
    public override void Select(Search search, Found node, List<Found> output)
    {
        foreach (var child in Segment.Children(node))
        {
            search.Visit();
            output.Add(child);
        }
    }
}

internal sealed class IndexSelector(long index) : Selector
{
    public override void Select(Search search, Found node, List<Found> output)
    {
        if (node.Value is not IReadOnlyList<object?> list) return;
        var at = index < 0 ? index + list.Count : index;
        if (at >= 0 && at < list.Count) output.Add(new Found(list[(int)at], new Location(node.Location, null, at)));
    }
}

internal sealed class SliceSelector(long? start, long? end, long step) : Selector
{
    public override void Select(Search search, Found node, List<Found> output)
    {
        if (node.Value is not IReadOnlyList<object?> list || step == 0) return;
        long length = list.Count;
        var from = start is { } first ? Normal(first) : step > 0 ? 0 : length - 1;
        var to = end is { } given ? Normal(given) : step > 0 ? length : -1;
        if (step > 0)
        {
            var (low, high) = (Math.Clamp(from, 0, length), Math.Clamp(to, 0, length));
            for (var i = low; i < high; i += step) Add(i);
        }
        else
        {
            var (high, low) = (Math.Clamp(from, -1, length - 1), Math.Clamp(to, -1, length - 1));
            for (var i = high; i > low; i += step) Add(i);
        }

        long Normal(long index) => index < 0 ? length + index : index;

        void Add(long i)
        {
            search.Visit();
            output.Add(new Found(list[(int)i], new Location(node.Location, null, i)));
        }
    }
}

internal sealed class FilterSelector(Condition condition) : Selector
{
    public override void Select(Search search, Found node, List<Found> output)
    {
        foreach (var child in Segment.Children(node))
        {
            search.Visit();
            if (condition.Holds(search, child.Value)) output.Add(child);
        }
    }
}
