namespace Weft.Engine.Language;

/// <summary>Gathers what is wrong with a flow, so that its author sees all of it at once.</summary>
internal sealed class ProblemList
{
    /// <summary>More than this helps nobody; the rest is only counted.</summary>
    public const int Most = 200;

    private readonly List<FlowProblem> _problems = [];

    public int Count => _problems.Count;

    public void Add(int line, int column, string path, string message) => _problems.Add(new FlowProblem(line, column, path, message));

    public void Add(SourceNode node, string path, string message) => Add(node.Line, node.Column, path, message);

    public void Add(MapEntry entry, string path, string message) => Add(entry.Line, entry.Column, path, message);

    /// <summary>All problems in the order of the source.</summary>
    public IReadOnlyList<FlowProblem> ToSorted()
    {
        var sorted = _problems.Distinct().OrderBy(p => p.Line).ThenBy(p => p.Column).ThenBy(p => p.Path, StringComparer.Ordinal).ToList();
        if (sorted.Count <= Most) return sorted;
        var last = sorted[Most - 1];
        var more = sorted.Count - Most;
        sorted.RemoveRange(Most, more);
        sorted.Add(new FlowProblem(last.Line, last.Column, "", $"There are {more} more problems after this one."));
        return sorted;
    }
}
