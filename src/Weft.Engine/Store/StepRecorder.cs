using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>Writes a step's record inside a handler's own transaction, so that effect and record commit together.</summary>
internal static class StepRecorder
{
    // As weft_flow, the weakest of the roles that run it.
    [Sql(DatabaseRole.Flow)]
    private const string RecordStep = "select weft.record_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    [Sql(DatabaseRole.Engine)]
    private const string FindCompletedStep = "select output from weft.step where run_id = $1 and path = $2 and attempt = $3 and status = 'completed'";

    public static async Task RecordAsync(NpgsqlTransaction transaction, NodeEpoch node, StepRow row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RecordStep, transaction.Connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node.Id });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Proof(node, row) });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = row.RunId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Path });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = row.Attempt });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.TaskId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = row.Type });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)row.Iteration ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = row.StartedAt.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = row.FinishedAt!.Value.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)row.Input ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)row.Output ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == "WF001")
        {
            throw new NodeFencedException(node.Id, e);
        }
    }

    /// <summary>The recorded output of the attempt, wrapped since it may be null itself; null when no completed attempt is recorded.</summary>
    public static async Task<Answer?> FindCompletedAsync(NpgsqlDataSource database, Guid run, string path, int attempt, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FindCompletedStep);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = path });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = attempt });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        return new Answer(await reader.IsDBNullAsync(0, cancellationToken) ? null : FlowValue.Parse(reader.GetString(0)));
    }

    // What weft.record_step works out again from the node's secret.
    private static byte[] Proof(NodeEpoch node, StepRow row) =>
        SHA256.HashData([.. node.Secret, .. Encoding.UTF8.GetBytes($"{row.RunId}|{row.Path}|{row.Attempt}"), .. node.Secret]);
}
