using Microsoft.Extensions.Logging;
using Npgsql;

namespace Weft.Postgres;

/// <summary>Weft's own database: one small pool per role.</summary>
public sealed partial class WeftDatabase : IAsyncDisposable
{
    /// <summary>The oldest PostgreSQL that everything works on.</summary>
    public const int OldestMajorVersion = 15;

    private const int AdminPoolSize = 2;

    [Sql(DatabaseRole.App)]
    private const string ActForCaller = "select set_config('weft.user_id', $1, true), set_config('weft.workspace_id', $2, true)";

    [Sql(DatabaseRole.App)]
    private const string DescribeSession = """
        select case when to_regrole($1) is null then false else pg_has_role(to_regrole($1), 'usage') end,
               rolsuper or rolbypassrls,
               case when to_regrole('weft_flow') is null then false
                    else has_function_privilege('weft_flow', 'pg_catalog.set_config(text, text, boolean)', 'execute') end,
               has_database_privilege(current_database(), 'create')
        from pg_roles where rolname = current_user
        """;

    private readonly NpgsqlDataSource? admin;
    private readonly ILogger logger;

    private WeftDatabase(NpgsqlDataSource? admin, NpgsqlDataSource engine, NpgsqlDataSource app, NpgsqlDataSource flow, string direct, ILogger logger)
    {
        this.admin = admin;
        this.logger = logger;
        Engine = engine;
        App = app;
        Flow = flow;
        DirectConnectionString = direct;
    }

    /// <summary>The owner's connections (<c>weft_admin</c>): migrations, catalogue and operations, never a request.</summary>
    public NpgsqlDataSource Admin => admin ?? throw new DatabaseException(
        "database_admin_missing", "This node has no administrator's connection.", "Give it --database-url (WEFT_DATABASE__ADMIN).");

    /// <summary>Whether this node may migrate.</summary>
    public bool HasAdmin => admin is not null;

    /// <summary>The engine's connections (<c>weft_engine</c>).</summary>
    public NpgsqlDataSource Engine { get; }

    /// <summary>The requests' connections (<c>weft_app</c>); take one with <see cref="BeginAsync(Caller, CancellationToken)"/>.</summary>
    public NpgsqlDataSource App { get; }

    /// <summary>Connections for SQL of workspace flows (<c>weft_flow</c>); take one with <see cref="BeginFlowAsync"/>.</summary>
    public NpgsqlDataSource Flow { get; }

    /// <summary>A session of <c>weft_engine</c> with no transaction pooler in front, for LISTEN and session locks; not pooled.</summary>
    public string DirectConnectionString { get; }

    /// <summary>
    /// Whether SQL of a workspace's flow is kept from changing for whom it acts. False on a server where Weft was not given a
    /// superuser once; such SQL must not run there.
    /// </summary>
    public bool IsFlowIdentityProtected { get; private set; }

