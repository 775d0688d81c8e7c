using Dapper;
using Microsoft.AspNetCore.Identity;
using Npgsql;
using Weft.Postgres;

namespace Weft.Hiring.Accounts;

/// <summary>
/// Where ASP.NET Core Identity keeps people: nobody is signed in yet while it works, so everything here goes through the
/// listed definer functions of 0001_accounts.sql.
/// </summary>
internal sealed class UserStore(WeftDatabase database, IdentityErrorDescriber errors) :
    IUserPasswordStore<User>, IUserEmailStore<User>, IUserLockoutStore<User>, IUserSecurityStampStore<User>
{
    [Sql(DatabaseRole.App)]
    private const string SignUp = """
        select auth.sign_up(@Id, @WorkspaceId, @AccountId, @Email, @Name, @Role, @PasswordHash, @SecurityStamp)
        """;

    [Sql(DatabaseRole.App)]
    private const string FindCredentials = """
        select id, email, name, role, is_operator, email_verified, workspace_id, password_hash, security_stamp, access_failed_count, lockout_end
        from auth.find_credentials(@Email, @Id::uuid)
        """;

    [Sql(DatabaseRole.App)]
    private const string CountFailedSignIn = "select auth.count_failed_sign_in(@Id)";

    [Sql(DatabaseRole.App)]
    private const string SaveCredentials = "select auth.save_credentials(@Id, @PasswordHash, @SecurityStamp, @ResetAccessFailedCount, @LockoutEnd)";

    public async Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
            user.IsOperator = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(SignUp, new
            {
                user.Id,
                user.WorkspaceId,
                AccountId = Guid.CreateVersion7(),
                user.Email,
                user.Name,
                Role = user.Role.ToText(),
                user.PasswordHash,
                user.SecurityStamp,
            }, cancellationToken: cancellationToken));
            return IdentityResult.Success;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation && e.ConstraintName == "user_email_key")
        {
            return IdentityResult.Failed(errors.DuplicateEmail(user.Email));
        }
    }

    public async Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(SaveCredentials, new
        {
            user.Id,
            PasswordHash = user.PasswordHash == user.StoredPasswordHash ? null : user.PasswordHash,
            SecurityStamp = user.SecurityStamp == user.StoredSecurityStamp ? null : user.SecurityStamp,
            user.ResetAccessFailedCount,
            LockoutEnd = user.LockoutEnd?.UtcDateTime,
        }, cancellationToken: cancellationToken));
        user.ResetAccessFailedCount = false;
        return IdentityResult.Success;
    }

    /// <summary>People are removed with all that is theirs, which is a process of its own and not this store's.</summary>
    public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) ? FindAsync(null, id, cancellationToken) : Task.FromResult<User?>(null);

    public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => FindAsync(normalizedUserName, null, cancellationToken);

    public Task<User?> FindByEmailAsync(string normalizedEmail, CancellationToken cancellationToken) => FindAsync(normalizedEmail, null, cancellationToken);

    private async Task<User?> FindAsync(string? email, Guid? id, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<CredentialsRow>(
            new CommandDefinition(FindCredentials, new { Email = email, Id = id }, cancellationToken: cancellationToken));
        return row is null ? null : new User
        {
            Id = row.Id,
            Email = row.Email,
            Name = row.Name,
            Role = UserRoles.Parse(row.Role),
            IsOperator = row.IsOperator,
            EmailVerified = row.EmailVerified,
            WorkspaceId = row.WorkspaceId,
            PasswordHash = row.PasswordHash,
            StoredPasswordHash = row.PasswordHash,
            SecurityStamp = row.SecurityStamp,
            StoredSecurityStamp = row.SecurityStamp,
            AccessFailedCount = row.AccessFailedCount,
            LockoutEnd = row.LockoutEnd is { } end ? new DateTimeOffset(end, TimeSpan.Zero) : null,
        };
    }

    // Counted in the database: two wrong passwords at once must count as two.
    public async Task<int> IncrementAccessFailedCountAsync(User user, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        user.AccessFailedCount = await connection.ExecuteScalarAsync<int>(new CommandDefinition(CountFailedSignIn, new { user.Id }, cancellationToken: cancellationToken));
        return user.AccessFailedCount;
    }

    public Task ResetAccessFailedCountAsync(User user, CancellationToken cancellationToken)
    {
        user.AccessFailedCount = 0;
        user.ResetAccessFailedCount = true;
        return Task.CompletedTask;
    }

    public Task<int> GetAccessFailedCountAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.AccessFailedCount);

    public Task<bool> GetLockoutEnabledAsync(User user, CancellationToken cancellationToken) => Task.FromResult(true);

    public Task SetLockoutEnabledAsync(User user, bool enabled, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<DateTimeOffset?> GetLockoutEndDateAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.LockoutEnd);

    public Task SetLockoutEndDateAsync(User user, DateTimeOffset? lockoutEnd, CancellationToken cancellationToken)
    {
        user.LockoutEnd = lockoutEnd;
        return Task.CompletedTask;
    }

    public Task<string?> GetPasswordHashAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task<bool> HasPasswordAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task SetPasswordHashAsync(User user, string? passwordHash, CancellationToken cancellationToken)
    {
        user.PasswordHash = passwordHash;
        return Task.CompletedTask;
    }

    public Task<string?> GetSecurityStampAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.SecurityStamp);

    public Task SetSecurityStampAsync(User user, string stamp, CancellationToken cancellationToken)
    {
        user.SecurityStamp = stamp;
        return Task.CompletedTask;
    }

    // The address is the name, and the database compares it without case: Identity's normalized copies are not stored.
    public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<string?> GetEmailAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task SetEmailAsync(User user, string? email, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> GetEmailConfirmedAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.EmailVerified);

    public Task SetEmailConfirmedAsync(User user, bool confirmed, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<string?> GetNormalizedEmailAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task SetNormalizedEmailAsync(User user, string? normalizedEmail, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }

    private sealed record CredentialsRow(
        Guid Id, string Email, string Name, string Role, bool IsOperator, bool EmailVerified, Guid WorkspaceId,
        string? PasswordHash, string? SecurityStamp, int AccessFailedCount, DateTime? LockoutEnd);
}
