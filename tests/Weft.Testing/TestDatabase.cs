using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Engine;
using Weft.Postgres;

namespace Weft.Testing;

/// <summary>
/// A migrated database of its own for one test (or one class), on the shared test server. Disposing it fails when the test
/// left a session open.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly TimeSpan PatienceForSessions = TimeSpan.FromSeconds(5);
    private readonly TestServer server;

    private TestDatabase(TestServer server, string name, WeftDatabase database)
    {
        this.server = server;
        Name = name;
        Database = database;
        Superuser = NpgsqlDataSource.Create(WithPool(server.UrlOf(name)));
    }

    /// <summary>The lines of migrations that every database has, in order.</summary>
    public static IReadOnlyList<MigrationLine> Lines { get; } =
        [new("engine", typeof(FlowDefinition).Assembly), new("hiring", Assembly.Load("Weft.Hiring"))];

    /// <summary>The database's name.</summary>
    public string Name { get; }

    /// <summary>The pools, one per role.</summary>
    public WeftDatabase Database { get; }

    /// <summary>A superuser past every policy, to arrange and to look.</summary>
    public NpgsqlDataSource Superuser { get; }

    /// <summary>The superuser's connection as <c>--database-url</c> takes it.</summary>
    public string AdminUrl => server.UrlOf(Name);

    /// <summary>The same over TCP.</summary>
    public string TcpUrl => server.TcpUrlOf(Name);

    /// <summary>A migrated database; <paramref name="configure"/> may change pool sizes and the like.</summary>
    public static async Task<TestDatabase> CreateAsync(CancellationToken cancellationToken, Func<DatabaseOptions, DatabaseOptions>? configure = null)
    {
        var current = await TestServer.Current;
        return await CreateAsync(current, $"template {await current.Template} owner weft_admin strategy file_copy", configure, cancellationToken);
    }

    /// <summary>A database with the roles but nothing in it.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(CancellationToken cancellationToken, Func<DatabaseOptions, DatabaseOptions>? configure = null) =>
        await CreateAsync(await TestServer.Current, "", configure, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await Superuser.DisposeAsync();
        await using var admin = await server.ConnectAsync("postgres", CancellationToken.None);
        var left = await WaitForSessionsToEndAsync(admin);
        await using var drop = new NpgsqlCommand($"drop database if exists {Name} with (force)", admin) { CommandTimeout = 120 };
        await drop.ExecuteNonQueryAsync();
        if (left.Count > 0)
            throw new InvalidOperationException($"The test left {left.Count} database session(s) open: {string.Join("; ", left)}");
    }

    private static async Task<TestDatabase> CreateAsync(
        TestServer server, string how, Func<DatabaseOptions, DatabaseOptions>? configure, CancellationToken cancellationToken)
    {
        var name = TestServer.NextDatabaseName();
        await using (var admin = await server.ConnectAsync("postgres", cancellationToken))
        {
            await using var create = new NpgsqlCommand($"create database {name} {how}", admin) { CommandTimeout = 120 };
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        var options = new DatabaseOptions { AdminUrl = server.UrlOf(name), ApplicationName = name };
        var database = await WeftDatabase.OpenAsync(configure is null ? options : configure(options), NullLoggerFactory.Instance, cancellationToken);
        return new TestDatabase(server, name, database);
    }

    private static string WithPool(string url)
    {
        var connection = ConnectionText.Parse(url);
        connection.MaxPoolSize = 4;
        connection.ApplicationName = "test superuser";
        return connection.ConnectionString;
    }

    /// <summary>Pools close their connections without waiting, so the server is given a moment to see it.</summary>
    private async Task<List<string>> WaitForSessionsToEndAsync(NpgsqlConnection admin)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var left = new List<string>();
            await using (var command = new NpgsqlCommand(
                "select application_name, state, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'", admin)
            { Parameters = { new() { Value = Name } } })
            {
                await using var row = await command.ExecuteReaderAsync();
                while (await row.ReadAsync())
                    left.Add($"{row.GetString(0)} ({(row.IsDBNull(1) ? "" : row.GetString(1))}) {(row.IsDBNull(2) ? "" : row.GetString(2))}");
            }

            if (left.Count == 0 || watch.Elapsed > PatienceForSessions)
                return left;
            await Task.Delay(10);
        }
    }
}