    /// <summary>A database that is never connected to, for a program that only describes what would use one.</summary>
    public static WeftDatabase Unconnected()
    {
        static NpgsqlDataSource Nowhere() => NpgsqlDataSource.Create("Host=unconnected.invalid");
        return new WeftDatabase(null, Nowhere(), Nowhere(), Nowhere(), "Host=unconnected.invalid", Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
    }

    /// <summary>
    /// Connects every role once and creates what is missing. Throws <see cref="DatabaseException"/> with a remedy when the
    /// database cannot be reached (<c>database_unreachable</c>: the caller decides whether to try again) or is unfit.
    /// </summary>
    public static async Task<WeftDatabase> OpenAsync(DatabaseOptions options, ILoggerFactory log, CancellationToken cancellationToken)
    {
        if (options.AdminUrl is null && (options.EngineUrl is null || options.AppUrl is null || options.FlowUrl is null))
            throw new DatabaseException(
                "database_url_missing", "No database was named.", "Give --database-url, or the connections of engine, app and flow one by one.");

        try
        {
            if (options.AdminUrl is null)
                return await ConnectAsync(options, null, null, [], log, cancellationToken);
            var given = Prepare(ConnectionText.Parse(options.AdminUrl), options);
            var key = DatabaseRoles.Key(given, options.DataDirectory);
            try
            {
                return await ConnectAsync(options, given, DatabaseRoles.Login(given, key, DatabaseRole.Admin), key, log, cancellationToken);
            }
            catch (Exception e) when (IsMissingRole(e))
            {
                // The first start on this database, or the administrator's password was changed since.
                var owner = await DatabaseRoles.EnsureAsync(given, key, renewLogins: e is PostgresException, cancellationToken);
                return await ConnectAsync(options, given, owner, key, log, cancellationToken);
            }
        }
        catch (Exception e) when (SqlErrors.Find(e) is not null)
        {
            throw Explain(e, ConnectionText.Describe(options.AdminUrl ?? options.EngineUrl!));
        }
    }

    /// <summary>A transaction of <c>weft_app</c> that acts for the caller, and for nobody after its end.</summary>
    public async Task<CallerScope> BeginAsync(Caller caller, CancellationToken cancellationToken)
    {
        var connection = await App.OpenConnectionAsync(cancellationToken);
        try
        {
            // BEGIN waits in the driver's buffer and travels with the first statement: one round trip for both.
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(ActForCaller, connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller.UserId?.ToString() ?? "" });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller.WorkspaceId?.ToString() ?? "" });
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new CallerScope(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A transaction of <c>weft_flow</c> that acts for the caller. The role itself cannot change for whom.</summary>
    public async Task<CallerScope> BeginFlowAsync(Caller caller, CancellationToken cancellationToken)
    {
        var connection = await Flow.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            // set_config is taken from this role, and SET takes no parameters; a Guid's text holds nothing but hex and dashes.
            await using var batch = new NpgsqlBatch(connection, transaction)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand($"set local weft.user_id = '{caller.UserId:D}'"),
                    new NpgsqlBatchCommand($"set local weft.workspace_id = '{caller.WorkspaceId:D}'"),
                },
            };
            await batch.ExecuteNonQueryAsync(cancellationToken);
            return new CallerScope(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await App.DisposeAsync();
        await Flow.DisposeAsync();
        if (admin is not null)
            await admin.DisposeAsync();
    }

