using System.Collections.Concurrent;
using System.Security.Cryptography;
using Npgsql;
using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

/// <summary>
/// This process as a node: registers, renews its lease, holds slots, takes up the runs of its slots, and takes over the work
/// of nodes that died. Each registration has a <see cref="NodeSession"/>; a lost lease ends it and begins the next.
/// </summary>
internal sealed class EngineNode : IAsyncDisposable
{
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan UnsafeAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MarkEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(2);

    private readonly RunServices _services;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<int> _suspects = [];
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Registration? _current;
    private Task? _life;
    private bool _drainsAtEnd = true;

    public EngineNode(RunServices services)
    {
        _services = services;
        services.Writer.OnFenced = node => _current?.Lost(node);
        services.Metrics.WatchRunsInMemory(() => _current?.Live.Count ?? 0);
    }

    /// <summary>How many other nodes there are, working or not.</summary>
    public int Others { get; private set; }

    /// <summary>Registers and begins to work. Completes when the node holds its first lease.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _life = Task.Run(LiveAsync, CancellationToken.None);
        await Task.WhenAny(_registered.Task, _life).WaitAsync(cancellationToken);
        if (_life.IsFaulted) await _life;
    }

    /// <summary>Stops: takes nothing new, lets running steps finish within the drain timeout, and hands the rest back.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        if (_life is not null) await _life;
    }

    /// <summary>Goes away as a killed process does: nothing is finished, nothing handed back. For tests.</summary>
    internal async Task KillAsync()
    {
        _drainsAtEnd = false;
        await _services.Writer.DisposeAsync();
        await StopAsync();
    }

    /// <summary>Stops renewing the lease without knowing it, as a process that is suspended does. For tests.</summary>
    internal bool IsSuspended { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested && _life is null or { IsCompleted: true }) return;
        await StopAsync();
    }

    /// <summary>The slot in which a run that is started here should go on here; null when this node takes none.</summary>
    public int? NextSlot() => _current?.Live.NextSlot();

    /// <summary>Makes room for a run about to be started here. False: the queue's reader will find it, here or elsewhere.</summary>
    public bool TryEnter(StartRow start) => _current?.Live.TryEnter(start.Id, start.Slot) == true;

    /// <summary>The start is committed: the run for which room was made begins.</summary>
    public void Begin(StartRow start) => _current?.Begin(start);

    /// <summary>The start was refused after all.</summary>
    public void Forget(StartRow start) => _current?.Live.Leave(start.Id);

    /// <summary>Whether a run of this slot is this node's to take up.</summary>
    public bool Owns(int slot) => _current?.Live.OpenSlots().Contains((short)slot) == true;

    /// <summary>Something may have come into the queue.</summary>
    public void Poke() => _current?.Reader.Poke();

    /// <summary>This run may have come into the queue.</summary>
    public void Recall(Guid run) => _current?.Reader.Recall(run);

    /// <summary>Cancels the run if it is here.</summary>
    public bool TryCancel(Guid run, string reason)
    {
        if (_current?.Live.Find(run) is not { } execution) return false;
        execution.Cancel(reason);
        return true;
    }

    private async Task LiveAsync()
    {
        var delay = TimeSpan.FromMilliseconds(50);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await LiveOnceAsync();
                delay = TimeSpan.FromMilliseconds(50);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException or System.Net.Sockets.SocketException)
            {
                EngineLog.LoopFailed(_services.Log, "Registering the node", e.Message, e);
                try
                {
                    await Task.Delay(delay, _services.Time, _stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
                delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
            }
        }
    }

    /// <summary>One registration, from its beginning to the loss of its lease or the stop of the node.</summary>
    private async Task LiveOnceAsync()
    {
        var options = _services.Options;
        await using var link = new DirectLink(_services.Database.DirectConnectionString);
        var secret = RandomNumberGenerator.GetBytes(32);
        var connection = await link.OpenAsync(_stopping.Token);
        var id = await NodeStore.RegisterAsync(connection, options.NodeName, options.Works, secret, options.Lease, _stopping.Token);
        await NodeStore.HoldLifeLockAsync(connection, id, _stopping.Token);
        EngineLog.NodeRegistered(_services.Log, id, options.NodeName);

        await using var registration = new Registration(_services, new NodeEpoch(id, secret));
        _current = registration;
        try
        {
            await BeatAsync(link, registration);
        }
        finally
        {
            if (_stopping.IsCancellationRequested && _drainsAtEnd && !registration.IsLost) await DrainAsync(link, registration);
            else await registration.AbandonAsync();
            _current = null;
        }
    }

    /// <summary>Renews the lease and does what follows from what it learns, until the lease is lost or the node stops.</summary>
    private async Task BeatAsync(DirectLink link, Registration registration)
    {
        var node = registration.Epoch.Id;
        var lastMark = _services.Time.GetTimestamp();
        var departures = 0L;
        var lastTidy = _services.Time.GetTimestamp() - (long)(TidyEvery.TotalSeconds * _services.Time.TimestampFrequency);
        while (!registration.IsLost)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            var next = _services.Options.Heartbeat;
            try
            {
                while (IsSuspended) await Task.Delay(SecondLook, TimeProvider.System, _stopping.Token);
                var (connection, isNew) = await link.EnsureAsync(_stopping.Token);
                // A new connection holds the lock no longer; others give it a moment before they believe that we are dead.
                if (isNew) await NodeStore.HoldLifeLockAsync(connection, node, _stopping.Token);
                var pulse = await NodeStore.RenewAsync(connection, node, _services.Options.Lease, _stopping.Token);
                if (!pulse.IsAlive)
                {
                    registration.Lost(registration.Epoch);
                    break;
                }
                Others = pulse.Others;
                _registered.TrySetResult();
                if (_services.Options.Works)
                {
                    if (await RescueAsync(connection, registration, pulse)) next = SecondLook;
                    await BalanceAsync(connection, registration, pulse);
                    await CancelAsync(registration, pulse);
                    if (pulse.HasChanges) registration.Changes.Poke();
                    registration.Announce();
                    var mark = registration.MoveLowMark(pulse, UnsafeAge);
                    // An idle node writes nothing: the mark only matters where runs have left dead rows behind.
                    if (registration.Live.Departures != departures && _services.Time.GetElapsedTime(lastMark) > MarkEvery)
                    {
                        departures = registration.Live.Departures;
                        await NodeStore.MoveLowMarkAsync(connection, node, mark, _stopping.Token);
                        lastMark = _services.Time.GetTimestamp();
                    }
                    if (_services.Time.GetElapsedTime(lastTidy) >= TidyEvery)
                    {
                        lastTidy = _services.Time.GetTimestamp();
                        await Housekeeping.TidyAsync(connection, _services.Time.GetUtcNow(), _stopping.Token);
                    }
                }
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException && !_stopping.IsCancellationRequested)
            {
                // The lease runs on while the database is away; if it runs out, the next renewal says so.
                EngineLog.LoopFailed(_services.Log, "Renewing the lease", e.Message, e);
                await link.CloseAsync();
                next = SecondLook;
            }
            await registration.WaitAsync(next, _services.Time, _stopping.Token);
        }
    }

    /// <summary>Takes over the work of nodes that are silent or whose process is gone. True when one is to be looked at again soon.</summary>
    private async Task<bool> RescueAsync(NpgsqlConnection connection, Registration registration, Pulse pulse)
    {
        // A free lock is believed at the second look: a node whose connection was cut takes it again at once.
        var dead = pulse.Expired.Concat(pulse.Unlocked.Where(_suspects.Contains)).Distinct().ToArray();
        _suspects.Clear();
        _suspects.UnionWith(pulse.Unlocked);
        foreach (var other in dead)
        {
            try
            {
                if (await NodeStore.RescueAsync(connection, other, registration.Epoch.Id, _stopping.Token) is not { } slots) continue;
                _services.Metrics.Rescued();
                EngineLog.NodeRescued(_services.Log, other, pulse.Expired.Contains(other) ? "its lease ran out" : "its process is gone");
                registration.Take(slots, Guid.Empty);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                await NodeStore.EndHeldSessionsAsync(connection, other, _stopping.Token);
            }
            _suspects.Remove(other);
        }
        return _suspects.Count > 0;
    }

    /// <summary>Every working node holds its share of the slots: takes free ones, gives up what is too much once it is empty.</summary>
    private async Task BalanceAsync(NpgsqlConnection connection, Registration registration, Pulse pulse)
    {
        var me = registration.Epoch.Id;
        var place = Array.IndexOf(pulse.Workers, me);
        var share = (RunIds.Slots / pulse.Workers.Length) + (place < RunIds.Slots % pulse.Workers.Length ? 1 : 0);
        if (registration.Held.Count < share && pulse.Free.Length > 0)
        {
            var claimed = await NodeStore.ClaimAsync(connection, me, share - registration.Held.Count, _stopping.Token);
            if (claimed.Count > 0) registration.Take([.. claimed.Select(c => c.Slot)], claimed.Min(c => c.LowMark));
        }
        var surplus = registration.Held.Count - share;
        if (surplus <= 0 && registration.Closing.Count == 0) return;
        // Nobody takes what is given up unless a node has less than its share.
        if (registration.Closing.Count < surplus) registration.CloseSome(surplus - registration.Closing.Count);
        else if (registration.Closing.Count > surplus) registration.Reopen(registration.Closing.Count - Math.Max(0, surplus));
        if (registration.Live.Emptied(registration.Closing) is { Count: > 0 } empty)
        {
            await NodeStore.ReleaseAsync(connection, me, [.. empty], _stopping.Token);
            registration.GaveUp(empty);
        }
    }

    private async Task CancelAsync(Registration registration, Pulse pulse)
    {
        var parked = new List<Guid>();
        for (var i = 0; i < pulse.CancelRuns.Length; i++)
        {
            var run = pulse.CancelRuns[i];
            if (!registration.Held.Contains((short)RunIds.SlotOf(run))) continue;
            if (!TryCancel(run, pulse.CancelReasons[i])) parked.Add(run);
        }
        if (parked.Count == 0) return;
        await RunStore.WakeAsync(_services.Database.Engine, [.. parked], _stopping.Token);
        await Housekeeping.DropLateCancelRequestsAsync(_services.Database.Engine, [.. parked], _stopping.Token);
        foreach (var run in parked) registration.Reader.Recall(run);
    }

    private async Task DrainAsync(DirectLink link, Registration registration)
    {
        await registration.DrainAsync(_services.Options.DrainTimeout);
        var left = registration.Live.Count;
        await registration.AbandonAsync();
        await _services.Writer.StopAsync(_services.Options.DrainTimeout);
        try
        {
            var (connection, _) = await link.EnsureAsync(CancellationToken.None);
            await NodeStore.RemoveAsync(connection, registration.Epoch.Id, CancellationToken.None);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
        {
            // Others find the free lock and take over all the same.
            EngineLog.LoopFailed(_services.Log, "Signing off the node", e.Message, e);
        }
        EngineLog.NodeStopped(_services.Log, registration.Epoch.Id, left);
    }

    /// <summary>The node's own session: holds the life lock and renews the lease.</summary>
    private sealed class DirectLink(string connectionString) : IAsyncDisposable
    {
        private NpgsqlConnection? _connection;

        public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
        {
            await CloseAsync();
            var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancellationToken);
            return _connection = connection;
        }

        public async Task<(NpgsqlConnection Connection, bool IsNew)> EnsureAsync(CancellationToken cancellationToken) =>
            _connection is { FullState: System.Data.ConnectionState.Open } open ? (open, false) : (await OpenAsync(cancellationToken), true);

        public async Task CloseAsync()
        {
            if (_connection is null) return;
            await _connection.DisposeAsync();
            _connection = null;
        }

        public async ValueTask DisposeAsync() => await CloseAsync();
    }
}
