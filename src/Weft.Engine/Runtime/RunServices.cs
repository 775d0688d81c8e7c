using Microsoft.Extensions.Logging;
using Weft.Engine.Store;
using Weft.Postgres;

namespace Weft.Engine.Runtime;

/// <summary>What every run of this process shares.</summary>
internal sealed class RunServices
{
    public RunServices(WeftDatabase database, FlowCatalog flows, EngineOptions options, TimeProvider time, ILogger log)
    {
        Database = database;
        Flows = flows;
        Options = options;
        Time = time;
        Log = log;
        Ids = new RunIds(time);
        Metrics = new EngineMetrics();
        Writer = new StoreWriter(database.Engine, Metrics, time, log);
        Environment = Map(options.FlowEnvironment, k => k);
        LowerEnvironment = Map(options.FlowEnvironment, k => k.ToLowerInvariant());
        Secrets = options.FlowSecrets.AsReadOnly();
    }

    public WeftDatabase Database { get; }

    public FlowCatalog Flows { get; }

    public EngineOptions Options { get; }

    public TimeProvider Time { get; }

    public ILogger Log { get; }

    public RunIds Ids { get; }

    public EngineMetrics Metrics { get; }

    public StoreWriter Writer { get; }

    public RunSignals Signals { get; } = new();

    /// <summary><c>env.NAME</c>.</summary>
    public IReadOnlyDictionary<string, object?> Environment { get; }

    /// <summary><c>envs.name</c>, as Kestra spells it.</summary>
    public IReadOnlyDictionary<string, object?> LowerEnvironment { get; }

    public IReadOnlyDictionary<string, string> Secrets { get; }

    /// <summary>Tells that a run changed, for whoever shows it live.</summary>
    public Action<StartRow>? Changed { get; set; }

    private static OrderedDictionary<string, object?> Map(IDictionary<string, string> settings, Func<string, string> name)
    {
        var map = FlowValue.Map();
        foreach (var (key, value) in settings) map[name(key)] = value;
        return map;
    }
}
