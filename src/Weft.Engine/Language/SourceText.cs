using System.Text;

namespace Weft.Engine.Language;

/// <summary>A flow's text with its line table: positions are 1-based lines and columns, counted in UTF-16 units as editors do.</summary>
internal sealed class SourceText
{
    private readonly List<int> _lineStarts = [0];

    /// <param name="text">The text.</param>
    /// <param name="onlyLineFeeds">True for a template, whose parser counts no other break.</param>
    public SourceText(string text, bool onlyLineFeeds = false)
    {
        Text = text;
        for (var i = 0; i < text.Length; i++)
        {
            // The breaks that the YAML scanner counts, so that both mean the same line.
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') continue;
            if (text[i] == '\n' || (!onlyLineFeeds && text[i] is '\r' or '\x85' or '\u2028' or '\u2029')) _lineStarts.Add(i + 1);
        }
    }

    public string Text { get; }

    /// <summary>Where a line and column lie in the text, kept inside it.</summary>
    public int Offset(int line, int column)
    {
        if (line > _lineStarts.Count) return Text.Length;
        var start = _lineStarts[Math.Max(line - 1, 0)];
        return Math.Clamp(start + Math.Max(column, 1) - 1, 0, Text.Length);
    }

    /// <summary>Line and column of a place in the text.</summary>
    public (int Line, int Column) Position(int offset)
    {
        var index = _lineStarts.BinarySearch(offset);
        if (index < 0) index = ~index - 1;
        return (index + 1, offset - _lineStarts[index] + 1);
    }

    /// <summary>The text that versions are told apart by: no byte order mark, one kind of line break, no blank end.</summary>
    public static byte[] Canonical(string source)
    {
        var text = source.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').TrimEnd();
        return Encoding.UTF8.GetBytes(text);
    }
}
