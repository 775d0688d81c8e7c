using System.Text;
using Weft.Documents.Pdf;
using Weft.Documents.Sections;

namespace Weft.Documents.Layout;

/// <summary>
/// From characters on pages to lines in reading order. Characters make words, words rows; a page is cut into columns where
/// a gutter runs between texts that go their own ways, again and again within each part; what is left reads from top to bottom.
/// The description with pictures: docs/reference/cv-parsing.md.
/// </summary>
internal static class PdfLayout
{
    private const double SmallestReadable = 3;
    private const double WordGap = 0.6;
    private const double PieceGap = 0.8;
    private const double SameBaseline = 0.35;
    private static readonly string[] BoldFonts = ["bold", "black", "heavy", "semib", "demi"];

    /// <summary>One piece of a row that no wide gap interrupts.</summary>
    private sealed class Piece(List<LooseWord> words)
    {
        public List<LooseWord> Words { get; } = words;

        public TextBox Box { get; } = TextBox.Around(words.Select(word => word.Box!));

        public double Baseline { get; } = words[0].Baseline;

        public double Size { get; } = words.Max(word => word.Size);

        public string Text { get; } = string.Join(' ', words.Where(word => !word.Icon).Select(word => word.Text));

        public bool IsHeading => _heading ??= HeadingVocabulary.Find(Text) is not SectionKind.None;

        public bool IsDate => _date ??= Text.Length < 40 && Fields.DateReader.Find(Text).Count > 0;

        private bool? _heading;
        private bool? _date;
    }

    private sealed record Leaf(List<Piece> Pieces);

    public static TextDocument Read(PdfExtraction pdf)
    {
        var warnings = new List<DocumentWarning>();
        var hidden = new StringBuilder();
        var unmapped = 0;
        var pages = new List<List<TextLine>>();
        var region = 0;
        foreach (var page in pdf.Pages)
        {
            var words = Words(page, pdf.Styles, hidden, ref unmapped);
            var lines = new List<TextLine>();
            foreach (var leaf in Order(Pieces(words.Where(word => !word.Rotated).Select(word => word.Word).ToList()), depth: 0))
            {
                region++;
                lines.AddRange(Lines(leaf, page.Number, region));
            }

            var turned = words.Where(word => word.Rotated).Select(word => word.Word).ToList();
            if (turned.Count > 0 && LineBuilder.Build(turned, page.Number, ++region) is { } aside)
                lines.Add(aside with { Furniture = true });
            pages.Add(lines);
        }

        if (hidden.Length > 0)
            warnings.Add(new DocumentWarning("hidden_text", $"The document holds text that nobody can see; it was left out: \"{Excerpt(hidden)}\"."));
        if (unmapped > 0)
            warnings.Add(new DocumentWarning("unreadable_characters", $"{unmapped} characters are drawn by fonts that do not say which characters they are; they are missing."));
        if (pdf.PageCount > pdf.Pages.Count)
            warnings.Add(new DocumentWarning("pages_left_out", $"{pdf.Pages.Count} of {pdf.PageCount} pages were read."));
        if (pdf.Cut)
            warnings.Add(new DocumentWarning("text_left_out", "The document is longer than a CV may be; its end was left out."));
        MarkFurniture(pages, pdf);

        var number = 0;
        var numbered = pdf.Pages
            .Select((page, i) => new TextPage(page.Number, page.Width, page.Height, pages[i].Select(line => line with { Number = ++number }).ToList()))
            .ToList();
        var links = pdf.Links
            .Where(link => link.Page < numbered.Count)
            .Select(link => Link(link, numbered[link.Page]))
            .ToList();
        return new TextDocument(DocumentFormat.Pdf, numbered, links, warnings);
    }

    private static string Excerpt(StringBuilder text) => text.Length <= 80 ? text.ToString().Trim() : text.ToString(0, 80).Trim() + "…";

    private static TextLink Link(PdfLink link, TextPage page)
    {
        var box = new TextBox(link.Box[0], link.Box[1], link.Box[2], link.Box[3]);
        var line = page.Lines.FirstOrDefault(line => line.Words.Any(word => word.Box is { } at
            && at.Left < box.Right && at.Right > box.Left && (at.Top + at.Bottom) / 2 > box.Top && (at.Top + at.Bottom) / 2 < box.Bottom));
        return new TextLink(page.Number, link.Uri, box, line?.Number);
    }

