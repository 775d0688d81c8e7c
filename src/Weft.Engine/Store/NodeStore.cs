using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>What a node learns each time it renews its lease.</summary>
/// <param name="IsAlive">False when the node's row is gone: it was rescued.</param>
/// <param name="Workers">The nodes that work and are within their lease, this one included, in order.</param>
/// <param name="Unlocked">Other nodes whose session lock is free: their process is gone, or has lost its connection just now.</param>
/// <param name="Expired">Other nodes that are silent for longer than their lease.</param>
/// <param name="Others">How many other nodes there are at all.</param>
/// <param name="Mine">The slots of this node.</param>
/// <param name="Free">Slots of nobody.</param>
/// <param name="CancelRuns">Runs that somebody asked to cancel.</param>
/// <param name="CancelReasons">Why, in the same order.</param>
/// <param name="OldestTransaction">Every transaction with a lower number has ended.</param>
/// <param name="NextTransaction">Every transaction that begins later has this number or a higher one.</param>
/// <param name="HasChanges">Row changes wait in the outbox.</param>
internal sealed record Pulse(
    bool IsAlive, int[] Workers, int[] Unlocked, int[] Expired, int Others, short[] Mine, short[] Free, Guid[] CancelRuns, string[] CancelReasons,
    long OldestTransaction, long NextTransaction, bool HasChanges);

/// <summary>Nodes, their leases and their slots.</summary>
internal static class NodeStore
{
    /// <summary>The space of advisory locks that every fenced transaction shares and a rescue takes alone.</summary>
    public const int FenceLocks = 873490;

    /// <summary>The space of advisory locks that a node's session holds as long as its process lives.</summary>
    public const int LifeLocks = 873491;

    [Sql(DatabaseRole.Engine)]
    private const string RegisterNode = """
        insert into weft.node (name, process_id, works, secret, expires_at) values ($1, $2, $3, $4, clock_timestamp() + $5) returning id
        """;

    [Sql(DatabaseRole.Engine)]
    private const string HoldLifeLock = "select pg_advisory_lock(873491, $1)";

    [Sql(DatabaseRole.Engine)]
    private const string RenewLease = """
        with beat as (update weft.node set heartbeat_at = clock_timestamp(), expires_at = clock_timestamp() + $2 where id = $1 returning id),
             other as materialized (
               select n.id, n.expires_at < clock_timestamp() as expired,
                      not exists (select 1 from pg_catalog.pg_locks l where l.locktype = 'advisory' and l.classid = 873491 and l.objid = n.id::oid and l.objsubid = 2
                                  and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())) as unlocked
               from weft.node n where n.id <> $1)
        select exists (select 1 from beat),
               array(select id from weft.node where works and (id = $1 or expires_at > clock_timestamp()) order by id),
               array(select id from other where unlocked), array(select id from other where expired), (select count(*)::integer from other),
               array(select id from weft.slot where node = $1 order by id), array(select id from weft.slot where node is null order by id),
               array(select run_id from weft.cancel_request order by run_id limit 500), array(select reason from (select reason from weft.cancel_request order by run_id limit 500) r),
               pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
               exists (select 1 from weft.outbox)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ClaimSlots = """
        with free as materialized (select id from weft.slot where node is null order by id limit $2 for update skip locked)
        update weft.slot set node = $1 where id in (select id from free) returning id, low_mark
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ReleaseSlots = "update weft.slot set node = null where node = $1 and id = any($2)";

    [Sql(DatabaseRole.Engine)]
    private const string MoveLowMark = "update weft.slot set low_mark = $2 where node = $1 and low_mark < $2";

    [Sql(DatabaseRole.Engine)]
    private const string RemoveNode = "delete from weft.node where id = $1";

    [Sql(DatabaseRole.Engine)]
    private const string LimitLockWait = "select set_config('lock_timeout', '1s', true)";

    [Sql(DatabaseRole.Engine)]
    private const string LockOutWrites = "select pg_advisory_xact_lock(873490, $1)";

