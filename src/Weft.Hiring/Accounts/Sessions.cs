using Dapper;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>Sessions and API keys before anybody is known: opening, finding and closing by the secret itself.</summary>
internal sealed class Sessions(WeftDatabase database, IOptions<AccountOptions> options, TimeProvider time)
{
    public const string CookieName = "weft_session";

    [Sql(DatabaseRole.App)]
    private const string OpenSession = "select auth.open_session(@Id, @UserId, @Hash, @Address::inet, @Agent, @ExpiresAt)";

    [Sql(DatabaseRole.App)]
    private const string FindSession = """
        select session_id, id, email, name, role, is_operator, email_verified, workspace_id from auth.find_session(@Hash, @Lifetime)
        """;

    [Sql(DatabaseRole.App)]
    private const string FindApiKey = """
        select session_id, id, email, name, role, is_operator, email_verified, workspace_id from auth.find_api_key(@Hash)
        """;

    [Sql(DatabaseRole.App)]
    private const string CloseSession = "select auth.close_session(@Hash)";

    /// <summary>Opens a session and hands its token to the browser, in a cookie that no script can read.</summary>
    public async Task OpenAsync(User user, HttpContext context, CancellationToken cancellationToken)
    {
        var token = SessionToken.Create();
        var expires = time.GetUtcNow() + options.Value.SessionLifetime;
        var agent = context.Request.Headers.UserAgent.ToString();
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(OpenSession, new
        {
            Id = Guid.CreateVersion7(),
            UserId = user.Id,
            Hash = SessionToken.Hash(token),
            Address = context.Connection.RemoteIpAddress?.ToString(),
            Agent = agent.Length > 400 ? agent[..400] : agent,
            ExpiresAt = expires.UtcDateTime,
        }, cancellationToken: cancellationToken));
        SetCookie(context, token, options.Value.SessionLifetime);
    }

    /// <summary>Who a session's token stands for, or null. Using it renews it.</summary>
    public Task<SignedIn?> FindAsync(string token, CancellationToken cancellationToken) =>
        LookUpAsync(FindSession, new { Hash = SessionToken.Hash(token), Lifetime = options.Value.SessionLifetime }, cancellationToken);

    /// <summary>Who an API key stands for, or null.</summary>
    public Task<SignedIn?> FindByKeyAsync(string key, CancellationToken cancellationToken) =>
        LookUpAsync(FindApiKey, new { Hash = SessionToken.Hash(key) }, cancellationToken);

    /// <summary>Ends the session of this browser, if it has one.</summary>
    public async Task CloseAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Cookies[CookieName] is { Length: > 0 } token)
        {
            await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
            await connection.ExecuteAsync(new CommandDefinition(CloseSession, new { Hash = SessionToken.Hash(token) }, cancellationToken: cancellationToken));
        }
        SetCookie(context, "", TimeSpan.Zero);
    }

    /// <summary>The browser's cookie lives as long as the session would unused; it is set anew at each use of the page.</summary>
    public static void SetCookie(HttpContext context, string token, TimeSpan lifetime) =>
        context.Response.Cookies.Append(CookieName, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            Path = "/",
            MaxAge = lifetime,
            IsEssential = true,
        });

    private async Task<SignedIn?> LookUpAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<PersonRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
        return row is null ? null : new SignedIn(row.Id, row.WorkspaceId, row.Email, row.Name, UserRoles.Parse(row.Role), row.EmailVerified, row.IsOperator)
        {
            SessionId = row.SessionId,
        };
    }

    private sealed record PersonRow(Guid? SessionId, Guid Id, string Email, string Name, string Role, bool IsOperator, bool EmailVerified, Guid WorkspaceId);
}
