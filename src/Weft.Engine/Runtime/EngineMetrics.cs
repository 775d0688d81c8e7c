using System.Diagnostics.Metrics;

namespace Weft.Engine.Runtime;

/// <summary>What the engine measures of itself, under the meter <c>Weft.Engine</c>.</summary>
internal sealed class EngineMetrics : IDisposable
{
    /// <summary>The meter's name, for whoever exports it.</summary>
    public const string MeterName = "Weft.Engine";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _started;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _flushFailures;
    private readonly Counter<long> _rescues;
    private readonly Counter<long> _fenced;
    private readonly Histogram<double> _flushSeconds;
    private readonly Histogram<long> _flushUnits;
    private readonly Histogram<double> _runSeconds;
    private readonly Histogram<double> _stepSeconds;

    public EngineMetrics()
    {
        _started = _meter.CreateCounter<long>("weft.runs.started", "{run}", "Runs that were started here");
        _ended = _meter.CreateCounter<long>("weft.runs.ended", "{run}", "Runs that ended on this node, by status");
        _attempts = _meter.CreateCounter<long>("weft.steps.attempts", "{attempt}", "Step attempts on this node, by type and status");
        _parked = _meter.CreateCounter<long>("weft.runs.parked", "{run}", "Runs that left memory to wait");
        _flushFailures = _meter.CreateCounter<long>("weft.store.flush_failures", "{flush}", "Flushes that failed and were tried again");
        _rescues = _meter.CreateCounter<long>("weft.nodes.rescued", "{node}", "Dead nodes whose work this node took over");
        _fenced = _meter.CreateCounter<long>("weft.nodes.fenced", "{node}", "Times this node lost its lease");
        _flushSeconds = _meter.CreateHistogram<double>("weft.store.flush_duration", "s", "Time of one flush");
        _flushUnits = _meter.CreateHistogram<long>("weft.store.flush_units", "{unit}", "Units that shared a flush");
        _runSeconds = _meter.CreateHistogram<double>("weft.runs.duration", "s", "Time from a run's first step to its end");
        _stepSeconds = _meter.CreateHistogram<double>("weft.steps.duration", "s", "Time of one step attempt, by type");
    }

    public void Started(int runs) => _started.Add(runs);

    public void Ended(string status, TimeSpan took)
    {
        _ended.Add(1, new KeyValuePair<string, object?>("status", status));
        _runSeconds.Record(took.TotalSeconds);
    }

    public void Attempted(string type, string status, TimeSpan took)
    {
        _attempts.Add(1, new("type", type), new("status", status));
        _stepSeconds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("type", type));
    }

    public void Parked() => _parked.Add(1);

    public void Flushed(int units, TimeSpan took)
    {
        _flushSeconds.Record(took.TotalSeconds);
        _flushUnits.Record(units);
    }

    public void FlushFailed() => _flushFailures.Add(1);

    public void Rescued() => _rescues.Add(1);

    public void Fenced() => _fenced.Add(1);

    /// <summary>Reports how many runs are in memory.</summary>
    public void WatchRunsInMemory(Func<int> count) => _meter.CreateObservableGauge("weft.runs.in_memory", count, "{run}", "Runs that this node holds in memory");

    public void Dispose() => _meter.Dispose();
}
