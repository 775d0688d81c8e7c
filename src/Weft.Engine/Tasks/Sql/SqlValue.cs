using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql.PostgresTypes;

namespace Weft.Engine.Tasks.Sql;

/// <summary>
/// Reads PostgreSQL's text form of a value. Text, because it exists for every type there is, also those of extensions and
/// of databases we know nothing about; what has a counterpart among the run's values becomes that, the rest stays text.
/// </summary>
internal static class SqlValue
{
    /// <summary>The value of a column of this type. Expects <c>DateStyle ISO</c> and <c>IntervalStyle iso_8601</c>.</summary>
    public static object? Read(PostgresType type, string text)
    {
        if (type is PostgresDomainType domain) return Read(domain.BaseType, text);
        if (type is PostgresArrayType array) return ReadArray(array.Element, text);
        return type.InternalName switch
        {
            "bool" => text == "t",
            "int2" or "int4" or "int8" or "oid" => long.Parse(text, CultureInfo.InvariantCulture),
            "float4" or "float8" => double.Parse(text, CultureInfo.InvariantCulture) is var number && double.IsFinite(number) ? number : text,
            "numeric" => ReadNumeric(text),
            "json" or "jsonb" => ReadJson(text),
            "timestamp" => ReadTimestamp(text, zone: false),
            "timestamptz" => ReadTimestamp(text, zone: true),
            "int2vector" or "oidvector" => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(object? (v) => long.Parse(v, CultureInfo.InvariantCulture)).ToList(),
            _ => text,
        };
    }

    private static object ReadNumeric(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var exact)
            && text.Count(char.IsAsciiDigit) <= 28)
        {
            if (!text.Contains('.', StringComparison.Ordinal)) return exact;
            // A fraction is a double in a run. Where that would lose digits, the text keeps them.
            var number = (double)exact;
            if (double.IsFinite(number) && Math.Abs(number) < 1e15 && (decimal)number == exact) return number;
        }
        return text;
    }

    private static object? ReadJson(string text)
    {
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException)
        {
            // Deeper than a run's values go, or a number no double holds: the text is still right.
            return text;
        }
    }

    // 2024-05-01 10:20:30.5+02 → 2024-05-01T08:20:30.5Z; infinity and years before Christ have no ISO form and stay.
    private static string ReadTimestamp(string text, bool zone)
    {
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            || text.EndsWith("BC", StringComparison.Ordinal))
        {
            return text;
        }
        return time.ToString(zone ? "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
    }

    private static List<object?> ReadArray(PostgresType element, string text)
    {
        // Bounds other than 1 are written in front: [0:2]={a,b,c}.
        var at = text.StartsWith('[') ? text.IndexOf('=', StringComparison.Ordinal) + 1 : 0;
        var delimiter = element.InternalName == "box" ? ';' : ',';
        return ReadItems(element, text, ref at, delimiter);
    }

    private static List<object?> ReadItems(PostgresType element, string text, ref int at, char delimiter)
    {
        var items = new List<object?>();
        at++; // the opening brace
        while (text[at] != '}')
        {
            if (text[at] == '{')
            {
                items.Add(ReadItems(element, text, ref at, delimiter));
            }
            else
            {
                var quoted = text[at] == '"';
                var item = new StringBuilder();
                if (quoted) at++;
                for (; quoted ? text[at] != '"' : text[at] != delimiter && text[at] != '}'; at++)
                {
                    if (text[at] == '\\') at++;
                    item.Append(text[at]);
                }
                if (quoted) at++;
                var value = item.ToString();
                items.Add(!quoted && value == "NULL" ? null : Read(element, value));
            }
            if (text[at] == delimiter) at++;
        }
        at++; // the closing brace
        return items;
    }
}
