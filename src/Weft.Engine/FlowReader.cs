using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine;

/// <summary>A flow as a list shows it.</summary>
public sealed record FlowSummary
{
    /// <summary>The flow's key.</summary>
    public required Guid Id { get; init; }
    /// <summary>Whose it is; null for the product's own.</summary>
    public Guid? WorkspaceId { get; init; }
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }
    /// <summary>Its id in the namespace.</summary>
    public required string FlowId { get; init; }
    /// <summary>What it is for.</summary>
    public string? Description { get; init; }
    /// <summary>The current version.</summary>
    public required int Version { get; init; }
    /// <summary>It starts no runs.</summary>
    public required bool Disabled { get; init; }
    /// <summary>When it was first deployed.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>When the current version was deployed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A page of flows by namespace and id.</summary>
/// <param name="Items">The flows.</param>
/// <param name="NextCursor">Where the next page begins; null on the last.</param>
public sealed record FlowPage(IReadOnlyList<FlowSummary> Items, string? NextCursor);

/// <summary>A flow with the source of one version.</summary>
/// <param name="Flow">The flow.</param>
/// <param name="Version">The version that <paramref name="Source"/> is of.</param>
/// <param name="Source">The text as it was deployed.</param>
/// <param name="Triggers">The triggers of the current version.</param>
public sealed record FlowDetail(FlowSummary Flow, int Version, string Source, IReadOnlyList<TriggerSummary> Triggers);

/// <summary>A version of a flow.</summary>
/// <param name="Version">Its number.</param>
/// <param name="CreatedAt">When it was deployed.</param>
/// <param name="CreatedBy">By whom.</param>
/// <param name="ContentHash">SHA-256 of its source.</param>
public sealed record FlowVersionSummary(int Version, DateTimeOffset CreatedAt, Guid? CreatedBy, string ContentHash);

/// <summary>A trigger of a flow.</summary>
/// <param name="Flow"><c>namespace/id</c>.</param>
/// <param name="Id">Its id in the flow.</param>
/// <param name="Kind"><c>webhook</c> or <c>row</c>.</param>
/// <param name="Table">The table it listens to.</param>
/// <param name="Operations">The changes it listens to.</param>
/// <param name="Disabled">It starts nothing.</param>
/// <param name="LastFiredAt">When it last started a run.</param>
/// <param name="LastError">Why it last could not start one.</param>
/// <param name="LastErrorAt">When that was.</param>
public sealed record TriggerSummary(
    string Flow, string Id, string Kind, string? Table, IReadOnlyList<string>? Operations, bool Disabled, DateTimeOffset? LastFiredAt, string? LastError, DateTimeOffset? LastErrorAt);

/// <summary>Reads flows on the caller's connection: the product's own, and those of the caller's workspaces.</summary>
public static class FlowReader
{
    [Sql(DatabaseRole.App)]
    private const string ListFlows = """
        select id, workspace_id, namespace, flow_id, description, current_version, disabled, created_at, updated_at
        from weft.flow
        where ($1::text is null or (namespace, flow_id, id) > ($1, $2, $3::uuid))
          and ($4::text is null or namespace = $4)
          and ($5::text is null or namespace || '/' || flow_id ilike $5 or description ilike $5)
        order by namespace, flow_id, id limit $6
        """;

    [Sql(DatabaseRole.App)]
    private const string FindFlow = """
        select f.id, f.workspace_id, f.namespace, f.flow_id, f.description, f.current_version, f.disabled, f.created_at, f.updated_at, v.version, v.source
        from weft.flow f join weft.flow_version v on v.flow = f.id and v.version = coalesce($3::integer, f.current_version)
        where f.namespace = $1 and f.flow_id = $2 order by f.workspace_id nulls last limit 1
        """;

    [Sql(DatabaseRole.App)]
    private const string ListVersions = """
        select version, created_at, created_by, content_hash from weft.flow_version where flow = $1 and ($2::integer is null or version < $2) order by version desc limit $3
        """;

    [Sql(DatabaseRole.App)]
    private const string ListTriggers = """
        select f.namespace || '/' || f.flow_id, t.trigger_id, t.kind, t.table_name, t.operations, t.disabled, t.last_fired_at, t.last_error, t.last_error_at
        from weft.trigger t join weft.flow f on f.id = t.flow
        where ($1::uuid is null or t.flow = $1) order by f.namespace, f.flow_id, t.trigger_id limit 1000
        """;

