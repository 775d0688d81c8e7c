using System.CommandLine;
using Weft.Demo;
using Weft.Hosting;

namespace Weft.Commands;

/// <summary><c>weft demo remove</c>, and what <c>weft up --demo</c> does once the node is ready.</summary>
internal static class DemoCommand
{
    public static Command Create() => new("demo", "The demonstration world of `weft up --demo`") { Remove() };

    /// <summary>Makes the world on a node that just started, and says how to look at it.</summary>
    public static async Task LoadAsync(RunningNode node, CancellationToken cancellationToken)
    {
        var services = node.App.Services;
        var world = new DemoWorld(new Uri(node.Address), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<DemoWorld>>());
        var access = await world.LoadAsync(cancellationToken);
        Console.WriteLine($"The demonstration is there. Sign in as {access.Recruiter} (recruiter) or {access.JobSeeker} (job seeker), password {access.Password}.");
        Console.WriteLine("It goes away with: weft demo remove");
    }

    private static Command Remove()
    {
        var command = new Command("remove", "Remove the demonstration world with everything that came of it");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var removed = await platform.SendAsync(HttpMethod.Delete, "api/demo", null, cancellationToken);
            var people = removed.GetProperty("people").GetInt32();
            Console.WriteLine(people == 0 ? "There is no demonstration here." : $"The demonstration is gone, with its {people} people and all that came of them.");
            return ExitCode.Done;
        });
        return command;
    }
}
