using System.Collections.Concurrent;
using Npgsql;
using Weft.Engine.Language;
using Weft.Engine.Runtime;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>
/// The flows as this process knows them: each version is read and compiled once; which version is current is remembered for a
/// moment, so that starting many runs does not ask the database for each.
/// </summary>
internal sealed class FlowCatalog(NpgsqlDataSource database, TaskTypeRegistry types, TimeProvider time)
{
    private const int MostPlans = 2_000;
    private static readonly TimeSpan CurrentFor = TimeSpan.FromSeconds(1);

    [Sql(DatabaseRole.Engine)]
    private const string FindCurrentVersion = """
        select v.id
        from weft.flow f join weft.flow_version v on v.flow = f.id and v.version = f.current_version
        where f.namespace = $1 and f.flow_id = $2 and (f.workspace_id is null or f.workspace_id = $3)
        order by f.workspace_id nulls last limit 1
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ReadVersion = """
        select v.version, f.id, f.workspace_id, f.user_id, f.disabled, v.source, f.namespace
        from weft.flow_version v join weft.flow f on f.id = v.flow
        where v.id = $1
        """;

    private readonly ConcurrentDictionary<long, Lazy<Task<FlowPlan?>>> _plans = new();
    private readonly ConcurrentDictionary<(Guid?, string, string), (long? Version, long ReadAt)> _current = new();

    public TaskTypeRegistry Types => types;

    /// <summary>The current version of the workspace's flow of this name, or of the system's; null when there is neither.</summary>
    public async ValueTask<FlowPlan?> FindCurrentAsync(Guid? workspace, string ns, string id, CancellationToken cancellationToken)
    {
        var key = (workspace, ns, id);
        if (!_current.TryGetValue(key, out var current) || time.GetElapsedTime(current.ReadAt) > CurrentFor)
        {
            var readAt = time.GetTimestamp();
            await using var command = database.CreateCommand(FindCurrentVersion);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ns });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)workspace ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
            current = ((long?)await command.ExecuteScalarAsync(cancellationToken), readAt);
            // Names come from outside: what does not exist is not worth remembering.
            if (current.Version is null)
            {
                _current.TryRemove(key, out _);
                return null;
            }
            if (_current.Count > MostPlans) _current.Clear();
            _current[key] = current;
        }
        return current.Version is { } version ? await FindAsync(version, cancellationToken) : null;
    }

    /// <summary>The version, compiled; null when it is gone. Throws when a version that was accepted once does not compile any more.</summary>
    public async ValueTask<FlowPlan?> FindAsync(long version, CancellationToken cancellationToken)
    {
        if (_plans.Count > MostPlans) _plans.Clear();
        var plan = _plans.GetOrAdd(version, v => new Lazy<Task<FlowPlan?>>(() => LoadAsync(v)));
        try
        {
            var found = await plan.Value.WaitAsync(cancellationToken);
            if (found is null) _plans.TryRemove(version, out _);
            return found;
        }
        catch when (plan.Value.IsFaulted)
        {
            _plans.TryRemove(version, out _);
            throw;
        }
    }

    /// <summary>Forgets which versions are current: after a deployment here or on another node.</summary>
    public void Refresh()
    {
        _current.Clear();
        // A plan also says whether its flow is disabled.
        _plans.Clear();
    }

    private async Task<FlowPlan?> LoadAsync(long version)
    {
        await using var command = database.CreateCommand(ReadVersion);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = version });
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync()) return null;
        var compilation = FlowCompiler.Compile(reader.GetString(5), types, reader.GetString(6));
        if (compilation.Flow is not { } flow)
            throw new FlowException("flow_version_unreadable",
                $"Version {reader.GetInt32(0)} of the flow does not compile with this program: {string.Join(" ", compilation.Problems.Take(3).Select(p => p.Message))}");
        return new FlowPlan(version, reader.GetInt32(0), reader.GetGuid(1), Id(reader, 2), Id(reader, 3), reader.GetBoolean(4), flow);
    }

    private static Guid? Id(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
}