    /// <summary>A page of flows by namespace and id; <paramref name="text"/> is part of the name or the description.</summary>
    public static async Task<FlowPage> ListAsync(
        NpgsqlConnection connection, string? ns, string? text, string? cursor, int limit, CancellationToken cancellationToken)
    {
        limit = Math.Clamp(limit, 1, 200);
        var after = cursor?.Split('/');
        if (after is not null && (after.Length != 3 || !Guid.TryParse(after[2], out _))) throw new FlowException("cursor_invalid", "The cursor is not one that a page of flows gave.");
        await using var command = new NpgsqlCommand(ListFlows, connection);
        Add(command, after?[0], NpgsqlDbType.Text);
        Add(command, after?[1], NpgsqlDbType.Text);
        Add(command, after is null ? null : Guid.Parse(after[2]), NpgsqlDbType.Uuid);
        Add(command, ns, NpgsqlDbType.Text);
        Add(command, string.IsNullOrWhiteSpace(text) ? null : $"%{text.Trim().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%", NpgsqlDbType.Text);
        Add(command, limit + 1, NpgsqlDbType.Integer);
        var flows = new List<FlowSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) flows.Add(Summary(reader));
        if (flows.Count <= limit) return new FlowPage(flows, null);
        flows.RemoveAt(limit);
        return new FlowPage(flows, $"{flows[^1].Namespace}/{flows[^1].FlowId}/{flows[^1].Id}");
    }

    /// <summary>The caller's flow of this name, else the product's; the current version, or the given one. Null when the caller sees none.</summary>
    public static async Task<FlowDetail?> FindAsync(NpgsqlConnection connection, string ns, string flowId, int? version, CancellationToken cancellationToken)
    {
        FlowSummary flow;
        int found;
        string source;
        await using (var command = new NpgsqlCommand(FindFlow, connection))
        {
            Add(command, ns, NpgsqlDbType.Text);
            Add(command, flowId, NpgsqlDbType.Text);
            Add(command, version, NpgsqlDbType.Integer);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken)) return null;
            flow = Summary(reader);
            found = reader.GetInt32(9);
            source = reader.GetString(10);
        }
        return new FlowDetail(flow, found, source, await TriggersAsync(connection, flow.Id, cancellationToken));
    }

    /// <summary>The versions of a flow, the newest first; <paramref name="before"/> continues below that number.</summary>
    public static async Task<IReadOnlyList<FlowVersionSummary>> VersionsAsync(NpgsqlConnection connection, Guid flow, int? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ListVersions, connection);
        Add(command, flow, NpgsqlDbType.Uuid);
        Add(command, before, NpgsqlDbType.Integer);
        Add(command, Math.Clamp(limit, 1, 200), NpgsqlDbType.Integer);
        var versions = new List<FlowVersionSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            versions.Add(new FlowVersionSummary(reader.GetInt32(0), new DateTimeOffset(reader.GetDateTime(1)), reader.IsDBNull(2) ? null : reader.GetGuid(2), reader.GetString(3)));
        return versions;
    }

    /// <summary>The triggers of one flow, or of all that the caller sees.</summary>
    public static async Task<IReadOnlyList<TriggerSummary>> TriggersAsync(NpgsqlConnection connection, Guid? flow, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ListTriggers, connection);
        Add(command, flow, NpgsqlDbType.Uuid);
        var triggers = new List<TriggerSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            triggers.Add(new TriggerSummary(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<string[]>(4), reader.GetBoolean(5), Time(reader, 6), reader.IsDBNull(7) ? null : reader.GetString(7), Time(reader, 8)));
        return triggers;
    }

    private static FlowSummary Summary(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        WorkspaceId = reader.IsDBNull(1) ? null : reader.GetGuid(1),
        Namespace = reader.GetString(2),
        FlowId = reader.GetString(3),
        Description = reader.IsDBNull(4) ? null : reader.GetString(4),
        Version = reader.GetInt32(5),
        Disabled = reader.GetBoolean(6),
        CreatedAt = Time(reader, 7)!.Value,
        UpdatedAt = Time(reader, 8)!.Value,
    };

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column));

    private static void Add(NpgsqlCommand command, object? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
}
