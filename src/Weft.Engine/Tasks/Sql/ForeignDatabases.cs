using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Weft.Engine.Outbound;
using Weft.Postgres;

namespace Weft.Engine.Tasks.Sql;

/// <summary>
/// Connections to databases that flows name, in small pools by connection. A pool that nobody used for five minutes is
/// closed, so that a flow which makes up a new database each time cannot fill the node.
/// </summary>
public sealed class ForeignDatabases(OutboundGuard guard, TimeProvider time) : IAsyncDisposable
{
    private const int MaxPools = 64;
    private static readonly TimeSpan IdleLife = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Pool> _pools = new(StringComparer.Ordinal);

    /// <summary>
    /// Opens a connection to the database that the text describes, with user and password where they are given apart.
    /// Disposing the lease gives it back.
    /// </summary>
    internal async Task<ForeignConnection> OpenAsync(string url, string? username, string? password, CancellationToken cancellationToken)
    {
        var given = Read(url);
        if (!string.IsNullOrEmpty(username)) given.Username = username;
        if (!string.IsNullOrEmpty(password)) given.Password = password;
        if (string.IsNullOrEmpty(given.Username)) throw new FlowException("sql_connection_invalid", "The database connection names no user; give 'username'.");

        var host = given.Host ?? "";
        if (host.Length == 0 || host.Contains('/', StringComparison.Ordinal) || host.Contains(',', StringComparison.Ordinal) || host.StartsWith('@'))
        {
            throw new FlowException("sql_connection_invalid", "The database connection must name one host, not a socket or several hosts.");
        }
        // Resolved before each use: a pool is only found again for addresses that were checked just now.
        var addresses = await guard.ResolveAsync(host, given.Port, cancellationToken);
        var pool = await TakeAsync(given, host, addresses);
        try
        {
            return new ForeignConnection(this, pool, await pool.Source.OpenConnectionAsync(cancellationToken));
        }
        catch
        {
            GiveBack(pool);
            throw;
        }
    }

    private static NpgsqlConnectionStringBuilder Read(string url)
    {
        try
        {
            return ConnectionText.Parse(url);
        }
        catch (DatabaseException e)
        {
            throw new FlowException("sql_connection_invalid", e.Message, inner: e);
        }
    }

    private async Task<Pool> TakeAsync(NpgsqlConnectionStringBuilder given, string host, IReadOnlyList<IPAddress> addresses)
    {
        var hosts = string.Join(',', addresses.OrderBy(a => a.AddressFamily == AddressFamily.InterNetworkV6).Take(4)
            .Select(a => a.AddressFamily == AddressFamily.InterNetworkV6 && addresses.Count > 1 ? $"[{a}]:{given.Port}" : a.ToString()));
        // Only what cannot reach into this machine is taken over: no key files, no password files, no options for the driver.
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = hosts,
            Port = given.Port,
            Database = string.IsNullOrEmpty(given.Database) ? given.Username : given.Database,
            Username = given.Username,
            SslMode = given.SslMode,
            SearchPath = given.SearchPath,
            ApplicationName = string.IsNullOrEmpty(given.ApplicationName) ? "weft" : given.ApplicationName,
            GssEncryptionMode = GssEncryptionMode.Disable,
            Timeout = Math.Clamp(given.Timeout, 1, 15),
            MaxPoolSize = 4,
            MinPoolSize = 0,
            ConnectionIdleLifetime = 30,
            ConnectionPruningInterval = 10,
            Enlist = false,
            IncludeErrorDetail = false,
        };
        var password = given.Password ?? "";
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{connection.ConnectionString}\0{host}\0{password}")));

        List<Pool> idle = [];
        Pool? pool;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var (name, other) in _pools)
            {
                if (other.Leases > 0 || time.GetElapsedTime(other.LastUsed, now) < IdleLife) continue;
                idle.Add(other);
                _pools.Remove(name);
            }
            if (!_pools.TryGetValue(key, out pool))
            {
                if (_pools.Count >= MaxPools)
                {
                    throw new FlowException("sql_too_many_databases", $"Flows of this node are connected to {MaxPools} other databases; try again when some are idle.", retryable: true);
                }
                pool = new Pool(Build(connection, host, password));
                _pools.Add(key, pool);
            }
            pool.Leases++;
        }
        foreach (var unused in idle) await unused.Source.DisposeAsync();
        return pool;
    }

    private static NpgsqlDataSource Build(NpgsqlConnectionStringBuilder connection, string host, string password)
    {
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        // Without a password of its own the driver would look into this process's environment and files for one.
        builder.UsePasswordProvider(_ => password, (_, _) => new ValueTask<string>(password));
        builder.UseSslClientAuthenticationOptionsCallback(tls =>
        {
            // The connection goes to the checked address, the certificate is still asked for the name.
            tls.TargetHost = host;
            tls.ClientCertificates = null;
        });
        return builder.Build();
    }

    private void GiveBack(Pool pool)
    {
        lock (_lock)
        {
            pool.Leases--;
            pool.LastUsed = time.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<Pool> all;
        lock (_lock)
        {
            all = [.. _pools.Values];
            _pools.Clear();
        }
        foreach (var pool in all) await pool.Source.DisposeAsync();
    }

    internal sealed class Pool(NpgsqlDataSource source)
    {
        public NpgsqlDataSource Source { get; } = source;
        public int Leases { get; set; }
        public long LastUsed { get; set; }
    }

    internal sealed class ForeignConnection(ForeignDatabases owner, Pool pool, NpgsqlConnection connection) : IAsyncDisposable
    {
        public NpgsqlConnection Connection { get; } = connection;

        public async ValueTask DisposeAsync()
        {
            await Connection.DisposeAsync();
            owner.GiveBack(pool);
        }
    }
}
