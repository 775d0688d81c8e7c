using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Engine.Runtime;

namespace Weft.Engine.Store;

/// <summary>The node lost its lease: what it wanted to write was refused, and whoever holds the work now will do it.</summary>
internal sealed class NodeFencedException(int node, Exception? inner = null)
    : Exception($"Node {node} has lost its lease; its write was refused.", inner)
{
    public int Node { get; } = node;
}

/// <summary>
/// Commits what the node's runs record, many units at once. Two connections: while one waits for the disk, the other fills.
/// A flush starts as soon as the last one returned, so that one record alone waits for nothing and a thousand share a commit.
/// </summary>
internal sealed class StoreWriter : IAsyncDisposable
{
    private const int MostRecords = 1_000;
    private const int Connections = 2;

    private readonly Channel<WriteUnit> _units = Channel.CreateUnbounded<WriteUnit>();
    private readonly NpgsqlDataSource _database;
    private readonly EngineMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _abort = new();
    private readonly Task[] _loops;
    private bool _isDisposed;

    public StoreWriter(NpgsqlDataSource database, EngineMetrics metrics, TimeProvider time, ILogger log)
    {
        _database = database;
        _metrics = metrics;
        _time = time;
        _log = log;
        _loops = [.. Enumerable.Range(0, Connections).Select(_ => Task.Run(FlushLoopAsync))];
    }

    /// <summary>Called when a flush was refused because the node lost its lease.</summary>
    public Action<NodeEpoch>? OnFenced { get; set; }

    /// <summary>Queues the unit; <see cref="WriteUnit.Committed"/> tells when it is committed.</summary>
    public void Write(WriteUnit unit)
    {
        if (!_units.Writer.TryWrite(unit)) Refuse([unit], new FlowException("engine_stopped", "The engine is stopping.", retryable: true));
    }

    /// <summary>Queues the unit and waits for its commit.</summary>
    public Task WriteAsync(WriteUnit unit, CancellationToken cancellationToken)
    {
        Write(unit);
        return unit.Committed.WaitAsync(cancellationToken);
    }

