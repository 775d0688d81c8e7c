using System.Text;

namespace Weft.Engine.Store;

/// <summary>Values on their way into <c>jsonb</c> columns.</summary>
internal static class Json
{
    /// <summary>The value as JSON text that PostgreSQL can store. Throws when it is too large or holds a NUL character.</summary>
    public static string Write(object? value, int maxBytes, string what)
    {
        var utf8 = FlowValue.ToUtf8(value);
        if (utf8.Length > maxBytes)
            throw new FlowException("value_too_large", $"{what} takes {utf8.Length:N0} bytes as JSON; the most is {maxBytes:N0}. Keep large data in a table or a file and pass its id on.");
        if (HoldsNul(utf8))
            throw new FlowException("value_not_storable", $"{what} holds a NUL character, which PostgreSQL cannot store.");
        return Encoding.UTF8.GetString(utf8);
    }

    /// <summary>As <see cref="Write"/>, but what cannot be stored becomes a note that says so: for what is kept only to be looked at.</summary>
    public static string WriteForDisplay(object? value, int maxBytes)
    {
        try
        {
            return Write(value, maxBytes, "The value");
        }
        catch (FlowException e)
        {
            return FlowValue.ToJson(FlowValue.Map(("omitted", Clean(e.Message))));
        }
    }

    /// <summary>The text without what PostgreSQL's text cannot hold, and not longer than allowed.</summary>
    public static string Clean(string text, int maxLength = 64 * 1_024)
    {
        if (text.Length > maxLength) text = string.Concat(text.AsSpan(0, maxLength), "…");
        return text.Replace('\0', '\uFFFD');
    }

    private static bool HoldsNul(ReadOnlySpan<byte> utf8)
    {
        for (var at = utf8.IndexOf("\\u0000"u8); at >= 0;)
        {
            // An even number of backslashes before it: the last one starts the escape.
            var backslashes = 0;
            while (at - backslashes > 0 && utf8[at - backslashes - 1] == (byte)'\\') backslashes++;
            if (backslashes % 2 == 0) return true;
            var next = utf8[(at + 1)..].IndexOf("\\u0000"u8);
            at = next < 0 ? -1 : at + 1 + next;
        }
        return false;
    }
}
