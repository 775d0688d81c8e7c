using System.Globalization;
using System.Text;

namespace Weft.Engine.Expressions;

/// <summary>A date pattern of Java's <c>DateTimeFormatter</c> (English names), to print and to read dates.</summary>
internal sealed class DatePattern
{
    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    private static readonly string[] Days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    private readonly record struct Part(char Letter, int Count, string Text);

    private readonly List<Part> _parts;

    private DatePattern(List<Part> parts) => _parts = parts;

    /// <summary>Reads a pattern; a mistake is told through <paramref name="problem"/>.</summary>
    public static DatePattern? TryParse(string pattern, out string problem)
    {
        problem = "";
        var parts = new List<Part>();
        var depth = 0;
        if (pattern.Length > 200)
        {
            problem = "the pattern is longer than 200 characters";
            return null;
        }
        for (var i = 0; i < pattern.Length;)
        {
            var c = pattern[i];
            if (char.IsAsciiLetter(c))
            {
                var start = i;
                while (i < pattern.Length && pattern[i] == c) i++;
                if (!IsKnown(c, i - start))
                {
                    problem = $"the pattern letters `{new string(c, i - start)}` have no meaning";
                    return null;
                }
                parts.Add(new Part(c, i - start, ""));
            }
            else if (c == '\'')
            {
                var text = new StringBuilder();
                var closed = false;
                for (i++; i < pattern.Length; i++)
                {
                    if (pattern[i] != '\'') text.Append(pattern[i]);
                    else if (i + 1 < pattern.Length && pattern[i + 1] == '\'') text.Append(pattern[++i]);
                    else
                    {
                        closed = true;
                        i++;
                        break;
                    }
                }
                if (!closed)
                {
                    problem = "a quote in the pattern is never closed";
                    return null;
                }
                parts.Add(new Part('\0', 0, text.Length == 0 ? "'" : text.ToString()));
            }
            else if (c is '[' or ']')
            {
                depth += c == '[' ? 1 : -1;
                if (depth is < 0 or > 8)
                {
                    problem = "the brackets of the pattern do not match";
                    return null;
                }
                parts.Add(new Part(c, 0, ""));
                i++;
            }
            else if (c is '{' or '}' or '#')
            {
                problem = $"`{c}` is reserved in a pattern";
                return null;
            }
            else
            {
                parts.Add(new Part('\0', 0, c.ToString()));
                i++;
            }
        }
        for (; depth > 0; depth--) parts.Add(new Part(']', 0, ""));
        return new DatePattern(parts);
    }

    private static bool IsKnown(char letter, int count) => letter switch
    {
        'y' or 'u' or 'Y' => count <= 19,
        'M' or 'L' or 'E' or 'G' or 'Q' or 'q' or 'e' or 'c' => count <= 5,
        'd' or 'H' or 'h' or 'K' or 'k' or 'm' or 's' or 'w' => count <= 2,
        'D' => count <= 3,
        'S' => count <= 9,
        'n' or 'N' or 'A' => count <= 19,
        'a' or 'W' or 'F' => count == 1,
        'z' => count <= 4,
        'V' => count == 2,
        'O' => count is 1 or 4,
        'X' or 'x' or 'Z' => count <= 5,
        _ => false,
    };