    internal static void CheckVersion(NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < OldestMajorVersion)
            throw new DatabaseException(
                "database_too_old",
                $"The server at {connection.Host}:{connection.Port} is PostgreSQL {connection.PostgreSqlVersion}; Weft needs {OldestMajorVersion} or later.",
                "Upgrade it, name another one with --database-url, or leave that out to use the embedded PostgreSQL.");
    }

    private static async Task<WeftDatabase> ConnectAsync(
        DatabaseOptions options,
        NpgsqlConnectionStringBuilder? given,
        NpgsqlConnectionStringBuilder? owner,
        byte[] key,
        ILoggerFactory log,
        CancellationToken cancellationToken)
    {
        var database = Build(options, given, owner, key, log);
        try
        {
            await database.CheckAsync(cancellationToken);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private static WeftDatabase Build(
        DatabaseOptions options, NpgsqlConnectionStringBuilder? given, NpgsqlConnectionStringBuilder? owner, byte[] key, ILoggerFactory log)
    {
        NpgsqlConnectionStringBuilder Of(DatabaseRole role, string? url) =>
            url is not null ? Prepare(ConnectionText.Parse(url), options) : DatabaseRoles.Login(given!, key, role);

        NpgsqlDataSource Pool(NpgsqlConnectionStringBuilder connection, DatabaseRole role, int size, string? settings = null)
        {
            connection.ApplicationName = $"{options.ApplicationName} {role.ToString().ToLowerInvariant()}";
            connection.MaxPoolSize = size;
            if (settings is not null)
                connection.Options = $"{connection.Options} {settings}".Trim();
            return new NpgsqlDataSourceBuilder(connection.ConnectionString).UseLoggerFactory(log).Build();
        }

        var direct = options.DirectUrl is not null ? Prepare(ConnectionText.Parse(options.DirectUrl), options) : Of(DatabaseRole.Engine, options.EngineUrl);
        direct.Pooling = false;
        direct.ApplicationName = $"{options.ApplicationName} direct";
        return new WeftDatabase(
            owner is null ? null : Pool(owner, DatabaseRole.Admin, AdminPoolSize),
            Pool(Of(DatabaseRole.Engine, options.EngineUrl), DatabaseRole.Engine, options.EnginePoolSize, options.EngineSettings),
            Pool(Of(DatabaseRole.App, options.AppUrl), DatabaseRole.App, options.AppPoolSize),
            Pool(Of(DatabaseRole.Flow, options.FlowUrl), DatabaseRole.Flow, options.FlowPoolSize),
            direct.ConnectionString,
            log.CreateLogger<WeftDatabase>());
    }

    private static NpgsqlConnectionStringBuilder Prepare(NpgsqlConnectionStringBuilder connection, DatabaseOptions options)
    {
        connection.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
        connection.KeepAlive = 30;
        return connection;
    }

    private static bool IsMissingRole(Exception e) =>
        e is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InsufficientPrivilege }
            or DatabaseException { Code: "database_role_wrong" };

    private static DatabaseException Explain(Exception e, string where) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => new DatabaseException(
            "database_missing", $"There is no such database: {where}.", "Create it (create database …), or correct --database-url.", e),
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused => new DatabaseException(
            "database_login_refused", $"The database refused the login {where}: {refused.MessageText}.", "Check user and password of --database-url and the server's pg_hba.conf.", e),
        PostgresException { SqlState: not (PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown) } answer => new DatabaseException(
            "database_unusable", $"The database {where} cannot be used: {answer.MessageText}.", "Check the rights of --database-url's user.", e),
        _ => new DatabaseException(
            "database_unreachable", $"The database {where} cannot be reached: {e.GetBaseException().Message}.", "Start it, or correct --database-url.", e),
    };

    /// <summary>Opens one connection of every pool, at once: a wrong login shows now and not at the first request.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        List<Task<bool>> checks = [CheckAsync(Engine, DatabaseRole.Engine, cancellationToken), CheckAsync(App, DatabaseRole.App, cancellationToken), CheckAsync(Flow, DatabaseRole.Flow, cancellationToken)];
        if (admin is not null)
            checks.Add(CheckAsync(admin, DatabaseRole.Admin, cancellationToken));
        var flowsMaySetConfig = await Task.WhenAll(checks);
        IsFlowIdentityProtected = !flowsMaySetConfig[0];
        if (!IsFlowIdentityProtected)
            LogIdentityUnprotected();
    }

    private static async Task<bool> CheckAsync(NpgsqlDataSource pool, DatabaseRole role, CancellationToken cancellationToken)
    {
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        CheckVersion(connection);
        await using var command = new NpgsqlCommand(DescribeSession, connection);
        var name = DatabaseRoles.Name(role);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var user = new NpgsqlConnectionStringBuilder(pool.ConnectionString).Username;
        if (!row.GetBoolean(0))
            throw new DatabaseException("database_role_wrong", $"The login '{user}' is not a member of {name}.", $"Run: grant {name} to \"{user}\".");
        if (role == DatabaseRole.Admin && !row.GetBoolean(3))
            throw new DatabaseException("database_role_wrong", $"The login '{user}' may not create anything in the database.", $"Run as a superuser: grant create on database … to {name}.");
        if (role != DatabaseRole.Admin && row.GetBoolean(1))
            throw new DatabaseException(
                "database_role_too_strong",
                $"The login '{user}' that should act as {name} is a superuser or bypasses row-level security, so it would see everyone's data.",
                "Give a login of its own that does neither.");
        return row.GetBoolean(2);
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "weft_flow may call set_config on this server, so SQL steps of workspace flows on Weft's own database are refused. Start Weft once with a superuser's --database-url, or run: revoke execute on function pg_catalog.set_config(text, text, boolean) from public")]
    private partial void LogIdentityUnprotected();
}

/// <summary>A transaction that acts for one caller. Without <see cref="CommitAsync"/> it is rolled back.</summary>
public sealed class CallerScope : IAsyncDisposable
{
    internal CallerScope(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        Connection = connection;
        Transaction = transaction;
    }

    /// <summary>The connection, inside the transaction.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>The transaction.</summary>
    public NpgsqlTransaction Transaction { get; }

    /// <summary>Makes it last; the caller's identity ends with it.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => Transaction.CommitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
