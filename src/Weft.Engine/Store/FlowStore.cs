using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Weft.Engine.Language;
using Weft.Engine.Runtime;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>Deploys flows: versions, and what must be found of their triggers without compiling them.</summary>
internal static class FlowStore
{
    [Sql(DatabaseRole.Engine)]
    private const string LockFlow = """
        select f.id, f.current_version, v.content_hash
        from weft.flow f join weft.flow_version v on v.flow = f.id and v.version = f.current_version
        where f.workspace_id is not distinct from $1 and f.namespace = $2 and f.flow_id = $3 for update of f
        """;

    [Sql(DatabaseRole.Engine)]
    private const string InsertFlow = """
        insert into weft.flow (id, workspace_id, user_id, namespace, flow_id, description, current_version, disabled) values ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string UpdateFlow = "update weft.flow set description = $2, current_version = $3, disabled = $4, user_id = $5, updated_at = now() where id = $1";

    [Sql(DatabaseRole.Engine)]
    private const string InsertVersion = "insert into weft.flow_version (flow, version, source, content_hash, created_by) values ($1, $2, $3, $4, $5)";

    [Sql(DatabaseRole.Engine)]
    private const string DropTriggers = "delete from weft.trigger where flow = $1";

    [Sql(DatabaseRole.Engine)]
    private const string InsertTrigger = """
        insert into weft.trigger (flow, trigger_id, kind, table_name, operations, key_hash, disabled) values ($1, $2, $3, $4, $5, $6, $7)
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ListRowTriggerTables = "select table_name from weft.row_trigger_table order by table_name";

    [Sql(DatabaseRole.Engine)]
    private const string DropFlow = "delete from weft.flow where workspace_id is not distinct from $1 and namespace = $2 and flow_id = $3";

