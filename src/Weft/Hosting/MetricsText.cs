using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Weft.Hosting;

/// <summary>
/// Listens to the meters of this process and prints them in Prometheus' text format. Counters and histograms add up here;
/// gauges are asked when somebody reads.
/// </summary>
internal sealed class MetricsText : IDisposable
{
    // An instrument whose tags run wild must not fill the memory: what comes after these many series is dropped.
    private const int MaxSeries = 5_000;

    private static readonly string[] Meters = ["Weft", "Microsoft.AspNetCore.", "System.Net.", "System.Runtime", "Npgsql"];
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] Others = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), Series> _series = new();
    private readonly MeterListener _listener = new();

    public MetricsText()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Array.Exists(Meters, m => instrument.Meter.Name.StartsWith(m, StringComparison.Ordinal))) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<byte>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<short>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<int>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<long>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<float>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<double>((i, v, t, _) => Record(i, v, t));
        _listener.SetMeasurementEventCallback<decimal>((i, v, t, _) => Record(i, (double)v, t));
        _listener.Start();
    }

    public string Print()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var group in _series.GroupBy(s => s.Key.Instrument).OrderBy(g => g.Key.Name, StringComparer.Ordinal))
        {
            var name = Name(group.Key);
            if (group.Key.Description is { Length: > 0 } description)
                text.Append("# HELP ").Append(name).Append(' ').Append(description.Replace("\\", @"\\", StringComparison.Ordinal).ReplaceLineEndings(" ")).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(KindOf(group.Key) switch { Kind.Counter => "counter", Kind.Gauge => "gauge", _ => "histogram" }).Append('\n');
            foreach (var (key, series) in group.OrderBy(s => s.Key.Labels, StringComparer.Ordinal)) series.Print(text, name, key.Labels);
        }
        return text.ToString();
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = (instrument, Labels(tags));
        if (!_series.TryGetValue(key, out var series))
        {
            if (_series.Count >= MaxSeries) return;
            series = _series.GetOrAdd(key, static k => new Series(KindOf(k.Instrument), k.Instrument.Unit == "s" ? Seconds : Others));
        }
        series.Record(value, isTotal: instrument.IsObservable || instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal));
    }

    private static Kind KindOf(Instrument instrument)
    {
        var type = instrument.GetType();
        var name = type.IsGenericType ? type.GetGenericTypeDefinition().Name : type.Name;
        return name.StartsWith("Histogram", StringComparison.Ordinal) ? Kind.Histogram
            : name is "Counter`1" or "ObservableCounter`1" ? Kind.Counter
            : Kind.Gauge;
    }

    private static string Name(Instrument instrument)
    {
        var name = new StringBuilder(instrument.Name.Length + 16);
        foreach (var c in instrument.Name) name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        if (instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => null } is { } unit && !name.ToString().EndsWith(unit, StringComparison.Ordinal)) name.Append(unit);
        if (KindOf(instrument) == Kind.Counter && !name.ToString().EndsWith("_total", StringComparison.Ordinal)) name.Append("_total");
        return name.ToString();
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0) return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (text.Length > 0) text.Append(',');
            foreach (var c in key) text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
            text.Append("=\"").Append(Convert.ToString(value, CultureInfo.InvariantCulture)!
                .Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private enum Kind
    {
        Counter,
        Gauge,
        Histogram,
    }

    private sealed class Series(Kind kind, double[] bounds)
    {
        private readonly Lock _gate = new();
        private readonly long[] _buckets = kind == Kind.Histogram ? new long[bounds.Length + 1] : [];
        private double _sum;
        private long _count;

        public void Record(double value, bool isTotal)
        {
            lock (_gate)
            {
                // Observable instruments and gauges report what is; the others what was added.
                _sum = isTotal ? value : _sum + value;
                if (kind != Kind.Histogram) return;
                _count++;
                var at = Array.FindIndex(bounds, b => value <= b);
                _buckets[at < 0 ? bounds.Length : at]++;
            }
        }

        public void Print(StringBuilder text, string name, string labels)
        {
            lock (_gate)
            {
                if (kind != Kind.Histogram)
                {
                    Line(text, name, labels, _sum);
                    return;
                }
                var below = 0L;
                var comma = labels.Length > 0 ? "," : "";
                for (var i = 0; i < bounds.Length; i++) Line(text, name + "_bucket", $"{labels}{comma}le=\"{Number(bounds[i])}\"", below += _buckets[i]);
                Line(text, name + "_bucket", $"{labels}{comma}le=\"+Inf\"", _count);
                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, _count);
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value)
        {
            text.Append(name);
            if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
            text.Append(' ').Append(Number(value)).Append('\n');
        }

        private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);
    }
}