    /// <summary>Takes no more units, commits those it has for as long as allowed, and closes the connections.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        _units.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_loops).WaitAsync(within, _time);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync();
            await Task.WhenAll(_loops);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _units.Writer.TryComplete();
        await _abort.CancelAsync();
        await Task.WhenAll(_loops);
        while (_units.Reader.TryRead(out var unit)) Refuse([unit], new FlowException("engine_stopped", "The engine has stopped.", retryable: true));
        _abort.Dispose();
    }

    private async Task FlushLoopAsync()
    {
        var link = new WriterLink(_database);
        var units = new List<WriteUnit>();
        try
        {
            while (await _units.Reader.WaitToReadAsync(_abort.Token))
            {
                units.Clear();
                var records = 0;
                while (records < MostRecords && _units.Reader.TryRead(out var unit))
                {
                    units.Add(unit);
                    records += unit.Records;
                }
                if (units.Count > 0) await CommitAsync(link, units);
            }
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            Refuse(units, new FlowException("engine_stopped", "The engine has stopped.", retryable: true));
        }
        finally
        {
            await link.CloseAsync();
        }
    }

    /// <summary>Commits the units, whatever it takes: a lost connection is opened anew, and what cannot be stored is found and refused alone.</summary>
    private async Task CommitAsync(WriterLink link, List<WriteUnit> units)
    {
        var delay = TimeSpan.FromMilliseconds(10);
        while (true)
        {
            var nodes = Nodes(units);
            try
            {
                var started = _time.GetTimestamp();
                await FlushAsync(link, nodes, units);
                _metrics.Flushed(units.Count, _time.GetElapsedTime(started));
                Complete(units);
                return;
            }
            catch (PostgresException e) when (e.SqlState == "WF001")
            {
                await SplitFencedAsync(link, units, nodes, e);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation && units.Count == 1)
            {
                // Nobody else writes these records: the fence was passed, so an earlier try of this very unit, whose answer
                // was lost with its connection, has committed it whole.
                EngineLog.AlreadyRecorded(_log, e.ConstraintName ?? "", e.Detail ?? "");
                Complete(units);
                return;
            }
            catch (PostgresException e) when (IsRefusal(e))
            {
                if (units.Count == 1)
                {
                    EngineLog.RecordRefused(_log, e.SqlState, e.MessageText);
                    Refuse(units, new FlowException("record_refused", $"The database refused the record: {e.MessageText}", inner: e));
                    return;
                }
                var half = units.Count / 2;
                await CommitAsync(link, units.GetRange(0, half));
                await CommitAsync(link, units.GetRange(half, units.Count - half));
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException or ObjectDisposedException)
            {
                // Deadlocks, restarts and cut connections: the same units again. Whether the last try committed, the next one tells.
                EngineLog.FlushFailed(_log, e.Message, delay.TotalMilliseconds);
                _metrics.FlushFailed();
                await link.CloseAsync();
                await Task.Delay(delay, _time, _abort.Token);
                delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, TimeSpan.TicksPerSecond));
            }
        }
    }

    private static bool IsRefusal(PostgresException e) => e.SqlState[..2] is "22" or "23" or "42" or "54" or "0A";

    private async Task FlushAsync(WriterLink link, List<NodeEpoch> nodes, List<WriteUnit> units)
    {
        await using var batch = new NpgsqlBatch(await link.OpenAsync(_abort.Token));
        var expected = FlushStatements.AddTo(batch, nodes, units, out var leave);
        // The connection is the writer's own for good, so each text is parsed and planned once.
        await batch.PrepareAsync(_abort.Token);
        await batch.ExecuteNonQueryAsync(_abort.Token);
        if (leave is not null && (int)leave.Rows != expected) EngineLog.QueueRowsMissing(_log, expected, (int)leave.Rows);
    }

    private static List<NodeEpoch> Nodes(List<WriteUnit> units)
    {
        var nodes = new List<NodeEpoch>(1);
        foreach (var unit in units)
            if (unit.Node is not null && !nodes.Contains(unit.Node)) nodes.Add(unit.Node);
        return nodes;
    }

    /// <summary>
    /// Refuses what was written under the lost lease. What else was in the flush goes on: starts need no lease, and after a
    /// new registration the units of the old one may still come in beside those of the new.
    /// </summary>
    private async Task SplitFencedAsync(WriterLink link, List<WriteUnit> units, List<NodeEpoch> nodes, Exception reason)
    {
        foreach (var node in nodes)
        {
            var held = units.FindAll(u => u.Node == node);
            if (nodes.Count > 1)
            {
                await CommitAsync(link, held);
                continue;
            }
            Refuse(held, new NodeFencedException(node.Id, reason));
            OnFenced?.Invoke(node);
        }
        var starts = units.FindAll(u => u.Node is null);
        if (starts.Count > 0) await CommitAsync(link, starts);
    }

    private void Complete(List<WriteUnit> units)
    {
        foreach (var unit in units)
        {
            try
            {
                unit.OnCommitted?.Invoke(unit);
            }
#pragma warning disable CA1031 // One run's trouble must not stop the records of all others.
            catch (Exception e)
#pragma warning restore CA1031
            {
                EngineLog.HandOverFailed(_log, e);
            }
            unit.Completion.TrySetResult();
        }
    }

    private static void Refuse(List<WriteUnit> units, Exception reason)
    {
        foreach (var unit in units)
        {
            unit.OnRefused?.Invoke();
            unit.Completion.TrySetException(reason);
            // Not everyone who writes a unit waits for it.
            _ = unit.Committed.Exception;
        }
    }

    /// <summary>One connection of the writer, opened when first used and again after it was lost.</summary>
    private sealed class WriterLink(NpgsqlDataSource database)
    {
        private NpgsqlConnection? _connection;

        public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
        {
            if (_connection is { FullState: System.Data.ConnectionState.Open }) return _connection;
            await CloseAsync();
            return _connection = await database.OpenConnectionAsync(cancellationToken);
        }

        public async ValueTask CloseAsync()
        {
            if (_connection is null) return;
            var connection = _connection;
            _connection = null;
            await connection.DisposeAsync();
        }
    }
}

/// <summary>One registration of this process as a node. A new registration is a new epoch; the old one can write nothing any more.</summary>
internal sealed class NodeEpoch(int id, byte[] secret)
{
    public int Id { get; } = id;

    public byte[] Secret { get; } = secret;
}
