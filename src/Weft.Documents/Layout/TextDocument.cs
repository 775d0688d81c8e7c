namespace Weft.Documents;

/// <summary>What a document's bytes are, found by looking at them.</summary>
public enum DocumentFormat
{
    /// <summary>Portable Document Format.</summary>
    Pdf,

    /// <summary>Office Open XML word processing.</summary>
    Docx,

    /// <summary>Plain text.</summary>
    Text,
}

/// <summary>A rectangle on a page, in points from the top left corner of the page as shown.</summary>
public sealed record TextBox(double Left, double Top, double Right, double Bottom)
{
    internal double Width => Right - Left;

    internal double Height => Bottom - Top;

    internal static TextBox Around(IEnumerable<TextBox> boxes)
    {
        double left = double.MaxValue, top = double.MaxValue, right = double.MinValue, bottom = double.MinValue;
        foreach (var box in boxes)
        {
            left = Math.Min(left, box.Left);
            top = Math.Min(top, box.Top);
            right = Math.Max(right, box.Right);
            bottom = Math.Max(bottom, box.Bottom);
        }

        return new TextBox(left, top, right, bottom);
    }
}

/// <summary>A word of a line.</summary>
/// <param name="Text">Its characters, icons and bullets left out.</param>
/// <param name="Start">Where it begins in <see cref="TextLine.Text"/>.</param>
/// <param name="Box">Where it stands; null where the format has no pages.</param>
/// <param name="Size">Font size in points; 0 where the format has none.</param>
/// <param name="Bold">Whether it is set bold.</param>
/// <param name="Italic">Whether it is set italic.</param>
/// <param name="Apart">Whether more than a space parts it from the word before: a wide gap, a tab, a cell border, an icon.</param>
public sealed record TextWord(string Text, int Start, TextBox? Box, double Size, bool Bold, bool Italic, bool Apart)
{
    internal int End => Start + Text.Length;
}

/// <summary>One line as a reader sees it, within its column.</summary>
public sealed record TextLine
{
    /// <summary>The page, from 1.</summary>
    public required int Page { get; init; }

    /// <summary>The line's number in the document's reading order, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The words with single spaces between them, without the bullet.</summary>
    public required string Text { get; init; }

    /// <summary>The words, from left to right.</summary>
    public required IReadOnlyList<TextWord> Words { get; init; }

    /// <summary>Where it stands; null where the format has no pages.</summary>
    public TextBox? Box { get; init; }

    /// <summary>The size of most of it in points; 0 where the format has none.</summary>
    public double Size { get; init; }

    /// <summary>Whether all of it is bold.</summary>
    public bool Bold { get; init; }

    /// <summary>Whether all of it is italic.</summary>
    public bool Italic { get; init; }

    /// <summary>Whether it begins with a bullet or is a list item.</summary>
    public bool Bullet { get; init; }

    /// <summary>The level of the heading style, where the format has such styles; else 0.</summary>
    public int HeadingLevel { get; init; }

    /// <summary>Which column or band of the document it belongs to; lines of one region follow each other.</summary>
    public int Region { get; init; }

    /// <summary>A repeated header or footer, or a page number.</summary>
    public bool Furniture { get; init; }

    /// <summary>Whether a blank line or a clearly larger distance than usual stands before it.</summary>
    public bool SpaceBefore { get; init; }

    /// <summary>Whether it ends in a hyphen that only breaks a word.</summary>
    internal bool BrokenWord { get; init; }

    internal bool IsCaps => Text.Any(char.IsUpper) && !Text.Any(char.IsLower);

    internal double Left => Box?.Left ?? 0;

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A page and its lines in reading order. A format without pages has one, of no size.</summary>
public sealed record TextPage(int Number, double Width, double Height, IReadOnlyList<TextLine> Lines);

/// <summary>A link of the document: its target and where it can be clicked.</summary>
public sealed record TextLink(int Page, string Target, TextBox? Box, int? Line);

/// <summary>A document's text in reading order, whatever its format.</summary>
public sealed record TextDocument(
    DocumentFormat Format,
    IReadOnlyList<TextPage> Pages,
    IReadOnlyList<TextLink> Links,
    IReadOnlyList<DocumentWarning> Warnings)
{
    internal IEnumerable<TextLine> Lines => Pages.SelectMany(page => page.Lines);

    /// <summary>The plain text, a line each, a blank line between regions.</summary>
    public string PlainText()
    {
        var text = new System.Text.StringBuilder();
        TextLine? before = null;
        foreach (var line in Lines)
        {
            if (before is not null && (before.Region != line.Region || line.SpaceBefore))
                text.Append('\n');
            if (line.Bullet)
                text.Append("• ");
            text.Append(line.Text).Append('\n');
            before = line;
        }

        return text.ToString();
    }
}

/// <summary>Something a person should know about how the document was read.</summary>
/// <param name="Code">For programs: <c>hidden_text</c>, <c>pages_left_out</c>, <c>text_left_out</c>, <c>unreadable_characters</c>, <c>mostly_image</c>.</param>
/// <param name="Message">For people.</param>
public sealed record DocumentWarning(string Code, string Message);
