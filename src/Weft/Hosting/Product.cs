using Microsoft.Extensions.Options;
using Weft.Api;
using Weft.Demo;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Hiring.Files;
using Weft.Hiring.Realtime;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Hosting;

/// <summary>The product's features: what each needs, and its addresses. A feature is one line in each of the two lists.</summary>
internal static class Product
{
    public static void AddProduct(this IServiceCollection services, WeftSettings settings, NodeRole role)
    {
        services.AddSingleton(settings);
        services.AddSingleton(Options.Create(settings.Accounts));
        services.AddSingleton(Options.Create(settings.Files));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new ListenHub(
            provider.GetRequiredService<WeftDatabase>().DirectConnectionString, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));

        services.AddAccounts();
        services.AddRealtime();
        services.AddMarket();
        services.AddFlows(settings, role);
    }

    /// <summary>What does not say AllowAnonymous asks for somebody signed in.</summary>
    public static void MapProduct(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        var routes = app.MapGroup("").RequireAuthorization();
        routes.MapAccounts();
        routes.MapApiKeys();
        routes.MapUserAdministration();
        routes.MapFiles();
        routes.MapRealtime();
        routes.MapMarket();
        routes.MapFlows();
        routes.MapRuns();
        routes.MapWebhooks();
        routes.MapJobs();
        routes.MapMailbox();
        routes.MapDemo();
    }
}
