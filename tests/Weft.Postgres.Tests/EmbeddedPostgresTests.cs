using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Postgres.Server;

namespace Weft.Postgres.Tests;

public sealed class EmbeddedPostgresTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("weft-pg-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Cluster => Path.Combine(folder, "postgres");

    public EmbeddedPostgresTests()
    {
        // Temporary folders are made for their owner alone, and as root the server is someone else.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
    }

    public void Dispose()
    {
        // What a failed test has left running.
        foreach (var pid in Postmaster.ProcessesIn(Cluster))
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_was_written_is_there_after_a_stop_and_a_start_on_the_same_port()
    {
        int port;
        await using (var server = await StartAsync())
        {
            server.WasStarted.ShouldBeTrue();
            port = server.Port;
            await ExecuteAsync(server.AdminUrl, "create table kept as select 42 as answer");
        }

        File.Exists(Postmaster.FileOf(Cluster)).ShouldBeFalse();
        await using var again = await StartAsync();
        again.Port.ShouldBe(port);
        (await ScalarAsync(again.TcpUrl, "select answer from kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_second_user_joins_the_running_server_and_the_last_one_stops_it()
    {
        var first = await StartAsync();
        var second = await StartAsync();

        second.WasStarted.ShouldBeFalse();
        second.ProcessId.ShouldBe(first.ProcessId);
        await first.StopAsync(Stop);
        (await ScalarAsync(second.AdminUrl, "select 1")).ShouldBe(1);
        await second.StopAsync(Stop);
        Postmaster.ProcessesIn(Cluster).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_whose_weft_was_killed_is_found_and_used_again()
    {
        // This very program: not Environment.ProcessPath, which is dotnet where the runner was started as "dotnet x.dll".
        var self = Path.Combine(AppContext.BaseDirectory, typeof(EmbeddedPostgresTests).Assembly.GetName().Name! + (OperatingSystem.IsWindows() ? ".exe" : ""));
        using var holder = Process.Start(new ProcessStartInfo(self, ["hold", folder]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var pid = int.Parse((await holder.StandardOutput.ReadLineAsync(Stop))!);
        holder.Kill();
        await holder.WaitForExitAsync(Stop);

        await using var server = await StartAsync();
        server.WasStarted.ShouldBeFalse();
        server.ProcessId.ShouldBe(pid);
        (await ScalarAsync(server.AdminUrl, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_killed_server_is_replaced_and_recovers_what_was_committed()
    {
        await using var killed = await StartAsync(durable: true);
        await ExecuteAsync(killed.AdminUrl, "create table kept as select 42 as answer");
        using (var process = Process.GetProcessById(killed.ProcessId))
            process.Kill();
        // The signal is on its way; the corpse may stay for long, which is what the start has to cope with.
        SpinWait.SpinUntil(() => Postmaster.Read(Cluster)?.IsAlive(Cluster) != true, TimeSpan.FromSeconds(20)).ShouldBeTrue();

        await using var server = await StartAsync(durable: true);
        server.WasStarted.ShouldBeTrue();
        server.ProcessId.ShouldNotBe(killed.ProcessId);
        (await ScalarAsync(server.AdminUrl, "select answer from kept")).ShouldBe(42);
    }

    [Theory]
    [InlineData("1")] // alive, and somebody else's
    [InlineData("4194303")] // nobody's
    [InlineData("")]
    [InlineData("not a number")]
    public async Task A_stale_pid_file_does_not_keep_the_server_from_starting(string pid)
    {
        await (await StartAsync()).StopAsync(Stop);
        await File.WriteAllTextAsync(Postmaster.FileOf(Cluster), $"{pid}\n{Cluster}\n1\n5432\n{Cluster}\n127.0.0.1\n0 0\nready   \n", Stop);

        await using var server = await StartAsync();
        server.WasStarted.ShouldBeTrue();
        (await ScalarAsync(server.AdminUrl, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task An_interrupted_creation_is_begun_anew()
    {
        Directory.CreateDirectory(Path.Combine(folder, "postgres.new", "base"));

        await using var server = await StartAsync();
        (await ScalarAsync(server.AdminUrl, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_of_another_major_version_is_refused_with_a_way_out()
    {
        Directory.CreateDirectory(Cluster);
        await File.WriteAllTextAsync(Path.Combine(Cluster, "PG_VERSION"), "14\n", Stop);

        var refused = await Should.ThrowAsync<DatabaseException>(StartAsync());
        refused.Code.ShouldBe("data_folder_of_another_version");
        refused.Problem.ShouldContain("PostgreSQL 14");
        refused.Remedy.ShouldContain("weft backup");
    }

    [Fact]
    public async Task A_folder_with_other_things_in_the_place_of_the_cluster_is_left_alone()
    {
        Directory.CreateDirectory(Cluster);
        await File.WriteAllTextAsync(Path.Combine(Cluster, "thesis.txt"), "mine", Stop);

        (await Should.ThrowAsync<DatabaseException>(StartAsync())).Code.ShouldBe("data_folder_unusable");
        (await File.ReadAllTextAsync(Path.Combine(Cluster, "thesis.txt"), Stop)).ShouldBe("mine");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_refused_by_name()
    {
        var file = Path.Combine(folder, "a-file");
        await File.WriteAllTextAsync(file, "", Stop);

        var refused = await Should.ThrowAsync<DatabaseException>(() => EmbeddedPostgres.StartAsync(
            new EmbeddedOptions { DataDirectory = Path.Combine(file, "below") }, NullLoggerFactory.Instance, Stop));
        refused.Code.ShouldBe("data_folder_unusable");
        refused.Message.ShouldContain("--data-dir");
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var refused = await Should.ThrowAsync<DatabaseException>(() => EmbeddedPostgres.StartAsync(Options() with { Port = port }, NullLoggerFactory.Instance, Stop));
        refused.Code.ShouldBe("port_in_use");
        refused.Problem.ShouldContain($"{port}");
    }

    [Fact]
    public async Task A_remembered_port_that_was_taken_meanwhile_is_replaced()
    {
        var first = await StartAsync();
        var port = first.Port;
        await first.StopAsync(Stop);
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();

        await using var server = await StartAsync();
        server.Port.ShouldNotBe(port);
    }

    [Fact]
    public async Task A_package_that_was_not_installed_says_what_to_run()
    {
        var refused = await Should.ThrowAsync<DatabaseException>(() => EmbeddedPostgres.StartAsync(Options() with { PackageDirectory = folder }, NullLoggerFactory.Instance, Stop));
        refused.Code.ShouldBe("server_package_missing");
        refused.Remedy.ShouldContain("--database-url");
    }

    [Fact]
    public async Task A_setting_that_the_server_refuses_is_reported_in_its_words()
    {
        var options = Options() with { Settings = new Dictionary<string, string> { ["work_mem"] = "a lot" } };

        var refused = await Should.ThrowAsync<DatabaseException>(() => EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, Stop));
        refused.Code.ShouldBe("server_not_started");
        refused.Problem.ShouldContain("work_mem");
    }

    [Fact]
    public async Task A_long_path_falls_back_to_TCP()
    {
        var deep = Path.Combine(folder, new string('d', 60), new string('e', 60));
        await using var server = await EmbeddedPostgres.StartAsync(Options() with { DataDirectory = deep }, NullLoggerFactory.Instance, Stop);

        server.AdminUrl.ShouldBe(server.TcpUrl);
        (await ScalarAsync(server.AdminUrl, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_password_and_only_the_owner_can_read_it()
    {
        await using var server = await StartAsync();
        foreach (var url in new[] { server.AdminUrl, server.TcpUrl })
        {
            var wrong = ConnectionText.Parse(url);
            wrong.Password = "guess";
            wrong.Pooling = false;
            (await Should.ThrowAsync<PostgresException>(() => ScalarAsync(wrong.ConnectionString, "select 1"))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
        }

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(folder, "postgres.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.GetUnixFileMode(Cluster).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Two_that_start_at_once_share_one_server()
    {
        var servers = await Task.WhenAll(StartAsync(), StartAsync(), StartAsync());

        servers.Select(server => server.ProcessId).Distinct().Count().ShouldBe(1);
        servers.Count(server => server.WasStarted).ShouldBe(1);
        foreach (var server in servers)
            await server.StopAsync(Stop);
        Postmaster.ProcessesIn(Cluster).ShouldBeEmpty();
    }

    [Fact]
    public void Programs_that_the_server_user_could_not_reach_are_copied_with_their_links()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root runs the server as somebody else.");
        var account = ServerAccount.Choose(null, null);
        var original = ServerPackage.Prepare(null, account);
        var hidden = Path.Combine(folder, "hidden");
        Directory.CreateDirectory(hidden);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(hidden, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        CopyTree(original.Directory, Path.Combine(hidden, "package"));

        var copy = ServerPackage.Prepare(Path.Combine(hidden, "package"), account, Path.Combine(folder, "cache"));
        copy.Directory.ShouldStartWith(Path.Combine(folder, "cache"));
        File.Exists(Path.Combine(copy.Directory, "native", "lib", "libicuuc.so.60")).ShouldBeTrue();
        ServerPackage.Prepare(Path.Combine(hidden, "package"), account, Path.Combine(folder, "cache")).ShouldBe(copy);
    }

    private static void CopyTree(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).LinkTarget is null))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static async Task ExecuteAsync(string url, string sql)
    {
        await using var connection = await OpenAsync(url);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private static async Task<object?> ScalarAsync(string url, string sql)
    {
        await using var connection = await OpenAsync(url);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Stop);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string url)
    {
        var text = ConnectionText.Parse(url);
        text.Pooling = false;
        var connection = new NpgsqlConnection(text.ConnectionString);
        await connection.OpenAsync(Stop);
        return connection;
    }

    private EmbeddedOptions Options() => new() { DataDirectory = folder, Durable = false };

    private Task<EmbeddedPostgres> StartAsync(bool durable = false) =>
        EmbeddedPostgres.StartAsync(Options() with { Durable = durable }, NullLoggerFactory.Instance, Stop);
}