    /// <summary>The compiled flow becomes the current version, unless it is that already.</summary>
    public static async Task<FlowDeployment> DeployAsync(
        RunServices services, string source, FlowCompilation compilation, FlowOwner owner, CancellationToken cancellationToken)
    {
        var flow = compilation.Flow!;
        await using var connection = await services.Database.Engine.OpenConnectionAsync(cancellationToken);
        var triggers = await TriggersAsync(services, connection, flow, owner, cancellationToken);
        while (true)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var (id, version, hash) = await FindAsync(connection, owner, flow, cancellationToken);
            if (id is { } same && hash == compilation.ContentHash) return new FlowDeployment(same, flow.Namespace, flow.Id, version, IsNewVersion: false);
            var key = id ?? services.Ids.Next();
            try
            {
                await WriteAsync(connection, key, isNew: id is null, version + 1, source, compilation, owner, triggers, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            catch (PostgresException e) when (e.ConstraintName is "flow_name_key")
            {
                // Somebody else deployed the flow for the first time just now: ours is the version after that.
                continue;
            }
            return new FlowDeployment(key, flow.Namespace, flow.Id, version + 1, IsNewVersion: true);
        }
    }

    /// <summary>Removes the flow and its versions; its runs stay. False when there is none.</summary>
    public static async Task<bool> DeleteAsync(NpgsqlDataSource database, string ns, string id, FlowOwner owner, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(DropFlow);
        Add(command, owner.WorkspaceId, NpgsqlDbType.Uuid);
        Add(command, ns, NpgsqlDbType.Text);
        Add(command, id, NpgsqlDbType.Text);
        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    private static async Task WriteAsync(
        NpgsqlConnection connection, Guid key, bool isNew, int version, string source, FlowCompilation compilation, FlowOwner owner,
        List<TriggerRow> triggers, CancellationToken cancellationToken)
    {
        var flow = compilation.Flow!;
        await using var batch = new NpgsqlBatch(connection);
        if (isNew)
            Add(batch, InsertFlow, (key, NpgsqlDbType.Uuid), (owner.WorkspaceId, NpgsqlDbType.Uuid), (owner.UserId, NpgsqlDbType.Uuid), (flow.Namespace, NpgsqlDbType.Text),
                (flow.Id, NpgsqlDbType.Text), (flow.Description, NpgsqlDbType.Text), (version, NpgsqlDbType.Integer), (flow.Disabled, NpgsqlDbType.Boolean));
        else
            Add(batch, UpdateFlow, (key, NpgsqlDbType.Uuid), (flow.Description, NpgsqlDbType.Text), (version, NpgsqlDbType.Integer), (flow.Disabled, NpgsqlDbType.Boolean),
                (owner.UserId, NpgsqlDbType.Uuid));
        Add(batch, InsertVersion, (key, NpgsqlDbType.Uuid), (version, NpgsqlDbType.Integer), (source, NpgsqlDbType.Text), (compilation.ContentHash, NpgsqlDbType.Text),
            (owner.UserId, NpgsqlDbType.Uuid));
        Add(batch, DropTriggers, (key, NpgsqlDbType.Uuid));
        foreach (var trigger in triggers)
            Add(batch, InsertTrigger, (key, NpgsqlDbType.Uuid), (trigger.Id, NpgsqlDbType.Text), (trigger.Kind, NpgsqlDbType.Text), (trigger.Table, NpgsqlDbType.Text),
                (trigger.Operations, NpgsqlDbType.Array | NpgsqlDbType.Text), (trigger.KeyHash, NpgsqlDbType.Bytea), (trigger.IsDisabled, NpgsqlDbType.Boolean));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What must be found of the triggers; throws with all that cannot work.</summary>
    private static async Task<List<TriggerRow>> TriggersAsync(
        RunServices services, NpgsqlConnection connection, FlowDefinition flow, FlowOwner owner, CancellationToken cancellationToken)
    {
        var rows = new List<TriggerRow>();
        var problems = new List<FlowProblem>();
        var plan = new FlowPlan(0, 0, Guid.Empty, owner.WorkspaceId, owner.UserId, false, flow);
        var scope = new StartScope(services, plan, null, services.Time.GetUtcNow());
        HashSet<string>? tables = null;
        for (var i = 0; i < flow.Triggers.Count; i++)
        {
            var trigger = flow.Triggers[i];
            var path = $"triggers[{i}]";
            object? Property(string name) => trigger.Properties.TryGetValue(name, out var template) ? template.Evaluate(scope) : null;
            void Problem(string message) => problems.Add(new FlowProblem(trigger.Line, trigger.Column, path, message));
            try
            {
                switch (trigger.Kind)
                {
                    case "webhook":
                        var key = FlowValue.ToText(Property("key"));
                        if (key.Length == 0) Problem("The webhook's key is empty.");
                        rows.Add(new TriggerRow(trigger.Id, "webhook", null, null, KeyHash(key), trigger.Disabled));
                        break;
                    case "row":
                        var table = FlowValue.ToText(Property("table"));
                        tables ??= await ListTablesAsync(connection, cancellationToken);
                        if (!tables.Contains(table))
                            Problem($"Rows of '{table}' start no flows; those of these tables do: {(tables.Count == 0 ? "none yet" : string.Join(", ", tables.Order()))}.");
                        // Whoever a run acts for sees all it holds, and a workspace's run counts as that workspace's: neither is for another's flow to say.
                        foreach (var whom in (string[])["workspace", "user"])
                        {
                            if (owner.WorkspaceId is not null && trigger.Properties.ContainsKey(whom))
                                Problem($"'{whom}' of a row trigger is for the flows that the platform ships: a workspace's flow acts for its own workspace and the row's user. Remove '{whom}'.");
                        }
                        rows.Add(new TriggerRow(trigger.Id, "row", table, Operations(Property("on")), null, trigger.Disabled));
                        break;
                    default:
                        Problem($"Triggers of the kind '{trigger.Kind}' do not fire in this version of Weft; 'webhook' and 'row' do.");
                        break;
                }
            }
            catch (FlowException e)
            {
                Problem(e.Message);
            }
        }
        if (flow.Concurrency is not null)
            problems.Add(new FlowProblem(1, 1, "concurrency", "'concurrency' of a whole flow is not enforced in this version of Weft, so it is refused. Loops and 'parallel' have a concurrency of their own."));
        return problems.Count > 0 ? throw new FlowInvalidException(problems) : rows;
    }

    /// <summary>What is stored of a webhook's key.</summary>
    public static byte[] KeyHash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string[] Operations(object? on) => on switch
    {
        null => ["insert", "update", "delete"],
        IEnumerable<object?> list => [.. list.Select(o => FlowValue.ToText(o).ToLowerInvariant())],
        _ => [FlowValue.ToText(on).ToLowerInvariant()],
    };

    private static async Task<HashSet<string>> ListTablesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ListRowTriggerTables, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken)) tables.Add(reader.GetString(0));
        return tables;
    }

    private static async Task<(Guid? Id, int Version, string? Hash)> FindAsync(NpgsqlConnection connection, FlowOwner owner, FlowDefinition flow, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockFlow, connection);
        Add(command, owner.WorkspaceId, NpgsqlDbType.Uuid);
        Add(command, flow.Namespace, NpgsqlDbType.Text);
        Add(command, flow.Id, NpgsqlDbType.Text);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetGuid(0), reader.GetInt32(1), reader.GetString(2)) : (null, 0, null);
    }

    private static void Add(NpgsqlCommand command, object? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });

    private static void Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<(object? Value, NpgsqlDbType Type)> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (value, type) in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        batch.BatchCommands.Add(command);
    }

    private sealed record TriggerRow(string Id, string Kind, string? Table, string[]? Operations, byte[]? KeyHash, bool IsDisabled);
}
