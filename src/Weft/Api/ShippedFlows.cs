using Weft.Engine;

namespace Weft.Api;

/// <summary>
/// Deploys the product's own flows before the first request is taken: a sign-up that came earlier would not start its
/// registration. Saving the same text again makes no version.
/// </summary>
internal sealed partial class ShippedFlows(FlowEngine engine, ILogger<ShippedFlows> log) : IHostedService
{
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "flows");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(Folder, "*.yaml").Order(StringComparer.Ordinal))
        {
            var deployed = await engine.DeployAsync(await File.ReadAllTextAsync(file, cancellationToken), FlowOwner.System, cancellationToken);
            if (deployed.IsNewVersion) LogDeployed(deployed.Namespace, deployed.FlowId, deployed.Version);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(2201, LogLevel.Information, "Deployed {Namespace}/{Id}, version {Version}")]
    private partial void LogDeployed(string @namespace, string id, int version);
}
