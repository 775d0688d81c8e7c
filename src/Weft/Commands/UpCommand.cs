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
        var command = new Command("up", "Start everything in one process: database, migrations, workers, web") { port };
        command.SetAction((parsed, cancellationToken) => RunAsync(() => RunningNode.StartAsync(parsed.Settings((port, "http.port")).Settings, NodeRole.All, announce: true, cancellationToken), cancellationToken));
        return command;
    }

    /// <summary>Runs a node until the first interruption, lets it finish what it does, and stops it at once on the second.</summary>
    public static async Task<int> RunAsync(Func<Task<RunningNode>> start, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var node = await start();
        Console.WriteLine($"Weft is ready at {node.Address} ({clock.Elapsed.TotalSeconds:0.0} s). Ctrl-C stops it.");

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
}
