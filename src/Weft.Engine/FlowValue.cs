using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Weft.Engine.Expressions;

namespace Weft.Engine;

/// <summary>
/// The values that flow through a run. A canonical value is one of: <c>null</c>, <see cref="bool"/>, <see cref="long"/>,
/// <see cref="double"/>, <see cref="decimal"/> (only where a whole number exceeds <see cref="long"/>), <see cref="string"/>,
/// <see cref="List{T}"/> of values, <see cref="OrderedDictionary{TKey,TValue}"/> from string to value. Dates inside
/// expressions are <see cref="DateTimeOffset"/> and become ISO 8601 text when they leave. Values are never changed after
/// they were made: a step that wants another one builds another one.
/// </summary>
public static class FlowValue
{
    /// <summary>Deepest nesting that is read or written; deeper input is refused, since it only serves to exhaust the stack.</summary>
    public const int MaxDepth = 128;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth, SkipValidation = true };
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary>A new empty map.</summary>
    public static OrderedDictionary<string, object?> Map() => new(StringComparer.Ordinal);

    /// <summary>A map of the given entries, in order.</summary>
    public static OrderedDictionary<string, object?> Map(params ReadOnlySpan<(string Key, object? Value)> entries)
    {
        var map = new OrderedDictionary<string, object?>(entries.Length, StringComparer.Ordinal);
        foreach (var (key, value) in entries) map[key] = value;
        return map;
    }

    /// <summary>Reads one JSON value from UTF-8. Throws <see cref="JsonException"/> with line and byte position when it is not one.</summary>
    public static object? Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, Strict);
        if (!reader.Read()) throw new JsonException("The JSON text is empty.");
        var value = Read(ref reader);
        if (reader.Read()) throw new JsonException("There is more text after the JSON value.");
        return value;
    }

    /// <summary>Reads one JSON value from text.</summary>
    public static object? Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>Reads the value the reader stands on; the reader ends on its last token.</summary>
    public static object? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return null;
            case JsonTokenType.True: return true;
            case JsonTokenType.False: return false;
            case JsonTokenType.String: return Text(ref reader);
            case JsonTokenType.Number:
                if (reader.TryGetInt64(out var whole)) return whole;
                var text = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
                if (text.IndexOfAny("eE."u8) < 0 && reader.TryGetDecimal(out var big)) return big;
                var number = reader.GetDouble();
                return double.IsFinite(number) ? number : throw new JsonException("The number is out of range.");
            case JsonTokenType.StartArray:
                var list = new List<object?>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) list.Add(Read(ref reader));
                return list;
            case JsonTokenType.StartObject:
                var map = Map();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = Text(ref reader);
                    reader.Read();
                    map[key] = Read(ref reader);
                }
                return map;
            default: throw new JsonException($"Unexpected {reader.TokenType}.");
        }
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException problem)
        {
            // Half a surrogate pair is valid JSON but no text.
            throw new JsonException("A text of the JSON holds half a character.", problem);
        }
    }

    /// <summary>The value as compact UTF-8 JSON.</summary>
    public static byte[] ToUtf8(object? value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Compact)) Write(writer, value);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The value as compact JSON text.</summary>
    public static string ToJson(object? value) => Encoding.UTF8.GetString(ToUtf8(value));

    /// <summary>Writes the value to the writer.</summary>
    public static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case long whole: writer.WriteNumberValue(whole); break;
            case int whole: writer.WriteNumberValue(whole); break;
            case double number: WriteDouble(writer, number); break;
            case decimal number: writer.WriteNumberValue(number); break;
            case DateTimeOffset time: writer.WriteStringValue(Iso(time)); break;
            case IReadOnlyDictionary<string, object?> map:
                if (writer.CurrentDepth >= MaxDepth) throw new FlowException("value_too_deep", $"A value is nested deeper than {MaxDepth} levels.");
                writer.WriteStartObject();
                foreach (var (key, item) in map)
                {
                    writer.WritePropertyName(key);
                    Write(writer, item);
                }
                writer.WriteEndObject();
                break;
            case IEnumerable list:
                if (writer.CurrentDepth >= MaxDepth) throw new FlowException("value_too_deep", $"A value is nested deeper than {MaxDepth} levels.");
                writer.WriteStartArray();
                foreach (var item in list) Write(writer, item);
                writer.WriteEndArray();
                break;
            default: throw new InvalidOperationException($"{value.GetType()} is not a canonical value.");
        }
    }

    /// <summary>A double keeps its fraction (<c>3.0</c>), so that it is one again when it is read; what JSON cannot say becomes text.</summary>
    private static void WriteDouble(Utf8JsonWriter writer, double number)
    {
        if (!double.IsFinite(number)) writer.WriteStringValue(ValueText.Number(number));
        else if (double.IsInteger(number)) writer.WriteRawValue(ValueText.Number(number), skipInputValidation: true);
        else writer.WriteNumberValue(number);
    }

    /// <summary>The value as text, as a template prints it: null is empty, a list or map is its JSON.</summary>
    public static string ToText(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        double number => ValueText.Number(number),
        decimal number => number.ToString(CultureInfo.InvariantCulture),
        DateTimeOffset time => Iso(time),
        _ => ToJson(value),
    };

    private static string Iso(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture);
}
