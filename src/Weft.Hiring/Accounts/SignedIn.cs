using Microsoft.AspNetCore.Http;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>
/// Who makes the request. A handler that takes one as a parameter is only reached by somebody signed in: every address asks
/// for it unless it says <c>AllowAnonymous</c>.
/// </summary>
public sealed record SignedIn(Guid UserId, Guid? WorkspaceId, string Email, string Name, UserRole? Role, bool EmailVerified, bool IsOperator)
{
    /// <summary>
    /// Stands for whoever owns the machine: the command line beside the data folder, which could read the database's files
    /// anyway. No session and no key of a person ever leads to it.
    /// </summary>
    public static readonly SignedIn LocalOperator = new(Guid.Empty, null, "", "Local operator", null, EmailVerified: true, IsOperator: true);

    /// <summary>The session that was used, or null with an API key.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The identity that row-level security decides by.</summary>
    public Caller Caller => new(UserId, WorkspaceId);

    /// <summary>The person, or null for the local operator, who is none: for what is stored with a person's id.</summary>
    public Guid? PersonId => UserId == Guid.Empty ? null : UserId;

    /// <summary>The person's id and workspace, for what only a person can do.</summary>
    public (Guid UserId, Guid WorkspaceId) Person =>
        PersonId is { } user && WorkspaceId is { } workspace ? (user, workspace) : throw Problems.Forbidden.Thrown("This is for people: sign in as one.");

    /// <summary>Refuses everybody but operators.</summary>
    public void MustBeOperator()
    {
        if (!IsOperator) throw Problems.Forbidden.Thrown("Only an operator may do this.");
    }

    /// <summary>Binds the parameter of a handler.</summary>
    public static ValueTask<SignedIn?> BindAsync(HttpContext context) =>
        ValueTask.FromResult<SignedIn?>(context.Features.Get<SignedIn>() ?? throw Problems.SignedOut.Thrown());
}
