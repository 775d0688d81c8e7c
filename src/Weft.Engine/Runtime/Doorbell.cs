using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Postgres;

namespace Weft.Engine.Runtime;

/// <summary>
/// News between processes, by NOTIFY. A transaction that notifies takes one lock of the whole instance at its commit, so no
/// run, step or trigger ever does: news goes out on a connection of its own, at once when it is quiet (an idle system wakes
/// without delay) and at most some 200 times a second. Everything it tells is also found without it, a moment later.
/// </summary>
internal sealed class Doorbell : IAsyncDisposable
{
    private const string WorkChannel = "weft_work";
    private const string DeploymentChannel = "weft_deployment";
    private const string ChangeChannel = "weft_change";
    private const int MostChanges = 150;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ChangePause = TimeSpan.FromMilliseconds(100);

    [Sql(DatabaseRole.Engine)]
    private const string Notify = "select pg_notify($1, $2)";

    private readonly WeftDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly ConcurrentDictionary<Guid, byte> _changes = new();
    private readonly string _me = Guid.CreateVersion7().ToString("N");
    private readonly List<ListenSubscription> _subscriptions = [];
    private readonly Task _sending;
    private ListenHub? _hub;
    private int _work;
    private int _deployments;
    private long _lastChanges;

    public Doorbell(WeftDatabase database, TimeProvider time, ILogger log)
    {
        _database = database;
        _time = time;
        _log = log;
        _sending = Task.Run(SendAsync);
    }

    public Action? OnWork { get; set; }

    public Action? OnDeployment { get; set; }

    public Action<Guid>? OnChange { get; set; }

    /// <summary>Listens for the news of other processes.</summary>
    public async Task ListenAsync(CancellationToken cancellationToken)
    {
        _hub = new ListenHub(_database.DirectConnectionString, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        Subscribe(WorkChannel, _ => OnWork?.Invoke());
        Subscribe(DeploymentChannel, _ => OnDeployment?.Invoke());
        Subscribe(ChangeChannel, Changed);
        foreach (var subscription in _subscriptions) await subscription.Ready.WaitAsync(cancellationToken);
    }

    /// <summary>There is work in slots that are not this process's.</summary>
    public void Ring()
    {
        Interlocked.Exchange(ref _work, 1);
        Wake();
    }

    /// <summary>A flow has a new version.</summary>
    public void TellOfDeployment()
    {
        Interlocked.Exchange(ref _deployments, 1);
        Wake();
    }

    /// <summary>A run changed, for pages that are shown by other processes.</summary>
    public void TellOfChange(Guid run)
    {
        if (_changes.Count < MostChanges) _changes.TryAdd(run, 0);
        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sending;
        foreach (var subscription in _subscriptions) subscription.Dispose();
        if (_hub is not null) await _hub.DisposeAsync();
        _stopping.Dispose();
        _wake.Dispose();
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // Woken already, or stopped: then nobody listens to us any more.
        }
    }

    private void Subscribe(string channel, Action<Notice> heard)
    {
        var subscription = _hub!.Subscribe(channel);
        _subscriptions.Add(subscription);
        _ = Task.Run(async () =>
        {
            try
            {
                await foreach (var notice in subscription.ReadAllAsync(_stopping.Token)) heard(notice);
            }
            catch (OperationCanceledException)
            {
                // Stopped.
            }
        });
    }

    private void Changed(Notice notice)
    {
        var parts = notice.Payload.Split(' ');
        if (notice.IsGap || parts[0] == _me) return;
        foreach (var part in parts.Skip(1))
            if (Guid.TryParseExact(part, "N", out var run)) OnChange?.Invoke(run);
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(_stopping.Token);
                if (Interlocked.Exchange(ref _work, 0) == 1) await SendAsync(WorkChannel, "");
                if (Interlocked.Exchange(ref _deployments, 0) == 1) await SendAsync(DeploymentChannel, "");
                if (!_changes.IsEmpty)
                {
                    if (_lastChanges != 0 && _time.GetElapsedTime(_lastChanges) < ChangePause) Wake();
                    else await SendChangesAsync();
                }
                await Task.Delay(Pause, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task SendChangesAsync()
    {
        _lastChanges = _time.GetTimestamp();
        var runs = _changes.Keys.Take(MostChanges).ToList();
        foreach (var run in runs) _changes.TryRemove(run, out _);
        await SendAsync(ChangeChannel, $"{_me} {string.Join(' ', runs.Select(r => r.ToString("N")))}");
    }

    private async Task SendAsync(string channel, string payload)
    {
        try
        {
            await using var command = _database.Engine.CreateCommand(Notify);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = channel });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = payload });
            await command.ExecuteNonQueryAsync(_stopping.Token);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
        {
            // Whoever would have heard it looks for himself within a second.
            EngineLog.LoopFailed(_log, "Telling other nodes", e.Message, e);
        }
    }
}
