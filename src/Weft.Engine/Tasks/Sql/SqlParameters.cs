using System.Collections;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Weft.Engine.Tasks.Sql;

/// <summary>
/// Turns a run's values into parameters that behave as the same value written into the SQL would: text is sent without a
/// type, so that the server infers it as for a quoted literal; numbers and booleans have the type of the bare literal.
/// </summary>
internal static class SqlParameters
{
    /// <summary>Adds one positional parameter per value.</summary>
    public static void Add(NpgsqlCommand command, IReadOnlyList<object?> values)
    {
        foreach (var value in values) command.Parameters.Add(ToParameter(value));
        // The driver splits a text without parameters at its semicolons and would run each part. With a parameter it sends
        // the text as it is, and PostgreSQL refuses several statements itself. A parameter of a known type need not be used.
        if (values.Count == 0) command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 0 });
    }

    private static NpgsqlParameter ToParameter(object? value) => value switch
    {
        null => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Unknown },
        bool flag => new NpgsqlParameter<bool> { TypedValue = flag },
        long whole and >= int.MinValue and <= int.MaxValue => new NpgsqlParameter<int> { TypedValue = (int)whole },
        long whole => new NpgsqlParameter<long> { TypedValue = whole },
        decimal number => new NpgsqlParameter<decimal> { TypedValue = number },
        double number => FromDouble(number),
        IReadOnlyDictionary<string, object?> map => Json(map),
        IEnumerable list and not string => FromList([.. list.Cast<object?>()]),
        _ => Untyped(FlowValue.ToText(value)),
    };

    // 1.5 in SQL is a numeric; only what a decimal cannot hold goes as double precision.
    private static NpgsqlParameter FromDouble(double number) =>
        Math.Abs(number) < 1e27 && (number == 0 || Math.Abs(number) > 1e-12)
            && decimal.TryParse(number.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)
            ? new NpgsqlParameter<decimal> { TypedValue = exact }
            : new NpgsqlParameter<double> { TypedValue = number };

    // Texts go as an untyped array literal, so that `id = ANY({{ ids }})` works whatever type id has. Lists that an array
    // cannot hold (maps, lists of different things) are JSON.
    private static NpgsqlParameter FromList(List<object?> list)
    {
        if (list.TrueForAll(v => v is null or string or DateTimeOffset)) return Untyped(ArrayLiteral(list));
        if (list.TrueForAll(v => v is bool)) return new NpgsqlParameter<bool[]> { TypedValue = [.. list.Cast<bool>()] };
        if (list.TrueForAll(v => v is >= (long)int.MinValue and <= (long)int.MaxValue)) return new NpgsqlParameter<int[]> { TypedValue = [.. list.Select(v => (int)(long)v!)] };
        if (list.TrueForAll(v => v is long)) return new NpgsqlParameter<long[]> { TypedValue = [.. list.Cast<long>()] };
        if (list.TrueForAll(v => v is null or bool or long or double or decimal) && list.TrueForAll(v => v is null or long or double or decimal)) return Untyped(ArrayLiteral(list));
        return Json(list);
    }

    private static string ArrayLiteral(List<object?> list) => "{" + string.Join(',', list.Select(v => v switch
    {
        null => "NULL",
        long or double or decimal => FlowValue.ToText(v),
        _ => "\"" + FlowValue.ToText(v).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"",
    })) + "}";

    private static NpgsqlParameter Json(object value) => new() { Value = FlowValue.ToJson(value), NpgsqlDbType = NpgsqlDbType.Jsonb };

    private static NpgsqlParameter Untyped(string text) =>
        // PostgreSQL has no zero character in text; without this the driver's own message speaks of bytes.
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new FlowException("sql_value_invalid", "A text holds the character U+0000, which PostgreSQL cannot store.")
            : new NpgsqlParameter { Value = text, NpgsqlDbType = NpgsqlDbType.Unknown };
}
