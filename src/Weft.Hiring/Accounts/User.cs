namespace Weft.Hiring.Accounts;

/// <summary>What a person came for; decides what they see first, not what they may do.</summary>
public enum UserRole
{
    JobSeeker,
    Recruiter,
}

/// <summary>A person as ASP.NET Core Identity handles them while they sign up or in: who they are and their password's state.</summary>
public sealed class User
{
    public required Guid Id { get; init; }
    public required string Email { get; init; }
    public required string Name { get; init; }
    public required UserRole Role { get; init; }
    public required Guid WorkspaceId { get; init; }
    public bool IsOperator { get; set; }
    public bool EmailVerified { get; init; }
    public string? PasswordHash { get; set; }
    public string? SecurityStamp { get; set; }
    public int AccessFailedCount { get; set; }
    public bool ResetAccessFailedCount { get; set; }
    public DateTimeOffset? LockoutEnd { get; set; }

    /// <summary>What was read, so that only a change is written: another request may have changed it since.</summary>
    public string? StoredPasswordHash { get; init; }
    public string? StoredSecurityStamp { get; init; }
}

/// <summary>A person as the API shows them.</summary>
public sealed record UserView(Guid Id, string Email, string Name, UserRole Role, bool EmailVerified, Guid WorkspaceId, bool IsOperator);

/// <summary>How the words of the database and the API (<c>job_seeker</c>) and those of C# (<c>JobSeeker</c>) meet.</summary>
internal static class UserRoles
{
    public static string ToText(this UserRole role) => role == UserRole.JobSeeker ? "job_seeker" : "recruiter";

    public static UserRole Parse(string text) => text == "job_seeker" ? UserRole.JobSeeker : UserRole.Recruiter;

    public static bool TryParse(string? text, out UserRole role)
    {
        role = text == "recruiter" ? UserRole.Recruiter : UserRole.JobSeeker;
        return text is "job_seeker" or "recruiter";
    }
}
