using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Weft.Postgres;

/// <summary>
/// A line of migrations: the embedded resources <c>Migrations/0001_name.sql</c>, <c>0002_….sql</c> … of one assembly, applied
/// in that order and never changed once they are released.
/// </summary>
public sealed record MigrationLine(string Name, Assembly Assembly);

/// <summary>One migration and where it stands.</summary>
/// <param name="Line">Its line.</param>
/// <param name="Version">Its number within the line, from 1.</param>
/// <param name="Name">What it does: <c>accounts</c> of <c>0001_accounts.sql</c>.</param>
/// <param name="AppliedAt">When this database got it, or null.</param>
public sealed record MigrationStatus(string Line, int Version, string Name, DateTimeOffset? AppliedAt);

/// <summary>
/// Brings the schema forward as <c>weft_admin</c>: every migration in a transaction of its own, under a lock, so that nodes
/// which start together apply each one once. Never backward.
/// </summary>
public sealed partial class Migrator
{
    private const long Lock = 0x57454654_00000002; // "WEFT", 2: migrating

    // A transaction's lock and not a session's, so that it works behind a transaction pooler too.
    [Sql(DatabaseRole.Admin)]
    private const string WaitForTurn = "select pg_advisory_xact_lock($1)";

    private const string CreateLedger = """
        create schema if not exists weft;
        create table if not exists weft.migration (
          line text not null,
          version integer not null check (version > 0),
          name text not null,
          checksum text not null,
          applied_at timestamptz not null default now(),
          primary key (line, version)
        );
        alter table weft.migration enable row level security;
        alter table weft.migration force row level security;
        drop policy if exists migration_admin on weft.migration;
        create policy migration_admin on weft.migration to weft_admin using (true) with check (true)
        """;

    [Sql(DatabaseRole.Admin)]
    private const string ReadLedger = "select line, version, name, checksum, applied_at from weft.migration order by line, version";

    [Sql(DatabaseRole.Admin)]
    private const string RecordMigration = "insert into weft.migration (line, version, name, checksum) values ($1, $2, $3, $4)";

    private readonly NpgsqlDataSource admin;
    private readonly IReadOnlyList<Migration> migrations;
    private readonly ILogger logger;

    /// <summary>Reads the lines' migrations; throws when they are not numbered 1, 2, 3 ….</summary>
    public Migrator(WeftDatabase database, IEnumerable<MigrationLine> lines, ILoggerFactory log)
        : this(database.Admin, [.. lines.SelectMany(Read)], log)
    {
    }

    internal Migrator(NpgsqlDataSource admin, IReadOnlyList<Migration> migrations, ILoggerFactory log)
    {
        this.admin = admin;
        this.migrations = migrations;
        logger = log.CreateLogger<Migrator>();
    }

    /// <summary>Applies what is missing and returns how many that were. One round trip when nothing is.</summary>
    public Task<int> MigrateAsync(CancellationToken cancellationToken) => MigrateAsync(migrations, cancellationToken);

