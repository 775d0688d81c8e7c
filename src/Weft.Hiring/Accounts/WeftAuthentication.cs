using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Weft.Hiring.Accounts;

/// <summary>
/// Finds out who makes a request: an API key in <c>Authorization: Bearer</c> or <c>X-API-Key</c>, else the session cookie.
/// A request that changes something with a cookie must show that it does not come from another site.
/// </summary>
internal sealed class WeftAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, Sessions sessions, LocalKey localKey) :
    AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    public const string SchemeName = "weft";
    private const int MaxSecretLength = 200;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What is open to everybody asks for nobody: liveness must not depend on the database.
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null) return AuthenticateResult.NoResult();
        SignedIn? caller;
        if (ApiKey() is { } key)
        {
            caller = localKey.Is(key) ? SignedIn.LocalOperator
                : key.Length > MaxSecretLength ? null
                : await sessions.FindByKeyAsync(key, Context.RequestAborted);
        }
        else if (Request.Cookies[Sessions.CookieName] is { Length: > 0 and <= MaxSecretLength } token)
        {
            if (!IsSafe(Request.Method) && !IsSameSite(Request)) throw Problems.CrossSite.Thrown();
            caller = await sessions.FindAsync(token, Context.RequestAborted);
        }
        else
        {
            return AuthenticateResult.NoResult();
        }
        if (caller is null) return AuthenticateResult.Fail("The session or key is not valid.");

        Context.Features.Set(caller);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.UserId.ToString())], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Problems.SignedOut.With().ExecuteAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Problems.Forbidden.With().ExecuteAsync(Context);

    private string? ApiKey()
    {
        if (Request.Headers["X-API-Key"].ToString() is { Length: > 0 } header) return header;
        var authorization = Request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization["Bearer ".Length..].Trim() : null;
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    // A page of another site can neither set a header of its own without the browser asking us first, nor forge Sec-Fetch-Site.
    internal static bool IsSameSite(HttpRequest request) =>
        request.Headers.ContainsKey("X-Weft-Csrf") || request.Headers["Sec-Fetch-Site"] == "same-origin";
}

/// <summary>The key of the command line beside the data folder, made anew at each start and written where only the owner reads.</summary>
public sealed class LocalKey
{
    private readonly byte[] _hash;

    public LocalKey()
    {
        Value = SessionToken.Create("weft_local_");
        _hash = SessionToken.Hash(Value);
    }

    /// <summary>The secret itself.</summary>
    public string Value { get; }

    internal bool Is(string key) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(key)), _hash);
}
