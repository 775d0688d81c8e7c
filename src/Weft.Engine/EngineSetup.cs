using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weft.Engine.Language;
using Weft.Postgres;

namespace Weft.Engine;

/// <summary>Registers the engine with a host.</summary>
public static class EngineSetup
{
    /// <summary>
    /// Adds <see cref="FlowEngine"/> and the hosted service that starts it as a node. Needs a registered
    /// <see cref="WeftDatabase"/>; task types are added with <see cref="AddTaskType{T}"/>.
    /// </summary>
    public static IServiceCollection AddWeftEngine(this IServiceCollection services, EngineOptions options)
    {
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(provider => new TaskTypeRegistry(provider.GetServices<ITaskType>()));
        services.AddSingleton(provider => new FlowEngine(
            provider.GetRequiredService<WeftDatabase>(), provider.GetRequiredService<TaskTypeRegistry>(), options,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<EngineService>();
        return services;
    }

    /// <summary>Adds a task type that flows may use.</summary>
    public static IServiceCollection AddTaskType<T>(this IServiceCollection services) where T : class, ITaskType => services.AddSingleton<ITaskType, T>();

    private sealed class EngineService(FlowEngine engine) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => engine.StopAsync();
    }
}
