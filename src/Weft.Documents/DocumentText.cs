using Weft.Documents.Layout;
using Weft.Documents.Pdf;
using Weft.Documents.Plain;
using Weft.Documents.Word;

namespace Weft.Documents;

/// <summary>Bytes to text with layout; what the bytes are is told by looking at them, never by a name.</summary>
internal static class DocumentText
{
    /// <exception cref="DocumentRefusedException">The document cannot be read as text.</exception>
    /// <exception cref="ExtractorUnavailableException">PDFs cannot be read at present.</exception>
    public static async Task<TextDocument> ReadAsync(ReadOnlyMemory<byte> bytes, PdfExtractor pdf, DocumentOptions options, CancellationToken ct)
    {
        if (bytes.IsEmpty)
            throw new DocumentRefusedException(DocumentRefusal.Empty, "The file is empty. Choose the file again.");
        if (bytes.Length > options.MaxBytes)
            throw new DocumentRefusedException(DocumentRefusal.TooLarge, $"The file is larger than {options.MaxBytes / 1024 / 1024} MB. Export it without large pictures.");

        var start = bytes.Span[..Math.Min(1024, bytes.Length)];
        TextDocument document;
        if (start.IndexOf("%PDF-"u8) >= 0)
        {
            var extraction = await pdf.ExtractAsync(bytes, ct);
            document = PdfLayout.Read(extraction);
            if (!document.Lines.Any(line => line.Text.Any(char.IsLetterOrDigit)))
            {
                throw extraction.Pages.Any(page => page.ImageCover > 0.2)
                    ? new DocumentRefusedException(DocumentRefusal.ImageOnly, "The PDF holds only pictures of text, as a scan does. Upload the original document, or run text recognition (OCR) on it first.")
                    : new DocumentRefusedException(DocumentRefusal.Empty, "The PDF holds no text that can be seen.");
            }
        }
        else if (start.StartsWith("PK\u0003\u0004"u8))
        {
            if (!IsWord(bytes))
                throw new DocumentRefusedException(DocumentRefusal.UnknownFormat, "The file is a zip archive or an Office file other than a text document. Upload the CV itself, as PDF, DOCX or TXT.");
            document = WordReader.Read(bytes, options);
        }
        else if (start.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0]))
            throw new DocumentRefusedException(DocumentRefusal.UnknownFormat, "The file is a Word document of the old kind (.doc) or protected by a password. Save it as DOCX or PDF without a password.");
        else if (start.StartsWith("{\\rtf"u8))
            throw new DocumentRefusedException(DocumentRefusal.UnknownFormat, "The file is in Rich Text Format. Save it as DOCX or PDF.");
        else if (PlainTextReader.Decode(bytes.Span) is { } text)
            document = PlainTextReader.Read(text, options);
        else
            throw new DocumentRefusedException(DocumentRefusal.UnknownFormat, "The file is neither PDF, DOCX nor plain text.");

        if (!document.Lines.Any())
            throw new DocumentRefusedException(DocumentRefusal.Empty, "The document holds no text.");
        return document;
    }

    private static bool IsWord(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var zip = new System.IO.Compression.ZipArchive(new MemoryStream(bytes.ToArray(), writable: false));
            return zip.Entries.Any(entry => entry.FullName is "[Content_Types].xml") && zip.Entries.Any(entry => entry.FullName.StartsWith("word/", StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException)
        {
            throw new DocumentRefusedException(DocumentRefusal.Damaged, "The file begins like a DOCX and is damaged or incomplete. Send it again, or save it anew.", e);
        }
    }
}
