using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Weft.Postgres.Server;

namespace Weft.Postgres;

/// <summary>
/// The four logins and their passwords. A role's password is derived from the administrator's, so every node that knows the
/// administrator's connection knows the roles' too, and none of them is ever written down.
/// </summary>
internal static class DatabaseRoles
{
    private const int ScramIterations = 4096;
    private const int SetUpAttempts = 10;
    private const long Lock = 0x57454654_00000001; // "WEFT", 1: setting up roles

    [Sql(DatabaseRole.Admin)]
    private const string DescribeAdmin = """
        select rolsuper, rolcreaterole,
               pg_has_role('pg_database_owner', 'usage') as owns_database,
               to_regrole('weft_admin') is not null as has_owner,
               case when to_regrole('weft_admin') is null then false else pg_has_role(to_regrole('weft_admin'), 'member') end as is_owner,
               to_regrole('weft_engine') is not null and to_regrole('weft_app') is not null and to_regrole('weft_flow') is not null as has_others,
               current_user::text as name,
               current_database()::text as database
        from pg_roles where rolname = current_user
        """;

    /// <summary>The server quotes names and values; it runs what it has written itself.</summary>
    [Sql(DatabaseRole.Admin)]
    private const string WriteLogin = """
        select format(
          case when to_regrole($1::text) is null then 'create' else 'alter' end
          || ' role %I with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit password %L', $1::text, $2::text)
        """;

    [Sql(DatabaseRole.Admin)]
    private const string WriteGrants = """
        select format(
          'grant connect, create, temporary on database %1$I to weft_admin;
           grant connect on database %1$I to weft_engine, weft_app, weft_flow;
           grant usage, create on schema public to weft_admin', current_database())
        """;

    /// <summary>
    /// Row-level security trusts the caller's settings, so the SQL of a workspace's flow must not be able to change them.
    /// Only a superuser may take this right from everyone; where Weft is not given one, the engine is told so.
    /// </summary>
    private const string ProtectIdentity = """
        revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
        grant execute on function pg_catalog.set_config(text, text, boolean) to weft_admin, weft_engine, weft_app
        """;

    public static string Name(DatabaseRole role) => role switch
    {
        DatabaseRole.Admin => "weft_admin",
        DatabaseRole.Engine => "weft_engine",
        DatabaseRole.App => "weft_app",
        DatabaseRole.Flow => "weft_flow",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, null),
    };

    /// <summary>What passwords are derived from: the administrator's password, else a key generated in the data folder.</summary>
    public static byte[] Key(NpgsqlConnectionStringBuilder admin, string? dataDirectory)
    {
        if (!string.IsNullOrEmpty(admin.Password))
            return Encoding.UTF8.GetBytes(admin.Password);
        if (dataDirectory is null)
            throw new DatabaseException(
                "database_key_missing",
                "The administrator's connection has no password, so there is nothing to derive the roles' passwords from.",
                "Give it one, name a data folder, or give the connections of engine, app and flow one by one.");
        var file = Path.Combine(dataDirectory, "roles.key");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(dataDirectory);
            SecretFile.Write(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        }

        return File.ReadAllBytes(file);
    }

    public static string Password(byte[] key, DatabaseRole role) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"weft role password 1: {Name(role)}")));

    /// <summary>
    /// Creates the missing roles, sets the passwords of all four when a login was refused, and grants them the database, as
    /// the given administrator. Returns the connection to own and migrate with, which is the administrator's own when it may
    /// not create roles.
    /// </summary>
    public static async Task<NpgsqlConnectionStringBuilder> EnsureAsync(
        NpgsqlConnectionStringBuilder admin, byte[] key, bool renewLogins, CancellationToken cancellationToken)
    {
        var own = new NpgsqlConnectionStringBuilder(admin.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(own.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        WeftDatabase.CheckVersion(connection);
        var facts = await DescribeAsync(connection, cancellationToken);
        if (!facts.IsSuperuser && !facts.MayCreateRoles)
            return OwnerByMembership(admin, facts);
        if (!facts.IsSuperuser && !facts.OwnsDatabase)
            throw new DatabaseException(
                "database_rights_missing",
                $"'{facts.Name}' neither is a superuser nor owns the database '{facts.Database}', so it cannot grant it to Weft's roles.",
                $"Run as a superuser: alter database \"{facts.Database}\" owner to \"{facts.Name}\".");

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await SetUpAsync(connection, key, facts, renewLogins || !facts.HasOwner || !facts.HasOthers, cancellationToken);
                return Login(admin, key, DatabaseRole.Admin);
            }
            catch (PostgresException e) when (attempt < SetUpAttempts && IsLostRace(e))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50 * attempt), cancellationToken);
            }
        }
    }

    private static async Task SetUpAsync(NpgsqlConnection connection, byte[] key, AdminFacts facts, bool renewLogins, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_xact_lock({Lock})", cancellationToken);
        if (renewLogins)
        {
            foreach (var role in Enum.GetValues<DatabaseRole>())
                await ExecuteAsync(connection, await WriteAsync(connection, WriteLogin, cancellationToken, Name(role), ScramVerifier(Password(key, role))), cancellationToken);
        }

        await ExecuteAsync(connection, await WriteAsync(connection, WriteGrants, cancellationToken), cancellationToken);
        if (facts.IsSuperuser)
            await ExecuteAsync(connection, ProtectIdentity, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Roles belong to the whole server and the lock to one database: another database's node may do the same just now.</summary>
    private static bool IsLostRace(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject
        || (e.SqlState == PostgresErrorCodes.InternalError && e.MessageText.Contains("concurrently", StringComparison.Ordinal));

    public static NpgsqlConnectionStringBuilder Login(NpgsqlConnectionStringBuilder admin, byte[] key, DatabaseRole role) =>
        new(admin.ConnectionString) { Username = Name(role), Password = Password(key, role) };

    private static NpgsqlConnectionStringBuilder OwnerByMembership(NpgsqlConnectionStringBuilder admin, AdminFacts facts)
    {
        if (!facts.HasOwner || !facts.HasOthers || !facts.IsOwner)
            throw new DatabaseException(
                "database_rights_missing",
                $"'{facts.Name}' may not create roles, and Weft's roles are not all there for it.",
                $"""Run as a superuser: create role weft_admin; create role weft_engine login password '…'; create role weft_app login password '…'; create role weft_flow login password '…'; grant weft_admin to "{facts.Name}"; grant create on database "{facts.Database}" to weft_admin; then give Weft the connections of engine, app and flow one by one.""");
        // Everything it creates has to belong to weft_admin, which the policies name.
        return facts.Name == Name(DatabaseRole.Admin)
            ? admin
            : new NpgsqlConnectionStringBuilder(admin.ConnectionString) { Options = $"{admin.Options} -c role=weft_admin".Trim() };
    }

    private static async Task<AdminFacts> DescribeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(DescribeAdmin, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new AdminFacts(
            row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2), row.GetBoolean(3), row.GetBoolean(4), row.GetBoolean(5), row.GetString(6), row.GetString(7));
    }

    private static async Task<string> WriteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What the server stores (RFC 5803), computed here so that the password itself never reaches a statement or a log.</summary>
    private static string ScramVerifier(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, ScramIterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${ScramIterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
    }

    private sealed record AdminFacts(
        bool IsSuperuser, bool MayCreateRoles, bool OwnsDatabase, bool HasOwner, bool IsOwner, bool HasOthers, string Name, string Database);
}
