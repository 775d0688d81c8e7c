using System.ComponentModel.DataAnnotations;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>A person's API keys: made, listed and ended by the person; the key itself is shown once.</summary>
public static class ApiKeyEndpoints
{
    internal const string KeyPrefix = "weft_";

    [Sql(DatabaseRole.App)]
    private const string ListKeys = """
        select id, name, prefix, created_at, last_used_at, expires_at
        from auth.api_key where @After::uuid is null or id < @After order by id desc limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string EndKey = "delete from auth.api_key where id = @Id";

    [Sql(DatabaseRole.App)]
    internal const string CreateKey = "select auth.create_api_key(@Id, @UserId, @Name, @Prefix, @Hash, @ExpiresAt)";

    public static void MapApiKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/api-keys").WithTags("accounts");
        keys.MapGet("", ListAsync).WithSummary("One's own API keys, newest first");
        keys.MapPost("", AddAsync).WithSummary("Make an API key; the answer shows it once");
        keys.MapDelete("/{id:guid}", EndAsync).WithSummary("End an API key");
    }

    private static async Task<Ok<Page<ApiKeyView>>> ListAsync(
        [AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<ApiKeyView>(new CommandDefinition(
            ListKeys, new { After = Cursor.ReadId(page.Cursor), Limit = page.Size + 1 }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(rows, page.Size, k => [k.Id]));
    }

    private static async Task<Results<Created<NewApiKey>, ProblemResult>> AddAsync(
        ApiKeyRequest body, SignedIn caller, WeftDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        var (userId, _) = caller.Person;
        var check = new RequestCheck();
        var name = check.Text("name", body.Name, max: 100);
        check.That(body.ExpiresAt is null || body.ExpiresAt > time.GetUtcNow(), "expires_at", "This must be in the future.");
        if (check.Problem is { } problem) return problem;
        var key = await CreateAsync(database, caller, userId, name, body.ExpiresAt, cancellationToken);
        return TypedResults.Created($"/api/api-keys/{key!.Id}", key);
    }

    /// <summary>Makes a key for a person; null when there is no such person. The database checks that the caller may.</summary>
    internal static async Task<NewApiKey?> CreateAsync(
        WeftDatabase database, SignedIn caller, Guid userId, string name, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var key = SessionToken.Create(KeyPrefix);
        var made = new NewApiKey(Guid.CreateVersion7(), name, key[..(KeyPrefix.Length + 6)], key, expiresAt);
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var found = await scope.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(CreateKey, new
        {
            made.Id,
            UserId = userId,
            made.Name,
            made.Prefix,
            Hash = SessionToken.Hash(key),
            ExpiresAt = expiresAt?.UtcDateTime,
        }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return found ? made : null;
    }

    private static async Task<Results<NoContent, ProblemResult>> EndAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var ended = await scope.Connection.ExecuteAsync(new CommandDefinition(EndKey, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return ended == 0 ? Problems.NotFound.With() : TypedResults.NoContent();
    }
}

public sealed record ApiKeyRequest([property: Required] string? Name, DateTimeOffset? ExpiresAt);

/// <summary>A key as listed: enough of it to tell it from others.</summary>
public sealed record ApiKeyView(Guid Id, string Name, string Prefix, DateTime CreatedAt, DateTime? LastUsedAt, DateTime? ExpiresAt);

/// <summary>A key just made, with the secret that is never shown again.</summary>
public sealed record NewApiKey(Guid Id, string Name, string Prefix, string Key, DateTimeOffset? ExpiresAt);
