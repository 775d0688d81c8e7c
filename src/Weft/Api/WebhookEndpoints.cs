using Microsoft.AspNetCore.Http.HttpResults;
using Weft.Engine;
using Weft.Hiring;

namespace Weft.Api;

/// <summary>Webhooks, at the addresses that Kestra's clients use. The key in the address is the right to start the flow.</summary>
internal static class WebhookEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Post, HttpMethods.Get, HttpMethods.Put];

    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in new[] { "/api/v1", "/api/v1/main" })
        {
            routes.MapMethods($"{prefix}/executions/webhook/{{ns}}/{{flow}}/{{key}}", Methods, StartAsync).AllowAnonymous().WithTags("webhooks")
                .WithSummary("Start a flow by its webhook; the fields of a JSON body reach the inputs of the same name");
        }
    }

    private static async Task<Results<Ok<WebhookStarted>, ProblemResult>> StartAsync(
        string ns, string flow, string key, HttpRequest request, FlowEngine engine, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        var started = await engine.StartByWebhookAsync(ns, flow, key, new WebhookRequest
        {
            Body = body.ToArray(),
            ContentType = request.ContentType,
            Headers = request.Headers.ToDictionary(h => h.Key, h => (IReadOnlyList<string>)[.. h.Value.Select(v => v ?? "")], StringComparer.OrdinalIgnoreCase),
            Parameters = request.Query.ToDictionary(q => q.Key, q => (IReadOnlyList<string>)[.. q.Value.Select(v => v ?? "")], StringComparer.Ordinal),
        }, cancellationToken);
        return started is null
            ? Problems.WebhookNotFound.With()
            : TypedResults.Ok(new WebhookStarted(started.Id, ns, flow, "pending", started.CreatedAt));
    }
}

internal sealed record WebhookStarted(Guid Id, string Namespace, string FlowId, string Status, DateTimeOffset CreatedAt);
