using System.Runtime.CompilerServices;
using Npgsql;
using Weft.Engine.Expressions;
using Weft.Engine.Tasks.Sql;
using Weft.Postgres;

namespace Weft.Engine.Tasks;

/// <summary>
/// <c>sql.query</c>: one statement, against a database that the flow names or, in the product's own flows, against Weft's.
/// Against Weft's own it commits together with the step's record: exactly once.
/// </summary>
public sealed class SqlQueryTask(WeftDatabase database, ForeignDatabases foreign, EngineOptions options) : ITaskType
{
    /// <summary>The most rows that <c>limit</c> may ask for.</summary>
    internal const long MostRows = 100_000;

    private const long DefaultRows = 10_000;
    private const long MostBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan StatementTimeout = TimeSpan.FromMinutes(5);

    // Parsed once per flow version: the definition is the key, and lives as long as the version does.
    private readonly ConditionalWeakTable<TaskDefinition, SqlTemplate> _templates = [];

    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "sql.query",
        Description = "Runs one SQL statement on PostgreSQL; the output has rows, row, size and affected_rows.",
        Aliases = ["io.kestra.plugin.jdbc.postgresql.Query"],
        Properties =
        [
            new("url", PropertyType.String, "The database: postgresql://…, jdbc:postgresql://… or Host=…;Database=…. Without it, Weft's own (system flows only)."),
            new("username", PropertyType.String, "The user, when the url names none."),
            new("password", PropertyType.String, "The password, when the url has none.") { Secret = true },
            new("sql", PropertyType.RawTemplate, "One statement. Each {{ … }} is bound as a value, in quotes or bare; it never becomes SQL.") { Required = true },
            new("fetchType", PropertyType.String, "FETCH (the default) reads all rows, FETCH_ONE the first, NONE none; STORE is read like FETCH.") { Values = ["FETCH", "FETCH_ONE", "STORE", "NONE"] },
            new("fetch", PropertyType.Boolean, "Kestra's older way to say fetchType FETCH."),
            new("fetchOne", PropertyType.Boolean, "Kestra's older way to say fetchType FETCH_ONE."),
            new("store", PropertyType.Boolean, "Kestra's older way to say fetchType STORE."),
            new("limit", PropertyType.Integer, "More rows than this are an error; 10000 when absent, at most 100000. In bytes, the engine's limit for a value holds, at most 16 MiB.") { Aliases = ["maxRows"] },
            new("transaction", PropertyType.Boolean, "False runs the statement outside a transaction (VACUUM, CREATE INDEX CONCURRENTLY) on a database of the flow's own. True when absent."),
            new("fetchSize", PropertyType.Integer, "Accepted for Kestra's sake; rows are always read as they arrive."),
        ],
    };

    /// <inheritdoc/>
    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (!step.Task.RawTemplates.TryGetValue("sql", out var source)) throw new FlowException("step_property_missing", "sql.query needs the property 'sql'.");
        var template = _templates.GetValue(step.Task, _ => SqlTemplate.Parse(source));
        var sql = template.Bind(step.Scope);
        var fetch = ReadFetch(step);

        try
        {
            var url = step.Text("url");
            return string.IsNullOrWhiteSpace(url)
                ? await RunOnOwnAsync(step, sql, fetch, cancellationToken)
                : await RunOnForeignAsync(step, url, sql, fetch, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && SqlStatement.Explain(e, sql.Sql) is { } outcome)
        {
            return outcome;
        }
    }

    private async Task<StepOutcome> RunOnOwnAsync(StepContext step, BoundSql sql, SqlFetch fetch, CancellationToken cancellationToken)
    {
        if (!step.IsSystemFlow)
        {
            return StepOutcome.Fail("sql_url_required",
                "A workspace's flow cannot run SQL on the platform's own database. Give the step the 'url' of a database of yours.");
        }
        await using var connection = await database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var output = await SqlStatement.RunAsync(connection, sql, fetch, StatementTimeout, inTransaction: true, cancellationToken);
        await step.RecordAsync(transaction, output, cancellationToken);
        // Not to be interrupted: a commit that was asked for and not awaited may have happened.
        await transaction.CommitAsync(CancellationToken.None);
        return StepOutcome.Recorded(output);
    }

    private async Task<StepOutcome> RunOnForeignAsync(StepContext step, string url, BoundSql sql, SqlFetch fetch, CancellationToken cancellationToken)
    {
        await using var lease = await foreign.OpenAsync(url, step.Text("username"), step.Text("password"), cancellationToken);
        if (!step.Flag("transaction", otherwise: true))
        {
            return StepOutcome.Done(await SqlStatement.RunAsync(lease.Connection, sql, fetch, StatementTimeout, inTransaction: false, cancellationToken));
        }
        // So that a result which is too large, or a cancelled step, leaves nothing behind.
        await using var transaction = await lease.Connection.BeginTransactionAsync(cancellationToken);
        var output = await SqlStatement.RunAsync(lease.Connection, sql, fetch, StatementTimeout, inTransaction: true, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return StepOutcome.Done(output);
    }

    private SqlFetch ReadFetch(StepContext step)
    {
        var limit = step.Whole("limit", 1, MostRows) ?? DefaultRows;
        var type = step.Text("fetchType")?.ToUpperInvariant();
        if (string.IsNullOrEmpty(type)) type = step.Flag("fetchOne") ? "FETCH_ONE" : "FETCH";
        return new SqlFetch(limit, Math.Min(MostBytes, options.MaxValueBytes), FirstOnly: type == "FETCH_ONE", None: type == "NONE");
    }
}
