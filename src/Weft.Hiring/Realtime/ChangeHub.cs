using System.Buffers.Text;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace Weft.Hiring.Realtime;

/// <summary>"The row of this id changed": all that travels. Whoever may see the row reads it anew.</summary>
public readonly record struct Change(string Topic, Guid Id);

/// <summary>A change with its place in this node's order.</summary>
public readonly record struct NumberedChange(long Number, Change Change);

/// <summary>
/// Carries changes to everybody who watches: at once within this process, and through <see cref="ChangeRelay"/> to the other
/// nodes. Publish after the commit; publishing never waits. Nothing here is durable: who was away asks for what is now.
/// </summary>
public sealed class ChangeHub
{
    /// <summary>How many changes back a stream can resume.</summary>
    private const int Kept = 4096;

    /// <summary>How many changes one slow watcher may lag behind before it is told to read everything anew.</summary>
    private const int Backlog = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<NumberedChange> _recent = new(Kept);
    private readonly HashSet<ChangeSubscription> _subscriptions = [];
    private long _number;

    /// <summary>Tells this process's numbering from that of an earlier or another one.</summary>
    public string Epoch { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(6));

    /// <summary>Set by the relay: where changes of this node go besides.</summary>
    internal Action<Change>? Outgoing { get; set; }

    /// <summary>Tells everybody, on every node, that the row changed.</summary>
    public void Publish(string topic, Guid id)
    {
        var change = new Change(topic, id);
        Deliver(change);
        Outgoing?.Invoke(change);
    }

    /// <summary>Tells the watchers of this node.</summary>
    internal void Deliver(Change change)
    {
        lock (_gate)
        {
            var numbered = new NumberedChange(++_number, change);
            if (_recent.Count == Kept) _recent.Dequeue();
            _recent.Enqueue(numbered);
            foreach (var subscription in _subscriptions) subscription.Offer(numbered);
        }
    }

    /// <summary>
    /// Watches topics from now on, or from the change that <paramref name="lastEventId"/> names. When that is too long ago, or
    /// of another process, the subscription begins as one that lost something.
    /// </summary>
    public ChangeSubscription Subscribe(IReadOnlySet<string> topics, string? lastEventId)
    {
        lock (_gate)
        {
            var subscription = new ChangeSubscription(this, topics, Backlog) { Position = $"{Epoch}.{_number}" };
            if (lastEventId is not null)
            {
                if (Resume(subscription, lastEventId)) subscription.Position = lastEventId;
                else subscription.Lose();
            }
            _subscriptions.Add(subscription);
            return subscription;
        }
    }

    private bool Resume(ChangeSubscription subscription, string lastEventId)
    {
        var parts = lastEventId.Split('.', 2);
        if (parts.Length != 2 || parts[0] != Epoch || !long.TryParse(parts[1], out var last) || last > _number) return false;
        // The first number that is still kept; with none kept, only the very last place can be gone on from.
        var first = _recent.TryPeek(out var oldest) ? oldest.Number : _number + 1;
        if (last + 1 < first) return false;
        foreach (var change in _recent)
        {
            if (change.Number > last) subscription.Offer(change);
        }
        return true;
    }

    /// <summary>Changes of other nodes may have been missed.</summary>
    internal void LoseAll()
    {
        lock (_gate)
        {
            // What came before cannot be resumed from either.
            _recent.Clear();
            _number++;
            foreach (var subscription in _subscriptions) subscription.Lose();
        }
    }

    internal void Remove(ChangeSubscription subscription)
    {
        lock (_gate) _subscriptions.Remove(subscription);
    }
}

/// <summary>One watcher's share of the changes. Dispose it when the watcher leaves.</summary>
public sealed class ChangeSubscription : IDisposable
{
    private readonly ChangeHub _hub;
    private readonly IReadOnlySet<string> _topics;
    private readonly Channel<NumberedChange> _changes;
    private int _lost;

    internal ChangeSubscription(ChangeHub hub, IReadOnlySet<string> topics, int backlog)
    {
        (_hub, _topics) = (hub, topics);
        _changes = Channel.CreateBounded<NumberedChange>(new BoundedChannelOptions(backlog) { SingleReader = true });
    }

    /// <summary>The place that this subscription begins after, as a <c>Last-Event-ID</c>.</summary>
    public string Position { get; internal set; } = "";

    public ChannelReader<NumberedChange> Changes => _changes.Reader;

    /// <summary>True once after changes were lost: the watcher must read everything anew.</summary>
    public bool TakeLoss() => Interlocked.Exchange(ref _lost, 0) == 1;

    internal void Offer(NumberedChange change)
    {
        if (_topics.Contains(change.Change.Topic) && !_changes.Writer.TryWrite(change)) Lose();
    }

    internal void Lose() => Interlocked.Exchange(ref _lost, 1);

    public void Dispose() => _hub.Remove(this);
}