    private static List<(LooseWord Word, bool Rotated)> Words(PdfPage page, IReadOnlyList<PdfStyle> styles, StringBuilder hidden, ref int unmapped)
    {
        var words = new List<(LooseWord, bool)>();
        var drawn = new HashSet<(int, int, int)>();
        var letters = new List<PdfCharacter>();
        var rotated = false;

        void Finish()
        {
            if (letters.Count == 0)
                return;
            var style = styles[letters[0].Style];
            var box = TextBox.Around(letters.Select(c => new TextBox(c.Left, c.Top, c.Right, c.Bottom)));
            var broken = letters[^1].Code is 0xFFFE or 0xAD or 2 || letters[^1].Flags.HasFlag(PdfCharacterFlags.Hyphen);
            // Text a document gives in place of its pictures is squeezed into the picture's width.
            var replaced = letters.Count > 1 && box.Width < 0.12 * style.Size * letters.Count;
            var icon = (Characters.IsIconFont(style.Font) && !replaced) || letters.TrueForAll(c => Characters.IsIcon(c.Code));
            var symbol = Characters.IsSymbolFont(style.Font) && letters.Count == 1;
            var text = symbol && !char.IsLetterOrDigit((char)letters[0].Code) ? "•" : string.Concat(letters.Where(c => !Characters.IsIcon(c.Code)).Select(Letter));
            var outOfSight = style.Size < SmallestReadable && box.Height < SmallestReadable
                || letters.Count(c => c.Flags.HasFlag(PdfCharacterFlags.Invisible)) * 2 > letters.Count
                || box.Right < 0 || box.Left > page.Width || box.Bottom < 0 || box.Top > page.Height;
            if (text.Trim().Length == 0 && !icon)
            {
                letters.Clear();
                return;
            }

            if (outOfSight)
            {
                if (!icon && text.Any(char.IsLetterOrDigit))
                    hidden.Append(text).Append(' ');
            }
            else
            {
                var size = style.Size > 0 ? style.Size : box.Height;
                words.Add((new LooseWord(text, box, letters[0].Baseline, size, IsBold(style), IsItalic(style), Apart: false, icon, broken), rotated));
            }

            letters.Clear();
        }

        foreach (var c in page.Characters)
        {
            // An unmapped character of an icon font is a picture; of a text font, a loss.
            if (c.Flags.HasFlag(PdfCharacterFlags.Unmapped) && c.Style < styles.Count && !Characters.IsIconFont(styles[c.Style].Font) && !Characters.IsSymbolFont(styles[c.Style].Font) && (c.Code is 0 or 0xFFFD))
                unmapped++;
            var special = c.Code is 0xFFFE or 2;
            if (c.Flags.HasFlag(PdfCharacterFlags.Generated) || c.Style >= styles.Count || (!special && Characters.IsDropped(c.Code) && Characters.Unmapped(c.Code).Length == 0) || Characters.Plain(special ? '-' : c.Code) == " " || c.Code is 9 or 32)
            {
                Finish();
                continue;
            }

            // One drawn hyphen can stand for several characters.
            if (letters.Count > 0 && letters[^1].Left == c.Left && letters[^1].Right == c.Right && Characters.IsHyphen(c.Code) && Characters.IsHyphen(letters[^1].Code))
                continue;
            // Bold by drawing twice, shadows: the same letter at the same place counts once.
            if (!drawn.Add((c.Code, (int)Math.Round(c.Left), (int)Math.Round(c.Baseline))) && c.Right - c.Left > 2)
                continue;
            var turned = Math.Abs(c.Angle) > 0.1;
            if (letters.Count > 0)
            {
                var last = letters[^1];
                var size = Math.Max(styles[c.Style].Size, 1);
                var apart = turned
                    ? Math.Abs(c.Left - last.Left) + Math.Abs(c.Baseline - last.Baseline) > 3 * size
                    : c.Left - last.Right > WordGap * size || c.Left < last.Left - (0.5 * size) || Math.Abs(c.Baseline - last.Baseline) > SameBaseline * size;
                if (apart || turned != rotated || IconEdge(styles, last, c))
                    Finish();
            }

            rotated = turned;
            letters.Add(c);
        }

        Finish();
        return words;
    }

    private static bool IconEdge(IReadOnlyList<PdfStyle> styles, PdfCharacter a, PdfCharacter b) =>
        (Characters.IsIconFont(styles[a.Style].Font) || Characters.IsIcon(a.Code)) != (Characters.IsIconFont(styles[b.Style].Font) || Characters.IsIcon(b.Code));

    private static string Letter(PdfCharacter c) =>
        c.Code is 0xFFFE or 0xAD or 2 ? "-" : c.Flags.HasFlag(PdfCharacterFlags.Unmapped) ? Characters.Unmapped(c.Code) : Characters.Plain(c.Code);

