using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Weft.Commands;

/// <summary><c>weft user …</c>: accounts, for operators.</summary>
internal static class UserCommands
{
    public static Command Create() => new("user", "Administer accounts") { List(), Add(), ResetPassword(), Grant() };

    private static Command List()
    {
        var json = CommandLine.Json();
        var command = new Command("list", "List accounts, newest first") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            var users = await platform.ListAsync("api/users", 1000, cancellationToken);
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(users));
            else
                Terminal.Table(["e-mail", "name", "role", "operator", "since"], users.Select(u => new[]
                {
                    u.Text("email"), u.Text("name"), u.Text("role"), u.GetProperty("is_operator").GetBoolean() ? "yes" : "", u.Text("created_at"),
                }));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Add()
    {
        var email = new Argument<string>("email") { Description = "The address to sign in with" };
        var name = new Option<string>("--name") { Description = "The person's name (default: the address up to the @)" };
        var role = new Option<string>("--role") { Description = "job_seeker or recruiter", DefaultValueFactory = _ => "job_seeker" };
        var password = Password();
        var isOperator = new Option<bool>("--operator") { Description = "Make the person an operator" };
        var command = new Command("create", "Create an account; the password is asked for, or read from standard input") { email, name, role, password, isOperator };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var address = parsed.GetRequiredValue(email);
            var secret = parsed.GetValue(password) ?? await AskAsync(cancellationToken);
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            await platform.PostAsync("api/users", new { Email = address, Password = secret, Name = parsed.GetValue(name) ?? address.Split('@')[0], Role = parsed.GetValue(role) }, cancellationToken);
            if (parsed.GetValue(isOperator)) await platform.PostAsync("api/users/grant", new { Email = address, Operator = true }, cancellationToken);
            Console.WriteLine($"{address} can sign in.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command ResetPassword()
    {
        var email = new Argument<string>("email") { Description = "Whose password" };
        var password = Password();
        var command = new Command("reset-password", "Set a new password and end all sessions and keys of the person") { email, password };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var secret = parsed.GetValue(password) ?? await AskAsync(cancellationToken);
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            await platform.PostAsync("api/users/reset-password", new { Email = parsed.GetValue(email), Password = secret }, cancellationToken);
            Console.WriteLine($"The password of {parsed.GetValue(email)} is set; every session and key of the account has ended.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Grant()
    {
        var email = new Argument<string>("email") { Description = "Whom" };
        var revoke = new Option<bool>("--revoke") { Description = "Take the right away" };
        var command = new Command("grant", "Make a person an operator, who sees every run and person") { email, revoke };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var platform = await Platform.ConnectAsync(parsed.Settings().Settings, cancellationToken);
            await platform.PostAsync("api/users/grant", new { Email = parsed.GetValue(email), Operator = !parsed.GetValue(revoke) }, cancellationToken);
            Console.WriteLine($"{parsed.GetValue(email)} is {(parsed.GetValue(revoke) ? "no longer" : "now")} an operator.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string> Password() => new("--password") { Description = "The password; better left out, since others on this machine can read a command's arguments" };

    private static async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected) return await new TextPrompt<string>("Password:").Secret().ShowAsync(AnsiConsole.Console, cancellationToken);
        return await Console.In.ReadLineAsync(cancellationToken) ?? throw new CommandException("Give the password on standard input, or with --password.", ExitCode.WrongUsage);
    }
}
