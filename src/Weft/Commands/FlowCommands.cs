using System.CommandLine;
using System.Text;
using System.Text.Json;
using Weft.Engine;
using Weft.Engine.Language;
using Weft.Hosting;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Commands;

/// <summary><c>weft flow …</c>: check, save, start, list and export flows.</summary>
internal static class FlowCommands
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(150);

    public static Command Create() => new("flow", "Check, save, start, list and export flows") { Validate(), Deploy(), Run(), List(), Export() };

    private static Command Validate()
    {
        var files = Files();
        var command = new Command("validate", "Check flows, without a database; every error as file:line:col: message") { files };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var sources = await CompileAsync(parsed.GetRequiredValue(files), cancellationToken);
            return sources.TrueForAll(s => s.Compilation.Flow is not null) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Command Deploy()
    {
        var files = Files();
        var command = new Command("deploy", "Save flows; a changed text makes a new version") { files };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = parsed.Settings().Settings;
            var sources = await CompileAsync(parsed.GetRequiredValue(files), cancellationToken);
            if (!sources.TrueForAll(s => s.Compilation.Flow is not null)) return ExitCode.Failed;
            await using var platform = await Platform.ConnectAsync(settings, cancellationToken);
            foreach (var (_, source, compilation) in sources)
            {
                var flow = compilation.Flow!;
                var saved = await platform.SendAsync(
                    HttpMethod.Put, $"api/flows/{Uri.EscapeDataString(flow.Namespace)}/{Uri.EscapeDataString(flow.Id)}", new StringContent(source, Encoding.UTF8, "application/yaml"), cancellationToken);
                Console.WriteLine($"{flow.Namespace}/{flow.Id} version {saved.Text("version")}{(saved.GetProperty("is_new_version").GetBoolean() ? "" : " (unchanged)")}");
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Run()
    {
        var flow = FlowArgument();
        var inputs = new Option<string[]>("--input") { Description = "An input as name=text, or name:=JSON; may be repeated" };
        var wait = new Option<bool>("--wait") { Description = "Wait for the end; exit 1 unless the run completes" };
        var json = CommandLine.Json();
        var command = new Command("run", "Start a flow") { flow, inputs, wait, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var given = FlowValue.Map();
            foreach (var input in parsed.GetValue(inputs) ?? []) Read(input, given);
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var started = await platform.SendAsync(
                HttpMethod.Post, "api/runs",
                new StringContent(FlowValue.ToJson(FlowValue.Map(("flow", parsed.GetRequiredValue(flow)), ("inputs", given))), Encoding.UTF8, "application/json"), cancellationToken);
            var id = started.Text("id");
            if (!parsed.GetValue(wait))
            {
                Console.WriteLine(parsed.GetValue(json) ? started.GetRawText() : id);
                return ExitCode.Done;
            }
            var run = await platform.GetAsync($"api/runs/{id}", cancellationToken);
            while (run.GetProperty("finished_at").ValueKind == JsonValueKind.Null)
            {
                await Task.Delay(Between, cancellationToken);
                run = await platform.GetAsync($"api/runs/{id}", cancellationToken);
            }
            if (parsed.GetValue(json)) Console.WriteLine(run.GetRawText());
            else RunCommands.Print(run);
            return run.Text("status") == "completed" ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Command List()
    {
        var json = CommandLine.Json();
        var command = new Command("list", "List flows") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var flows = await platform.ListAsync("api/flows", 10_000, cancellationToken);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(flows));
            else
                Terminal.Table(["flow", "version", "of", "description"], flows.Select(f => new[]
                {
                    $"{f.Text("namespace")}/{f.Text("id")}", f.Text("version"), f.Text("workspace_id").Length == 0 ? "the product" : "the workspace", f.Text("description"),
                }));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var flow = FlowArgument();
        var command = new Command("export", "Print a flow's source") { flow };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(flow);
            var slash = name.LastIndexOf('/');
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var found = await platform.GetAsync(
                $"api/flows/{Uri.EscapeDataString(slash < 0 ? "default" : name[..slash])}/{Uri.EscapeDataString(name[(slash + 1)..])}", cancellationToken);
            Console.Write(found.Text("source"));
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<FileInfo[]> Files() => new("file") { Description = "Flows in YAML or JSON", Arity = ArgumentArity.OneOrMore };

    private static Argument<string> FlowArgument() => new("flow") { Description = "namespace/id; a bare id means namespace default" };

    private static void Read(string input, OrderedDictionary<string, object?> given)
    {
        var equals = input.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new CommandException($"An input is written name=text or name:=JSON, not '{input}'.", ExitCode.WrongUsage);
        if (input[equals - 1] != ':')
        {
            given[input[..equals]] = input[(equals + 1)..];
            return;
        }
        try
        {
            given[input[..(equals - 1)]] = FlowValue.Parse(input[(equals + 1)..]);
        }
        catch (JsonException e)
        {
            throw new CommandException($"'{input}' does not hold JSON after ':=': {e.Message}", ExitCode.WrongUsage);
        }
    }

    // Compiles with the task types of this program; prints what is wrong.
    private static async Task<List<(FileInfo File, string Source, FlowCompilation Compilation)>> CompileAsync(FileInfo[] files, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(WeftDatabase.Unconnected());
        services.AddProduct(new WeftSettings(), NodeRole.Web);
        await using var provider = services.BuildServiceProvider();
        var types = provider.GetRequiredService<TaskTypeRegistry>();
        var compiled = new List<(FileInfo, string, FlowCompilation)>();
        foreach (var file in files)
        {
            if (!file.Exists) throw new CommandException($"There is no file {file}.", ExitCode.WrongUsage);
            var source = await File.ReadAllTextAsync(file.FullName, cancellationToken);
            var compilation = FlowCompiler.Compile(source, types);
            compiled.Add((file, source, compilation));
            foreach (var problem in compilation.Problems) await Console.Error.WriteLineAsync($"{file}:{problem.Line}:{problem.Column}: {problem.Message}");
        }
        return compiled;
    }
}
