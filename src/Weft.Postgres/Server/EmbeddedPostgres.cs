using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Postgres.Server;

namespace Weft.Postgres;

/// <summary>
/// The PostgreSQL server that Weft brings along. It outlives a killed Weft and is found again by the next one; the last
/// process that uses a data folder stops it.
/// </summary>
public sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    private const string DatabaseName = "weft";
    private const string AdminUser = "postgres";
    private const int MaximumSocketPath = 100;
    private const int PortAttempts = 5;
    private const long LogSizeToKeep = 16 << 20;
    private static readonly JsonSerializerOptions StateFormat = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly EmbeddedOptions options;
    private readonly ILogger logger;
    private readonly ServerAccount account;
    private readonly ServerPackage package;
    private readonly State state;
    private FileLock? use;

    private EmbeddedPostgres(EmbeddedOptions options, ILogger logger)
    {
        this.options = options;
        this.logger = logger;
        state = State.Read(options.DataDirectory) ?? new State();
        account = ServerAccount.Choose(options.ServerUser, state.ServerUser);
        package = ServerPackage.Prepare(options.PackageDirectory, account);
        use = FileLock.TryShared(UsersFile(options.DataDirectory))
            ?? throw Unusable(options.DataDirectory, "the file that counts its users is locked", "Choose a folder on a local disk with --data-dir.");
    }

    /// <summary>The administrator's connection, by the Unix socket where the platform and the path's length allow it.</summary>
    public string AdminUrl { get; private set; } = "";

    /// <summary>The administrator's connection over TCP on the loopback address, for tools that know no sockets.</summary>
    public string TcpUrl { get; private set; } = "";

    /// <summary>The TCP port on the loopback address.</summary>
    public int Port { get; private set; }

    /// <summary>The server's process.</summary>
    public int ProcessId { get; private set; }

    /// <summary>False when the server was found running, left by a killed Weft or in use by another one.</summary>
    public bool WasStarted { get; private set; }

    private string Cluster => ClusterIn(options.DataDirectory);

    private string LogFile => Path.Combine(Cluster, "server.log");

    /// <summary>
    /// Starts the data folder's server, or joins the one that runs; creates the cluster first where there is none. Throws
    /// <see cref="DatabaseException"/> for everything that an operator can put right.
    /// </summary>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedOptions options, ILoggerFactory log, CancellationToken cancellationToken)
    {
        options = options with { DataDirectory = Path.GetFullPath(options.DataDirectory) };
        PrepareDataDirectory(options.DataDirectory);
        using var gate = await EnterAsync(options, cancellationToken);
        var server = new EmbeddedPostgres(options, log.CreateLogger<EmbeddedPostgres>());
        try
        {
            await server.CreateClusterAsync(cancellationToken);
            await server.StartOrJoinAsync(cancellationToken);
            await server.CreateDatabaseAsync(cancellationToken);
            return server;
        }
        catch
        {
            server.use?.Dispose();
            throw;
        }
    }

    /// <summary>Stops the server (finishing no statement, losing no commit), unless another process still uses it.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (use is null)
            return;
        using var gate = await EnterAsync(options, cancellationToken);
        use.Dispose();
        use = null;
        using var last = FileLock.TryExclusive(UsersFile(options.DataDirectory));
        if (last is null)
        {
            LogLeftRunning(ProcessId);
            return;
        }

        if (Postmaster.Read(Cluster)?.IsAlive(Cluster) != true)
            return;
        var (exit, output) = await account.RunAsync(
            package.Program("pg_ctl"),
            ["stop", "-D", Cluster, "-m", "fast", "-w", "-t", $"{(int)options.Timeout.TotalSeconds}", "-s"],
            cancellationToken);
        if (exit != 0)
            throw new DatabaseException("server_not_stopped", $"The database server did not stop: {output}", $"Read {LogFile}.");
        LogStopped(ProcessId);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private static string ClusterIn(string directory) => Path.Combine(directory, "postgres");

    private static string UsersFile(string directory) => Path.Combine(directory, "postgres.users");

    private static void PrepareDataDirectory(string directory)
    {
        try
        {
            if (!Directory.Exists(directory))
            {
                if (OperatingSystem.IsWindows())
                    Directory.CreateDirectory(directory);
                else
                    // As root the server's user has to pass through; whatever is secret in here has a mode of its own.
                    Directory.CreateDirectory(directory, Environment.IsPrivilegedProcess
                        ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
                        : UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var probe = Path.Combine(directory, $".writable-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw Unusable(directory, e is UnauthorizedAccessException ? "it may not be written" : e.Message.TrimEnd('.'), "Choose another with --data-dir, or make this one writable.", e);
        }
    }

    private static async Task<FileLock> EnterAsync(EmbeddedOptions options, CancellationToken cancellationToken) =>
        await FileLock.ExclusiveAsync(Path.Combine(options.DataDirectory, "postgres.lock"), options.Timeout, cancellationToken)
        ?? throw new DatabaseException(
            "data_folder_busy",
            $"Another process has been starting or stopping the database in '{options.DataDirectory}' for {options.Timeout.TotalSeconds:0} s.",
            "Look for another weft process, end it and try again.");

    private static DatabaseException Unusable(string directory, string why, string remedy, Exception? inner = null) =>
        new("data_folder_unusable", $"The data folder '{directory}' cannot be used: {why}.", remedy, inner);

    private async Task CreateClusterAsync(CancellationToken cancellationToken)
    {
        var versionFile = Path.Combine(Cluster, "PG_VERSION");
        if (File.Exists(versionFile))
        {
            var major = (await File.ReadAllTextAsync(versionFile, cancellationToken)).Trim();
            if (major != package.Major)
                throw new DatabaseException(
                    "data_folder_of_another_version",
                    $"The cluster in '{Cluster}' was made by PostgreSQL {major}, and this Weft brings PostgreSQL {package.Major}.",
                    $"Run it with the Weft that made it and take a `weft backup`, then `weft restore` into an empty data folder; or serve it with a PostgreSQL {major} of your own and give --database-url.");
            return;
        }

        if (Directory.Exists(Cluster) && Directory.EnumerateFileSystemEntries(Cluster).Any())
            throw Unusable(Cluster, "it is not empty and holds no PostgreSQL cluster", "Move what is in it elsewhere, or choose another data folder.");
        if (!await account.CanEnterAsync(options.DataDirectory, cancellationToken))
            throw Unusable(
                options.DataDirectory,
                $"as root, Weft runs the database as the user '{account.Name}', who cannot enter it",
                "Make every folder above it passable (chmod o+x), choose one like /var/lib/weft with --data-dir, or start Weft as an ordinary user.");

        var watch = Stopwatch.StartNew();
        state.AdminPassword = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        state.ServerUser = account.Name ?? Environment.UserName;
        state.HasDatabase = false;
        state.Write(options.DataDirectory);
        // initdb works in a folder of its own that is renamed when it is whole: killed in between, nothing is half there.
        var building = Path.Combine(options.DataDirectory, "postgres.new");
        var passwordFile = Path.Combine(options.DataDirectory, "postgres.initdb");
        DeleteDirectory(building);
        try
        {
            Directory.CreateDirectory(building);
            await File.WriteAllTextAsync(passwordFile, state.AdminPassword, cancellationToken);
            foreach (var (path, mode) in new[] { (building, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), (passwordFile, UnixFileMode.UserRead) })
            {
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(path, mode);
                account.Give(path);
            }

            List<string> arguments =
            [
                "-D", building, "-U", AdminUser, "--pwfile", passwordFile, "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            ];
            if (!options.Durable)
                arguments.Add("--no-sync");
            var (exit, output) = await account.RunAsync(package.Program("initdb"), arguments, cancellationToken);
            if (exit != 0)
                throw new DatabaseException("cluster_not_created", $"PostgreSQL could not create its cluster in '{building}': {output}", "Look for what it names (disk space, permissions) and start again.");
            // Weft's settings come first and are rewritten at each start; what an operator adds to postgresql.conf wins.
            var configuration = Path.Combine(building, "postgresql.conf");
            await File.WriteAllTextAsync(configuration, $"include_if_exists = 'weft.conf'\n{await File.ReadAllTextAsync(configuration, cancellationToken)}", cancellationToken);
            DeleteDirectory(Cluster);
            Directory.Move(building, Cluster);
        }
        catch (IOException e)
        {
            throw Unusable(options.DataDirectory, e.Message.TrimEnd('.'), "Make room or choose another folder with --data-dir.", e);
        }
        finally
        {
            File.Delete(passwordFile);
        }

        LogClusterCreated(Cluster, package.Version, watch.ElapsedMilliseconds);
    }

    private async Task StartOrJoinAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        if (await FindRunningAsync(cancellationToken) is { } running)
        {
            Use(running);
            LogJoined(running.Pid, running.Port);
            return;
        }

        KeepLogSmall();
        for (var attempt = 1; ; attempt++)
        {
            var port = options.Port ?? (attempt == 1 && state.Port is { } last && IsFree(last) ? last : FreePort());
            WriteSettings(port);
            var logged = File.Exists(LogFile) ? new FileInfo(LogFile).Length : 0;
            var (exit, output) = await account.RunAsync(
                package.Program("pg_ctl"),
                ["start", "-D", Cluster, "-l", LogFile, "-w", "-t", $"{(int)options.Timeout.TotalSeconds}", "-s"],
                cancellationToken);
            if (exit == 0)
                break;
            var reason = await ReadLogAsync(logged, cancellationToken);
            var isPortTaken = reason.Contains("Address already in use", StringComparison.Ordinal) || reason.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal);
            if (isPortTaken && options.Port is null && attempt < PortAttempts)
                continue;
            throw isPortTaken
                ? new DatabaseException("port_in_use", $"The database's port {port} on 127.0.0.1 is in use.", "End what listens there, or let Weft choose a free port by naming none.")
                : new DatabaseException("server_not_started", $"The database server did not start: {(reason.Length > 0 ? reason : output)}", $"Read {LogFile}.");
        }

        var started = Postmaster.Read(Cluster) ?? throw new DatabaseException("server_not_started", "The database server ended right after its start.", $"Read {LogFile}.");
        Use(started);
        WasStarted = true;
        if (state.Port != started.Port)
        {
            state.Port = started.Port;
            state.Write(options.DataDirectory);
        }

        LogStarted(package.Version, started.Pid, started.Port, watch.ElapsedMilliseconds);
    }

    /// <summary>The cluster's living server; clears away what a killed one has left.</summary>
    private async Task<Postmaster?> FindRunningAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var seen = Postmaster.Read(Cluster);
        if (seen is null)
            return null;
        while (Postmaster.Read(Cluster) is { } running && running.IsAlive(Cluster))
        {
            if (running.IsReady)
                return running;
            if (watch.Elapsed > options.Timeout)
                throw new DatabaseException("server_not_ready", $"The database server (process {running.Pid}) is '{running.Status}' and does not get ready.", $"Read {LogFile}.");
            await Task.Delay(20, cancellationToken);
        }

        // A new server refuses the file while the old one's children still run or its corpse has not been reaped.
        IReadOnlyList<int> left;
        while ((left = Postmaster.ProcessesIn(Cluster)).Count > 0)
        {
            if (watch.Elapsed > options.Timeout)
                throw new DatabaseException(
                    "server_left_behind", $"The database server died, but its processes {string.Join(", ", left)} still run.", "End them and start again.");
            await Task.Delay(20, cancellationToken);
        }

        if (File.Exists(Postmaster.FileOf(Cluster)))
        {
            LogRecovering(seen.Pid);
            // The socket has a lock of its own that names the same process.
            foreach (var socket in Directory.EnumerateFiles(Cluster, ".s.PGSQL.*"))
                File.Delete(socket);
            File.Delete(Postmaster.FileOf(Cluster));
        }

        return null;
    }

    private void Use(Postmaster postmaster)
    {
        ProcessId = postmaster.Pid;
        Port = postmaster.Port;
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = AdminUser,
            Password = state.AdminPassword,
            Database = DatabaseName,
        };
        TcpUrl = ConnectionText.ToUrl(connection);
        // The socket's folder is the cluster's own, which only its owner and root may enter.
        if (postmaster.SocketDirectory.Length > 0 && File.Exists(Path.Combine(postmaster.SocketDirectory, $".s.PGSQL.{Port}")))
            connection.Host = postmaster.SocketDirectory;
        AdminUrl = ConnectionText.ToUrl(connection);
    }

    private void WriteSettings(int port)
    {
        var hasSocket = !OperatingSystem.IsWindows() && Encoding.UTF8.GetByteCount(Cluster) + "/.s.PGSQL.65535".Length <= MaximumSocketPath;
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["port"] = $"{port}",
            ["listen_addresses"] = "127.0.0.1",
            ["unix_socket_directories"] = hasSocket ? Cluster : "",
            ["unix_socket_permissions"] = "0700",
            ["shared_buffers"] = "128MB",
            ["shared_preload_libraries"] = "pg_stat_statements",
            ["wal_level"] = "logical",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            // Messages of failed statements repeat people's data; the client is told, the log need not be.
            ["log_error_verbosity"] = "terse",
            ["log_min_error_statement"] = "panic",
            ["log_checkpoints"] = "off",
        };
        if (!options.Durable)
        {
            settings["fsync"] = "off";
            settings["synchronous_commit"] = "off";
            settings["full_page_writes"] = "off";
        }

        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        var text = new StringBuilder("# Written by Weft at every start. Put settings of your own into postgresql.conf: they win.\n");
        foreach (var (name, value) in settings)
            text.Append(name).Append(" = '").Append(value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)).Append("'\n");
        var file = Path.Combine(Cluster, "weft.conf");
        File.WriteAllText(file, text.ToString());
        account.Give(file);
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        if (state.HasDatabase)
            return;
        var connection = ConnectionText.Parse(AdminUrl);
        connection.Database = "postgres";
        connection.Pooling = false;
        await using var admin = new NpgsqlConnection(connection.ConnectionString);
        await admin.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand("select exists (select from pg_database where datname = $1)", admin) { Parameters = { new() { Value = DatabaseName } } };
        if (!(bool)(await find.ExecuteScalarAsync(cancellationToken))!)
        {
            await using var create = new NpgsqlCommand($"create database {DatabaseName}", admin);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        state.HasDatabase = true;
        state.Write(options.DataDirectory);
    }

    private void KeepLogSmall()
    {
        if (File.Exists(LogFile) && new FileInfo(LogFile).Length > LogSizeToKeep)
            File.Move(LogFile, LogFile + ".1", overwrite: true);
    }

    private async Task<string> ReadLogAsync(long from, CancellationToken cancellationToken)
    {
        if (!File.Exists(LogFile))
            return "";
        await using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(from, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return (await reader.ReadToEndAsync(cancellationToken)).Trim();
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Created the database cluster {Cluster} (PostgreSQL {Version}) in {Milliseconds} ms")]
    private partial void LogClusterCreated(string cluster, string version, long milliseconds);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Information, Message = "PostgreSQL {Version} started as process {Pid} on 127.0.0.1:{Port} in {Milliseconds} ms")]
    private partial void LogStarted(string version, int pid, int port, long milliseconds);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Information, Message = "Found the database server running as process {Pid} on 127.0.0.1:{Port}")]
    private partial void LogJoined(int pid, int port);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Warning, Message = "The database server (process {Pid}) did not shut down last time; it recovers now")]
    private partial void LogRecovering(int pid);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Information, Message = "The database server (process {Pid}) stays up: another process uses it")]
    private partial void LogLeftRunning(int pid);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Information, Message = "The database server (process {Pid}) stopped")]
    private partial void LogStopped(int pid);

    /// <summary><c>postgres.json</c> in the data folder, mode 0600.</summary>
    private sealed class State
    {
        public string AdminPassword { get; set; } = "";

        public string? ServerUser { get; set; }

        public int? Port { get; set; }

        public bool HasDatabase { get; set; }

        public static State? Read(string directory)
        {
            var file = FileIn(directory);
            try
            {
                return File.Exists(file) ? JsonSerializer.Deserialize<State>(File.ReadAllBytes(file), StateFormat) : null;
            }
            catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
            {
                throw Unusable(directory, $"'{file}' cannot be read ({e.Message})", "Restore that file: it holds the database's administrator password.", e);
            }
        }

        public void Write(string directory)
        {
            var file = FileIn(directory);
            SecretFile.Write(file, JsonSerializer.Serialize(this, StateFormat) + "\n");
        }

        private static string FileIn(string directory) => Path.Combine(directory, "postgres.json");
    }
}
