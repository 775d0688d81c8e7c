using System.Globalization;
using System.Text.RegularExpressions;

namespace Weft.Engine.Expressions;

/// <summary>The date filters and <c>now()</c>. Without a time zone they speak UTC; names of months and days are English.</summary>
internal static partial class Dates
{
    private static readonly string[] FormatParameters = ["format", "timeZone", "existingFormat", "locale"];

    public static readonly IReadOnlyDictionary<string, Filter> Filters = new Dictionary<string, Filter>(StringComparer.Ordinal)
    {
        ["date"] = new(FormatParameters, c => c.Input is null ? null : Format(Read(c, 1, 2), c, 0, 1)),
        ["dateAdd"] = new(["amount", "unit", .. FormatParameters], Add),
        ["timestamp"] = new(["timeZone", "existingFormat"], c => Stamp(c, 1)),
        ["timestampMilli"] = new(["timeZone", "existingFormat"], c => Stamp(c, 1_000)),
        ["timestampMicro"] = new(["timeZone", "existingFormat"], c => Stamp(c, 1_000_000)),
        ["timestampNano"] = new(["timeZone", "existingFormat"], c => Stamp(c, 1_000_000_000)),
    };

    public static readonly Function Now = new(FormatParameters, c => Format(ZonedTime.Of(c.E.Scope.Now, TimeZone.Utc), c, 0, 1), IsVolatile: true);

    private static readonly Dictionary<string, string> Patterns = new(StringComparer.Ordinal)
    {
        ["iso"] = "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
        ["iso_sec"] = "yyyy-MM-dd'T'HH:mm:ssXXX",
        ["sql"] = "yyyy-MM-dd HH:mm:ss.SSSSSS",
        ["sql_seq"] = "yyyy-MM-dd HH:mm:ss",
        ["iso_local_date"] = "yyyy-MM-dd",
        ["iso_date"] = "yyyy-MM-ddXXX",
        ["iso_ordinal_date"] = "yyyy-DDDXXX",
        ["full"] = "EEEE, MMMM d, y 'at' h:mm:ss a z",
        ["long"] = "MMMM d, y 'at' h:mm:ss a z",
        ["medium"] = "MMM d, y, h:mm:ss a",
        ["short"] = "M/d/yy, h:mm a",
    };

    private static string? Add(Call call)
    {
        if (call.Input is null) return null;
        var time = Read(call, 3, 4);
        var unit = call.Text(1).ToUpperInvariant();
        if (!unit.EndsWith('S') && unit != "MILLENNIA") unit += "S";
        if (!ZonedTime.Units.Contains(unit)) throw call.E.Fail($"There is no unit of time `{call.Text(1)}`.{NearestName.Hint(unit, ZonedTime.Units)}");
        return Format(time.Plus(call.Whole(0), unit) ?? throw call.E.Fail("The date is out of range."), call, 2, 3);
    }

    private static object? Stamp(Call call, long perSecond)
    {
        if (call.Input is null) return null;
        var time = Read(call, 0, 1);
        return Operators.Whole((decimal)time.Second * perSecond + time.Nano / (1_000_000_000 / perSecond));
    }

    private static TimeZone Zone(Call call, int index)
    {
        if (call.TextOrNull(index) is not { } id) return TimeZone.Utc;
        return TimeZone.TryFind(id, out var zone) ? zone : throw call.E.Fail($"There is no time zone `{(id.Length > 60 ? id[..60] : id)}`. Use a name such as `Europe/Paris` or an offset such as `+02:00`.");
    }

    private static ZonedTime Read(Call call, int zoneIndex, int formatIndex)
    {
        var zone = Zone(call, zoneIndex);
        switch (call.Input)
        {
            case DateTimeOffset time: return ZonedTime.Of(time, zone);
            case long seconds when ZonedTime.InRange(seconds): return new ZonedTime(seconds, 0, zone);
            case string text:
                var format = call.TextOrNull(formatIndex);
                var read = text.Length > 200 ? null : format is null ? ReadIso(text, zone) : ReadAs(text, format, zone, call);
                return read ?? throw call.E.Fail(format is null
                    ? $"`{call.Name}` cannot read \"{Shown(text)}\" as a date: expected the form 2026-03-05T08:09:10Z, or name the form with `existingFormat`."
                    : $"`{call.Name}` cannot read \"{Shown(text)}\" in the form \"{Shown(format)}\".");
            default: throw call.WrongInput("a date as text or as seconds since 1970");
        }
    }

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";

