namespace Weft.Engine.Runtime;

/// <summary>
/// The runs that a registration holds in memory, and the slots that it holds. A run enters before anything of it runs and
/// leaves after the last of it is committed; while it is here nobody else may take it up.
/// </summary>
internal sealed class LiveRuns(int most)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, RunExecution?> _runs = [];
    private readonly HashSet<Guid> _leftSinceRead = [];
    private readonly int[] _bySlot = new int[RunIds.Slots];
    private readonly bool[] _isOpen = new bool[RunIds.Slots];
    private TaskCompletionSource? _emptied;
    private int _nextSlot;

    /// <summary>Called when a run left, so that another may enter.</summary>
    public Action? OnRoom { get; set; }

    public int Count
    {
        get
        {
            lock (_gate) return _runs.Count;
        }
    }

    public bool HasRoom => Count < most;

    /// <summary>How many runs have left so far.</summary>
    public long Departures { get; private set; }

    /// <summary>Enters a run, unless it is here, has just left, its slot is not ours (any more), or there is no room.</summary>
    public bool TryEnter(Guid run, int slot) => Enter(run, slot) == EntryKind.Entered;

    /// <summary>As <see cref="TryEnter"/>, and says why not.</summary>
    public EntryKind Enter(Guid run, int slot)
    {
        lock (_gate)
        {
            if (!_isOpen[slot]) return EntryKind.NotOurs;
            if (_runs.ContainsKey(run) || _leftSinceRead.Contains(run)) return EntryKind.Known;
            if (_runs.Count >= most) return EntryKind.Full;
            _runs.Add(run, null);
            _bySlot[slot]++;
            return EntryKind.Entered;
        }
    }

    /// <summary>The run that entered is now being executed.</summary>
    public void Attach(Guid run, RunExecution execution)
    {
        lock (_gate)
            if (_runs.ContainsKey(run)) _runs[run] = execution;
    }

    public void Leave(Guid run)
    {
        TaskCompletionSource? emptied = null;
        lock (_gate)
        {
            if (!_runs.Remove(run)) return;
            Departures++;
            _bySlot[RunIds.SlotOf(run)]--;
            // A reading that began before the run's end was committed may still show it.
            _leftSinceRead.Add(run);
            if (_runs.Count == 0) emptied = _emptied;
        }
        emptied?.TrySetResult();
        OnRoom?.Invoke();
    }

    /// <summary>A reading of the queue begins: what left before it cannot appear in it.</summary>
    public void BeginRead()
    {
        lock (_gate) _leftSinceRead.Clear();
    }

    public RunExecution? Find(Guid run)
    {
        lock (_gate) return _runs.GetValueOrDefault(run);
    }

    public RunExecution[] Executions()
    {
        lock (_gate) return [.. _runs.Values.Where(r => r is not null).Select(r => r!)];
    }

    /// <summary>The smallest id of a run that is here.</summary>
    public Guid? Lowest()
    {
        lock (_gate) return _runs.Count == 0 ? null : _runs.Keys.Min();
    }

    public void Open(IEnumerable<short> slots)
    {
        lock (_gate)
            foreach (var slot in slots) _isOpen[slot] = true;
    }

    /// <summary>Lets no run of these slots enter any more.</summary>
    public void Close(IEnumerable<short> slots)
    {
        lock (_gate)
            foreach (var slot in slots) _isOpen[slot] = false;
    }

    public void CloseAll() => Close(Enumerable.Range(0, RunIds.Slots).Select(s => (short)s));

    /// <summary>The closed ones of these slots in which no run is left.</summary>
    public List<short> Emptied(IEnumerable<short> slots)
    {
        lock (_gate) return [.. slots.Where(s => !_isOpen[s] && _bySlot[s] == 0)];
    }

    /// <summary>The slots from which runs are taken.</summary>
    public short[] OpenSlots()
    {
        lock (_gate) return [.. Enumerable.Range(0, RunIds.Slots).Where(s => _isOpen[s]).Select(s => (short)s)];
    }

    /// <summary>One of our slots for a new run, in turn; null when there is none.</summary>
    public int? NextSlot()
    {
        lock (_gate)
        {
            for (var i = 0; i < RunIds.Slots; i++)
            {
                _nextSlot = (_nextSlot + 1) % RunIds.Slots;
                if (_isOpen[_nextSlot]) return _nextSlot;
            }
            return null;
        }
    }

    /// <summary>Completes when no run is left.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (_runs.Count == 0) return Task.CompletedTask;
            return (_emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}

/// <summary>What came of a run's wish to enter memory.</summary>
internal enum EntryKind
{
    /// <summary>It is in.</summary>
    Entered,
    /// <summary>It is here already, or was a moment ago.</summary>
    Known,
    /// <summary>Its slot belongs to another node, or is being given up.</summary>
    NotOurs,
    /// <summary>There is no room.</summary>
    Full,
}
