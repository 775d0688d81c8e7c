using System.Data;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using Npgsql.PostgresTypes;
using Weft.Engine.Expressions;
using Weft.Postgres;

namespace Weft.Engine.Tasks.Sql;

/// <summary>How much of a result a step takes.</summary>
/// <param name="MaxRows">More rows are an error.</param>
/// <param name="MaxBytes">So is more text than this.</param>
/// <param name="FirstOnly">Only the first row is read.</param>
/// <param name="None">No row is read.</param>
internal readonly record struct SqlFetch(long MaxRows, long MaxBytes, bool FirstOnly, bool None);

/// <summary>Runs one statement and makes the step's output of what comes back.</summary>
internal static class SqlStatement
{
    // Fixes the text forms that SqlValue reads, whatever the server's settings. The limit on time is the server's too, so
    // that a statement does not go on after its client has gone.
    [SqlAttribute(DatabaseRole.Engine)]
    private const string PrepareSession =
        """
        SELECT set_config('DateStyle', 'ISO, YMD', $1), set_config('IntervalStyle', 'iso_8601', $1), set_config('TimeZone', 'UTC', $1),
               set_config('bytea_output', 'hex', $1), set_config('extra_float_digits', '1', $1), set_config('statement_timeout', $2, $1)
        """;

    /// <summary>Runs the statement. Throws what the driver throws, and <c>sql_result_too_large</c>.</summary>
    public static async Task<OrderedDictionary<string, object?>> RunAsync(
        NpgsqlConnection connection, BoundSql sql, SqlFetch fetch, TimeSpan timeout, bool inTransaction, CancellationToken cancellationToken)
    {
        await using (var prepare = new NpgsqlCommand(PrepareSession, connection))
        {
            prepare.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = inTransaction });
            prepare.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) });
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(sql.Sql, connection)
        {
            AllResultTypesAreUnknown = true,
            // A little later than the server's own limit, whose message is the better one.
            CommandTimeout = (int)timeout.TotalSeconds + 5,
        };
        SqlParameters.Add(command, sql.Values);

        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        var rows = new List<object?>();
        if (reader.FieldCount > 0 && !fetch.None) await ReadRowsAsync(reader, rows, fetch, cancellationToken);
        await reader.CloseAsync();

        return FlowValue.Map(
            ("rows", rows),
            ("row", rows.Count > 0 ? rows[0] : null),
            ("size", (long)rows.Count),
            ("affected_rows", reader.RecordsAffected < 0 ? null : (long)reader.RecordsAffected));
    }

    private static async Task ReadRowsAsync(NpgsqlDataReader reader, List<object?> rows, SqlFetch fetch, CancellationToken cancellationToken)
    {
        var names = new string[reader.FieldCount];
        var types = new PostgresType[reader.FieldCount];
        for (var i = 0; i < names.Length; i++) (names[i], types[i]) = (reader.GetName(i), reader.GetPostgresType(i));

        long bytes = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows.Count >= fetch.MaxRows)
            {
                throw new FlowException("sql_result_too_large", $"The statement returned more than {fetch.MaxRows} rows. Narrow it, or raise the step's 'limit' (at most {SqlQueryTask.MostRows}).");
            }
            var row = new OrderedDictionary<string, object?>(names.Length, StringComparer.Ordinal);
            for (var i = 0; i < names.Length; i++)
            {
                if (await reader.IsDBNullAsync(i, cancellationToken))
                {
                    row[names[i]] = null;
                    continue;
                }
                var text = await reader.GetFieldValueAsync<string>(i, cancellationToken);
                bytes += text.Length + names[i].Length + 8;
                if (bytes > fetch.MaxBytes)
                {
                    throw new FlowException("sql_result_too_large", $"The statement returned more than {fetch.MaxBytes / 1024} KiB. Select fewer rows or columns.");
                }
                row[names[i]] = SqlValue.Read(types[i], text);
            }
            rows.Add(row);
            if (fetch.FirstOnly) return;
        }
    }

    /// <summary>What a failed statement means for the step, or null when the exception is not the database's.</summary>
    public static StepOutcome? Explain(Exception exception, string sql) => exception switch
    {
        FlowException e => StepOutcome.Fail(e.Code, e.Message, e.Retryable),
        PostgresException e => StepOutcome.Fail("sql_error", Describe(e, sql), SqlErrors.Classify(e.SqlState).IsRetryable, FlowValue.Map(("sqlstate", e.SqlState))),
        NpgsqlException { InnerException: TimeoutException } => StepOutcome.Fail("sql_timeout", "The database did not answer in time.", retryable: true),
        NpgsqlException e when e.InnerException is SocketException or IOException || e.IsTransient =>
            StepOutcome.Fail("sql_unreachable", $"The connection to the database failed: {e.Message}", retryable: true),
        NpgsqlException e => StepOutcome.Fail("sql_error", e.Message),
        // COPY … FROM STDIN and the like need more than a statement.
        NotSupportedException or InvalidOperationException => StepOutcome.Fail("sql_error", "This kind of statement cannot be run by a step."),
        _ => null,
    };

    private static string Describe(PostgresException e, string sql)
    {
        var text = $"{e.MessageText} (SQLSTATE {e.SqlState}";
        if (e.Position > 0)
        {
            var before = sql.AsSpan(0, Math.Min(e.Position - 1, sql.Length));
            text += $", line {before.Count('\n') + 1}, column {before.Length - before.LastIndexOf('\n')}";
        }
        text += ")";
        return string.IsNullOrEmpty(e.Hint) ? text : $"{text} Hint: {e.Hint}";
    }
}
