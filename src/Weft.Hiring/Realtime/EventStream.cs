using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Weft.Hiring.Realtime;

/// <summary>Writes server-sent events to a browser.</summary>
public sealed class EventStream
{
    /// <summary>How often a silent stream says that it is alive, so that no proxy closes it.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly HttpResponse _response;

    private EventStream(HttpResponse response) => _response = response;

    /// <summary>Begins the answer.</summary>
    public static async Task<EventStream> BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        // Some proxies gather what they pass on unless they are told not to.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.WriteAsync("retry: 2000\n\n", cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
        return new EventStream(context.Response);
    }

    /// <summary>One event; <paramref name="json"/> is one line.</summary>
    public Task SendAsync(string name, string json, CancellationToken cancellationToken) => _response.WriteAsync($"event: {name}\ndata: {json}\n\n", cancellationToken);

    /// <summary>Where a stream that is cut now goes on from.</summary>
    public Task MarkAsync(string lastEventId, CancellationToken cancellationToken) => _response.WriteAsync($"id: {lastEventId}\n\n", cancellationToken);

    /// <summary>A comment, which browsers ignore.</summary>
    public Task BeatAsync(CancellationToken cancellationToken) => _response.WriteAsync(": still here\n\n", cancellationToken);

    /// <summary>Sends what was written on its way.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _response.Body.FlushAsync(cancellationToken);
}
