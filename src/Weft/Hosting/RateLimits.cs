using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Weft.Hiring;
using Weft.Hiring.Accounts;

namespace Weft.Hosting;

/// <summary>How often one address may try to sign in or up. Guessing at one account is stopped by its own lock besides.</summary>
internal static class RateLimits
{
    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(o => o.OnRejected = (context, cancellationToken) =>
        {
            var after = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromMinutes(1);
            return new ValueTask(Problems.TooManyRequests.With(retryAfter: after).ExecuteAsync(context.HttpContext));
        });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<AccountOptions>>((limits, accounts) =>
        {
            limits.AddPolicy(AccountEndpoints.SignInLimit, context => PerAddress(context, accounts.Value.SignInsPerMinute));
            limits.AddPolicy(AccountEndpoints.SignUpLimit, context => PerAddress(context, accounts.Value.SignUpsPerMinute));
        });
    }

    private static RateLimitPartition<string> PerAddress(HttpContext context, int perMinute) =>
        RateLimitPartition.GetSlidingWindowLimiter(context.Connection.RemoteIpAddress?.ToString() ?? "", _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = perMinute,
            Window = TimeSpan.FromMinutes(1),
            SegmentsPerWindow = 6,
        });
}
