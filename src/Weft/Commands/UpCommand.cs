using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Weft.Hosting;

namespace Weft.Commands;

/// <summary><c>weft up</c>: everything in one process, until Ctrl-C.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "The port to listen on (default 8080)" };
        var demo = new Option<bool>("--demo") { Description = "Load a small demonstration world, through the product's own API" };
        var command = new Command("up", "Start everything in one process: database, migrations, workers, web") { port, demo };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            () => RunningNode.StartAsync(parsed.Settings((port, "http.port")).Settings, NodeRole.All, announce: true, cancellationToken), cancellationToken,
            parsed.GetValue(demo) ? DemoCommand.LoadAsync : null));
        return command;
    }

    /// <summary>Runs a node until the first interruption, lets it finish what it does, and stops it at once on the second.</summary>
    public static async Task<int> RunAsync(
        Func<Task<RunningNode>> start, CancellationToken cancellationToken, Func<RunningNode, CancellationToken, Task>? onceReady = null)
    {
        var clock = Stopwatch.StartNew();
        var node = await start();
        Console.WriteLine($"Weft is ready at {node.Address} ({clock.Elapsed.TotalSeconds:0.0} s). Ctrl-C stops it.");

        if (onceReady is not null && !await IsDoneAsync(onceReady, node, cancellationToken)) return ExitCode.Failed;

        var stopped = new TaskCompletionSource();
        await using (cancellationToken.Register(stopped.SetResult)) await stopped.Task;

        Console.WriteLine("Stopping; Ctrl-C again does not wait for what is in progress.");
        using var atOnce = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hurry);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hurry);
        await node.StopAsync(atOnce.Token);
        Console.WriteLine("Stopped.");
        return ExitCode.Done;

        void Hurry(PosixSignalContext signal)
        {
            signal.Cancel = true;
            atOnce.Cancel();
        }
    }

    // False, and the node stopped, when it could not be done. Interrupted, the node stops as it always does.
    private static async Task<bool> IsDoneAsync(Func<RunningNode, CancellationToken, Task> what, RunningNode node, CancellationToken cancellationToken)
    {
        try
        {
            await what(node, cancellationToken);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e) when (e is CommandException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await node.StopAsync(CancellationToken.None);
            return false;
        }
    }
}
