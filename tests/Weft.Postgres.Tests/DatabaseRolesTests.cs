using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Weft.Postgres.Tests;

/// <summary>Roles belong to a whole server, so each of these has one of its own.</summary>
public sealed class DatabaseRolesTests : IAsyncLifetime
{
    private static readonly Migration Shelf = new("test", 1, "shelf", "create table weft.shelf (id int)");
    private readonly string folder = Directory.CreateTempSubdirectory("weft-pg-").FullName;
    private EmbeddedPostgres server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        server = await EmbeddedPostgres.StartAsync(new EmbeddedOptions { DataDirectory = folder, Durable = false }, NullLoggerFactory.Instance, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_changed_administrator_password_gives_the_roles_new_ones()
    {
        await (await OpenAsync(server.AdminUrl)).DisposeAsync();
        await RunAsync("alter role postgres password 'another one'");

        await using var database = await OpenAsync(UrlOf("postgres", "another one"));
        await using var command = database.App.CreateCommand("select current_user::text");
        (await command.ExecuteScalarAsync(Stop)).ShouldBe("weft_app");
    }

    [Fact]
    public async Task An_administrator_who_is_no_superuser_but_makes_roles_and_owns_the_database_is_enough()
    {
        await RunAsync("create role boss login createrole password 'pw'; alter database weft owner to boss");

        await using var database = await OpenAsync(UrlOf("boss", "pw"));
        (await new Migrator(database.Admin, [Shelf], NullLoggerFactory.Instance).MigrateAsync(Stop)).ShouldBe(1);
        (await OwnerOfShelfAsync()).ShouldBe("weft_admin");
        database.IsFlowIdentityProtected.ShouldBeFalse();
    }

    [Fact]
    public async Task An_administrator_who_makes_no_roles_is_told_what_to_ask_for_and_then_acts_as_the_owner()
    {
        await RunAsync("create role plain login password 'pw'");
        var refused = await Should.ThrowAsync<DatabaseException>(() => OpenAsync(UrlOf("plain", "pw")));
        refused.Code.ShouldBe("database_rights_missing");
        refused.Remedy.ShouldContain("create role weft_admin");

        await RunAsync("""
            create role weft_admin; grant weft_admin to plain; grant create on database weft to weft_admin;
            create role weft_engine login password 'e'; create role weft_app login password 'a'; create role weft_flow;
            create role someone login password 's' in role weft_flow
            """);
        await using var database = await WeftDatabase.OpenAsync(
            new DatabaseOptions { AdminUrl = UrlOf("plain", "pw"), EngineUrl = UrlOf("weft_engine", "e"), AppUrl = UrlOf("weft_app", "a"), FlowUrl = UrlOf("someone", "s") },
            NullLoggerFactory.Instance,
            Stop);
        await new Migrator(database.Admin, [Shelf], NullLoggerFactory.Instance).MigrateAsync(Stop);
        (await OwnerOfShelfAsync()).ShouldBe("weft_admin");
    }

    [Fact]
    public async Task A_superuser_never_serves_requests()
    {
        await (await OpenAsync(server.AdminUrl)).DisposeAsync();

        var refused = await Should.ThrowAsync<DatabaseException>(() => WeftDatabase.OpenAsync(
            new DatabaseOptions { AdminUrl = server.AdminUrl, AppUrl = server.AdminUrl }, NullLoggerFactory.Instance, Stop));
        refused.Code.ShouldBe("database_role_too_strong");
    }

    [Fact]
    public async Task What_is_wrong_with_a_connection_is_said_without_its_password()
    {
        var missing = ConnectionText.Parse(server.AdminUrl);
        missing.Database = "nowhere";
        (await Should.ThrowAsync<DatabaseException>(() => OpenAsync(ConnectionText.ToUrl(missing)))).Code.ShouldBe("database_missing");

        var refused = await Should.ThrowAsync<DatabaseException>(() => OpenAsync(UrlOf("postgres", "hunter2")));
        refused.Code.ShouldBe("database_login_refused");
        refused.Message.ShouldNotContain("hunter2");

        var url = UrlOf("postgres", "hunter2");
        await server.StopAsync(Stop);
        var down = await Should.ThrowAsync<DatabaseException>(() => OpenAsync(url));
        down.Code.ShouldBe("database_unreachable");
        down.Message.ShouldNotContain("hunter2");
    }

    private static Task<WeftDatabase> OpenAsync(string url) =>
        WeftDatabase.OpenAsync(new DatabaseOptions { AdminUrl = url }, NullLoggerFactory.Instance, Stop);

    private string UrlOf(string user, string password)
    {
        var connection = ConnectionText.Parse(server.TcpUrl);
        (connection.Username, connection.Password) = (user, password);
        return ConnectionText.ToUrl(connection);
    }

    private async Task<object?> OwnerOfShelfAsync()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionText.Parse(server.AdminUrl));
        await using var command = source.CreateCommand("select tableowner::text from pg_tables where tablename = 'shelf'");
        return await command.ExecuteScalarAsync(Stop);
    }

    private async Task RunAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionText.Parse(server.AdminUrl));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Stop);
    }
}
