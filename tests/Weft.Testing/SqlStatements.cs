using System.Reflection;
using System.Text.RegularExpressions;
using Npgsql;
using Weft.Postgres;

namespace Weft.Testing;

/// <summary>One constant marked with <see cref="SqlAttribute"/>.</summary>
public sealed record SqlStatement(string Name, DatabaseRole Role, string Text);

/// <summary>Every marked SQL constant of an assembly.</summary>
public static partial class SqlStatements
{
    /// <summary>The constants, ordered by name. Throws for a mark on anything but a constant string.</summary>
    public static IReadOnlyList<SqlStatement> All(Assembly assembly) =>
        [.. assembly.GetTypes()
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(field => (Field: field, Mark: field.GetCustomAttribute<SqlAttribute>()))
            .Where(found => found.Mark is not null)
            .Select(found => found.Field.IsLiteral && found.Field.GetRawConstantValue() is string text
                ? new SqlStatement($"{found.Field.DeclaringType!.FullName}.{found.Field.Name}", found.Mark!.Role, text)
                : throw new InvalidOperationException($"[Sql] on {found.Field.DeclaringType!.FullName}.{found.Field.Name}, which is no constant string."))
            .OrderBy(statement => statement.Name, StringComparer.Ordinal)];

    /// <summary>
    /// Plans the statement as its role without running it, which checks names, types and privileges. Returns the server's
    /// complaint, or null.
    /// </summary>
    public static async Task<string?> ExplainAsync(WeftDatabase database, SqlStatement statement, CancellationToken cancellationToken)
    {
        var pool = statement.Role switch
        {
            DatabaseRole.Admin => database.Admin,
            DatabaseRole.Engine => database.Engine,
            DatabaseRole.App => database.App,
            _ => database.Flow,
        };
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            foreach (var (text, _) in SqlText.Statements(statement.Text))
                await ExplainAsync(connection, text, cancellationToken);
            return null;
        }
        catch (PostgresException e)
        {
            return $"{e.SqlState} {e.MessageText}{(e.Position > 0 ? $" (at character {e.Position})" : "")}";
        }
    }

    private static async Task ExplainAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
        // A prepared statement lets the server find the parameters' types; a generic plan needs none of their values.
        await ExecuteAsync(connection, $"prepare weft_explained as {Number(Plannable(text))}", cancellationToken);
        await using var count = new NpgsqlCommand("select cardinality(parameter_types) from pg_prepared_statements where name = 'weft_explained'", connection);
        var parameters = (int)(await count.ExecuteScalarAsync(cancellationToken))!;
        var values = parameters == 0 ? "" : $"({string.Join(", ", Enumerable.Repeat("null", parameters))})";
        await ExecuteAsync(connection, "set local plan_cache_mode = force_generic_plan", cancellationToken);
        await ExecuteAsync(connection, $"explain execute weft_explained{values}", cancellationToken);
        await ExecuteAsync(connection, "deallocate weft_explained", cancellationToken);
    }

    /// <summary>COPY has no plan, but needs the names and privileges of an INSERT into the same columns.</summary>
    private static string Plannable(string text) => CopyIn().Match(text) is { Success: true } copy
        ? $"insert into {copy.Groups["table"].Value} ({copy.Groups["columns"].Value}) values ({string.Join(", ", copy.Groups["columns"].Value.Split(',').Select(_ => "null"))})"
        : text;

    /// <summary>Named parameters (@id, as Dapper takes them) become numbered ones, as the server takes them.</summary>
    private static string Number(string sql)
    {
        var names = new List<string>();
        return SqlText.ReplaceParameters(sql, name =>
        {
            if (!names.Contains(name))
                names.Add(name);
            return $"${names.IndexOf(name) + 1}";
        });
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [GeneratedRegex(@"^\s*copy\s+(?<table>[\w.]+)\s*\((?<columns>[^)]*)\)\s*from\s+stdin", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CopyIn();
}
