using System.Globalization;

namespace Weft.Engine.Language;

/// <summary>ISO 8601 durations as flows write them: <c>PT2S</c>, <c>PT1H30M</c>, <c>P1D</c>, <c>P2W</c>. Years and months have no fixed length and are refused.</summary>
public static class IsoDuration
{
    /// <summary>The longest duration that is accepted, about a hundred years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_525);

    /// <summary>What a duration must look like, for messages.</summary>
    public const string Expected = "an ISO 8601 duration such as PT30S, PT1H30M or P1D";

    /// <summary>Reads a duration that is known to be one.</summary>
    public static TimeSpan Parse(string text) => TryParse(text, out var duration) ? duration : throw new FormatException($"'{text}' is not {Expected}.");

    /// <summary>Reads a duration; false when the text is none, is negative or longer than <see cref="Longest"/>.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is < 3 or > 64 || text[0] is not ('P' or 'p')) return false;
        decimal seconds = 0;
        var inTime = false;
        var lastUnit = -1;
        for (var i = 1; i < text.Length;)
        {
            if (text[i] is 'T' or 't')
            {
                if (inTime || i == text.Length - 1) return false;
                inTime = true;
                i++;
                continue;
            }
            var start = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] is '.')) i++;
            if (i == start || i == text.Length || i - start > 18) return false;
            if (!decimal.TryParse(text.AsSpan(start, i - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            var (unit, length) = (char.ToUpperInvariant(text[i++]), inTime) switch
            {
                ('W', false) => (0, 604_800m),
                ('D', false) => (1, 86_400m),
                ('H', true) => (2, 3_600m),
                ('M', true) => (3, 60m),
                ('S', true) => (4, 1m),
                _ => (-1, 0m),
            };
            if (unit <= lastUnit) return false;
            // Only seconds may have a fraction, as in Java's durations.
            if (unit != 4 && number != decimal.Truncate(number)) return false;
            lastUnit = unit;
            seconds += number * length;
            if (seconds > (decimal)Longest.TotalSeconds) return false;
        }
        if (lastUnit < 0) return false;
        duration = TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>The duration as ISO 8601 text: <c>PT1H30M</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "PT0S";
        var days = duration.Days > 0 ? $"{duration.Days}D" : "";
        var hours = duration.Hours > 0 ? $"{duration.Hours}H" : "";
        var minutes = duration.Minutes > 0 ? $"{duration.Minutes}M" : "";
        var rest = duration.Ticks % TimeSpan.TicksPerMinute / (decimal)TimeSpan.TicksPerSecond;
        var seconds = rest > 0 ? $"{rest.ToString("0.#######", CultureInfo.InvariantCulture)}S" : "";
        var time = $"{hours}{minutes}{seconds}";
        return time.Length == 0 ? $"P{days}" : $"P{days}T{time}";
    }
}
