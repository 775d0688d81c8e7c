using System.IO.Compression;
using System.Xml;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;
using Weft.Documents.Layout;
using Weft.Documents.Plain;

namespace Weft.Documents.Word;

/// <summary>
/// Reads DOCX: paragraphs, lists, tables, text boxes, headers and footers, links. Limits come first: the package is measured
/// before it is unpacked, and every part is walked for depth before a tree is built of it.
/// </summary>
internal sealed class WordReader
{
    private const int MaxEntries = 2000;
    private const long MaxUnpacked = 60L * 1024 * 1024;
    private const long MaxXmlPart = 8L * 1024 * 1024;
    private const int MaxRatio = 200;
    private const int MaxDepth = 200;
    private const int SmallestReadableHalfPoints = 6;

    private readonly List<TextLine> _lines = [];
    private readonly List<TextLink> _links = [];
    private readonly System.Text.StringBuilder _hidden = new();
    private readonly Dictionary<string, Style> _styles = [];
    private readonly Dictionary<string, string> _targets = [];
    private readonly DocumentOptions _options;
    private RunLook _default = new(11, false, false, false);
    private int _region = 1;
    private int _characters;
    private bool _cut;
    private bool _blank;

    private WordReader(DocumentOptions options) => _options = options;

    private sealed record RunLook(double Size, bool Bold, bool Italic, bool Hidden);

    /// <exception cref="DocumentRefusedException">The file is no readable DOCX.</exception>
    public static TextDocument Read(ReadOnlyMemory<byte> bytes, DocumentOptions options)
    {
        using var stream = new MemoryStream(bytes.ToArray(), writable: false);
        try
        {
            Measure(stream);
            stream.Position = 0;
            using var word = WordprocessingDocument.Open(stream, isEditable: false, new OpenSettings { MaxCharactersInPart = MaxXmlPart });
            return new WordReader(options).Read(word);
        }
        catch (Exception e) when (e is InvalidDataException or XmlException or OpenXmlPackageException or IOException or FormatException
            or InvalidOperationException or UriFormatException or ArgumentException or KeyNotFoundException or NotSupportedException or NullReferenceException)
        {
            // The library reports some contradictions of a package by falling over them; they are all the document's.
            throw new DocumentRefusedException(DocumentRefusal.Damaged, "The DOCX is damaged or incomplete. Open it in the program that made it and save it anew.", e);
        }
    }

