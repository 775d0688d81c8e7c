using Weft.Engine;
using Weft.Hiring.Realtime;

namespace Weft.Api;

/// <summary>Tells watchers of runs. The engine itself carries its changes to other nodes, so they are delivered here only.</summary>
internal sealed class RunChanges(FlowEngine engine, ChangeHub hub) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        engine.RunChanged += Deliver;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        engine.RunChanged -= Deliver;
        return Task.CompletedTask;
    }

    private void Deliver(RunChange change) => hub.Deliver(new Change("runs", change.RunId));
}
