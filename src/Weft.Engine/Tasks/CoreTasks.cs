using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Weft.Engine.Mail;
using Weft.Engine.Outbound;
using Weft.Engine.Tasks.Sql;
using Weft.Postgres;

namespace Weft.Engine.Tasks;

/// <summary>Registers the engine's own task types.</summary>
public static class CoreTasks
{
    /// <summary>
    /// Adds log, return, fail, set, sleep, sql.query, http.request and mail.send, with the guard that all outbound
    /// connections of flows go through. Needs a registered <see cref="WeftDatabase"/>.
    /// </summary>
    public static IServiceCollection AddCoreTasks(this IServiceCollection services, OutboundOptions outbound, MailOptions mail, MailTemplates templates)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(mail);
        services.AddSingleton(templates);
        services.AddSingleton(provider => new OutboundGuard(outbound, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new GuardedHttp(provider.GetRequiredService<OutboundGuard>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ForeignDatabases>();

        services.AddSingleton<ITaskType, LogTask>();
        services.AddSingleton<ITaskType, ReturnTask>();
        services.AddSingleton<ITaskType, FailTask>();
        services.AddSingleton<ITaskType, SetTask>();
        services.AddSingleton<ITaskType, SleepTask>();
        services.AddSingleton<ITaskType, SqlQueryTask>();
        services.AddSingleton<ITaskType, HttpRequestTask>();
        services.AddSingleton<ITaskType, MailSendTask>();
        return services;
    }
}
