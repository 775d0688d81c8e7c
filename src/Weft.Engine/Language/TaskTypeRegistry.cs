using System.Diagnostics.CodeAnalysis;

namespace Weft.Engine.Language;

/// <summary>A task type as registered: its description and, unless it is a control type, its handler.</summary>
public sealed record RegisteredTaskType(TaskTypeInfo Info, ITaskType? Handler);

/// <summary>The task types that flows may use: the engine's control types and what the host adds at start.</summary>
public sealed class TaskTypeRegistry
{
    private readonly Dictionary<string, RegisteredTaskType> _byName = new(StringComparer.Ordinal);
    private readonly List<RegisteredTaskType> _all = [];

    /// <summary>A registry that knows the control types.</summary>
    public TaskTypeRegistry()
    {
        foreach (var info in ControlTypes.All) Add(new RegisteredTaskType(info, null));
    }

    /// <summary>A registry that knows the control types and these.</summary>
    public TaskTypeRegistry(IEnumerable<ITaskType> types) : this()
    {
        foreach (var type in types) Add(type);
    }

    /// <summary>Every type, the control types first.</summary>
    public IReadOnlyList<RegisteredTaskType> All => _all;

    /// <summary>Every name and alias.</summary>
    public IEnumerable<string> Names => _byName.Keys;

    /// <summary>Adds a type. Two types under one name are a mistake of the program, so this throws.</summary>
    public void Add(ITaskType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        Add(new RegisteredTaskType(type.Info, type));
    }

    /// <summary>The type under this name or alias, or null.</summary>
    public RegisteredTaskType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The type under this name or alias.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out RegisteredTaskType? type) => _byName.TryGetValue(name, out type);

    private void Add(RegisteredTaskType type)
    {
        CheckProperties(type.Info);
        foreach (var name in type.Info.Aliases.Prepend(type.Info.Name))
        {
            if (!_byName.TryAdd(name, type)) throw new InvalidOperationException($"Two task types are called '{name}': {_byName[name].Info.Name} and {type.Info.Name}.");
        }
        _all.Add(type);
    }

    /// <summary>
    /// A property that clashes with another, or with a key that every task has, could never be set. The timeout is the
    /// exception: a type that must end its attempts in its own way (an HTTP exchange) takes it over.
    /// </summary>
    private static void CheckProperties(TaskTypeInfo info)
    {
        var taken = new HashSet<string>(TaskKeys.Common, StringComparer.Ordinal);
        taken.Remove("timeout");
        var names = info.Properties.SelectMany(p => p.Aliases.Prepend(p.Name))
            .Concat(info.TaskLists).Concat(info.TaskListAliases.Keys).Concat(info.TaskMaps).Concat(info.RefusedKeys.Keys);
        foreach (var name in names)
        {
            if (!taken.Add(name)) throw new InvalidOperationException($"The task type '{info.Name}' has the property '{name}' twice, or every task has it.");
        }
    }
}