    /// <summary>Likewise, but not past the given migration of a line; lines that come after it wait.</summary>
    public Task<int> MigrateToAsync(string line, int version, CancellationToken cancellationToken)
    {
        var last = -1;
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Line == line && migrations[i].Version == version)
                last = i;
        }

        return last >= 0
            ? MigrateAsync(migrations.Take(last + 1), cancellationToken)
            : throw new DatabaseException("migration_unknown", $"There is no migration {version} of '{line}'.", "See `weft migrate --status`.");
    }

    private async Task<int> MigrateAsync(IEnumerable<Migration> wanted, CancellationToken cancellationToken)
    {
        await using var connection = await admin.OpenConnectionAsync(cancellationToken);
        var applied = await ReadLedgerAsync(connection, cancellationToken);
        if (applied is null)
        {
            await CreateLedgerAsync(connection, cancellationToken);
            applied = [];
        }

        Check(applied);
        var count = 0;
        foreach (var migration in wanted.Where(migration => !applied.ContainsKey((migration.Line, migration.Version))))
        {
            if (await ApplyAsync(connection, migration, cancellationToken))
                count++;
        }

        return count;
    }

    /// <summary>Every migration of the program in order, with the time this database got it.</summary>
    public async Task<IReadOnlyList<MigrationStatus>> StatusAsync(CancellationToken cancellationToken)
    {
        await using var connection = await admin.OpenConnectionAsync(cancellationToken);
        var applied = await ReadLedgerAsync(connection, cancellationToken) ?? [];
        Check(applied);
        return [.. migrations.Select(migration => new MigrationStatus(
            migration.Line, migration.Version, migration.Name, applied.TryGetValue((migration.Line, migration.Version), out var entry) ? entry.AppliedAt : null))];
    }

    /// <summary>
    /// Records the line's migrations up to the version as applied without running them, for a schema that was made by other
    /// means (a restored backup). Returns how many were recorded.
    /// </summary>
    public async Task<int> StampAsync(string line, int version, CancellationToken cancellationToken)
    {
        if (!migrations.Any(migration => migration.Line == line && migration.Version == version))
            throw new DatabaseException(
                "migration_unknown", $"There is no migration {version} of '{line}'.", $"Known lines: {string.Join(", ", migrations.Select(m => m.Line).Distinct())}; see `weft migrate --status`.");
        await using var connection = await admin.OpenConnectionAsync(cancellationToken);
        if (await ReadLedgerAsync(connection, cancellationToken) is null)
            await CreateLedgerAsync(connection, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await TakeTurnAsync(connection, cancellationToken);
        var applied = await ReadLedgerAsync(connection, cancellationToken) ?? [];
        Check(applied);
        var missing = migrations.Where(m => m.Line == line && m.Version <= version && !applied.ContainsKey((m.Line, m.Version))).ToList();
        foreach (var migration in missing)
            await RecordAsync(connection, migration, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return missing.Count;
    }

    internal static IEnumerable<Migration> Read(MigrationLine line)
    {
        // A root namespace may differ from the assembly's name (weft.dll is Weft), so the middle is what counts.
        var names = line.Assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && name.Contains(".Migrations.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        var expected = 1;
        foreach (var resource in names)
        {
            var file = resource[(resource.IndexOf(".Migrations.", StringComparison.Ordinal) + ".Migrations.".Length)..];
            if (file.Length < "0001_x.sql".Length || file[4] != '_' || !int.TryParse(file[..4], out var version) || version != expected)
                throw new InvalidOperationException($"The migration {file} of '{line.Name}' is out of line: expected {expected:0000}_name.sql.");
            expected++;
            using var stream = line.Assembly.GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            yield return new Migration(line.Name, version, file[5..^4], reader.ReadToEnd());
        }
    }

    private async Task<bool> ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await TakeTurnAsync(connection, cancellationToken);
        var applied = await ReadLedgerAsync(connection, cancellationToken) ?? [];
        Check(applied);
        if (applied.ContainsKey((migration.Line, migration.Version)))
            return false; // another node has done it while this one waited
        var started = TimeProvider.System.GetTimestamp();
        foreach (var (statement, start) in SqlText.Statements(migration.Sql))
        {
            try
            {
                // No limit but the caller's: a migration takes as long as its data needs.
                await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (PostgresException e)
            {
                throw Failed(migration, start + Math.Max(e.Position - 1, 0), e);
            }
        }

        await RecordAsync(connection, migration, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(started);
        LogApplied(migration.Title, took);
        return true;
    }

    private void Check(Dictionary<(string Line, int Version), Entry> applied)
    {
        var known = migrations.ToDictionary(migration => (migration.Line, migration.Version));
        foreach (var (key, entry) in applied)
        {
            if (!known.TryGetValue(key, out var migration))
            {
                throw new DatabaseException(
                    "database_newer_than_program",
                    $"The database has the migration {key.Line}/{key.Version:0000}_{entry.Name}, which this Weft does not know: a newer one has been here.",
                    "Start the newer Weft; going back means restoring a backup taken before it.");
            }

            if (migration.Checksum != entry.Checksum)
            {
                throw new DatabaseException(
                    "migration_changed",
                    $"The migration {migration.Title} is not the one that was applied to this database at {entry.AppliedAt:u}.",
                    "Migrations never change once they are applied: put the file back as it was and write a new one for the change.");
            }
        }
    }

    private static async Task CreateLedgerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await TakeTurnAsync(connection, cancellationToken);
        await using var command = new NpgsqlCommand(CreateLedger, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task TakeTurnAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(WaitForTurn, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<long> { TypedValue = Lock } } };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task RecordAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RecordMigration, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Line });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Version });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Checksum });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What the database has; null when it has never been migrated.</summary>
    private static async Task<Dictionary<(string Line, int Version), Entry>?> ReadLedgerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand(ReadLedger, connection);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var applied = new Dictionary<(string, int), Entry>();
            while (await row.ReadAsync(cancellationToken))
                applied.Add((row.GetString(0), row.GetInt32(1)), new Entry(row.GetString(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4)));
            return applied;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return null;
        }
    }

    private static DatabaseException Failed(Migration migration, int character, PostgresException e)
    {
        var line = 1 + migration.Sql.AsSpan(0, Math.Min(migration.Sql.Length, character)).Count('\n');
        return new DatabaseException(
            "migration_failed",
            $"Migration {migration.Title} failed at line {line} and was rolled back: {e.SqlState} {e.MessageText}.{(e.Detail is null ? "" : $" {e.Detail}")}",
            "The database is as it was before this migration; mend what it names and start again.",
            e);
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Migration {Migration} applied in {Duration}")]
    private partial void LogApplied(string migration, TimeSpan duration);

    private sealed record Entry(string Name, string Checksum, DateTimeOffset AppliedAt);
}

/// <summary>One migration file.</summary>
internal sealed record Migration(string Line, int Version, string Name, string Sql)
{
    /// <summary>Over the text without carriage returns, so that a checkout on Windows has the same.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.Replace("\r", "", StringComparison.Ordinal))));

    public string Title => $"{Line}/{Version:0000}_{Name}.sql";
}
