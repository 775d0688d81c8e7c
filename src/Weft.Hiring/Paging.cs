using System.Buffers.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace Weft.Hiring;

/// <summary>One page of a list, and where the next one begins (null at the end).</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

public static class Page
{
    /// <summary>
    /// Cuts a page from rows that were read with <c>limit + 1</c>: the row too many says that there is more, and the cursor
    /// is made from the last row shown.
    /// </summary>
    public static Page<T> Of<T>(IReadOnlyList<T> rows, int limit, Func<T, object[]> key) =>
        rows.Count <= limit ? new Page<T>(rows, null) : new Page<T>([.. rows.Take(limit)], Cursor.Write(key(rows[limit - 1])));
}

/// <summary>The <c>?limit=&amp;cursor=</c> of every list; bind it with <c>[AsParameters]</c>.</summary>
public readonly record struct PageQuery([FromQuery(Name = "limit")] int? Limit, [FromQuery(Name = "cursor")] string? Cursor)
{
    public const int MaxLimit = 200;

    /// <summary>How many rows to show: 50 by default, at most 200.</summary>
    public int Size => Math.Clamp(Limit ?? 50, 1, MaxLimit);
}

/// <summary>A keyset cursor: the sort key of the last row shown, opaque to clients.</summary>
public static class Cursor
{
    public static string Write(params object[] key) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(key));

    /// <summary>Reads a cursor with one id. A cursor that was not made here is a problem, not a crash.</summary>
    public static Guid? ReadId(string? cursor) => Read(cursor) is [{ ValueKind: JsonValueKind.String } key, ..] && key.TryGetGuid(out var id) ? id : Bad<Guid>(cursor);

    /// <summary>Reads a cursor with a time and an id.</summary>
    public static (DateTimeOffset At, Guid Id)? ReadTimeAndId(string? cursor) =>
        Read(cursor) is [{ ValueKind: JsonValueKind.String } first, { ValueKind: JsonValueKind.String } second]
            && first.TryGetDateTimeOffset(out var at) && second.TryGetGuid(out var id) ? (at, id) : Bad<(DateTimeOffset, Guid)>(cursor);

    /// <summary>Reads a cursor with a whole number and an id.</summary>
    public static (int Number, Guid Id)? ReadNumberAndId(string? cursor) =>
        Read(cursor) is [{ ValueKind: JsonValueKind.Number } first, { ValueKind: JsonValueKind.String } second]
            && first.TryGetInt32(out var number) && second.TryGetGuid(out var id) ? (number, id) : Bad<(int, Guid)>(cursor);

    private static JsonElement[]? Read(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor) || !Base64Url.IsValid(cursor)) return null;
        try
        {
            return JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(cursor));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static T? Bad<T>(string? cursor) where T : struct =>
        string.IsNullOrEmpty(cursor) ? null : throw Problems.CursorInvalid.Thrown();
}
