using System.Text;
using Weft.Documents.Layout;

namespace Weft.Documents.Plain;

/// <summary>Reads plain text: finds the encoding, then lines; a tab or three spaces part what a table would part.</summary>
internal static class PlainTextReader
{
    // Windows-1252 from 0x80 to 0x9F; the rest is Latin-1. Its code page is not part of the runtime.
    private const string Windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

    /// <summary>The text, or null when the bytes are no text at all.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            return Encoding.UTF8.GetString(bytes[3..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return Encoding.Unicode.GetString(bytes[2..]);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        if (bytes.Length >= 8 && LooksLikeUtf16(bytes, high: 1))
            return Encoding.Unicode.GetString(bytes);
        if (bytes.Length >= 8 && LooksLikeUtf16(bytes, high: 0))
            return Encoding.BigEndianUnicode.GetString(bytes);
        var controls = 0;
        foreach (var b in bytes)
        {
            if (b < 32 && b is not (9 or 10 or 12 or 13 or 27))
                controls++;
        }

        if (controls > bytes.Length / 200)
            return null;
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            var text = new StringBuilder(bytes.Length);
            foreach (var b in bytes)
                text.Append(b is >= 0x80 and <= 0x9F ? Windows1252[b - 0x80] : (char)b);
            return text.ToString();
        }
    }

    // Western text in UTF-16 without a mark: every other byte is zero.
    private static bool LooksLikeUtf16(ReadOnlySpan<byte> bytes, int high)
    {
        var looked = Math.Min(bytes.Length, 400) / 2 * 2;
        int zeroHigh = 0, zeroLow = 0;
        for (var i = 0; i < looked; i += 2)
        {
            zeroHigh += bytes[i + high] == 0 ? 1 : 0;
            zeroLow += bytes[i + 1 - high] == 0 ? 1 : 0;
        }

        return zeroHigh > looked / 2 * 0.8 && zeroLow < looked / 2 * 0.1;
    }

    public static TextDocument Read(string text, DocumentOptions options)
    {
        var warnings = new List<DocumentWarning>();
        if (text.Length > options.MaxCharacters)
        {
            text = text[..options.MaxCharacters];
            warnings.Add(new DocumentWarning("text_left_out", "The document is longer than a CV may be; its end was left out."));
        }

        var lines = new List<TextLine>();
        var number = 0;
        var blank = false;
        foreach (var raw in text.ReplaceLineEndings("\n").Replace('\f', '\n').Split('\n'))
        {
            number++;
            var words = SplitWords(raw);
            if (words.Count == 0 || words.TrueForAll(word => word.Text.All(c => c is '-' or '=' or '_' or '*' or '~' or '#' or '─' or '━')))
            {
                blank = true;
                continue;
            }

            if (LineBuilder.Build(words, 1, 1) is { } line)
            {
                lines.Add(line with { Number = number, SpaceBefore = blank && lines.Count > 0 });
                blank = false;
            }
        }

        return new TextDocument(DocumentFormat.Text, [new TextPage(1, 0, 0, lines)], [], warnings);
    }

    /// <summary>Words of a line without places; a tab or three spaces before a word set it apart.</summary>
    internal static List<LooseWord> SplitWords(string raw, double size = 0, bool bold = false, bool italic = false)
    {
        var words = new List<LooseWord>();
        var word = new StringBuilder();
        var spaces = 0;
        var tab = false;
        var icon = false;
        void Finish()
        {
            if (word.Length == 0)
                return;
            words.Add(new LooseWord(word.ToString(), null, 0, size, bold, italic, Apart: tab || icon || spaces >= 3));
            word.Clear();
            spaces = 0;
            tab = icon = false;
        }

        foreach (var rune in raw.EnumerateRunes())
        {
            var plain = rune.Value == 9 ? "\t" : Characters.IsDropped(rune.Value) || rune.Value == 0xAD ? "" : Characters.Plain(rune.Value);
            if (plain is " " or "\t" || Characters.IsIcon(rune.Value))
            {
                Finish();
                spaces += plain == " " ? 1 : 0;
                tab |= plain == "\t";
                icon |= Characters.IsIcon(rune.Value);
            }
            else
                word.Append(plain);
        }

        Finish();
        return words;
    }
}
