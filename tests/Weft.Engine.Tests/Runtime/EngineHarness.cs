using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Engine.Language;
using Weft.Engine.Tasks;
using Weft.Postgres;
using Weft.Testing;

namespace Weft.Engine.Tests.Runtime;

/// <summary>A database of its own with any number of engines on it, and task types that a test steers from outside.</summary>
public sealed class EngineHarness : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly List<FlowEngine> _engines = [];
    private readonly TimeProvider _time;

    private EngineHarness(TestDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>What the steered steps of all engines have done.</summary>
    public StepProbe Probe { get; } = new();

    public WeftDatabase Database => _database.Database;

    public NpgsqlDataSource Superuser => _database.Superuser;

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<EngineHarness> CreateAsync(TimeProvider? time = null) => new(await TestDatabase.CreateAsync(Stop), time ?? TimeProvider.System);

    /// <summary>An engine that works; what a killed one leaves is for the next.</summary>
    public async Task<FlowEngine> StartEngineAsync(Action<EngineOptions>? configure = null)
    {
        var engine = Engine(configure);
        await engine.StartAsync(Stop);
        return engine;
    }

    /// <summary>An engine that only starts runs.</summary>
    public FlowEngine Engine(Action<EngineOptions>? configure = null)
    {
        var options = new EngineOptions { Poll = TimeSpan.FromMilliseconds(100), Heartbeat = TimeSpan.FromMilliseconds(200), DrainTimeout = TimeSpan.FromSeconds(5) };
        configure?.Invoke(options);
        var types = new TaskTypeRegistry([new LogTask(), new ReturnTask(), new FailTask(), new SetTask(), new SleepTask(), .. Probe.Types]);
        var engine = new FlowEngine(Database, types, options, _time, NullLoggerFactory.Instance);
        _engines.Add(engine);
        return engine;
    }

    /// <summary>Deploys the flow, runs it and waits for its end.</summary>
    public async Task<RunDetail> RunAsync(FlowEngine engine, string source, params (string Name, object? Value)[] inputs)
    {
        var flow = await engine.DeployAsync(source, FlowOwner.System, Stop);
        var run = await engine.StartAsync(Start(flow, inputs), Stop);
        return await EndAsync(engine, run.Id);
    }

    public static StartRun Start(FlowDeployment flow, params (string Name, object? Value)[] inputs) =>
        new() { Namespace = flow.Namespace, FlowId = flow.FlowId, Inputs = inputs.ToDictionary(i => i.Name, i => i.Value), MayStartSystemFlow = true };

    public static async Task<RunDetail> EndAsync(FlowEngine engine, Guid run, int seconds = 20)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        return await engine.WaitForEndAsync(run, deadline.Token);
    }

    /// <summary>The run as it is now.</summary>
    public async Task<RunDetail> LookAsync(Guid run)
    {
        await using var connection = await Database.Engine.OpenConnectionAsync(Stop);
        return (await RunReader.FindAsync(connection, run, Stop)).ShouldNotBeNull();
    }

    /// <summary>Looks until the condition holds, at most so long.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, int seconds = 15)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (!await condition()) await Task.Delay(20, deadline.Token);
    }

    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var command = Superuser.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop) is T value ? value : default;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        Probe.OpenAll();
        foreach (var engine in _engines) await engine.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>Task types whose steps report each execution and do what the test says.</summary>
public sealed class StepProbe
{
    private readonly ConcurrentQueue<string> _executions = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _reached = new();
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _keys = new();
    private volatile bool _allOpen;

    /// <summary>Decides the outcome of <c>test.step</c> by its <c>name</c> and attempt; done with the name when it answers null.</summary>
    public Func<string, StepContext, StepOutcome?>? Decide { get; set; }

    /// <summary>What <c>test.step</c> does before its outcome.</summary>
    public Func<StepContext, CancellationToken, Task>? Work { get; set; }

    public IEnumerable<ITaskType> Types => [new ProbeTask(this), new GateTask(this)];

    /// <summary>The names of the steps in the order they were executed.</summary>
    public IReadOnlyList<string> Executions => [.. _executions];

    public int CountOf(string name) => _executions.Count(n => n == name);

    /// <summary>The idempotency keys under which the step was executed.</summary>
    public IReadOnlyCollection<string> KeysOf(string name) => _keys.TryGetValue(name, out var keys) ? [.. keys.Distinct()] : [];

    /// <summary>Completes when a <c>test.gate</c> of this name waits.</summary>
    public Task ReachedAsync(string name) => Reached(name).Task.WaitAsync(TimeSpan.FromSeconds(15), EngineHarness.Stop);

    /// <summary>Lets all that wait at the gate through, and all that come.</summary>
    public void Open(string name) => Gate(name).TrySetResult();

    public void OpenAll()
    {
        _allOpen = true;
        foreach (var gate in _gates.Values) gate.TrySetResult();
    }

    private TaskCompletionSource Gate(string name) => _gates.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private TaskCompletionSource Reached(string name) => _reached.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private string Note(StepContext step)
    {
        var name = step.RequiredText("name");
        _executions.Enqueue(name);
        _keys.GetOrAdd(name, _ => []).Add(step.IdempotencyKey);
        return name;
    }

    private sealed class ProbeTask(StepProbe probe) : ITaskType
    {
        public TaskTypeInfo Info { get; } = new()
        {
            Name = "test.step",
            Description = "Has an effect that the test counts.",
            Properties = [new("name", PropertyType.String, "What to count."), new("value", PropertyType.Any, "The output.")],
        };

        public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
        {
            var name = probe.Note(step);
            if (probe.Work is { } work) await work(step, cancellationToken);
            return probe.Decide?.Invoke(name, step) ?? StepOutcome.Done(step.Properties.TryGetValue("value", out var value) ? value : name);
        }
    }

    private sealed class GateTask(StepProbe probe) : ITaskType
    {
        public TaskTypeInfo Info { get; } = new()
        {
            Name = "test.gate",
            Description = "Waits until the test opens it.",
            Properties = [new("name", PropertyType.String, "Which gate.")],
        };

        public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
        {
            var name = probe.Note(step);
            probe.Reached(name).TrySetResult();
            if (!probe._allOpen) await probe.Gate(name).Task.WaitAsync(cancellationToken);
            return StepOutcome.Done(name);
        }
    }
}
