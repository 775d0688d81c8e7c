using System.Globalization;

namespace Weft.Engine.Expressions;

/// <summary>
/// A moment with a time zone, to the nanosecond and over years beyond 9999 (an epoch in milliseconds, read as seconds as Kestra
/// reads it, is a date too). The calendar is the proleptic Gregorian one.
/// </summary>
internal readonly record struct ZonedTime(long Second, int Nano, TimeZone Zone)
{
    private const long DaySeconds = 86_400;
    private const long MaxSecond = 31_556_889_864_403_199;

    public int Offset => Zone.OffsetAt(Second);

    private long LocalSecond => Second + Offset;

    public long EpochDay => FloorDiv(LocalSecond, DaySeconds);

    public int SecondOfDay => (int)(LocalSecond - EpochDay * DaySeconds);

    public (long Year, int Month, int Day) Date => CivilDate(EpochDay);

    /// <summary>1 for Monday to 7 for Sunday.</summary>
    public int DayOfWeek => (int)((EpochDay + 3) % 7 + 7) % 7 + 1;

    public int DayOfYear => (int)(EpochDay - DayNumber(Date.Year, 1, 1)) + 1;

    public ZonedTime In(TimeZone zone) => this with { Zone = zone };

    public static ZonedTime Of(DateTimeOffset time, TimeZone zone)
    {
        var ticks = time.UtcTicks - DateTime.UnixEpoch.Ticks;
        var second = FloorDiv(ticks, TimeSpan.TicksPerSecond);
        return new ZonedTime(second, (int)(ticks - second * TimeSpan.TicksPerSecond) * 100, zone);
    }

    /// <summary>The moment of a local date and time; one inside a gap moves forward by the gap, of two the earlier is taken.</summary>
    public static ZonedTime OfLocal(long epochDay, int secondOfDay, int nano, TimeZone zone)
    {
        var local = epochDay * DaySeconds + secondOfDay;
        return new ZonedTime(local - zone.OffsetOfLocal(local), nano, zone);
    }

    /// <summary>Adds calendar units on the local time line and clock units on that of the moments. Null when it leaves what can be counted.</summary>
    public ZonedTime? Plus(long amount, string unit)
    {
        try
        {
            checked
            {
                var nano = Nano;
                ZonedTime moved;
                switch (unit)
                {
                    case "NANOS": moved = PlusNanos(amount); break;
                    case "MICROS": moved = PlusNanos(amount * 1_000); break;
                    case "MILLIS": moved = PlusNanos(amount * 1_000_000); break;
                    case "SECONDS": moved = this with { Second = Second + amount }; break;
                    case "MINUTES": moved = this with { Second = Second + amount * 60 }; break;
                    case "HOURS": moved = this with { Second = Second + amount * 3600 }; break;
                    case "HALF_DAYS": moved = this with { Second = Second + amount * 43_200 }; break;
                    case "DAYS": moved = OfLocal(EpochDay + amount, SecondOfDay, nano, Zone); break;
                    case "WEEKS": moved = OfLocal(EpochDay + amount * 7, SecondOfDay, nano, Zone); break;
                    case "MONTHS": moved = PlusMonths(amount); break;
                    case "YEARS": moved = PlusMonths(amount * 12); break;
                    case "DECADES": moved = PlusMonths(amount * 120); break;
                    case "CENTURIES": moved = PlusMonths(amount * 1200); break;
                    case "MILLENNIA": moved = PlusMonths(amount * 12_000); break;
                    default: return null;
                }
                return Math.Abs(moved.Second) <= MaxSecond ? moved : null;
            }
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    public static bool InRange(long second) => Math.Abs(second) <= MaxSecond;

    public static readonly string[] Units =
        ["NANOS", "MICROS", "MILLIS", "SECONDS", "MINUTES", "HOURS", "HALF_DAYS", "DAYS", "WEEKS", "MONTHS", "YEARS", "DECADES", "CENTURIES", "MILLENNIA"];

    private ZonedTime PlusNanos(long amount)
    {
        checked
        {
            var sum = Nano + amount;
            var seconds = FloorDiv(sum, 1_000_000_000);
            return this with { Second = Second + seconds, Nano = (int)(sum - seconds * 1_000_000_000) };
        }
    }

    private ZonedTime PlusMonths(long months)
    {
        var (year, month, day) = Date;
        var total = checked(year * 12 + month - 1 + months);
        var newYear = FloorDiv(total, 12);
        if (Math.Abs(newYear) > 999_999_999) throw new OverflowException();
        var newMonth = (int)(total - newYear * 12) + 1;
        return OfLocal(DayNumber(newYear, newMonth, Math.Min(day, DaysInMonth(newYear, newMonth))), SecondOfDay, Nano, Zone);
    }

    public static long FloorDiv(long a, long b) => a / b - (a % b != 0 && (a ^ b) < 0 ? 1 : 0);

    public static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    public static int DaysInMonth(long year, int month) => month switch { 2 => IsLeap(year) ? 29 : 28, 4 or 6 or 9 or 11 => 30, _ => 31 };

    /// <summary>Days since 1 January 1970. Counted in eras of 400 years that begin on 1 March, so that the leap day comes last.</summary>
    public static long DayNumber(long year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = FloorDiv(y, 400);
        var yearOfEra = y - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    private static (long Year, int Month, int Day) CivilDate(long epochDay)
    {
        var shifted = epochDay + 719_468;
        var era = FloorDiv(shifted, 146_097);
        var dayOfEra = shifted - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = (int)(dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100));
        var monthFromMarch = (5 * dayOfYear + 2) / 153;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1);
    }
}

/// <summary>A time zone by region or by fixed offset.</summary>
internal sealed class TimeZone
{
    public static readonly TimeZone Utc = new("UTC", 0, null);
    public static readonly TimeZone Zulu = new("Z", 0, null);

    private readonly int _offset;
    private readonly TimeZoneInfo? _region;

    private TimeZone(string id, int offset, TimeZoneInfo? region)
    {
        Id = id;
        _offset = offset;
        _region = region;
    }

    public string Id { get; }

    /// <summary>True when the zone has a name and not only an offset.</summary>
    public bool IsNamed => Id.Length > 1 && char.IsLetter(Id[0]);

    public static TimeZone Fixed(int seconds) => seconds == 0 ? Zulu : new TimeZone(OffsetText(seconds, ":", "Z"), seconds, null);

    /// <summary>A region (<c>Europe/Paris</c>), <c>UTC</c>, <c>Z</c> or an offset (<c>+02:00</c>, <c>GMT+2</c>).</summary>
    public static bool TryFind(string id, out TimeZone zone)
    {
        zone = Utc;
        if (id is "UTC" or "GMT" or "UT") return true;
        if (id is "Z" or "z")
        {
            zone = Zulu;
            return true;
        }
        var sign = id.StartsWith("UTC", StringComparison.Ordinal) || id.StartsWith("GMT", StringComparison.Ordinal) ? id[3..] : id;
        if (sign.Length > 0 && sign[0] is '+' or '-')
        {
            if (!TryOffset(sign, out var seconds)) return false;
            zone = Fixed(seconds);
            return true;
        }
        if (id.Length > 64 || id.Contains("..", StringComparison.Ordinal) || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') || !char.IsAsciiLetter(id[0])) return false;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(id, out var region)) return false;
        zone = new TimeZone(id, 0, region);
        return true;
    }

    /// <summary>Reads <c>+02</c>, <c>+0200</c>, <c>+02:00</c>, <c>+2</c>, each with seconds or without.</summary>
    public static bool TryOffset(string text, out int seconds)
    {
        seconds = 0;
        if (text.Length < 2 || text[0] is not ('+' or '-')) return false;
        var digits = text[1..].Replace(":", "", StringComparison.Ordinal);
        if (digits.Length is < 1 or > 6 || !digits.All(char.IsAsciiDigit)) return false;
        if (digits.Length % 2 == 1) digits = "0" + digits;
        digits = digits.PadRight(6, '0');
        var (h, m, s) = (int.Parse(digits[..2], CultureInfo.InvariantCulture), int.Parse(digits[2..4], CultureInfo.InvariantCulture), int.Parse(digits[4..], CultureInfo.InvariantCulture));
        if (h > 18 || m > 59 || s > 59) return false;
        seconds = (h * 3600 + m * 60 + s) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    public static string OffsetText(int seconds, string separator, string zero)
    {
        if (seconds == 0) return zero;
        var size = Math.Abs(seconds);
        var text = string.Create(CultureInfo.InvariantCulture, $"{(seconds < 0 ? '-' : '+')}{size / 3600:00}{separator}{size / 60 % 60:00}");
        return size % 60 == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}{separator}{size % 60:00}");
    }

    public int OffsetAt(long second) => _region is null ? _offset : (int)_region.GetUtcOffset(Clamped(second)).TotalSeconds;

    public int OffsetOfLocal(long localSecond)
    {
        if (_region is null) return _offset;
        var local = DateTime.SpecifyKind(Clamped(localSecond).DateTime, DateTimeKind.Unspecified);
        if (_region.IsInvalidTime(local)) return (int)_region.GetUtcOffset(local.AddHours(-6)).TotalSeconds;
        return (int)(_region.IsAmbiguousTime(local) ? _region.GetAmbiguousTimeOffsets(local).Max() : _region.GetUtcOffset(local)).TotalSeconds;
    }

    /// <summary>The abbreviation in use at a moment.</summary>
    public string NameAt(long second)
    {
        if (_region is null) return Id;
        var name = _region.IsDaylightSavingTime(Clamped(second)) ? _region.DaylightName : _region.StandardName;
        return name.Length is > 0 and <= 6 ? name : OffsetText(OffsetAt(second), ":", "UTC");
    }

    // Beyond the years that DateTime knows, the rules of its last year go on.
    private static DateTimeOffset Clamped(long second) => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(second, -62_135_500_000, 253_402_200_000));
}
