using System.Globalization;

namespace Weft.Engine.Cron;

/// <summary>
/// A cron expression of five fields (minute, hour, day of month, month, day of week) or a macro such as <c>@daily</c>.
/// Ranges may wrap round (<c>22-2</c>), names of months and days work, as do <c>L</c>, <c>W</c> and <c>#</c>. When both day fields
/// are restricted, a day that matches either counts, as in every Unix cron.
/// Daylight saving: a time that the clock skips fires at the moment of the change; of a time that comes twice, a fixed time
/// fires once, at the first, and a repeating one (with <c>*</c>, a range or a step in minute or hour) both times.
/// </summary>
public sealed class CronSchedule
{
    private const int MaxSource = 256;
    private const int MaxYears = 100;

    private static readonly string[] MonthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] DayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _months;
    private readonly DayOfMonth _dayOfMonth;
    private readonly DayOfWeekField _dayOfWeek;
    private readonly bool _eitherDay;
    private readonly bool _repeats;

    /// <summary>Days by number, or counted from the end, or the weekday nearest to one.</summary>
    private readonly record struct DayOfMonth(ulong Days, int? FromEnd, bool NearestWeekday)
    {
        public bool Matches(DateOnly date)
        {
            var last = DateTime.DaysInMonth(date.Year, date.Month);
            if (FromEnd is null && !NearestWeekday) return (Days >> date.Day & 1) != 0;
            var target = FromEnd is { } back ? last - back : ulong.TrailingZeroCount(Days) is var day ? (int)day : 0;
            if (target < 1 || target > last) return false;
            if (NearestWeekday)
            {
                target += new DateOnly(date.Year, date.Month, target).DayOfWeek switch
                {
                    System.DayOfWeek.Saturday => target == 1 ? 2 : -1,
                    System.DayOfWeek.Sunday => target == last ? -2 : 1,
                    _ => 0,
                };
            }
            return date.Day == target;
        }
    }

    /// <summary>Days of the week; the last one of the month (<c>5L</c>) or the nth (<c>1#2</c>).</summary>
    private readonly record struct DayOfWeekField(ulong Days, bool Last, int Nth)
    {
        public bool Matches(DateOnly date)
        {
            if ((Days >> (int)date.DayOfWeek & 1) == 0) return false;
            if (Last) return date.Day + 7 > DateTime.DaysInMonth(date.Year, date.Month);
            return Nth == 0 || (date.Day - 1) / 7 + 1 == Nth;
        }
    }

    private CronSchedule(string source, string[] fields)
    {
        Source = source;
        _minutes = new Field(fields[0], "minute", 0, 59).Read();
        _hours = new Field(fields[1], "hour", 0, 23).Read();
        _dayOfMonth = ReadDayOfMonth(fields[2]);
        _months = new Field(fields[3], "month", 1, 12, MonthNames, 1).Read();
        _dayOfWeek = ReadDayOfWeek(fields[4]);
        _eitherDay = fields[2][0] is not ('*' or '?') && fields[4][0] is not ('*' or '?');
        _repeats = (fields[0] + fields[1]).AsSpan().ContainsAny('*', '-', '/');
    }

    /// <summary>The text it was parsed from.</summary>
    public string Source { get; }

    /// <summary>Parses an expression. Throws <see cref="CronException"/> that names the field and what is wrong with it.</summary>
    public static CronSchedule Parse(string expression)
    {
        if (expression.Length > MaxSource) throw new CronException($"A cron expression is longer than {MaxSource} characters.");
        var text = expression.Trim();
        if (text.StartsWith('@'))
        {
            text = text.ToUpperInvariant() switch
            {
                "@EVERY_MINUTE" => "* * * * *",
                "@HOURLY" => "0 * * * *",
                "@DAILY" or "@MIDNIGHT" => "0 0 * * *",
                "@WEEKLY" => "0 0 * * 0",
                "@MONTHLY" => "0 0 1 * *",
                "@YEARLY" or "@ANNUALLY" => "0 0 1 1 *",
                _ => throw new CronException($"There is no cron macro `{text}`: use @hourly, @daily, @weekly, @monthly or @yearly."),
            };
        }
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5) throw new CronException($"A cron expression has five fields (minute, hour, day of month, month, day of week), not {fields.Length}.");
        return new CronSchedule(expression, fields);
    }

    /// <summary>The first due time after a moment, in the zone; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset from, TimeZoneInfo zone) => NextAtOrAfter(Minute(from).AddMinutes(1), zone);

    /// <summary>The first due time at or after a moment, in the zone; null when there is none.</summary>
    public DateTimeOffset? NextAtOrAfter(DateTimeOffset from, TimeZoneInfo zone)
    {
        var start = Minute(from);
        if (start < from) start = start.AddMinutes(1);
        var local = TimeZoneInfo.ConvertTime(start, zone);
        var search = local.DateTime;
        // At the very moment at which the clock jumped, the times that it skipped are due as well.
        var before = zone.GetUtcOffset(start.AddMinutes(-1));
        if (before < local.Offset) search = (start + before).DateTime;
        if (zone.IsAmbiguousTime(search))
        {
            var (change, daylight, standard) = Overlap(search, zone);
            if (local.Offset == daylight)
            {
                if (NextLocal(search) is { } early && early < (change + daylight).DateTime) return new DateTimeOffset(early, daylight);
                // The clock goes back: a repeating time starts over, a fixed one has had its turn.
                search = _repeats ? (change + standard).DateTime : (change + daylight).DateTime;
            }
            else if (!_repeats)
            {
                search = (change + daylight).DateTime;
            }
            if (NextLocal(search) is not { } next) return null;
            if (next < (change + daylight).DateTime) return new DateTimeOffset(next, standard);
            search = next;
        }
        if (NextLocal(search) is not { } due) return null;
        if (zone.IsInvalidTime(due)) return AfterGap(due, zone);
        var offset = zone.IsAmbiguousTime(due) ? zone.GetAmbiguousTimeOffsets(due).Max() : zone.GetUtcOffset(due);
        return new DateTimeOffset(due, offset);
    }

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);

    /// <summary>The moment at which a clock goes back, with the offsets before and after it, for a local time that comes twice.</summary>
    private static (DateTimeOffset Change, TimeSpan Daylight, TimeSpan Standard) Overlap(DateTime local, TimeZoneInfo zone)
    {
        var offsets = zone.GetAmbiguousTimeOffsets(local);
        var (daylight, standard) = (offsets.Max(), offsets.Min());
        var change = ChangeBetween(new DateTimeOffset(local, daylight), new DateTimeOffset(local, standard), daylight, zone);
        return (change.ToUniversalTime(), daylight, standard);
    }

    /// <summary>The moment at which a clock jumps over a local time.</summary>
    private static DateTimeOffset AfterGap(DateTime local, TimeZoneInfo zone)
    {
        var before = zone.GetUtcOffset(local.AddHours(-6));
        var moment = new DateTimeOffset(local, before);
        return TimeZoneInfo.ConvertTime(ChangeBetween(moment.AddHours(-6), moment, before, zone), zone);
    }

    /// <summary>The first second at which the offset is another one than before.</summary>
    private static DateTimeOffset ChangeBetween(DateTimeOffset low, DateTimeOffset high, TimeSpan before, TimeZoneInfo zone)
    {
        if (zone.GetUtcOffset(low) != before) return low;
        while (high - low > TimeSpan.FromSeconds(1))
        {
            var middle = low + TimeSpan.FromSeconds(Math.Floor((high - low).TotalSeconds / 2));
            if (zone.GetUtcOffset(middle) == before) low = middle;
            else high = middle;
        }
        return high;
    }

    /// <summary>The first match on the calendar at or after a local time, whatever the clock does then.</summary>
    private DateTime? NextLocal(DateTime from)
    {
        var date = DateOnly.FromDateTime(from);
        var lastYear = Math.Min(from.Year + MaxYears, DateTime.MaxValue.Year - 1);
        var minuteOfDay = from.Hour * 60 + from.Minute;
        while (date.Year <= lastYear)
        {
            if ((_months >> date.Month & 1) == 0)
            {
                date = new DateOnly(date.Year, date.Month, 1).AddMonths(1);
                minuteOfDay = 0;
                continue;
            }
            if (DayMatches(date) && TimeFrom(minuteOfDay) is { } time) return date.ToDateTime(new TimeOnly(time / 60, time % 60));
            date = date.AddDays(1);
            minuteOfDay = 0;
        }
        return null;
    }

    private bool DayMatches(DateOnly date) => _eitherDay
        ? _dayOfMonth.Matches(date) || _dayOfWeek.Matches(date)
        : _dayOfMonth.Matches(date) && _dayOfWeek.Matches(date);

    private int? TimeFrom(int minuteOfDay)
    {
        var (hour, minute) = (minuteOfDay / 60, minuteOfDay % 60);
        for (; hour < 24; hour++, minute = 0)
        {
            if ((_hours >> hour & 1) == 0) continue;
            var left = _minutes >> minute;
            if (left != 0) return hour * 60 + minute + (int)ulong.TrailingZeroCount(left);
        }
        return null;
    }

    private static DayOfMonth ReadDayOfMonth(string field)
    {
        if (field == "?") field = "*";
        var text = field.ToUpperInvariant();
        var weekday = text.EndsWith('W');
        if (weekday) text = text[..^1];
        if (text.StartsWith('L'))
        {
            if (text == "L") return new DayOfMonth(0, 0, weekday);
            if (text.StartsWith("L-", StringComparison.Ordinal) && int.TryParse(text.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var back) && back <= 30) return new DayOfMonth(0, back, weekday);
            throw new CronException($"The day of month `{field}` cannot be read: after L may come W, or a minus sign and 0 to 30.");
        }
        var reader = new Field(text, "day of month", 1, 31);
        if (!weekday) return new DayOfMonth(reader.Read(), null, false);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? new DayOfMonth(reader.Read(), null, true) : throw new CronException($"The day of month `{field}` cannot be read: before W stands a single day or L.");
    }

    private static DayOfWeekField ReadDayOfWeek(string field)
    {
        if (field == "?") field = "*";
        var text = field.ToUpperInvariant();
        var nth = 0;
        var last = text.Length > 1 && text[^1] == 'L';
        var hash = text.IndexOf('#', StringComparison.Ordinal);
        if (last)
        {
            text = text[..^1];
        }
        else if (hash >= 0)
        {
            if (hash != text.Length - 2 || text[^1] is < '1' or > '5') throw new CronException($"The day of week `{field}` cannot be read: after # comes 1 to 5.");
            nth = text[^1] - '0';
            text = text[..hash];
        }
        var days = new Field(text, "day of week", 0, 7, DayNames, 0).Read();
        if ((last || nth > 0) && (text.AsSpan().ContainsAny("*,-/") || ulong.PopCount(days) != 1)) throw new CronException($"The day of week `{field}` cannot be read: before L and # stands a single day.");
        return new DayOfWeekField(days, last, nth);
    }

    /// <summary>One field: a list of values, ranges and steps, as bits.</summary>
    private readonly struct Field(string text, string name, int lowest, int highest, string[]? names = null, int firstName = 0)
    {
        // Sunday is 0 and 7, so a week wraps round after six.
        private readonly int _wrap = highest == 7 ? 7 : highest - lowest + 1;

        public ulong Read()
        {
            ulong bits = 0;
            foreach (var item in text.Split(',')) bits |= Item(item);
            return bits;
        }

        private ulong Item(string item)
        {
            var slash = item.IndexOf('/', StringComparison.Ordinal);
            var range = slash < 0 ? item : item[..slash];
            var step = 1;
            if (slash >= 0 && (!int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1 || step > highest))
                throw Problem($"a step goes from 1 to {highest}");
            int from;
            int count;
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            if (range == "*")
            {
                (from, count) = (lowest, _wrap);
            }
            else if (dash > 0)
            {
                from = Value(range[..dash]);
                var to = Value(range[(dash + 1)..]);
                count = to >= from ? to - from + 1 : to - from + 1 + _wrap;
            }
            else
            {
                from = Value(range);
                count = slash < 0 ? 1 : Math.Max(1, lowest + _wrap - from);
            }
            ulong bits = 0;
            for (var i = 0; i < count; i += step) bits |= 1UL << (lowest + (from - lowest + i) % _wrap);
            return bits;
        }

        private int Value(string value)
        {
            if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest) return number;
            var index = names is null ? -1 : Array.IndexOf(names, value.ToUpperInvariant());
            return index >= 0 ? index + firstName : throw Problem($"`{value}` is not a value from {lowest} to {highest}");
        }

        private CronException Problem(string what) => new($"The {name} `{text}` cannot be read: {what}.");
    }

    /// <inheritdoc/>
    public override string ToString() => Source;
}

/// <summary>A cron expression that cannot be read.</summary>
public sealed class CronException(string message) : FlowException("cron_syntax", message);
