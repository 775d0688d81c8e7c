using System.Text;

namespace Weft.Documents.Layout;

/// <summary>A word before it has its place in a line.</summary>
internal sealed record LooseWord(string Text, TextBox? Box, double Baseline, double Size, bool Bold, bool Italic, bool Apart, bool Icon = false, bool BrokenEnd = false);

/// <summary>Makes lines of words: joins letter-spaced ones, takes off bullets and icons, and notes the style of the whole.</summary>
internal static class LineBuilder
{
    private const double ApartGap = 1.2;

    /// <summary>The words of one line from left to right; null when nothing but icons and bullets is left.</summary>
    public static TextLine? Build(IReadOnlyList<LooseWord> words, int page, int region, bool listItem = false, int headingLevel = 0)
    {
        words = JoinSpacedLetters(words);
        var bullet = listItem;
        var kept = new List<TextWord>(words.Count);
        var text = new StringBuilder();
        var apart = false;
        LooseWord? before = null;
        foreach (var word in words)
        {
            var own = word.Text;
            if (kept.Count == 0 && !bullet && IsBulletWord(own, words.Count))
            {
                bullet = true;
                before = word;
                continue;
            }

            if (kept.Count == 0 && own.Length > 1 && Characters.IsBullet(own[0]) && own[0] is not '*' && char.IsLetterOrDigit(own[1]))
            {
                bullet = true;
                own = own[1..];
            }

            if (word.Icon || own.All(c => Characters.IsBullet(c) && c is not ('·' or '•' or '→' or '*' or '»' or '●')))
            {
                apart = true;
                before = word;
                continue;
            }

            apart |= word.Apart || (before?.Box is { } left && word.Box is { } right && right.Left - left.Right > ApartGap * Math.Min(word.Size, before.Size == 0 ? word.Size : before.Size));
            if (text.Length > 0)
                text.Append(' ');
            kept.Add(new TextWord(own, text.Length, word.Box, word.Size, word.Bold, word.Italic, apart && kept.Count > 0));
            text.Append(own);
            apart = false;
            before = word;
        }

        // Rating dots at the end say how much, not what.
        while (kept.Count > 0 && kept[^1].Text.All(c => c is '●' or '•' or '○' or '·'))
        {
            text.Length = kept.Count == 1 ? 0 : kept[^2].End;
            kept.RemoveAt(kept.Count - 1);
        }

        if (kept.Count == 0)
            return null;
        return new TextLine
        {
            Page = page,
            Number = 0,
            Text = text.ToString(),
            Words = kept,
            Box = kept[0].Box is null ? null : TextBox.Around(kept.Select(word => word.Box!)),
            Size = kept.GroupBy(word => word.Size).MaxBy(group => group.Sum(word => word.Text.Length))!.Key,
            Bold = kept.TrueForAll(word => word.Bold),
            Italic = kept.TrueForAll(word => word.Italic),
            Bullet = bullet,
            HeadingLevel = headingLevel,
            Region = region,
            BrokenWord = words[^1].BrokenEnd,
        };
    }

    private static bool IsBulletWord(string word, int count) =>
        count > 1 && (word.All(c => Characters.IsBullet(c)) || word is "-" or "–" or "—" or "−" or "o");

    /// <summary>"J A N E  D O E" is two words: single letters stand one distance apart, words a larger one.</summary>
    private static IReadOnlyList<LooseWord> JoinSpacedLetters(IReadOnlyList<LooseWord> words)
    {
        var single = words.Count(word => word.Text.Length <= 2 && word.Text.All(char.IsLetter));
        if (words.Count < 4 || single < words.Count * 0.75 || words.Sum(word => word.Text.Length) < 5 || words.Count(word => word.Text.Length == 1) < words.Count * 0.6)
            return words;
        if (words[0].Box is null)
        {
            var run = new List<LooseWord>();
            foreach (var word in words)
            {
                if (run.Count > 0 && !word.Apart)
                    run[^1] = run[^1] with { Text = run[^1].Text + word.Text };
                else
                    run.Add(word);
            }

            return run;
        }

        var gaps = words.Zip(words.Skip(1), (a, b) => b.Box!.Left - a.Box!.Right).Order().ToList();
        var usual = gaps[gaps.Count / 2];
        var joined = new List<LooseWord> { words[0] };
        foreach (var (a, b) in words.Zip(words.Skip(1)))
        {
            if (b.Box!.Left - a.Box!.Right > Math.Max(usual * 1.6, usual + (0.12 * a.Size)))
                joined.Add(b with { Apart = false });
            else
                joined[^1] = joined[^1] with { Text = joined[^1].Text + b.Text, Box = TextBox.Around([joined[^1].Box!, b.Box]) };
        }

        return joined;
    }
}
