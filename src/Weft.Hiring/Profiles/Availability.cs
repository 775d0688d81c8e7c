using NpgsqlTypes;

namespace Weft.Hiring.Profiles;

/// <summary>A stretch of free days, both included; no end means "from then on".</summary>
public sealed record FreeDays(DateOnly From, DateOnly? To);

/// <summary>
/// Availability is days to a person and a <c>tstzmultirange</c> (half-open, UTC midnights) to the database, which joins what overlaps or touches.
/// </summary>
public static class Availability
{
    /// <summary>The ranges as days.</summary>
    public static FreeDays[] ToDays(IEnumerable<NpgsqlRange<DateTime>> ranges) => ranges
        .Where(range => !range.IsEmpty)
        .Select(range => new FreeDays(
            range.LowerBoundInfinite ? DateOnly.MinValue : DateOnly.FromDateTime(range.LowerBound),
            range.UpperBoundInfinite ? null : DateOnly.FromDateTime(range.UpperBound).AddDays(-1)))
        .ToArray();

    /// <summary>Days as ranges.</summary>
    public static NpgsqlRange<DateTime>[] ToRanges(IEnumerable<FreeDays> days) => days
        .Select(day => new NpgsqlRange<DateTime>(
            Midnight(day.From), lowerBoundIsInclusive: true, lowerBoundInfinite: false,
            day.To is { } to ? Midnight(to.AddDays(1)) : default, upperBoundIsInclusive: false, upperBoundInfinite: day.To is null))
        .ToArray();

    private static DateTime Midnight(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
}
