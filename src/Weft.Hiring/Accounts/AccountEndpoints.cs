using System.ComponentModel.DataAnnotations;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>Signing up, in and out, and a person's own sessions.</summary>
public static class AccountEndpoints
{
    public const string SignInLimit = "sign-in";
    public const string SignUpLimit = "sign-up";

    [Sql(DatabaseRole.App)]
    private const string ListSessions = """
        select id, host(ip_address) as ip_address, user_agent, created_at, last_used_at, expires_at
        from auth.session where expires_at > now() and (@After::uuid is null or id < @After) order by id desc limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string EndSession = "delete from auth.session where id = @Id";

    [Sql(DatabaseRole.App)]
    private const string EndOtherSessions = "delete from auth.session where user_id = weft.caller_user_id() and id is distinct from @Current::uuid";

    // The hash of a password that nobody has: an unknown address must take as long to refuse as a wrong password.
    private static readonly User Nobody = new() { Id = Guid.Empty, Email = "", Name = "", Role = UserRole.JobSeeker, WorkspaceId = Guid.Empty };
    private static readonly string NobodysHash = new PasswordHasher<User>().HashPassword(Nobody, SessionToken.Create());

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var auth = routes.MapGroup("/api/auth").WithTags("accounts");
        auth.MapPost("/sign-up", SignUpAsync).AllowAnonymous().RequireRateLimiting(SignUpLimit).WithSummary("Create an account and sign in");
        auth.MapPost("/sign-in", SignInAsync).AllowAnonymous().RequireRateLimiting(SignInLimit).WithSummary("Sign in with e-mail and password");
        auth.MapPost("/sign-out", SignOutAsync).AllowAnonymous().WithSummary("End this browser's session");
        auth.MapGet("/me", Me).WithSummary("Who is signed in");
        auth.MapGet("/sessions", SessionsAsync).WithSummary("One's own sessions, newest first");
        auth.MapDelete("/sessions/{id:guid}", EndSessionAsync).WithSummary("End one of one's own sessions");
        auth.MapDelete("/sessions", EndOtherSessionsAsync).WithSummary("End all of one's sessions but this one");
    }

    private static async Task<Results<Created<UserView>, ProblemResult>> SignUpAsync(
        SignUpRequest body, HttpContext context, UserManager<User> users, Sessions sessions, CancellationToken cancellationToken)
    {
        RefuseOtherSites(context);
        var (user, problem) = await CreateAsync(body, users);
        if (problem is not null) return problem;
        await sessions.OpenAsync(user!, context, cancellationToken);
        return TypedResults.Created("/api/auth/me", user!.ToView());
    }

    /// <summary>Creates the person with a workspace; used by the sign-up and by an operator's <c>weft user create</c>.</summary>
    internal static async Task<(User? User, ProblemResult? Problem)> CreateAsync(SignUpRequest body, UserManager<User> users)
    {
        var check = new RequestCheck();
        var email = check.Email("email", body.Email);
        var name = check.Text("name", body.Name, max: 200);
        check.That(name.All(c => !char.IsControl(c)), "name", "This must not hold control characters.");
        check.That(UserRoles.TryParse(body.Role, out var role), "role", "This must be job_seeker or recruiter.");
        check.That(body.Password is { Length: <= 256 }, "password", body.Password is null ? "This is required." : "This must have at most 256 characters.");
        if (check.Problem is { } invalid) return (null, invalid);

        var user = new User { Id = Guid.CreateVersion7(), Email = email, Name = name, Role = role, WorkspaceId = Guid.CreateVersion7() };
        var result = await users.CreateAsync(user, body.Password!);
        if (result.Succeeded) return (user, null);
        if (result.Errors.Any(e => e.Code is nameof(IdentityErrorDescriber.DuplicateEmail) or nameof(IdentityErrorDescriber.DuplicateUserName)))
        {
            return (null, Problems.EmailTaken.With(errors: [new FieldError("email", "There is an account with this address already: sign in with it.")]));
        }
        return (null, Problems.Invalid.With(errors: PasswordErrors(result)));
    }

    internal static List<FieldError> PasswordErrors(IdentityResult result) => [.. result.Errors.Select(e => new FieldError("password", e.Description))];

    private static async Task<Results<Ok<UserView>, ProblemResult>> SignInAsync(
        SignInRequest body, HttpContext context, UserManager<User> users, Sessions sessions, TimeProvider time, CancellationToken cancellationToken)
    {
        RefuseOtherSites(context);
        var check = new RequestCheck();
        var email = check.Text("email", body.Email, max: 254);
        check.That(body.Password is { Length: > 0 and <= 256 }, "password", "This is required.");
        if (check.Problem is { } problem) return problem;

        var user = await users.FindByEmailAsync(email);
        if (user?.PasswordHash is null)
        {
            users.PasswordHasher.VerifyHashedPassword(Nobody, NobodysHash, body.Password!);
            return Problems.WrongCredentials.With();
        }
        if (await users.IsLockedOutAsync(user)) return Locked(user, time);
        if (!await users.CheckPasswordAsync(user, body.Password!))
        {
            await users.AccessFailedAsync(user);
            return await users.IsLockedOutAsync(user) ? Locked(user, time) : Problems.WrongCredentials.With();
        }
        if (user.AccessFailedCount > 0) await users.ResetAccessFailedCountAsync(user);
        await sessions.OpenAsync(user, context, cancellationToken);
        return TypedResults.Ok(user.ToView());
    }

    private static ProblemResult Locked(User user, TimeProvider time) => Problems.AccountLocked.With(retryAfter: user.LockoutEnd - time.GetUtcNow());

    private static async Task<NoContent> SignOutAsync(HttpContext context, Sessions sessions, CancellationToken cancellationToken)
    {
        await sessions.CloseAsync(context, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Ok<UserView> Me(SignedIn caller, HttpContext context, IOptions<AccountOptions> options)
    {
        // The browser asks this at each start: its cookie is renewed with the session's own expiry.
        if (caller.SessionId is not null && context.Request.Cookies[Sessions.CookieName] is { } token)
            Sessions.SetCookie(context, token, options.Value.SessionLifetime);
        var (userId, workspaceId) = caller.Person;
        return TypedResults.Ok(new UserView(userId, caller.Email, caller.Name, caller.Role!.Value, caller.EmailVerified, workspaceId, caller.IsOperator));
    }

    private static async Task<Ok<Page<SessionView>>> SessionsAsync(
        [AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<SessionRow>(new CommandDefinition(
            ListSessions, new { After = Cursor.ReadId(page.Cursor), Limit = page.Size + 1 }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(
            [.. rows.Select(r => new SessionView(r.Id, r.IpAddress, r.UserAgent, r.CreatedAt, r.LastUsedAt, r.ExpiresAt, r.Id == caller.SessionId))],
            page.Size, s => [s.Id]));
    }

    private static async Task<Results<NoContent, ProblemResult>> EndSessionAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var ended = await scope.Connection.ExecuteAsync(new CommandDefinition(EndSession, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return ended == 0 ? Problems.NotFound.With() : TypedResults.NoContent();
    }

    private static async Task<NoContent> EndOtherSessionsAsync(SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        await scope.Connection.ExecuteAsync(new CommandDefinition(
            EndOtherSessions, new { Current = caller.SessionId }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    // There is no session yet that could be ridden, but another site must not sign its visitor in as somebody else.
    private static void RefuseOtherSites(HttpContext context)
    {
        if (context.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" && !WeftAuthentication.IsSameSite(context.Request))
            throw Problems.CrossSite.Thrown();
    }

    internal static UserView ToView(this User user) => new(user.Id, user.Email, user.Name, user.Role, user.EmailVerified, user.WorkspaceId, user.IsOperator);

    private sealed record SessionRow(Guid Id, string? IpAddress, string? UserAgent, DateTime CreatedAt, DateTime LastUsedAt, DateTime ExpiresAt);
}

/// <summary>Who signs up: <c>role</c> is <c>job_seeker</c> or <c>recruiter</c>.</summary>
public sealed record SignUpRequest([property: Required] string? Email, [property: Required] string? Password, [property: Required] string? Name, [property: Required] string? Role);

/// <summary>Who signs in.</summary>
public sealed record SignInRequest([property: Required] string? Email, [property: Required] string? Password);

/// <summary>One of a person's sessions.</summary>
public sealed record SessionView(Guid Id, string? IpAddress, string? UserAgent, DateTime CreatedAt, DateTime LastUsedAt, DateTime ExpiresAt, bool Current);
