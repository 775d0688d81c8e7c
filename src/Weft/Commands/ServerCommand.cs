using System.CommandLine;
using Weft.Hosting;

namespace Weft.Commands;

/// <summary><c>weft server</c>: one node of several on a shared database.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "The port to listen on (default 8080)" };
        var role = new Option<NodeRole>("--role") { Description = "What this node does: serve people (web), run flows (worker), or all", DefaultValueFactory = _ => NodeRole.All };
        var command = new Command("server", "Start one node of several on a shared database") { port, role };
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = parsed.Settings((port, "http.port")).Settings;
            if (settings.Database is { Admin: null, Engine: null })
                throw new CommandException("A node of several needs the database they share: give --database-url (WEFT_DATABASE__ADMIN). For one machine alone there is: weft up", ExitCode.WrongUsage);
            return UpCommand.RunAsync(() => RunningNode.StartAsync(settings, parsed.GetValue(role), announce: true, cancellationToken), cancellationToken);
        });
        return command;
    }
}
