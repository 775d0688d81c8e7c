using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Weft.Documents.Pdf;

/// <summary>What the extractor answers: every character with where and how it is drawn.</summary>
internal sealed record PdfExtraction(
    IReadOnlyList<PdfPage> Pages,
    IReadOnlyList<PdfStyle> Styles,
    IReadOnlyList<PdfLink> Links,
    int PageCount,
    int UnreadPages,
    bool Cut);

internal sealed record PdfPage(int Number, double Width, double Height, double ImageCover, PdfCharacter[] Characters);

internal sealed record PdfLink(int Page, string Uri, double[] Box);

/// <summary><see cref="Color"/> is red, green, blue, alpha; <see cref="Mode"/> the text render mode of the PDF standard (3 draws nothing).</summary>
internal sealed record PdfStyle(string Font, int FontFlags, double Size, int Weight, int[] Color, int Mode);

[Flags]
internal enum PdfCharacterFlags : ushort
{
    None = 0,

    /// <summary>Made up by the library between two pieces of text: a space or a line end.</summary>
    Generated = 1,

    /// <summary>A hyphen at a line's end that the library takes for a word break.</summary>
    Hyphen = 2,

    /// <summary>The font does not say which character this is.</summary>
    Unmapped = 4,

    /// <summary>Nothing of it shows when the page is painted.</summary>
    Invisible = 8,
}

/// <summary>One character. Boxes cover the advance width and the font's height, in points from the page's top left.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PdfCharacter(
    int Code, float Left, float Top, float Right, float Bottom, float Baseline, float Angle, ushort Style, PdfCharacterFlags Flags)
{
    public const int Size = 32;

    public static PdfCharacter Read(ReadOnlySpan<byte> record) => new(
        (int)BinaryPrimitives.ReadUInt32LittleEndian(record),
        BinaryPrimitives.ReadSingleLittleEndian(record[4..]),
        BinaryPrimitives.ReadSingleLittleEndian(record[8..]),
        BinaryPrimitives.ReadSingleLittleEndian(record[12..]),
        BinaryPrimitives.ReadSingleLittleEndian(record[16..]),
        BinaryPrimitives.ReadSingleLittleEndian(record[20..]),
        BinaryPrimitives.ReadSingleLittleEndian(record[24..]),
        BinaryPrimitives.ReadUInt16LittleEndian(record[28..]),
        (PdfCharacterFlags)BinaryPrimitives.ReadUInt16LittleEndian(record[30..]));
}