    private static bool IsBold(PdfStyle style) =>
        style.Weight >= 600 || (style.FontFlags & (1 << 18)) != 0
        || BoldFonts.Any(name => style.Font.Contains(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsItalic(PdfStyle style) =>
        (style.FontFlags & (1 << 6)) != 0 || style.Font.Contains("italic", StringComparison.OrdinalIgnoreCase) || style.Font.Contains("oblique", StringComparison.OrdinalIgnoreCase);

    /// <summary>Words on one baseline, cut where the gap is wider than between words.</summary>
    private static List<Piece> Pieces(List<LooseWord> words)
    {
        var pieces = new List<Piece>();
        foreach (var row in Rows(words, word => word.Baseline, word => word.Size))
        {
            var piece = new List<LooseWord>();
            foreach (var word in row.OrderBy(word => word.Box!.Left))
            {
                if (piece.Count > 0 && word.Box!.Left - piece[^1].Box!.Right > PieceGap * Math.Max(word.Size, piece[^1].Size) && !LetterSpaced(piece[^1], word))
                {
                    pieces.Add(new Piece(piece));
                    piece = [];
                }

                piece.Add(word);
            }

            if (piece.Count > 0)
                pieces.Add(new Piece(piece));
        }

        return pieces;
    }

    private static bool LetterSpaced(LooseWord a, LooseWord b) =>
        a.Text.Length == 1 && b.Text.Length == 1 && char.IsLetter(a.Text[0]) && char.IsLetter(b.Text[0]) && b.Box!.Left - a.Box!.Right < 1.6 * a.Size;

    private static List<List<T>> Rows<T>(IEnumerable<T> items, Func<T, double> baseline, Func<T, double> size)
    {
        var rows = new List<List<T>>();
        foreach (var item in items.OrderBy(baseline))
        {
            // Only the nearest rows can take it: they are in order.
            var row = rows.Count > 0 && baseline(item) - baseline(rows[^1][0]) <= SameBaseline * Math.Min(size(item), size(rows[^1][0])) ? rows[^1] : null;
            if (row is null)
                rows.Add([item]);
            else
                row.Add(item);
        }

        return rows;
    }

    private static IEnumerable<Leaf> Order(List<Piece> pieces, int depth)
    {
        if (pieces.Count == 0)
            yield break;
        if (depth > 8 || FindCut(pieces) is not { } cut)
        {
            yield return new Leaf(pieces);
            yield break;
        }

        var above = pieces.Where(p => p.Baseline < cut.Top).ToList();
        var below = pieces.Where(p => p.Baseline > cut.Bottom).ToList();
        var between = pieces.Where(p => p.Baseline >= cut.Top && p.Baseline <= cut.Bottom).ToList();
        foreach (var part in new[] { above, between.Where(p => p.Box.Right <= cut.X).ToList(), between.Where(p => p.Box.Right > cut.X).ToList(), below })
        {
            foreach (var leaf in Order(part, depth + 1))
                yield return leaf;
        }
    }

    private sealed record Cut(double X, double Top, double Bottom, double Score);

    /// <summary>The best gutter: a line from <see cref="Cut.Top"/> to <see cref="Cut.Bottom"/> that no text crosses, with texts of their own on both sides.</summary>
    private static Cut? FindCut(List<Piece> pieces)
    {
        if (pieces.Count < 6)
            return null;
        var byTop = pieces.OrderBy(p => p.Baseline).ToList();
        Cut? best = null;
        var tried = new HashSet<int>();
        foreach (var x in pieces.Select(p => p.Box.Left - 1))
        {
            if (!tried.Add((int)Math.Round(x / 2)))
                continue;
            var run = new List<Piece>();
            foreach (var piece in byTop)
            {
                if (piece.Box.Left < x && piece.Box.Right > x)
                {
                    best = Better(best, run, x);
                    run = [];
                }
                else
                    run.Add(piece);
            }

            best = Better(best, run, x);
        }

        return best;
    }

    private static Cut? Better(Cut? best, List<Piece> run, double x)
    {
        var left = run.Where(p => p.Box.Right <= x).ToList();
        var right = run.Where(p => p.Box.Left >= x).ToList();
        if (left.Count < 2 || right.Count < 2)
            return best;
        var gutter = right.Min(p => p.Box.Left) - left.Max(p => p.Box.Right);
        var size = run.Select(p => p.Size).Order().ElementAt(run.Count / 2);
        if (gutter < Math.Max(5, 0.6 * size))
            return best;
        var leftRows = Rows(left, p => p.Baseline, p => p.Size);
        var rightRows = Rows(right, p => p.Baseline, p => p.Size);
        var overlap = Math.Min(left[^1].Baseline, right[^1].Baseline) - Math.Max(left[0].Baseline, right[0].Baseline);
        var score = overlap * Math.Sqrt(Math.Min(leftRows.Count, rightRows.Count)) * Math.Min(1.5, 1 + (gutter / 100));
        if (overlap <= size || score <= (best?.Score ?? 0) || !AreColumns(left, leftRows, right, rightRows))
            return best;
        return new Cut(x, run[0].Baseline, run[^1].Baseline, score);
    }

    /// <summary>
    /// Whether the two sides are texts of their own. They are not when one side only annotates the other: dates and places at
    /// the margin, headings or labels before what they head, cells of a grid.
    /// </summary>
    private static bool AreColumns(List<Piece> left, List<List<Piece>> leftRows, List<Piece> right, List<List<Piece>> rightRows)
    {
        var leftHeadings = left.Count(p => p.IsHeading);
        var rightHeadings = right.Count(p => p.IsHeading);
        if (Math.Min(leftRows.Count, rightRows.Count) < 3 && (leftHeadings == 0 || rightHeadings == 0))
            return false;
        return !Annotates(left, leftRows, leftHeadings, rightRows, rightHeadings, isRight: false)
            && !Annotates(right, rightRows, rightHeadings, leftRows, leftHeadings, isRight: true);
    }

    private static bool Annotates(List<Piece> side, List<List<Piece>> rows, int headings, List<List<Piece>> otherRows, int otherHeadings, bool isRight)
    {
        var own = rows.Where(row => !row.Exists(p => p.IsHeading)).ToList();
        if (own.Count == 0)
            return otherHeadings == 0;
        var aligned = own.Count(row => otherRows.Exists(other => Math.Abs(other[0].Baseline - row[0].Baseline) <= SameBaseline * row[0].Size)) / (double)own.Count;
        if (aligned < 0.75)
            return false;
        var dates = side.Count(p => p.IsDate) / (double)side.Count;
        if (dates >= 0.4 || (headings + (dates * side.Count)) / side.Count >= 0.7)
            return true;
        var edges = isRight && side.Count >= 2
            && side.Count(p => Math.Abs(p.Box.Right - side.Max(q => q.Box.Right)) < 2) >= side.Count * 0.8
            && side.Max(p => p.Box.Left) - side.Min(p => p.Box.Left) > 4;
        if (edges && side.Average(p => p.Text.Length) < 30)
            return true;
        // Labels before values, or a grid: nothing on this side stands alone, and only one side has headings at all.
        return aligned >= 0.9 && (headings == 0 || otherHeadings == 0);
    }

    private static IEnumerable<TextLine> Lines(Leaf leaf, int page, int region)
    {
        var lines = new List<TextLine>();
        foreach (var row in Rows(leaf.Pieces.SelectMany(p => p.Words), word => word.Baseline, word => word.Size))
        {
            if (LineBuilder.Build(row.OrderBy(word => word.Box!.Left).ToList(), page, region) is { } line)
                lines.Add(line);
        }

        if (lines.Count < 3)
            return lines;
        var steps = lines.Zip(lines.Skip(1), (a, b) => b.Box!.Bottom - a.Box!.Bottom).ToList();
        var usual = steps.Where(step => step > 0).Order().DefaultIfEmpty(12).ElementAt(steps.Count(step => step > 0) / 3);
        return lines.Select((line, i) => i > 0 && steps[i - 1] > usual * 1.45 ? line with { SpaceBefore = true } : line);
    }

    /// <summary>Lines that repeat at the top or bottom of pages, and page numbers, are no part of the text.</summary>
    private static void MarkFurniture(List<List<TextLine>> pages, PdfExtraction pdf)
    {
        bool AtEdge(TextLine line, int page) => line.Box is { } box && (box.Top < pdf.Pages[page].Height * 0.09 || box.Bottom > pdf.Pages[page].Height * 0.91);
        static string Shape(TextLine line) => string.Concat(line.Text.Where(c => !char.IsDigit(c)));
        var repeated = pages
            .SelectMany((lines, page) => lines.Where(line => AtEdge(line, page)).Select(line => (Shape: Shape(line), Page: page)).Distinct())
            .GroupBy(line => line.Shape)
            .Where(group => group.Count() > 1)
            .Select(group => group.Key)
            .ToHashSet();
        for (var page = 0; page < pages.Count; page++)
        {
            for (var i = 0; i < pages[page].Count; i++)
            {
                var line = pages[page][i];
                if (!AtEdge(line, page))
                    continue;
                var pageNumber = line.Text.Length <= 12 && line.Text.Any(char.IsDigit) && line.Text.Split(' ').All(word => word.All(c => char.IsDigit(c) || c is '/' or '-' or '–' or '.')
                    || word.ToLowerInvariant() is "page" or "of" or "seite" or "von" or "sur" or "de" or "página" or "pagina" or "van");
                if (pageNumber || (repeated.Contains(Shape(line)) && Shape(line).Length > 2))
                    pages[page][i] = line with { Furniture = true };
            }
        }
    }
}
