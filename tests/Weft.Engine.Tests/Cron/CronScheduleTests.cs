using System.Globalization;
using System.Text.Json;
using Weft.Engine.Cron;

namespace Weft.Engine.Tests.Cron;

public sealed class CronScheduleTests
{
    private static string? Next(string expression, string from, string zone) =>
        CronSchedule.Parse(expression).Next(DateTimeOffset.Parse(from, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById(zone))?.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("0 9 * * MON-FRI", "2026-03-06T09:00:00Z", "UTC", "2026-03-09T09:00:00+00:00")]
    [InlineData("*/15 8-10 * * *", "2026-03-06T10:45:00Z", "UTC", "2026-03-07T08:00:00+00:00")]
    [InlineData("0 0 29 2 *", "2026-03-06T00:00:00Z", "UTC", "2028-02-29T00:00:00+00:00")]
    [InlineData("0 0 13 * FRI", "2026-03-07T00:00:00Z", "UTC", "2026-03-13T00:00:00+00:00")]
    [InlineData("0 0 14 * FRI", "2026-03-13T00:00:00Z", "UTC", "2026-03-14T00:00:00+00:00")] // either day field
    [InlineData("0 0 */2 * FRI", "2026-03-12T00:00:00Z", "UTC", "2026-03-13T00:00:00+00:00")] // a star makes it both
    [InlineData("0 22-2 * * *", "2026-03-06T02:00:00Z", "UTC", "2026-03-06T22:00:00+00:00")]
    [InlineData("@weekly", "2026-03-06T02:00:00Z", "UTC", "2026-03-08T00:00:00+00:00")]
    [InlineData("0 12 L-1 * ?", "2026-02-01T00:00:00Z", "UTC", "2026-02-27T12:00:00+00:00")]
    [InlineData("0 12 ? * 2#3", "2026-03-01T00:00:00Z", "UTC", "2026-03-17T12:00:00+00:00")]
    [InlineData("30 9 * * *", "2026-03-28T10:00:00+01:00", "Europe/Berlin", "2026-03-29T09:30:00+02:00")]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00+01:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00")] // skipped by the clock
    [InlineData("30 2 * * *", "2026-10-25T02:30:00+02:00", "Europe/Berlin", "2026-10-26T02:30:00+01:00")] // once of two
    [InlineData("30 * * * *", "2026-10-25T02:30:00+02:00", "Europe/Berlin", "2026-10-25T02:30:00+01:00")] // both of two
    [InlineData("0 0 30 2 *", "2026-03-06T02:00:00Z", "UTC", null)]
    public void The_next_time_is_right(string expression, string from, string zone, string? expected) => Next(expression, from, zone).ShouldBe(expected);

    [Theory]
    [InlineData("* * * *", "five fields")]
    [InlineData("60 * * * *", "The minute `60`")]
    [InlineData("* * * * MUN", "The day of week `MUN`")]
    [InlineData("@fortnightly", "@weekly")]
    public void A_mistake_is_named(string expression, string message) => Should.Throw<CronException>(() => CronSchedule.Parse(expression)).Message.ShouldContain(message);

    [Fact]
    public void Every_time_of_a_year_is_found_once_and_in_order()
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        foreach (var (expression, perDay, extra) in new[] { ("*/20 * * * *", 72, 0), ("15,45 2 * * *", 2, -1), ("0 3 * * *", 1, 0) })
        {
            var schedule = CronSchedule.Parse(expression);
            var at = new DateTimeOffset(2025, 12, 31, 23, 59, 0, TimeSpan.FromHours(1));
            var end = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.FromHours(1));
            var count = 0;
            while (schedule.Next(at, berlin) is { } next && next < end)
            {
                next.ShouldBeGreaterThan(at);
                (next - at > TimeSpan.FromMinutes(1) && schedule.NextAtOrAfter(next, berlin) == next || next - at == TimeSpan.FromMinutes(1)).ShouldBeTrue();
                at = next;
                count++;
            }
            // A repeating schedule loses an hour in spring and wins it back; two fixed times in the skipped hour come as one.
            count.ShouldBe(perDay * 365 + extra, expression);
        }
    }

    [Fact]
    public void Garbage_is_refused_or_is_due_some_time_after_the_moment_asked()
    {
        var random = new Random(11);
        string[] words = ["*", "0", "7", "12", "31", "59", "-", "/", ",", "#", "L", "W", "?", "MON", "JAN", "2", "99999999999", "@daily", ""];
        var zone = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        var read = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var expression = string.Join(' ', Enumerable.Range(0, 5).Select(_ => random.Next(3) > 0 ? "*" : string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => words[random.Next(words.Length)]))));
            CronSchedule schedule;
            try
            {
                schedule = CronSchedule.Parse(expression);
            }
            catch (CronException)
            {
                continue;
            }
            read++;
            var from = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(525_600));
            if (schedule.Next(from, zone) is { } next) next.ShouldBeGreaterThan(from, expression);
        }
        read.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void The_vectors_hold()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA is not set");
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, "conformance", "cron", "next.json")));
        var failures = new List<string>();
        var judged = 0;
        foreach (var item in file.RootElement.EnumerateArray())
        {
            // Both day fields: the vectors take a day that matches both, Unix one that matches either. Amman: the platform's own data differs.
            if (Is(item, "dom_and_dow") || Is(item, "tz_sensitive")) continue;
            judged++;
            var zone = TimeZoneInfo.FindSystemTimeZoneById(item.GetProperty("tz").GetString()!);
            var schedule = CronSchedule.Parse(item.GetProperty("expr").GetString()!);
            var from = item.GetProperty("from").GetDateTimeOffset();
            var next = Is(item, "inclusive") ? schedule.NextAtOrAfter(from, zone) : schedule.Next(from, zone);
            var expected = item.GetProperty("expected_next");
            var wanted = expected.ValueKind == JsonValueKind.Null ? (DateTimeOffset?)null : expected.GetDateTimeOffset();
            if (next != wanted || next?.Offset != wanted?.Offset) failures.Add($"{item.GetProperty("name")}: {schedule} in {zone.Id} from {from:O} gave {next:O}, not {wanted:O}");
        }
        judged.ShouldBeGreaterThan(250);
        failures.ShouldBeEmpty(string.Join("\n", failures.Prepend($"{failures.Count} of {judged} fail:")));

        using var invalid = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, "conformance", "cron", "invalid.json")));
        foreach (var item in invalid.RootElement.EnumerateArray())
        {
            var expression = item.GetProperty("expr").GetString()!;
            Should.Throw<CronException>(() => CronSchedule.Parse(expression), expression);
        }

        static bool Is(JsonElement item, string name) => item.TryGetProperty(name, out var flag) && flag.ValueKind == JsonValueKind.True;
    }
}
