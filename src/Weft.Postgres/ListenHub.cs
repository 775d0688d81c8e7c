using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Weft.Postgres;

/// <summary>What a subscriber of <see cref="ListenHub"/> receives.</summary>
/// <param name="Payload">The notification's text; empty for a gap.</param>
/// <param name="IsGap">
/// True when notifications may have been missed (the connection was lost, or the subscriber fell behind): read the state anew.
/// </param>
public sealed record Notice(string Payload, bool IsGap);

/// <summary>
/// One session that listens for everyone in this process. PostgreSQL keeps no notification for an absent listener, so after
/// a lost connection every subscriber is told of the gap.
/// </summary>
public sealed partial class ListenHub : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);

    private readonly string connectionString;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<ListenSubscription>> channels = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;
    private CancellationTokenSource wake = new();

    /// <summary>Starts to listen over <see cref="WeftDatabase.DirectConnectionString"/>.</summary>
    public ListenHub(string directConnectionString, TimeProvider time, ILoggerFactory log)
    {
        // The keepalive finds a dead peer while nothing arrives; a hub that listens to a half-open connection hears nothing for ever.
        connectionString = new NpgsqlConnectionStringBuilder(directConnectionString) { Pooling = false, KeepAlive = 10 }.ConnectionString;
        this.time = time;
        logger = log.CreateLogger<ListenHub>();
        loop = Task.Run(RunAsync);
    }

    /// <summary>
    /// Subscribes to a channel. Await <see cref="ListenSubscription.Ready"/> before reading a state that notifications are
    /// to keep fresh. Disposing the subscription ends it.
    /// </summary>
    public ListenSubscription Subscribe(string channel)
    {
        ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
        var subscription = new ListenSubscription(this, channel);
        lock (gate)
        {
            if (!channels.TryGetValue(channel, out var subscribers))
                channels.Add(channel, subscribers = []);
            subscribers.Add(subscription);
            // Not Cancel: that would run the waiting loop on this thread, inside the lock.
            _ = wake.CancelAsync();
        }

        return subscription;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
            return;
        await stopping.CancelAsync();
        await loop;
        lock (gate)
        {
            foreach (var subscription in channels.Values.SelectMany(subscribers => subscribers))
                subscription.Complete();
            channels.Clear();
        }

        stopping.Dispose();
        wake.Dispose();
    }

    internal void Remove(ListenSubscription subscription)
    {
        lock (gate)
        {
            // The server's LISTEN stays until the next connection: unheard notifications cost less than a round trip here.
            if (channels.TryGetValue(subscription.Channel, out var subscribers) && subscribers.Remove(subscription) && subscribers.Count == 0)
                channels.Remove(subscription.Channel);
        }
    }

    private async Task RunAsync()
    {
        var delay = FirstDelay;
        var isFirst = true;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync(stopping.Token);
                connection.Notification += (_, e) => Deliver(e.Channel, new Notice(e.Payload, IsGap: false));
                await ListenAsync(connection, tellOfGap: !isFirst, () => (isFirst, delay) = (false, FirstDelay));
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was: a hub that gave up would leave its subscribers waiting for ever.
                LogLost(e.GetBaseException().Message, delay);
            }

            try
            {
                await Task.Delay(delay, time, stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, bool tellOfGap, Action connected)
    {
        var listening = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            List<ListenSubscription> current;
            CancellationToken woken;
            lock (gate)
            {
                if (wake.IsCancellationRequested)
                    wake = new CancellationTokenSource();
                woken = wake.Token;
                current = [.. channels.Values.SelectMany(subscribers => subscribers)];
            }

            foreach (var channel in current.Select(subscription => subscription.Channel).Distinct().Where(listening.Add))
            {
                await using var command = new NpgsqlCommand($"listen \"{channel.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
                await command.ExecuteNonQueryAsync(stopping.Token);
            }

            foreach (var subscription in current)
            {
                // A subscriber that was never heard before has missed nothing.
                if (tellOfGap && subscription.Ready.IsCompleted)
                    subscription.Offer(ListenSubscription.Gap);
                subscription.MarkReady();
            }

            if (tellOfGap)
                LogRestored();
            tellOfGap = false;
            connected();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(woken, stopping.Token);
            try
            {
                await connection.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                // Someone subscribed.
            }
        }
    }

    private void Deliver(string channel, Notice notice)
    {
        lock (gate)
        {
            foreach (var subscription in channels.GetValueOrDefault(channel) ?? [])
                subscription.Offer(notice);
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "Lost the listening connection ({Reason}); trying again in {Delay}")]
    private partial void LogLost(string reason, TimeSpan delay);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Information, Message = "The listening connection is back; subscribers were told of the gap")]
    private partial void LogRestored();
}

/// <summary>One subscriber's queue of notices.</summary>
public sealed class ListenSubscription : IDisposable
{
    internal static readonly Notice Gap = new("", IsGap: true);
    private const int QueueLength = 1024;
    private readonly ListenHub hub;
    private readonly Channel<Notice> queue = System.Threading.Channels.Channel.CreateBounded<Notice>(QueueLength);
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int hasMissed;

    internal ListenSubscription(ListenHub hub, string channel)
    {
        this.hub = hub;
        Channel = channel;
    }

    /// <summary>The channel's name.</summary>
    public string Channel { get; }

    /// <summary>Completes once the server listens: everything that is notified after it arrives.</summary>
    public Task Ready => ready.Task;

    /// <summary>The notices as they come, until the subscription or the hub is disposed.</summary>
    public async IAsyncEnumerable<Notice> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await queue.Reader.WaitToReadAsync(cancellationToken))
            yield return Take();
    }

    /// <summary>The next notice. Throws <see cref="ChannelClosedException"/> when there will be none.</summary>
    public async Task<Notice> ReadAsync(CancellationToken cancellationToken) =>
        await queue.Reader.WaitToReadAsync(cancellationToken) ? Take() : throw new ChannelClosedException();

    /// <inheritdoc/>
    public void Dispose()
    {
        hub.Remove(this);
        Complete();
    }

    internal void MarkReady() => ready.TrySetResult();

    internal void Offer(Notice notice)
    {
        // A slow reader must not hold up the others: what does not fit becomes a gap.
        if (!queue.Writer.TryWrite(notice))
            Interlocked.Exchange(ref hasMissed, 1);
    }

    /// <summary>One reader only, which has just been told that there is something to read.</summary>
    private Notice Take()
    {
        if (Interlocked.Exchange(ref hasMissed, 0) == 1)
        {
            // What is still queued is older than what was missed, and reading the state anew covers it.
            while (queue.Reader.TryRead(out _))
            {
            }

            return Gap;
        }

        return queue.Reader.TryRead(out var notice) ? notice : Gap;
    }

    internal void Complete()
    {
        ready.TrySetCanceled();
        queue.Writer.TryComplete();
    }
}
