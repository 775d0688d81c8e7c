using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Hiring.Realtime;

/// <summary>
/// What can be watched: a name, and the statement that keeps of <c>@Ids</c> those rows which the caller may see. It runs as
/// the caller, so row-level security decides.
/// </summary>
public sealed record RealtimeTopic(string Name, string VisibleRows);

/// <summary>One stream of server-sent events for all tabs of a browser.</summary>
public static class RealtimeEndpoints
{
    private const int MostAtOnce = 200;

    /// <summary>How long one check's worth of changes is gathered: a burst is one question to the database.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    /// <summary>The browser comes back by itself; who was signed out meanwhile does not get in again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static IServiceCollection AddRealtime(this IServiceCollection services)
    {
        services.AddSingleton<ChangeHub>();
        services.AddHostedService<ChangeRelay>();
        return services;
    }

    /// <summary>Makes a topic watchable; publish its changes with <see cref="ChangeHub.Publish"/>.</summary>
    public static IServiceCollection AddRealtimeTopic(this IServiceCollection services, string name, string visibleRows) =>
        services.AddSingleton(new RealtimeTopic(name, visibleRows));

    public static void MapRealtime(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/realtime", StreamAsync).WithTags("realtime")
            .WithSummary("Server-sent events `change {topic, id}` of rows one may see; `reset` says that some were missed").Produces<string>(contentType: "text/event-stream");

    private static async Task StreamAsync(
        string? topics, HttpContext context, SignedIn caller, ChangeHub hub, IEnumerable<RealtimeTopic> known, WeftDatabase database,
        IHostApplicationLifetime lifetime, TimeProvider time, CancellationToken cancellationToken)
    {
        var byName = known.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var wanted = string.IsNullOrEmpty(topics) ? [.. byName.Keys] : topics.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
        if (wanted.FirstOrDefault(t => !byName.ContainsKey(t)) is { } unknown)
        {
            throw Problems.MalformedRequest.Thrown($"There is no topic '{unknown}'. Known: {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}.");
        }
        var lastEventId = context.Request.Headers["Last-Event-ID"].ToString();
        using var subscription = hub.Subscribe(wanted, lastEventId.Length == 0 ? null : lastEventId);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        end.CancelAfter(Longest);
        try
        {
            var stream = await EventStream.BeginAsync(context, end.Token);
            await stream.MarkAsync(subscription.Position, end.Token);
            await stream.FlushAsync(end.Token);
            while (!end.IsCancellationRequested)
            {
                if (subscription.TakeLoss()) await stream.SendAsync("reset", "{}", end.Token);
                if (await HasChangesAsync(subscription, time, end.Token))
                {
                    await Task.Delay(Gather, time, end.Token);
                    await SendAsync(stream, hub, subscription, byName, caller, database, end.Token);
                }
                else
                {
                    await stream.BeatAsync(end.Token);
                }
                await stream.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The browser left, the node stops, or it is time to come back.
        }
    }

    private static async Task<bool> HasChangesAsync(ChangeSubscription subscription, TimeProvider time, CancellationToken cancellationToken)
    {
        using var beat = new CancellationTokenSource(EventStream.Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, beat.Token);
        try
        {
            return await subscription.Changes.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (beat.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task SendAsync(
        EventStream stream, ChangeHub hub, ChangeSubscription subscription, Dictionary<string, RealtimeTopic> topics, SignedIn caller, WeftDatabase database,
        CancellationToken cancellationToken)
    {
        // Many changes of one row are one: its last number is what a resumed stream goes on from.
        var latest = new Dictionary<Change, long>();
        var last = 0L;
        for (var i = 0; i < MostAtOnce && subscription.Changes.TryRead(out var change); i++) latest[change.Change] = last = change.Number;

        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var visible = new List<Change>();
        foreach (var topic in latest.Keys.GroupBy(c => c.Topic))
        {
            var ids = await scope.Connection.QueryAsync<Guid>(new CommandDefinition(
                topics[topic.Key].VisibleRows, new { Ids = topic.Select(c => c.Id).ToArray() }, scope.Transaction, cancellationToken: cancellationToken));
            visible.AddRange(ids.Select(id => new Change(topic.Key, id)));
        }
        // The place moves on after the whole batch only: a stream cut within it sends the batch again.
        foreach (var change in visible)
            await stream.SendAsync("change", JsonSerializer.Serialize(new { topic = change.Topic, id = change.Id }), cancellationToken);
        await stream.MarkAsync($"{hub.Epoch}.{last}", cancellationToken);
    }
}