    public string Format(ZonedTime time)
    {
        var output = new StringBuilder();
        var (year, month, day) = time.Date;
        var second = time.SecondOfDay;
        foreach (var part in _parts)
        {
            var n = part.Count;
            _ = part.Letter switch
            {
                '\0' => output.Append(part.Text),
                'y' => Year(year > 0 ? year : 1 - year, n),
                'u' => Year(year, n),
                'Y' => Year(WeekYear(time).Year, n),
                'M' or 'L' => n > 2 ? Name(Months[month - 1], n) : Padded(month, n),
                'E' => Name(Days[time.DayOfWeek - 1], n < 4 ? 3 : n),
                'e' or 'c' => n > 2 ? Name(Days[time.DayOfWeek - 1], n) : Padded(time.DayOfWeek % 7 + 1, n),
                'd' => Padded(day, n),
                'D' => Padded(time.DayOfYear, n),
                'F' => Padded((day - 1) / 7 + 1, 1),
                'H' => Padded(second / 3600, n),
                'k' => Padded((second / 3600 + 23) % 24 + 1, n),
                'K' => Padded(second / 3600 % 12, n),
                'h' => Padded((second / 3600 + 11) % 12 + 1, n),
                'm' => Padded(second / 60 % 60, n),
                's' => Padded(second % 60, n),
                'S' => output.Append(time.Nano.ToString("000000000", CultureInfo.InvariantCulture).AsSpan(0, n)),
                'n' => Padded(time.Nano, n),
                'N' => Padded(second * 1_000_000_000L + time.Nano, n),
                'A' => Padded(second * 1000L + time.Nano / 1_000_000, n),
                'a' => output.Append(second < 43_200 ? "AM" : "PM"),
                'G' => output.Append(n == 4 ? year > 0 ? "Anno Domini" : "Before Christ" : n == 5 ? year > 0 ? "A" : "B" : year > 0 ? "AD" : "BC"),
                'Q' or 'q' => Quarter((month - 1) / 3 + 1, n),
                'w' => Padded(WeekYear(time).Week, n),
                'W' => Padded((day - 1 + (time.DayOfWeek % 7 - (day - 1) % 7 + 7) % 7) / 7 + 1, 1),
                'z' => output.Append(time.Zone.NameAt(time.Second)),
                'V' => output.Append(time.Zone.Id),
                'O' => output.Append(Gmt(time.Offset, n == 4)),
                'X' => output.Append(Offset(time.Offset, n, "Z")),
                'x' => output.Append(Offset(time.Offset, n, null)),
                'Z' => output.Append(n switch { 4 => Gmt(time.Offset, true), 5 => TimeZone.OffsetText(time.Offset, ":", "Z"), _ => TimeZone.OffsetText(time.Offset, "", "+0000") }),
                _ => output,
            };
        }
        return output.ToString();

        StringBuilder Padded(long number, int width) => output.Append(number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'));

        StringBuilder Name(string name, int width) => output.Append(width switch { 3 => name[..3], 4 => name, _ => name[..1] });

        StringBuilder Quarter(int quarter, int width) => width switch
        {
            <= 2 => Padded(quarter, width),
            3 => output.Append('Q').Append(quarter),
            4 => output.Append(quarter switch { 1 => "1st", 2 => "2nd", 3 => "3rd", _ => "4th" }).Append(" quarter"),
            _ => output.Append(quarter),
        };

        StringBuilder Year(long number, int width)
        {
            if (width == 2) return Padded((number % 100 + 100) % 100, 2);
            if (number < 0) output.Append('-');
            var digits = Math.Abs(number).ToString(CultureInfo.InvariantCulture);
            // A year that is longer than its place gets a sign, so that it can be told apart when it is read again.
            if (number >= 0 && width >= 4 && digits.Length > width) output.Append('+');
            return output.Append(digits.PadLeft(width, '0'));
        }
    }

    /// <summary>The year and week of the American calendar: weeks begin on Sunday, and 1 January is in week 1.</summary>
    private static (long Year, int Week) WeekYear(ZonedTime time)
    {
        var day = time.EpochDay;
        var year = time.Date.Year;
        if (day >= FirstWeek(year + 1)) return (year + 1, 1);
        return (year, (int)((day - FirstWeek(year)) / 7) + 1);

        static long FirstWeek(long year)
        {
            var first = ZonedTime.DayNumber(year, 1, 1);
            return first - ((first + 4) % 7 + 7) % 7;
        }
    }

    private static string Gmt(int offset, bool full)
    {
        if (offset == 0) return "GMT";
        if (full) return "GMT" + TimeZone.OffsetText(offset, ":", "");
        var size = Math.Abs(offset);
        return string.Create(CultureInfo.InvariantCulture, $"GMT{(offset < 0 ? '-' : '+')}{size / 3600}{(size % 3600 == 0 ? "" : ":" + (size / 60 % 60).ToString("00", CultureInfo.InvariantCulture))}");
    }

    private static string Offset(int offset, int count, string? zero)
    {
        if (offset == 0 && zero is not null) return zero;
        var plain = TimeZone.OffsetText(offset, count is 3 or 5 ? ":" : "", count is 3 or 5 ? "+00:00" : "+0000");
        return count == 1 && plain.EndsWith("00", StringComparison.Ordinal) && plain.Length == 5 ? plain[..3] : plain;
    }

    // ---- reading

    private sealed class Reading
    {
        public long? Year, Month, Day, DayOfYear, Hour, HalfDayHour, Minute, Second, Nano;
        public bool? Afternoon;
        public TimeZone? Zone;
        public Reading Copy() => (Reading)MemberwiseClone();
    }

    /// <summary>Reads a text that follows the pattern whole; without an offset or zone in it, in <paramref name="zone"/>.</summary>
    public ZonedTime? Parse(string text, TimeZone zone)
    {
        var reading = new Reading();
        var at = 0;
        if (!Read(0, _parts.Count, text, ref at, ref reading) || at != text.Length) return null;
        if (reading.Year is not { } year || Math.Abs(year) > 999_999_999) return null;
        long epochDay;
        if (reading is { Month: { } month, Day: { } day })
        {
            if (month is < 1 or > 12 || day < 1 || day > ZonedTime.DaysInMonth(year, (int)month)) return null;
            epochDay = ZonedTime.DayNumber(year, (int)month, (int)day);
        }
        else if (reading.DayOfYear is { } ordinal)
        {
            if (ordinal < 1 || ordinal > (ZonedTime.IsLeap(year) ? 366 : 365)) return null;
            epochDay = ZonedTime.DayNumber(year, 1, 1) + ordinal - 1;
        }
        else
        {
            return null;
        }
        var hour = reading.Hour ?? (reading.HalfDayHour is { } half ? half % 12 + (reading.Afternoon == true ? 12 : 0) : 0);
        var (minute, second) = (reading.Minute ?? 0, reading.Second ?? 0);
        if (hour > 23 || minute > 59 || second > 59) return null;
        return ZonedTime.OfLocal(epochDay, (int)(hour * 3600 + minute * 60 + second), (int)(reading.Nano ?? 0), reading.Zone ?? zone);
    }

    private bool Read(int from, int to, string text, ref int at, ref Reading reading)
    {
        for (var i = from; i < to; i++)
        {
            var part = _parts[i];
            switch (part.Letter)
            {
                case '\0':
                    if (string.CompareOrdinal(text, at, part.Text, 0, part.Text.Length) != 0) return false;
                    at += part.Text.Length;
                    break;
                case '[':
                    var end = i + 1;
                    for (var depth = 1; depth > 0; end++) depth += _parts[end].Letter switch { '[' => 1, ']' => -1, _ => 0 };
                    var (back, before) = (at, reading.Copy());
                    if (!Read(i + 1, end - 1, text, ref at, ref reading)) (at, reading) = (back, before);
                    i = end - 1;
                    break;
                case ']': break;
                default:
                    var followed = i + 1 < _parts.Count && IsNumeric(_parts[i + 1]);
                    if (!ReadField(part, followed, text, ref at, reading)) return false;
                    break;
            }
        }
        return true;
    }

    private static bool IsNumeric(Part part) => part.Letter is 'y' or 'u' or 'd' or 'D' or 'H' or 'h' or 'K' or 'k' or 'm' or 's' or 'S' or 'n' || (part.Letter is 'M' or 'L' && part.Count <= 2);

    private static bool ReadField(Part part, bool followed, string text, ref int at, Reading r)
    {
        switch (part.Letter)
        {
            case 'y' or 'u':
                if (!Number(text, ref at, part.Count == 2 ? 2 : Math.Min(part.Count, 4), part.Count == 2 ? 2 : followed ? Math.Max(part.Count, 1) : 9, out var year)) return false;
                r.Year = part.Count == 2 ? 2000 + year : year;
                return true;
            case 'M' or 'L' when part.Count > 2: return Named(Months, part.Count, text, ref at, out r.Month);
            case 'E': return Named(Days, Math.Max(part.Count, 3), text, ref at, out _);
            case 'e' or 'c' when part.Count > 2: return Named(Days, part.Count, text, ref at, out _);
            case 'M' or 'L': return Field(part, followed, text, ref at, out r.Month);
            case 'd': return Field(part, followed, text, ref at, out r.Day);
            case 'D': return Field(part, followed, text, ref at, out r.DayOfYear, 3);
            case 'H' or 'k':
                if (!Field(part, followed, text, ref at, out r.Hour)) return false;
                if (part.Letter == 'k') r.Hour %= 24;
                return true;
            case 'h' or 'K': return Field(part, followed, text, ref at, out r.HalfDayHour) && r.HalfDayHour <= 12;
            case 'm': return Field(part, followed, text, ref at, out r.Minute);
            case 's': return Field(part, followed, text, ref at, out r.Second);
            case 'S':
                var start = at;
                if (!Number(text, ref at, part.Count, part.Count, out var fraction)) return false;
                for (var digits = at - start; digits < 9; digits++) fraction *= 10;
                r.Nano = fraction;
                return true;
            case 'n': return Field(part, followed, text, ref at, out r.Nano, 9);
            case 'a':
                var marker = at + 2 <= text.Length ? text.Substring(at, 2).ToUpperInvariant() : "";
                if (marker is not ("AM" or "PM")) return false;
                r.Afternoon = marker == "PM";
                at += 2;
                return true;
            case 'X' or 'x' or 'Z' or 'O' or 'z' or 'V': return Zone(text, ref at, out r.Zone);
            default: return false;
        }
    }

    private static bool Field(Part part, bool followed, string text, ref int at, out long? value, int longest = 2)
    {
        var ok = Number(text, ref at, part.Count, followed ? part.Count : Math.Max(part.Count, longest), out var number);
        value = ok ? number : null;
        return ok;
    }

    /// <summary>Digits, at least and at most so many.</summary>
    private static bool Number(string text, ref int at, int least, int most, out long number)
    {
        number = 0;
        var start = at;
        while (at < text.Length && at - start < Math.Min(most, 18) && char.IsAsciiDigit(text[at])) number = number * 10 + (text[at++] - '0');
        return at - start >= Math.Max(1, least);
    }

    private static bool Named(string[] names, int count, string text, ref int at, out long? number)
    {
        number = null;
        if (count == 5) return false;
        for (var i = 0; i < names.Length; i++)
        {
            var name = count == 4 ? names[i] : names[i][..3];
            if (string.Compare(text, at, name, 0, name.Length, StringComparison.OrdinalIgnoreCase) != 0) continue;
            at += name.Length;
            number = i + 1;
            return true;
        }
        return false;
    }

    private static bool Zone(string text, ref int at, out TimeZone? zone)
    {
        var end = at;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '/' or '_' or '+' or '-' or ':')) end++;
        zone = null;
        if (end == at || !TimeZone.TryFind(text[at..end], out var found)) return false;
        at = end;
        zone = found;
        return true;
    }
}
