using System.CommandLine;
using System.Text.Json;

namespace Weft.Commands;

/// <summary><c>weft key create</c>: an API key for a person, shown once.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var email = new Argument<string>("email") { Description = "For whom; the key may do what the person may" };
        var name = new Option<string>("--name") { Description = "What the key is for", DefaultValueFactory = _ => "command line" };
        var json = CommandLine.Json();
        var create = new Command("create", "Make an API key and print it, once") { email, name, json };
        create.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var key = await platform.PostAsync("api/users/api-key", new { Email = parsed.GetValue(email), Name = parsed.GetValue(name) }, cancellationToken);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(key) : key.Text("key"));
            return ExitCode.Done;
        });
        return new Command("key", "API keys") { create };
    }
}