    private static void Measure(Stream stream)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        if (zip.Entries.Count > MaxEntries)
            throw TooHeavy();
        long total = 0;
        foreach (var entry in zip.Entries)
        {
            total += entry.Length;
            if (total > MaxUnpacked || (entry.Length > 1024 * 1024 && entry.Length / Math.Max(1, entry.CompressedLength) > MaxRatio))
                throw TooHeavy();
            if (entry.FullName.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) || entry.FullName.EndsWith(".rels", StringComparison.OrdinalIgnoreCase))
                MeasureXml(entry);
        }

        // Types are declared by name, so a part of any name may be XML: what was not looked at must not be large.
        static DocumentRefusedException TooHeavy() =>
            new(DocumentRefusal.TooHeavy, "The DOCX unpacks to far more than a document holds. Save it anew, or export it as PDF.");

        static void MeasureXml(ZipArchiveEntry entry)
        {
            if (entry.Length > MaxXmlPart)
                throw TooHeavy();
            // The directory's lengths are the sender's word; the reader's limits count what really comes.
            using var part = entry.Open();
            using var reader = XmlReader.Create(part, new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxXmlPart,
            });
            while (reader.Read())
            {
                if (reader.Depth > MaxDepth)
                    throw TooHeavy();
            }
        }
    }

    private TextDocument Read(WordprocessingDocument word)
    {
        var main = word.MainDocumentPart ?? throw new InvalidDataException("No main part.");
        var body = main.Document?.Body ?? throw new InvalidDataException("No body.");
        ReadStyles(main);
        foreach (var header in main.HeaderParts)
            ReadAside(header, header.Header);
        _region++;
        ReadTargets(main);
        ReadBlocks(body, depth: 0);
        foreach (var footer in main.FooterParts)
            ReadAside(footer, footer.Footer);

        var warnings = new List<DocumentWarning>();
        if (_hidden.Length > 0)
            warnings.Add(new DocumentWarning("hidden_text", $"The document holds text that nobody can see; it was left out: \"{(_hidden.Length > 80 ? _hidden.ToString(0, 80).Trim() + "…" : _hidden.ToString().Trim())}\"."));
        if (_cut)
            warnings.Add(new DocumentWarning("text_left_out", "The document is longer than a CV may be; its end was left out."));
        return new TextDocument(DocumentFormat.Docx, [new TextPage(1, 0, 0, _lines)], _links, warnings);
    }

    private void ReadStyles(MainDocumentPart main)
    {
        var styles = main.StyleDefinitionsPart?.Styles;
        foreach (var style in styles?.Elements<Style>() ?? [])
        {
            if (style.StyleId?.Value is { } id)
                _styles.TryAdd(id, style);
        }

        var defaults = styles?.DocDefaults?.RunPropertiesDefault?.RunPropertiesBaseStyle;
        _default = Apply(_default, defaults);
        if (_styles.Values.FirstOrDefault(style => style.Type?.Value == StyleValues.Paragraph && style.Default?.Value == true) is { } normal)
            _default = Apply(_default, normal.StyleRunProperties);
    }

    private void ReadTargets(OpenXmlPart part)
    {
        _targets.Clear();
        foreach (var link in part.HyperlinkRelationships)
            _targets[link.Id] = link.Uri.OriginalString;
    }

    /// <summary>Headers and footers: contact details often stand there, sections never do.</summary>
    private void ReadAside(OpenXmlPart part, OpenXmlElement? root)
    {
        if (root is null)
            return;
        ReadTargets(part);
        var first = _lines.Count;
        _region++;
        ReadBlocks(root, depth: 0);
        for (var i = first; i < _lines.Count; i++)
            _lines[i] = _lines[i] with { Furniture = true };
    }

    private void ReadBlocks(OpenXmlElement parent, int depth)
    {
        if (depth > 40)
            return;
        foreach (var child in parent.ChildElements)
        {
            switch (child)
            {
                case Paragraph paragraph:
                    ReadParagraph(paragraph, depth);
                    break;
                case Table table:
                    ReadTable(table, depth);
                    break;
                case SdtBlock or SdtContentBlock or CustomXmlBlock or SdtRow or SdtCell:
                    ReadBlocks(child, depth + 1);
                    break;
            }
        }
    }

    /// <summary>A row of short cells is one line with parts; cells with texts of their own are columns, read one after the other.</summary>
    private void ReadTable(Table table, int depth)
    {
        foreach (var row in table.Descendants<TableRow>().Where(row => row.Ancestors<Table>().First() == table))
        {
            var cells = row.Descendants<TableCell>().Where(cell => cell.Ancestors<TableRow>().First() == row).ToList();
            var texts = cells.Select(cell => cell.Descendants<Paragraph>().Count(paragraph => paragraph.InnerText.Trim().Length > 0)).ToList();
            if (cells.Count > 1 && texts.TrueForAll(count => count <= 1) && !cells.Exists(cell => cell.Descendants<Table>().Any()))
            {
                var words = new List<LooseWord>();
                foreach (var cell in cells)
                {
                    var own = cell.Descendants<Paragraph>().SelectMany(paragraph => Words(paragraph).Where(word => word is not null).Select(word => word!)).ToList();
                    if (own.Count > 0)
                        words.AddRange([own[0] with { Apart = true }, .. own.Skip(1)]);
                    foreach (var link in cell.Descendants<Hyperlink>())
                        AddLink(link);
                }

                AddLine(words, listItem: false, headingLevel: 0);
                continue;
            }

            foreach (var cell in cells)
            {
                if (cells.Count > 1)
                    _region++;
                ReadBlocks(cell, depth + 1);
            }

            if (cells.Count > 1)
                _region++;
        }
    }

    private void ReadParagraph(Paragraph paragraph, int depth)
    {
        var style = StyleChain(paragraph.ParagraphProperties?.ParagraphStyleId?.Val?.Value);
        var outline = paragraph.ParagraphProperties?.OutlineLevel?.Val?.Value ?? style.Select(s => s.StyleParagraphProperties?.OutlineLevel?.Val?.Value).FirstOrDefault(level => level is not null);
        var headingLevel = outline is >= 0 and < 9 ? outline.Value + 1 : 0;
        if (headingLevel == 0 && style.Exists(s => s.StyleName?.Val?.Value is { } name && (name.StartsWith("heading", StringComparison.OrdinalIgnoreCase) || name.Equals("title", StringComparison.OrdinalIgnoreCase))))
            headingLevel = 1;
        var numbering = paragraph.ParagraphProperties?.NumberingProperties ?? style.Select(s => s.StyleParagraphProperties?.NumberingProperties).FirstOrDefault(n => n is not null);
        var listItem = numbering is not null && numbering.NumberingId?.Val?.Value is not 0
            || style.Exists(s => s.StyleName?.Val?.Value?.StartsWith("list", StringComparison.OrdinalIgnoreCase) == true);

        var line = new List<LooseWord>();
        var any = false;
        foreach (var word in Words(paragraph))
        {
            if (word is null)
            {
                any |= AddLine(line, listItem && !any, headingLevel);
                line = [];
            }
            else
                line.Add(word);
        }

        any |= AddLine(line, listItem && !any, headingLevel);
        if (!any)
            _blank = true;
        foreach (var link in paragraph.Descendants<Hyperlink>().Where(link => link.Ancestors<Paragraph>().First() == paragraph))
            AddLink(link);

        // Text boxes hang on a paragraph and are columns of their own. What old programs show instead says the same again.
        foreach (var box in paragraph.Descendants<TextBoxContent>().Where(box => !box.Ancestors<AlternateContentFallback>().Any() && box.Ancestors<Paragraph>().First() == paragraph))
        {
            _region++;
            ReadBlocks(box, depth + 1);
            _region++;
        }
    }

    private void AddLink(Hyperlink link)
    {
        if (link.Id?.Value is { } id && _targets.TryGetValue(id, out var target) && _links.Count < 500)
            _links.Add(new TextLink(1, target, null, _lines.Count == 0 ? null : _lines[^1].Number));
    }

    private bool AddLine(List<LooseWord> words, bool listItem, int headingLevel)
    {
        if (words.Count == 0 || _cut || LineBuilder.Build(words, 1, _region, listItem, headingLevel) is not { } line)
            return false;
        _characters += line.Text.Length;
        if (_characters > _options.MaxCharacters)
        {
            _cut = true;
            return false;
        }

        _lines.Add(line with { Number = _lines.Count + 1, SpaceBefore = _blank && _lines.Count > 0 });
        _blank = false;
        return true;
    }

    /// <summary>The words of a paragraph; null stands for a line break.</summary>
    private IEnumerable<LooseWord?> Words(Paragraph paragraph)
    {
        var style = StyleChain(paragraph.ParagraphProperties?.ParagraphStyleId?.Val?.Value);
        var look = _default;
        foreach (var one in Enumerable.Reverse(style))
            look = Apply(look, one.StyleRunProperties);

        // A word may be spread over runs: text is gathered until a space, a tab or a break.
        LooseWord? open = null;
        var apart = false;
        var spaces = 0;
        foreach (var run in paragraph.Descendants<Run>())
        {
            if (run.Ancestors<Paragraph>().First() != paragraph || run.Ancestors<AlternateContentFallback>().Any() || run.Ancestors<DeletedRun>().Any())
                continue;
            var runLook = look;
            foreach (var one in Enumerable.Reverse(StyleChain(run.RunProperties?.RunStyle?.Val?.Value)))
                runLook = Apply(runLook, one.StyleRunProperties);
            runLook = Apply(runLook, run.RunProperties);
            foreach (var child in run.ChildElements)
            {
                if (child is Break or CarriageReturn)
                {
                    if (open is not null)
                        yield return open;
                    open = null;
                    yield return null;
                    continue;
                }

                var text = child switch
                {
                    Text t => t.Text,
                    TabChar or PositionalTab => "\t",
                    NoBreakHyphen => "-",
                    SymbolChar => "•",
                    _ => "",
                };
                if (runLook.Hidden)
                {
                    if (text.Any(char.IsLetterOrDigit))
                        _hidden.Append(text).Append(' ');
                    continue;
                }

                foreach (var rune in text.EnumerateRunes())
                {
                    var plain = rune.Value == 9 ? "\t" : Characters.IsDropped(rune.Value) || rune.Value == 0xAD ? "" : Characters.Plain(rune.Value);
                    var icon = Characters.IsIcon(rune.Value);
                    if (plain is " " or "\t" || icon)
                    {
                        if (open is not null)
                            yield return open;
                        open = null;
                        spaces += plain == " " ? 1 : 0;
                        apart |= plain == "\t" || icon || spaces >= 4;
                    }
                    else if (plain.Length > 0)
                    {
                        open = open is null
                            ? new LooseWord(plain, null, 0, runLook.Size, runLook.Bold, runLook.Italic, apart)
                            : open with { Text = open.Text + plain };
                        apart = false;
                        spaces = 0;
                    }
                }
            }
        }

        if (open is not null)
            yield return open;
    }

    private List<Style> StyleChain(string? id)
    {
        var chain = new List<Style>();
        while (id is not null && chain.Count < 12 && _styles.TryGetValue(id, out var style) && !chain.Contains(style))
        {
            chain.Add(style);
            id = style.BasedOn?.Val?.Value;
        }

        return chain;
    }

    private static RunLook Apply(RunLook look, OpenXmlElement? properties)
    {
        if (properties is null)
            return look;
        foreach (var property in properties.ChildElements)
        {
            look = property switch
            {
                FontSize size when double.TryParse(size.Val?.Value, out var halfPoints) => look with { Size = halfPoints / 2, Hidden = look.Hidden || halfPoints < SmallestReadableHalfPoints },
                Bold bold => look with { Bold = bold.Val?.Value ?? true },
                Italic italic => look with { Italic = italic.Val?.Value ?? true },
                Vanish vanish => look with { Hidden = vanish.Val?.Value ?? true },
                // White on the page's white; on a shaded ground it is the shading's run or cell that says so.
                Color { Val.Value: { } color } when color.Equals("FFFFFF", StringComparison.OrdinalIgnoreCase) && !OnShade(properties) => look with { Hidden = true },
                _ => look,
            };
        }

        return look;
    }

    private static bool OnShade(OpenXmlElement properties) =>
        properties.Ancestors().Prepend(properties).Any(element =>
            element.Descendants<Shading>().Any(shade => shade.Fill?.Value is { } fill && fill is not ("auto" or "FFFFFF" or "ffffff")) && element is not (Body or Header or Footer))
        || properties.Ancestors<TextBoxContent>().Any()
        || properties.Ancestors<Style>().Any();
}
