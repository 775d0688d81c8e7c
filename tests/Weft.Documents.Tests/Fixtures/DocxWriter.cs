using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;

namespace Weft.Documents.Tests.Fixtures;

/// <summary>Writes small DOCX files: a line each, "# " a heading, "- " a list item, "a || b" a table row, "[white]" hidden by its colour.</summary>
internal static class DocxWriter
{
    public static byte[] Bytes(params string[] lines) => Bytes(lines, header: null, link: null);

    public static byte[] Bytes(IReadOnlyList<string> lines, string? header, (string Text, string Target)? link)
    {
        using var stream = new MemoryStream();
        using (var document = WordprocessingDocument.Create(stream, WordprocessingDocumentType.Document))
        {
            var main = document.AddMainDocumentPart();
            var body = new Body();
            main.Document = new Document(body);
            foreach (var line in lines)
                body.Append(Block(line));
            if (link is { } one)
            {
                var relation = main.AddHyperlinkRelationship(new Uri(one.Target), isExternal: true);
                body.Append(new Paragraph(new Hyperlink(new Run(new Text(one.Text))) { Id = relation.Id }));
            }

            if (header is not null)
            {
                var part = main.AddNewPart<HeaderPart>();
                part.Header = new Header(new Paragraph(new Run(new Text(header))));
            }
        }

        return stream.ToArray();
    }

    private static OpenXmlElement Block(string line)
    {
        if (line.Contains("||", StringComparison.Ordinal))
            return new Table(new TableRow(line.Split("||").Select(cell => new TableCell(new Paragraph(Run(cell.Trim()))))));
        if (line.StartsWith("# ", StringComparison.Ordinal))
            return new Paragraph(new ParagraphProperties(new OutlineLevel { Val = 0 }), Run(line[2..], bold: true, size: 28));
        if (line.StartsWith("- ", StringComparison.Ordinal))
            return new Paragraph(new ParagraphProperties(new NumberingProperties(new NumberingLevelReference { Val = 0 }, new NumberingId { Val = 1 })), Run(line[2..]));
        return line.StartsWith("[white]", StringComparison.Ordinal) ? new Paragraph(Run(line[7..], color: "FFFFFF")) : new Paragraph(Run(line));
    }

    private static Run Run(string text, bool bold = false, int size = 22, string? color = null)
    {
        var properties = new RunProperties(new FontSize { Val = size.ToString() });
        if (bold)
            properties.PrependChild(new Bold());
        if (color is not null)
            properties.Append(new Color { Val = color });
        return new Run(properties, new Text(text) { Space = SpaceProcessingModeValues.Preserve });
    }
}
