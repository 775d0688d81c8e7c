using System.CommandLine;
using System.Text.Json;

namespace Weft.Commands;

/// <summary><c>weft runs …</c>: look at runs, cancel and retry them.</summary>
internal static class RunCommands
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    public static Command Create() => new("runs", "Look at runs, cancel and retry them") { List(), Show(), Logs(), Cancel(), Retry() };

    private static Command List()
    {
        var status = new Option<string>("--status") { Description = "pending, running, paused, awaiting_retry, completed, failed or cancelled" };
        var flow = new Option<string>("--flow") { Description = "namespace/id" };
        var limit = new Option<int>("--limit") { Description = "How many at most", DefaultValueFactory = _ => 50 };
        var json = CommandLine.Json();
        var command = new Command("list", "List runs, newest first") { status, flow, limit, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var query = new List<string>();
            if (parsed.GetValue(status) is { } wanted) query.Add($"status={Uri.EscapeDataString(wanted)}");
            if (parsed.GetValue(flow) is { } name) query.Add($"flow={Uri.EscapeDataString(name)}");
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var runs = await platform.ListAsync($"api/runs?{string.Join('&', query)}", Math.Max(1, parsed.GetValue(limit)), cancellationToken);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(runs));
            else
                Terminal.Table(["run", "flow", "status", "started by", "created", "error"], runs.Select(r => new[]
                {
                    r.Text("id"), r.Text("flow"), r.Text("status"), r.Text("trigger"), r.Text("created_at"), ErrorOf(r),
                }));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var id = Id();
        var json = CommandLine.Json();
        var command = new Command("show", "Show a run with its steps") { id, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var run = await platform.GetAsync($"api/runs/{parsed.GetRequiredValue(id)}", cancellationToken);
            if (parsed.GetValue(json)) Console.WriteLine(run.GetRawText());
            else Print(run);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Logs()
    {
        var id = Id();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the run ends" };
        var json = CommandLine.Json();
        var command = new Command("logs", "Print a run's log") { id, follow, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var run = parsed.GetRequiredValue(id);
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            string? cursor = null;
            while (true)
            {
                // Asked before the log is read: what a run wrote before its end is read after it.
                var ended = !parsed.GetValue(follow) || (await platform.GetAsync($"api/runs/{run}", cancellationToken)).GetProperty("finished_at").ValueKind != JsonValueKind.Null;
                int count;
                do
                {
                    var page = await platform.GetAsync($"api/runs/{run}/logs?limit=200{(cursor is null ? "" : $"&cursor={cursor}")}", cancellationToken);
                    var lines = page.GetProperty("items");
                    foreach (var line in lines.EnumerateArray())
                        Console.WriteLine(parsed.GetValue(json) ? line.GetRawText() : $"{line.Text("at")} {line.Text("level"),-5} {line.Text("step")}: {line.Text("message")}");
                    count = lines.GetArrayLength();
                    cursor = page.GetProperty("next_cursor").GetString() ?? cursor;
                }
                while (count == 200);
                if (ended) return ExitCode.Done;
                await Task.Delay(Between, cancellationToken);
            }
        });
        return command;
    }

    private static Command Cancel()
    {
        var id = Id();
        var reason = new Option<string>("--reason") { Description = "Why, for the run's history" };
        var command = new Command("cancel", "Cancel a run") { id, reason };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            await platform.PostAsync($"api/runs/{parsed.GetRequiredValue(id)}/cancel", new { Reason = parsed.GetValue(reason) }, cancellationToken);
            Console.WriteLine("The run is asked to end.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var command = new Command("retry", "Retry a failed or cancelled run from where it failed") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            await platform.PostAsync($"api/runs/{parsed.GetRequiredValue(id)}/retry", null, cancellationToken);
            Console.WriteLine("The run goes on from where it failed.");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>A run for people: its head, its steps, its outputs.</summary>
    public static void Print(JsonElement run)
    {
        Console.WriteLine($"{run.Text("flow")} {run.Text("id")}: {run.Text("status")}");
        if (ErrorOf(run) is { Length: > 0 } error) Console.WriteLine($"  {error}");
        Terminal.Table(["step", "type", "status", "attempts"], run.GetProperty("steps").EnumerateArray().Select(s => new[]
        {
            s.Text("path"), s.Text("type"), s.Text("status"), s.GetProperty("attempts").GetArrayLength().ToString(),
        }));
        if (run.Text("outputs") is { Length: > 2 } outputs) Console.WriteLine($"outputs: {outputs}");
    }

    private static string ErrorOf(JsonElement run) => run.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? error.Text("message") : "";

    private static Argument<Guid> Id() => new("run") { Description = "The run's id" };
}
