using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Weft.Engine.Runtime;

/// <summary>
/// Where a task stands: at the top of the run, or in one iteration of a loop. A frame holds the outputs of the tasks that ran
/// in it; a task sees those of its own frame and of all around it.
/// </summary>
internal sealed class RunFrame
{
    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, object?> _own = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, object?>? _visible;
    private long _visibleVersion = -1;
    private long _version;
    private readonly bool _isBeside;

    public RunFrame(string prefix) => Prefix = prefix;

    public RunFrame(RunFrame parent, TaskDefinition loop, string loopPath, int index, object? value)
    {
        Parent = parent;
        Loop = loop;
        Index = index;
        Value = value;
        Failure = parent.Failure;
        Prefix = $"{loopPath}[{index}].";
    }

    /// <summary>For the tasks that run because something failed: beside the parent's tasks, under the given prefix, with the failure in sight.</summary>
    public RunFrame(RunFrame parent, string prefix, RunFailure? failure)
    {
        Parent = parent;
        Loop = parent.Loop;
        Index = parent.Index;
        Value = parent.Value;
        Failure = failure ?? parent.Failure;
        Prefix = prefix;
        _isBeside = true;
    }

    public RunFrame? Parent { get; }

    /// <summary>The iteration around this one.</summary>
    public RunFrame? Outer
    {
        get
        {
            var frame = this;
            while (frame._isBeside) frame = frame.Parent!;
            return frame.Parent;
        }
    }

    /// <summary>What failed, for the tasks that run because of it.</summary>
    public RunFailure? Failure { get; }

    /// <summary>The loop that this frame is an iteration of.</summary>
    public TaskDefinition? Loop { get; }

    /// <summary>Which iteration, from 0.</summary>
    public int? Index { get; }

    /// <summary>The iteration's item.</summary>
    public object? Value { get; }

    /// <summary>What stands before a task's id in its path: <c>tell[3].</c></summary>
    public string Prefix { get; }

    public string PathOf(TaskDefinition task) => Prefix.Length == 0 ? task.Id : Prefix + task.Id;

    public void SetOutput(string task, object? output)
    {
        lock (_gate)
        {
            _own[task] = output;
            _version++;
        }
    }

    /// <summary>The outputs set in this frame itself.</summary>
    public List<KeyValuePair<string, object?>> OwnOutputs()
    {
        lock (_gate) return [.. _own];
    }

    /// <summary>All outputs that a task in this frame sees, as they are now. Later changes do not show in it.</summary>
    public IReadOnlyDictionary<string, object?> Outputs()
    {
        var around = Parent?.Outputs();
        var version = Version;
        lock (_gate)
        {
            if (_visible is not null && _visibleVersion == version) return _visible;
            var all = new OrderedDictionary<string, object?>((around?.Count ?? 0) + _own.Count, StringComparer.Ordinal);
            if (around is not null)
                foreach (var (task, output) in around) all[task] = output;
            foreach (var (task, output) in _own) all[task] = _isBeside || !KestraShaped ? output : Keyed(output);
            _visibleVersion = version;
            return _visible = all;
        }
    }

    /// <summary>True in a loop that was written under Kestra's name, which brings Kestra's shape of outputs along.</summary>
    public bool KestraShaped => Loop is not null && Loop.TypeName.StartsWith("io.kestra.", StringComparison.Ordinal);

    private long Version
    {
        get
        {
            lock (_gate) return _version + (Parent?.Version ?? 0);
        }
    }

    // Kestra's flows write outputs.task[taskrun.value] also inside the loop.
    private OrderedDictionary<string, object?> Keyed(object? output) => FlowValue.Map((FlowValue.ToText(Value), output));
}

/// <summary>A map whose values are worked out when first asked for.</summary>
internal sealed class LazyMap(IReadOnlyCollection<string> names, Func<string, object?> make) : IReadOnlyDictionary<string, object?>
{
    private readonly Dictionary<string, object?> _made = new(StringComparer.Ordinal);

    public object? this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no '{key}'.");

    public IEnumerable<string> Keys => names;

    public IEnumerable<object?> Values => names.Select(n => this[n]);

    public int Count => names.Count;

    public bool ContainsKey(string key) => names.Contains(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        if (_made.TryGetValue(key, out value)) return true;
        if (!names.Contains(key)) return false;
        _made[key] = value = make(key);
        return true;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => names.Select(n => new KeyValuePair<string, object?>(n, this[n])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
