using System.CommandLine;
using System.Net.Http;
using System.Runtime.InteropServices;
using Weft.Engine;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Commands;

/// <summary>What a command's exit says.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int Unreachable = 3;
    public const int Interrupted = 130;
}

/// <summary>A command that cannot do what it was asked, told in a sentence to whoever typed it.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

/// <summary>What all commands share: the options that choose settings, interruption, and how failures are told.</summary>
internal static class CommandLine
{
    private static readonly Option<string> DataDir = new("--data-dir") { Description = "The data folder (default: the platform's data directory)", Recursive = true };
    private static readonly Option<string> DatabaseUrl = new("--database-url") { Description = "An outside PostgreSQL, by its administrator's URL", Recursive = true };
    private static readonly Option<string> Server = new("--server") { Description = "The address of a running Weft (WEFT_SERVER)", Recursive = true };
    private static readonly Option<string> Key = new("--key") { Description = "The API key for --server (WEFT_API_KEY)", Recursive = true };

    /// <summary>For commands that list: JSON instead of a table.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print JSON" };

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        root.Add(DataDir);
        root.Add(DatabaseUrl);
        root.Add(Server);
        root.Add(Key);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync($"Try: weft {string.Join(' ', Words(parsed))} --help".Replace("  ", " ", StringComparison.Ordinal));
            return ExitCode.WrongUsage;
        }

        using var interruption = new CancellationTokenSource();
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Explain(e) is var (message, code))
        {
            await Console.Error.WriteLineAsync(message);
            return code;
        }

        void Interrupt(PosixSignalContext signal)
        {
            // The second one is left to whoever else handles it, or to the system, which ends the process at once.
            if (interruption.IsCancellationRequested) return;
            signal.Cancel = true;
            interruption.Cancel();
        }
    }

    private static (string Message, int Code)? Explain(Exception exception) => exception switch
    {
        CommandException e => (e.Message, e.ExitCode),
        SettingsException e => (e.Message, ExitCode.WrongUsage),
        DatabaseException e => ($"{e.Problem} {e.Remedy}", ExitCode.Unreachable),
        HttpRequestException e => ($"The server cannot be reached: {e.Message}. Check --server (WEFT_SERVER), or start one with: weft up", ExitCode.Unreachable),
        FlowException e => (e.Message, ExitCode.Failed),
        UnauthorizedAccessException e => ($"{e.Message} Run as a user who may, or choose another folder with --data-dir.", ExitCode.Failed),
        IOException e => (e.Message, ExitCode.Failed),
        OperationCanceledException => null,
        // A defect of ours: all that is known of it goes to whoever reports it.
        _ => ($"Something went wrong that should not. Please report it with what follows.\n{exception}", ExitCode.Failed),
    };

    private static Stack<string> Words(ParseResult parsed)
    {
        var words = new Stack<string>();
        for (var command = parsed.CommandResult; command?.Parent is not null; command = command.Parent as System.CommandLine.Parsing.CommandResult) words.Push(command.Command.Name);
        return words;
    }

    /// <summary>The settings in force: what the options say over everything else.</summary>
    public static SettingsInForce Settings(this ParseResult parsed, params (Option Option, string Key)[] more)
    {
        var given = new List<GivenSetting>();
        foreach (var (option, key) in (ReadOnlySpan<(Option, string)>)[(DataDir, "data_dir"), (DatabaseUrl, "database.admin"), (Server, "server"), (Key, "api_key"), .. more])
        {
            if (parsed.GetResult(option) is { Implicit: false } result) given.Add(new GivenSetting(key, result.Tokens.Count > 0 ? result.Tokens[^1].Value : "true", option.Name));
        }
        return SettingsReader.Read(given, Environment.GetEnvironmentVariables(), Directory.GetCurrentDirectory());
    }
}
