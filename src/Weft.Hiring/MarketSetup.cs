using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weft.Documents;
using Weft.Engine;
using Weft.Hiring.Applications;
using Weft.Hiring.Companies;
using Weft.Hiring.Matching;
using Weft.Hiring.Positions;
using Weft.Hiring.Profiles;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring;

/// <summary>What browsers can watch of the market; see <see cref="ChangeHub.Publish"/>.</summary>
internal static class MarketTopics
{
    public const string Positions = "positions";
    public const string Matches = "matches";
    public const string Applications = "applications";
    public const string Profile = "profile";
}

/// <summary>The market: profiles, companies, positions, matching and applications.</summary>
public static class MarketSetup
{
    [Sql(DatabaseRole.App)]
    private const string VisiblePositions = "select id from hiring.position where id = any(@Ids)";

    [Sql(DatabaseRole.App)]
    private const string VisibleMatches = "select id from hiring.match where id = any(@Ids)";

    [Sql(DatabaseRole.App)]
    private const string VisibleApplications = "select id from hiring.application where id = any(@Ids)";

    // One's own alone: an operator may read every account, but is not told of each that changes.
    [Sql(DatabaseRole.App)]
    private const string VisibleProfile = """select id from auth."user" where id = any(@Ids) and id = weft.caller_user_id()""";

    public static IServiceCollection AddMarket(this IServiceCollection services)
    {
        services.AddTaskType<MatchCandidatesTask>().AddTaskType<MatchPositionsTask>().AddTaskType<CvReadTask>().AddTaskType<ProfileFillTask>();
        services.AddSingleton(provider => new CvReader(new DocumentOptions(), provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>()));
        services.AddRealtimeTopic(MarketTopics.Positions, VisiblePositions);
        services.AddRealtimeTopic(MarketTopics.Matches, VisibleMatches);
        services.AddRealtimeTopic(MarketTopics.Applications, VisibleApplications);
        services.AddRealtimeTopic(MarketTopics.Profile, VisibleProfile);
        return services;
    }

    public static void MapMarket(this IEndpointRouteBuilder routes)
    {
        routes.MapProfile();
        routes.MapCompanies();
        routes.MapPositions();
        routes.MapMatches();
        routes.MapApplications();
    }
}
