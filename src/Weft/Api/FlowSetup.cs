using Weft.Engine;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks;
using Weft.Hiring.Realtime;
using Weft.Hosting;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Api;

/// <summary>The engine as this product uses it: its settings, the task types that flows may use, and the shipped flows.</summary>
internal static class FlowSetup
{
    [Sql(DatabaseRole.App)]
    private const string VisibleRuns = "select id from weft.run where id = any(@Ids)";

    public static void AddFlows(this IServiceCollection services, WeftSettings settings, NodeRole role)
    {
        services.AddCoreTasks(new OutboundOptions { Allow = settings.Engine.Allow }, Mail(settings.Mail), new MailTemplates());
        services.AddWeftEngine(Options(settings, role));
        services.AddHostedService<ShippedFlows>();
        services.AddHostedService<RunChanges>();
        services.AddRealtimeTopic("runs", VisibleRuns);
    }

    private static EngineOptions Options(WeftSettings settings, NodeRole role)
    {
        var options = new EngineOptions
        {
            Works = role != NodeRole.Web,
            MaxRunsInMemory = settings.Engine.MaxRuns,
            StepTimeout = settings.Engine.StepTimeout,
            IdempotencyWindow = settings.Engine.IdempotencyWindow,
            DrainTimeout = settings.Http.DrainTime,
        };
        if (settings.Engine.NodeName is { } name) options.NodeName = name;
        foreach (var (key, value) in settings.FlowEnv) options.FlowEnvironment[key] = value;
        // The one name that shipped flows rely on: links in mails lead here.
        options.FlowEnvironment.TryAdd("PUBLIC_URL", (settings.Http.PublicUrl ?? $"http://{settings.Http.Listen}:{settings.Http.Port}").TrimEnd('/'));
        return options;
    }

    private static MailOptions Mail(MailSettings settings)
    {
        var options = MailOptions.FromUrl(settings.Url);
        return settings.From is { } from ? options with { DefaultFrom = MailAddressText.Parse(from) } : options;
    }
}
