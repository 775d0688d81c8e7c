using Npgsql;
using Weft.Hiring;
using Weft.Postgres;

namespace Weft.Hosting;

/// <summary>Whether the process lives, whether it can serve, and its metrics.</summary>
internal static class Health
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    [Sql(DatabaseRole.App)]
    private const string Probe = "select 1";

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("health").AllowAnonymous();
        group.MapGet("/health/live", () => TypedResults.Ok(new HealthView("live"))).WithSummary("The process answers");
        group.MapGet("/health/ready", ReadyAsync).WithSummary("The database answers and requests can be served");
        group.MapGet("/metrics", (MetricsText metrics) => Results.Text(metrics.Print(), "text/plain; version=0.0.4; charset=utf-8"))
            .WithSummary("Metrics in Prometheus' text format").Produces<string>(contentType: "text/plain");
    }

    private static async Task<IResult> ReadyAsync(WeftDatabase database, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await using var command = database.App.CreateCommand(Probe);
            await command.ExecuteScalarAsync(deadline.Token);
            return TypedResults.Ok(new HealthView("ready"));
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or TimeoutException or System.Net.Sockets.SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Problems.DatabaseUnavailable.With(retryAfter: Patience);
        }
    }
}

internal sealed record HealthView(string Status);
