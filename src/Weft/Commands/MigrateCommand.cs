using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Hosting;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Commands;

/// <summary><c>weft migrate</c>: brings the schema forward, as the admin role.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var status = new Option<bool>("--status") { Description = "Show what is applied and what is missing, and change nothing" };
        var line = new Option<string>("--line") { Description = $"Which line --to and --stamp count in: {string.Join(" or ", Schema.Lines.Select(l => l.Name))}", DefaultValueFactory = _ => Schema.Lines[^1].Name };
        var to = new Option<int?>("--to") { Description = "Go no further than this migration of the line" };
        var stamp = new Option<int?>("--stamp") { Description = "Record the line's migrations up to this one as applied, without running them" };
        var schema = new Option<FileInfo>("--print-schema") { Description = "Write the resulting schema as SQL to this file" };
        var json = CommandLine.Json();
        var command = new Command("migrate", "Bring the database's schema forward") { status, line, to, stamp, schema, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = parsed.Settings().Settings;
            var log = NullLoggerFactory.Instance;
            await using var server = settings.Database.Admin is null
                ? await EmbeddedPostgres.StartAsync(new EmbeddedOptions { DataDirectory = settings.DataDir }, log, cancellationToken)
                : null;
            await using var database = await Schema.OpenAsync(settings, server?.AdminUrl ?? settings.Database.Admin, migrate: false, log, cancellationToken);
            var migrator = new Migrator(database, Schema.Lines, log);
            if (parsed.GetValue(stamp) is { } stamped)
            {
                Console.WriteLine($"{await migrator.StampAsync(parsed.GetRequiredValue(line), stamped, cancellationToken)} recorded as applied.");
            }
            else if (!parsed.GetValue(status))
            {
                var applied = parsed.GetValue(to) is { } target
                    ? await migrator.MigrateToAsync(parsed.GetRequiredValue(line), target, cancellationToken)
                    : await migrator.MigrateAsync(cancellationToken);
                Console.WriteLine(applied == 0 ? "The schema is up to date." : $"{applied} applied.");
            }
            else
            {
                await ShowAsync(migrator, parsed.GetValue(json), cancellationToken);
            }
            if (parsed.GetValue(schema) is { } file) await File.WriteAllTextAsync(file.FullName, await CatalogPrinter.PrintAsync(database.Admin, cancellationToken), cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task ShowAsync(Migrator migrator, bool json, CancellationToken cancellationToken)
    {
        var all = await migrator.StatusAsync(cancellationToken);
        if (json) Console.WriteLine(JsonSerializer.Serialize(all, Platform.Json));
        else Terminal.Table(["line", "number", "name", "applied"], all.Select(m => new[] { m.Line, m.Version.ToString(), m.Name, m.AppliedAt?.ToString("u") ?? "missing" }));
    }
}
