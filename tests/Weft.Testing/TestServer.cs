using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Postgres;

namespace Weft.Testing;

/// <summary>
/// One embedded server for all test processes of this user on this machine. The first starts it, the last stops it; what a
/// killed one leaves behind, the next clears away.
/// </summary>
internal sealed class TestServer
{
    private const int TemplatesToKeep = 12;
    private const long TemplateLock = 0x57454654_00000101; // "WEFT", tests: making a template
    private static readonly Lazy<Task<TestServer>> Shared = new(StartAsync);
    private static int databases;

    private readonly EmbeddedPostgres server;
    private readonly Lazy<Task<string>> template;

    private TestServer(EmbeddedPostgres server)
    {
        this.server = server;
        template = new Lazy<Task<string>>(() => MakeTemplateAsync(TestDatabase.Lines));
    }

    public static Task<TestServer> Current => Shared.Value;

    public Task<string> Template => template.Value;

    public static string NextDatabaseName() => $"weft_test_{Environment.ProcessId}_{Interlocked.Increment(ref databases)}";

    /// <summary>The superuser's connection to one of the server's databases.</summary>
    public string UrlOf(string database)
    {
        var connection = ConnectionText.Parse(server.AdminUrl);
        connection.Database = database;
        return ConnectionText.ToUrl(connection);
    }

    /// <summary>The same over TCP, for programs that know no Unix sockets.</summary>
    public string TcpUrlOf(string database)
    {
        var connection = ConnectionText.Parse(server.TcpUrl);
        connection.Database = database;
        return ConnectionText.ToUrl(connection);
    }

    public async Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken cancellationToken)
    {
        var text = ConnectionText.Parse(UrlOf(database));
        text.Pooling = false;
        var connection = new NpgsqlConnection(text.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private static async Task<TestServer> StartAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"weft-tests-{Environment.UserName}");
        var options = new EmbeddedOptions
        {
            DataDirectory = folder,
            Durable = false,
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["max_connections"] = "500",
                ["autovacuum"] = "off",
                ["wal_level"] = "minimal",
                ["max_wal_senders"] = "0",
            },
        };
        var started = await StartAsync(options);
        // The one place that blocks: the process is ending, nothing awaits this event, and a server left running would outlive the tests.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => started.StopAsync(CancellationToken.None).GetAwaiter().GetResult();
        var shared = new TestServer(started);
        await shared.DropLeftoversAsync();
        return shared;
    }

    private static async Task<EmbeddedPostgres> StartAsync(EmbeddedOptions options)
    {
        try
        {
            return await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        }
        catch (DatabaseException e) when (e.Code is "server_not_started" or "data_folder_of_another_version")
        {
            // Without fsync a machine that went down may have left a broken cluster. It holds nothing of value.
            Directory.Delete(Path.Combine(options.DataDirectory, "postgres"), recursive: true);
            return await EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        }
    }

    /// <summary>Drops the databases of test processes that were killed.</summary>
    private async Task DropLeftoversAsync()
    {
        await using var admin = await ConnectAsync("postgres", CancellationToken.None);
        foreach (var database in await ListAsync(admin, "weft\\_test\\_%"))
        {
            if (int.TryParse(database.Split('_')[2], CultureInfo.InvariantCulture, out var pid) && !IsRunning(pid))
                await ExecuteAsync(admin, $"drop database if exists {database} with (force)");
        }
    }

    /// <summary>A migrated database to copy from, one for each state that the migrations were ever tested in.</summary>
    private async Task<string> MakeTemplateAsync(IReadOnlyList<MigrationLine> lines)
    {
        var name = $"weft_template_{Hash(lines)}";
        await using var admin = await ConnectAsync("postgres", CancellationToken.None);
        // The lock ends with the session, however this process ends.
        await ExecuteAsync(admin, $"select pg_advisory_lock({TemplateLock})");
        var existing = await ListAsync(admin, "weft\\_template\\_%");
        if (existing.Contains(name))
            return name;

        var building = $"building_{name}";
        await ExecuteAsync(admin, $"drop database if exists {building} with (force)");
        await ExecuteAsync(admin, $"create database {building}");
        await using (var database = await WeftDatabase.OpenAsync(new DatabaseOptions { AdminUrl = UrlOf(building) }, NullLoggerFactory.Instance, CancellationToken.None))
            await new Migrator(database, lines, NullLoggerFactory.Instance).MigrateAsync(CancellationToken.None);
        // Only a database that nobody is connected to can be copied.
        await ExecuteAsync(admin, $"alter database {building} allow_connections false");
        await ExecuteAsync(admin, $"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{building}'");
        await ExecuteAsync(admin, $"alter database {building} rename to {name}");
        foreach (var old in existing.SkipLast(TemplatesToKeep))
            await ExecuteAsync(admin, $"drop database if exists {old} with (force)");
        return name;
    }

    private static string Hash(IEnumerable<MigrationLine> lines)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The migrator and the roles are part of what a template contains.
        hash.AppendData(typeof(Migrator).Module.ModuleVersionId.ToByteArray());
        foreach (var line in lines)
        {
            foreach (var resource in line.Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                using var stream = line.Assembly.GetManifestResourceStream(resource)!;
                var content = new byte[stream.Length];
                stream.ReadExactly(content);
                hash.AppendData(Encoding.UTF8.GetBytes($"{line.Name}/{resource}/{content.Length}/"));
                hash.AppendData(content);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static async Task<List<string>> ListAsync(NpgsqlConnection admin, string pattern)
    {
        await using var command = new NpgsqlCommand("select datname from pg_database where datname like $1 order by oid", admin) { Parameters = { new() { Value = pattern } } };
        await using var row = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await row.ReadAsync())
            names.Add(row.GetString(0));
        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }

    private static bool IsRunning(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
