using System.Globalization;
using System.Text;

namespace Weft.Documents.Tests.Fixtures;

/// <summary>Writes small PDFs by hand: text at places, in a standard font, with what tricks a test needs.</summary>
internal sealed class PdfWriter(double width = 595, double height = 842)
{
    private readonly List<StringBuilder> _pages = [new()];
    private readonly List<(int Page, string Uri, double X, double Y, double W, double H)> _links = [];

    /// <summary>Text with its baseline <paramref name="y"/> points below the page's top.</summary>
    public PdfWriter Text(double x, double y, string text, double size = 10, bool bold = false, string color = "0 0 0", int mode = 0, double angle = 0, double spacing = 0)
    {
        var (sin, cos) = Math.SinCos(angle * Math.PI / 180);
        _pages[^1].Append(CultureInfo.InvariantCulture,
            $"BT /{(bold ? "B" : "R")} {size} Tf {color} rg {mode} Tr {spacing} Tc {cos:0.####} {sin:0.####} {-sin:0.####} {cos:0.####} {x} {height - y} Tm ({Escape(text)}) Tj ET\n");
        return this;
    }

    /// <summary>Lines of text under each other.</summary>
    public PdfWriter Lines(double x, double y, double leading, params string[] lines)
    {
        foreach (var line in lines)
        {
            var bold = line.StartsWith('#');
            Text(x, y, line.TrimStart('#', ' '), bold ? 13 : 10, bold);
            y += leading;
        }

        return this;
    }

    public PdfWriter Rectangle(double x, double y, double w, double h, string color)
    {
        _pages[^1].Append(CultureInfo.InvariantCulture, $"{color} rg {x} {height - y - h} {w} {h} re f\n");
        return this;
    }

    public PdfWriter Link(double x, double y, double w, double h, string uri)
    {
        _links.Add((_pages.Count - 1, uri, x, y, w, h));
        return this;
    }

    public PdfWriter Page()
    {
        _pages.Add(new StringBuilder());
        return this;
    }

    /// <summary>The finished file; <paramref name="encrypted"/> makes it ask for a password.</summary>
    public byte[] Bytes(bool encrypted = false)
    {
        var objects = new List<string>
        {
            "<</Type/Catalog/Pages 2 0 R>>",
            $"<</Type/Pages/Count {_pages.Count}/Kids[{string.Join(' ', _pages.Select((_, i) => $"{5 + (2 * i)} 0 R"))}]>>",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
        };
        for (var i = 0; i < _pages.Count; i++)
        {
            var links = string.Concat(_links.Where(link => link.Page == i).Select(link => string.Create(CultureInfo.InvariantCulture,
                $"<</Type/Annot/Subtype/Link/Rect[{link.X} {height - link.Y - link.H} {link.X + link.W} {height - link.Y}]/A<</S/URI/URI({link.Uri})>>>>")));
            objects.Add(string.Create(CultureInfo.InvariantCulture,
                $"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Resources<</Font<</R 3 0 R/B 4 0 R>>>>/Contents {6 + (2 * i)} 0 R/Annots[{links}]>>"));
            objects.Add($"<</Length {Encoding.Latin1.GetByteCount(_pages[i].ToString())}>>stream\n{_pages[i]}endstream");
        }

        if (encrypted)
        {
            var zeros = new string('0', 64);
            objects.Add($"<</Filter/Standard/V 1/R 2/O<{zeros}>/U<{zeros}>/P -4>>");
        }

        var file = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        for (var i = 0; i < objects.Count; i++)
        {
            offsets.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{objects[i]}\nendobj\n");
        }

        var xref = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets)
            file.Append(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n");
        file.Append(CultureInfo.InvariantCulture, $"trailer<</Size {objects.Count + 1}/Root 1 0 R/ID[<00><00>]");
        if (encrypted)
            file.Append(CultureInfo.InvariantCulture, $"/Encrypt {objects.Count} 0 R");
        file.Append(CultureInfo.InvariantCulture, $">>\nstartxref\n{xref}\n%%EOF");
        return Encoding.Latin1.GetBytes(file.ToString());
    }

    // WinAnsi is Latin-1 except for the punctuation of typesetters.
    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("(", "\\(", StringComparison.Ordinal)
        .Replace(")", "\\)", StringComparison.Ordinal).Replace('–', (char)150).Replace('—', (char)151).Replace('•', (char)149).Replace('’', (char)146);
}
