using System.ComponentModel.DataAnnotations;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>What an operator does with people's accounts: behind <c>weft user</c> and <c>weft key</c>.</summary>
public static class UserAdministration
{
    [Sql(DatabaseRole.App)]
    private const string ListUsers = """
        select id, email, name, role, email_verified, workspace_id, is_operator, created_at
        from auth."user" where @After::uuid is null or id < @After order by id desc limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string GrantOperator = "select auth.grant_operator(@UserId, @Operator)";

    [Sql(DatabaseRole.App)]
    private const string EndSessions = "select auth.end_sessions(@UserId)";

    public static void MapUserAdministration(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/api/users").WithTags("administration");
        users.MapGet("", ListAsync).WithSummary("All people, newest first (operators)");
        users.MapPost("", CreateAsync).WithSummary("Create an account for somebody (operators)");
        users.MapPost("/reset-password", ResetPasswordAsync).WithSummary("Set a new password and end all sessions of a person (operators)");
        users.MapPost("/grant", GrantAsync).WithSummary("Make a person an operator, or take it away (operators)");
        users.MapPost("/api-key", CreateKeyAsync).WithSummary("Make an API key for a person; the answer shows it once (operators)");
    }

    private static async Task<Ok<Page<PersonView>>> ListAsync(
        [AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        caller.MustBeOperator();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<PersonView>(new CommandDefinition(
            ListUsers, new { After = Cursor.ReadId(page.Cursor), Limit = page.Size + 1 }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(rows, page.Size, u => [u.Id]));
    }

    private static async Task<Results<Created<UserView>, ProblemResult>> CreateAsync(SignUpRequest body, SignedIn caller, UserManager<User> users)
    {
        caller.MustBeOperator();
        var (user, problem) = await AccountEndpoints.CreateAsync(body, users);
        return problem is not null ? problem : TypedResults.Created("/api/users", user!.ToView());
    }

    private static async Task<Results<NoContent, ProblemResult>> ResetPasswordAsync(
        ResetPasswordRequest body, SignedIn caller, UserManager<User> users, WeftDatabase database, CancellationToken cancellationToken)
    {
        caller.MustBeOperator();
        if (await users.FindByEmailAsync(body.Email ?? "") is not { PasswordHash: not null } user) return NoSuchPerson();
        foreach (var validator in users.PasswordValidators)
        {
            var valid = await validator.ValidateAsync(users, user, body.Password);
            if (!valid.Succeeded) return Problems.Invalid.With(errors: AccountEndpoints.PasswordErrors(valid));
        }
        user.PasswordHash = users.PasswordHasher.HashPassword(user, body.Password!);
        user.LockoutEnd = null;
        await users.ResetAccessFailedCountAsync(user);
        await users.UpdateSecurityStampAsync(user);
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        await scope.Connection.ExecuteAsync(new CommandDefinition(EndSessions, new { UserId = user.Id }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemResult>> GrantAsync(
        GrantRequest body, SignedIn caller, UserManager<User> users, WeftDatabase database, CancellationToken cancellationToken)
    {
        caller.MustBeOperator();
        if (await users.FindByEmailAsync(body.Email ?? "") is not { } user) return NoSuchPerson();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        await scope.Connection.ExecuteAsync(new CommandDefinition(
            GrantOperator, new { UserId = user.Id, Operator = body.Operator ?? true }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Created<NewApiKey>, ProblemResult>> CreateKeyAsync(
        KeyForRequest body, SignedIn caller, UserManager<User> users, WeftDatabase database, CancellationToken cancellationToken)
    {
        caller.MustBeOperator();
        var check = new RequestCheck();
        var name = check.Text("name", body.Name, max: 100);
        if (check.Problem is { } problem) return problem;
        if (await users.FindByEmailAsync(body.Email ?? "") is not { } user) return NoSuchPerson();
        var key = await ApiKeyEndpoints.CreateAsync(database, caller, user.Id, name, null, cancellationToken);
        return key is null ? NoSuchPerson() : TypedResults.Created("/api/api-keys", key);
    }

    private static ProblemResult NoSuchPerson() => Problems.NotFound.With("There is no account with this e-mail address.");
}

public sealed record ResetPasswordRequest([property: Required] string? Email, [property: Required] string? Password);

public sealed record GrantRequest([property: Required] string? Email, bool? Operator);

public sealed record KeyForRequest([property: Required] string? Email, [property: Required] string? Name);

/// <summary>A person as operators see them.</summary>
public sealed record PersonView(Guid Id, string Email, string Name, string Role, bool EmailVerified, Guid WorkspaceId, bool IsOperator, DateTime CreatedAt);