    private static ZonedTime? ReadAs(string text, string format, TimeZone zone, Call call)
    {
        if (format == "rfc_1123_date_time") return Pattern("[EEE, ]d MMM yyyy HH:mm[:ss] X", call).Parse(text, zone);
        if (format.StartsWith("iso_", StringComparison.Ordinal) || format == "iso") return ReadIso(text, zone);
        return Pattern(Patterns.GetValueOrDefault(format, format), call).Parse(text, zone);
    }

    [GeneratedRegex(
        """\A(?<y>[+-]?\d{4,9})-(?<mo>\d\d)-(?<d>\d\d)(?:[T ](?<h>\d\d):(?<m>\d\d)(?::(?<s>\d\d)(?:\.(?<f>\d{1,9}))?)?(?<o>Z|[+-]\d\d:\d\d(?::\d\d)?)?(?:\[(?<z>[A-Za-z0-9/_+:-]{1,64})\])?)?\z""",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Iso();

    private static ZonedTime? ReadIso(string text, TimeZone zone)
    {
        var match = Iso().Match(text);
        if (!match.Success) return null;
        long Group(string name) => match.Groups[name] is { Success: true, Value: var digits } ? long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        var (year, month, day, hour, minute, second) = (Group("y"), (int)Group("mo"), (int)Group("d"), Group("h"), Group("m"), Group("s"));
        if (month is < 1 or > 12 || day < 1 || day > ZonedTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) return null;
        if (match.Groups["z"] is { Success: true, Value: var named })
        {
            if (!TimeZone.TryFind(named, out zone)) return null;
        }
        else if (match.Groups["o"] is { Success: true, Value: var offset } && !TimeZone.TryFind(offset, out zone))
        {
            return null;
        }
        var nano = match.Groups["f"] is { Success: true, Value: var fraction } ? int.Parse(fraction.PadRight(9, '0'), CultureInfo.InvariantCulture) : 0;
        return ZonedTime.OfLocal(ZonedTime.DayNumber(year, month, day), (int)(hour * 3600 + minute * 60 + second), nano, zone);
    }

    private static DatePattern Pattern(string pattern, Call call) =>
        DatePattern.TryParse(pattern, out var problem) ?? throw call.E.Fail($"The date format \"{Shown(pattern)}\" cannot be used: {problem}.");

    private static string Format(ZonedTime moment, Call call, int formatIndex, int zoneIndex)
    {
        var time = moment.In(Zone(call, zoneIndex));
        var format = call.TextOrNull(formatIndex) ?? "iso";
        string Plain(string pattern) => Pattern(pattern, call).Format(time);
        return format switch
        {
            "iso_date_time" or "iso_zoned_date_time" => Plain("yyyy-MM-dd'T'HH:mm:ss") + Fraction(time.Nano, 1) + Plain("XXX") + Region(time),
            "iso_local_date_time" => Plain("yyyy-MM-dd'T'HH:mm:ss") + Fraction(time.Nano, 1),
            "iso_time" or "iso_offset_time" => Plain("HH:mm:ss") + Fraction(time.Nano, 1) + Plain("XXX"),
            "iso_local_time" => Plain("HH:mm:ss") + Fraction(time.Nano, 1),
            "iso_instant" => time.In(TimeZone.Zulu) is var utc ? Pattern("yyyy-MM-dd'T'HH:mm:ss", call).Format(utc) + Fraction(utc.Nano, 3) + "Z" : "",
            "iso_week_date" => IsoWeek(time) + Plain("XXX"),
            "rfc_1123_date_time" => Plain("EEE, d MMM yyyy HH:mm:ss ") + TimeZone.OffsetText(time.Offset, "", "GMT"),
            _ => Plain(Patterns.GetValueOrDefault(format, format)),
        };
    }

    private static string Region(ZonedTime time) => time.Zone.IsNamed ? $"[{time.Zone.Id}]" : "";

    /// <summary>The fraction of a second without zeros at the end, in groups of so many digits.</summary>
    private static string Fraction(int nano, int group)
    {
        if (nano == 0) return "";
        var digits = nano.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return "." + digits.PadRight((digits.Length + group - 1) / group * group, '0');
    }

    private static string IsoWeek(ZonedTime time)
    {
        // The week belongs to the year of its Thursday.
        var thursday = time.EpochDay + 4 - time.DayOfWeek;
        var year = new ZonedTime(thursday * 86_400, 0, TimeZone.Zulu).Date.Year;
        var week = (thursday - ZonedTime.DayNumber(year, 1, 1)) / 7 + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{year:0000}-W{week:00}-{time.DayOfWeek}");
    }
}
