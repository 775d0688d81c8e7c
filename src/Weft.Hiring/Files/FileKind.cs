using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Weft.Hiring.Files;

/// <summary>A kind of file that is taken, told by its content: a name or a Content-Type says only what the sender claims.</summary>
internal sealed record FileKind(string MediaType, string Extension, bool Inline)
{
    public static readonly FileKind Pdf = new("application/pdf", ".pdf", Inline: true);
    public static readonly FileKind Docx = new("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", Inline: false);
    public static readonly FileKind Text = new("text/plain; charset=utf-8", ".txt", Inline: true);
    public static readonly FileKind Png = new("image/png", ".png", Inline: true);
    public static readonly FileKind Jpeg = new("image/jpeg", ".jpg", Inline: true);

    private static readonly FileKind[] All = [Pdf, Docx, Text, Png, Jpeg];

    /// <summary>The kind as stored with a file.</summary>
    public static FileKind? ByMediaType(string mediaType) => Array.Find(All, k => k.MediaType == mediaType);

    /// <summary>What the content is, or null when it is nothing that is taken.</summary>
    public static FileKind? Sniff(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("%PDF-"u8) || IsPdfAfterLeadingBytes(content)) return Pdf;
        if (content.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])) return Png;
        if (content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return Jpeg;
        if (content.StartsWith("PK\u0003\u0004"u8)) return HoldsWordDocument(content) ? Docx : null;
        return IsText(content) ? Text : null;
    }

    // Mail gateways put a few bytes before the header, and every reader looks for it within the first kilobyte.
    private static bool IsPdfAfterLeadingBytes(ReadOnlySpan<byte> content)
    {
        var at = content[..Math.Min(content.Length, 1024)].IndexOf("%PDF-1."u8);
        return at > 0 && !content.StartsWith("PK"u8) && content[^Math.Min(content.Length, 2048)..].IndexOf("%%EOF"u8) >= 0;
    }

    // Walks the archive's central directory, which is what every reader of DOCX goes by, for the one entry that makes it Word's.
    private static bool HoldsWordDocument(ReadOnlySpan<byte> content)
    {
        const int EndSize = 22;
        const int EntrySize = 46;
        var tail = content[^Math.Min(content.Length, EndSize + ushort.MaxValue)..];
        var end = tail.LastIndexOf("PK\u0005\u0006"u8);
        if (end < 0 || tail.Length - end < EndSize) return false;
        var count = BinaryPrimitives.ReadUInt16LittleEndian(tail[(end + 10)..]);
        var at = (long)BinaryPrimitives.ReadUInt32LittleEndian(tail[(end + 16)..]);
        for (var i = 0; i < count && at + EntrySize <= content.Length; i++)
        {
            var entry = content[(int)at..];
            if (!entry.StartsWith("PK\u0001\u0002"u8)) return false;
            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(entry[28..]);
            if (EntrySize + nameLength > entry.Length) return false;
            if (entry.Slice(EntrySize, nameLength).SequenceEqual("word/document.xml"u8)) return true;
            at += EntrySize + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(entry[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(entry[32..]);
        }
        return false;
    }

    private static bool IsText(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || content.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return content.Length % 2 == 0;
        var controls = 0;
        foreach (var b in content)
        {
            if (b == 0) return false;
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f')) controls++;
        }
        if (controls * 50 > content.Length) return false;
        // A legacy single-byte encoding is text too, as long as most of it is plain.
        return Utf8.IsValid(content) || CountNonAscii(content) * 4 < content.Length;
    }

    private static int CountNonAscii(ReadOnlySpan<byte> content)
    {
        var count = 0;
        foreach (var b in content) if (b >= 0x80) count++;
        return count;
    }

    /// <summary>The name without path and control characters, short enough to store, never empty.</summary>
    public string CleanName(string? name)
    {
        // Browsers write these three in a form's file name as percent signs and nothing else so.
        var plain = (name ?? "").Replace("%22", "\"", StringComparison.Ordinal).Replace("%0D", "", StringComparison.Ordinal).Replace("%0A", "", StringComparison.Ordinal);
        var last = plain.Replace('\\', '/').Split('/')[^1];
        var clean = new StringBuilder(last.Length);
        foreach (var rune in last.EnumerateRunes())
        {
            if (!Rune.IsControl(rune) && rune.Value is not ('"' or '<' or '>' or '|' or '*' or '?' or ':')) clean.Append(rune);
        }
        var text = clean.ToString().Trim(' ', '.');
        if (text.Length == 0) return "file" + Extension;
        return text.Length <= 200 ? text : text[..(200 - Extension.Length)].TrimEnd() + Extension;
    }
}