    [Sql(DatabaseRole.Engine)]
    private const string TryLifeLock = "select pg_try_advisory_xact_lock(873491, $1)";

    [Sql(DatabaseRole.Engine)]
    private const string IsExpired = "select expires_at < clock_timestamp() from weft.node where id = $1";

    [Sql(DatabaseRole.Engine)]
    private const string TakeSlots = "update weft.slot set node = $2 where node = $1 returning id";

    [Sql(DatabaseRole.Engine)]
    private const string EndHeldSessions = """
        select count(pg_terminate_backend(l.pid)) from pg_catalog.pg_locks l
        where l.locktype = 'advisory' and l.classid = 873490 and l.objid = $1::integer::oid and l.objsubid = 2 and l.pid <> pg_backend_pid() and l.granted
        """;

    public static async Task<int> RegisterAsync(NpgsqlConnection connection, string name, bool works, byte[] secret, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var register = new NpgsqlCommand(RegisterNode, connection);
        register.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        register.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Environment.ProcessId });
        register.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = works });
        register.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = secret });
        register.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        return (int)(await register.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Holds the lock that says that the process lives, for as long as the connection does.</summary>
    public static Task HoldLifeLockAsync(NpgsqlConnection connection, int node, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, HoldLifeLock, node, cancellationToken);

    public static async Task<Pulse> RenewAsync(NpgsqlConnection connection, int node, TimeSpan lease, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RenewLease, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new Pulse(
            row.GetBoolean(0), row.GetFieldValue<int[]>(1), row.GetFieldValue<int[]>(2), row.GetFieldValue<int[]>(3), row.GetInt32(4),
            row.GetFieldValue<short[]>(5), row.GetFieldValue<short[]>(6), row.GetFieldValue<Guid[]>(7), row.GetFieldValue<string[]>(8),
            row.GetInt64(9), row.GetInt64(10), row.GetBoolean(11));
    }

    /// <summary>Takes up to so many slots of nobody; with each, below which position nothing of it is left.</summary>
    public static async Task<List<(short Slot, Guid LowMark)>> ClaimAsync(NpgsqlConnection connection, int node, int count, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ClaimSlots, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        var slots = new List<(short, Guid)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) slots.Add((reader.GetInt16(0), reader.GetGuid(1)));
        return slots;
    }

    public static async Task ReleaseAsync(NpgsqlConnection connection, int node, short[] slots, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReleaseSlots, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = slots });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task MoveLowMarkAsync(NpgsqlConnection connection, int node, Guid mark, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MoveLowMark, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = mark });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The node goes, and its slots are free.</summary>
    public static Task RemoveAsync(NpgsqlConnection connection, int node, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, RemoveNode, node, cancellationToken);

    /// <summary>
    /// Takes over the slots of a dead node, once no write of it is under way any more. Null when it lives after all or somebody
    /// else was quicker.
    /// </summary>
    public static async Task<List<short>?> RescueAsync(NpgsqlConnection connection, int dead, int heir, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, LimitLockWait, null, cancellationToken);
        await ExecuteAsync(connection, LockOutWrites, dead, cancellationToken);
        if (await ScalarAsync(connection, IsExpired, dead, cancellationToken) is not bool expired) return null;
        if (!expired && await ScalarAsync(connection, TryLifeLock, dead, cancellationToken) is not true) return null;
        var slots = new List<short>();
        await using (var take = new NpgsqlCommand(TakeSlots, connection))
        {
            take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = dead });
            take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = heir });
            await using var reader = await take.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken)) slots.Add(reader.GetInt16(0));
        }
        await ExecuteAsync(connection, RemoveNode, dead, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return slots;
    }

    /// <summary>Ends sessions of a dead node that hang in the middle of a write and so keep its work from being taken over.</summary>
    public static Task EndHeldSessionsAsync(NpgsqlConnection connection, int dead, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, EndHeldSessions, dead, cancellationToken);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, int? node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (node is { } id) command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, int node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node });
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
