using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Postgres;

namespace Weft.Hiring.Realtime;

/// <summary>
/// Carries changes between nodes by NOTIFY: many in one, and at most one in a short while, since NOTIFY takes a lock of the
/// whole instance when it commits.
/// </summary>
internal sealed partial class ChangeRelay(ChangeHub hub, WeftDatabase database, ListenHub listen, TimeProvider time, ILogger<ChangeRelay> log) : BackgroundService
{
    private const string Channel = "weft_changes";

    // A payload may have 8000 bytes; an entry has at most some 80.
    private const int PerNotification = 80;
    private const int Backlog = 8192;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    [Sql(DatabaseRole.Engine)]
    private const string Notify = "select pg_notify('weft_changes', $1)";

    private readonly Channel<Change> _outgoing = System.Threading.Channels.Channel.CreateBounded<Change>(
        new BoundedChannelOptions(Backlog) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(SendAllAsync(stoppingToken), ReceiveAllAsync(stoppingToken));

    private async Task SendAllAsync(CancellationToken stoppingToken)
    {
        hub.Outgoing = change => _outgoing.Writer.TryWrite(change);
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync(stoppingToken))
            {
                var batch = new HashSet<Change>();
                while (batch.Count < PerNotification && _outgoing.Reader.TryRead(out var change)) batch.Add(change);
                await SendAsync(batch, stoppingToken);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; watchers of other nodes read anew what they show.
        }
        finally
        {
            hub.Outgoing = null;
        }
    }

    private async Task ReceiveAllAsync(CancellationToken stoppingToken)
    {
        using var subscription = listen.Subscribe(Channel);
        try
        {
            await foreach (var notice in subscription.ReadAllAsync(stoppingToken))
            {
                if (notice.IsGap) hub.LoseAll();
                else Receive(notice.Payload);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    private async Task SendAsync(IEnumerable<Change> batch, CancellationToken cancellationToken)
    {
        var payload = JsonSerializer.Serialize(new Notification(hub.Epoch, [.. batch.Select(c => $"{c.Topic}:{c.Id:N}")]));
        try
        {
            await using var command = database.Engine.CreateCommand(Notify);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = payload });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (SqlErrors.Find(e) is not null)
        {
            // Live updates of other nodes are a convenience: the change itself is committed long since.
            LogNotSent(e.Message);
        }
    }

    private void Receive(string payload)
    {
        Notification? notification;
        try
        {
            notification = JsonSerializer.Deserialize<Notification>(payload);
        }
        catch (JsonException)
        {
            return;
        }
        if (notification is null || notification.From == hub.Epoch) return;
        foreach (var text in notification.Changes)
        {
            var at = text.LastIndexOf(':');
            if (at > 0 && Guid.TryParse(text.AsSpan(at + 1), out var id)) hub.Deliver(new Change(text[..at], id));
        }
    }

    [LoggerMessage(2101, LogLevel.Warning, "Changes were not passed on to other nodes: {Reason}")]
    private partial void LogNotSent(string reason);

    private sealed record Notification(string From, string[] Changes);
}
