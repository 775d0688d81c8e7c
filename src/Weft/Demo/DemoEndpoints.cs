using Dapper;
using Microsoft.AspNetCore.Http.HttpResults;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Demo;

/// <summary>How many people left with the demonstration world.</summary>
internal sealed record DemoRemoved(int People);

/// <summary>Takes the demonstration world away again; <c>weft up --demo</c> makes it.</summary>
internal static class DemoEndpoints
{
    [Sql(DatabaseRole.App)]
    private const string RemoveDemo = "select hiring.remove_demo()";

    public static void MapDemo(this IEndpointRouteBuilder routes) =>
        routes.MapDelete("/api/demo", RemoveAsync).WithTags("administration")
            .WithSummary("Remove the demonstration world with everything that came of it (operators)");

    private static async Task<Ok<DemoRemoved>> RemoveAsync(SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        caller.MustBeOperator();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var people = await scope.Connection.ExecuteScalarAsync<int>(new CommandDefinition(RemoveDemo, transaction: scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return TypedResults.Ok(new DemoRemoved(people));
    }
}
