using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Weft.Hiring.Accounts;

/// <summary>Settings of signing up and in.</summary>
public sealed class AccountOptions
{
    [Description("How long a session lives without being used; each use renews it.")]
    [Range(typeof(TimeSpan), "00:00:10", "365.00:00:00")]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(30);

    [Description("The shortest password that is taken.")]
    [Range(8, 128)]
    public int MinPasswordLength { get; init; } = 8;

    [Description("Wrong passwords in a row after which an account is locked.")]
    [Range(3, 100)]
    public int LockoutAfter { get; init; } = 5;

    [Description("How long a locked account stays locked.")]
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan LockoutTime { get; init; } = TimeSpan.FromMinutes(5);

    [Description("Sign-ins tried per minute and address, before 429.")]
    [Range(1, 100_000)]
    public int SignInsPerMinute { get; init; } = 60;

    [Description("Sign-ups per minute and address, before 429.")]
    [Range(1, 100_000)]
    public int SignUpsPerMinute { get; init; } = 600;

}
