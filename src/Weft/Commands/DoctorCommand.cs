using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Weft.Settings;

namespace Weft.Commands;

/// <summary><c>weft doctor</c>: the settings in force and where each came from, secrets masked.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var json = CommandLine.Json();
        var reference = new Option<FileInfo>("--print-reference") { Description = "Write docs/reference/settings.md to this file", Hidden = true };
        var command = new Command("doctor", "Print the settings in force, secrets masked, and check what the program needs") { json, reference };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(reference) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, SettingsSchema.PrintReference(), cancellationToken);
                return ExitCode.Done;
            }
            var inForce = parsed.Settings();
            var rows = Rows(inForce).ToList();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(rows.Select(r => new { key = r.Key, value = r.Value, origin = r.Origin })));
                return ExitCode.Done;
            }
            Terminal.Table(["setting", "value", "from"], rows.Select(r => new[] { r.Key, r.Value, r.Origin }));
            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<(string Key, string Value, string Origin)> Rows(SettingsInForce inForce)
    {
        foreach (var setting in SettingsSchema.All)
        {
            var value = setting.Read(inForce.Settings);
            if (value is Dictionary<string, string> map)
            {
                foreach (var name in map.Keys.Order(StringComparer.Ordinal))
                    yield return ($"{setting.Key}.{name}", "***", inForce.Origins.GetValueOrDefault($"{setting.Key}.{name}", "default"));
                continue;
            }
            yield return (setting.Key, setting.IsSecret && value is not null ? Mask(value.ToString()!) : SettingText.Show(value), inForce.Origins.GetValueOrDefault(setting.Key, "default"));
        }
    }

    // Of a URL, what does not open it may be read: the host says which database is meant.
    private static string Mask(string secret) =>
        Uri.TryCreate(secret, UriKind.Absolute, out var url) && url.Host.Length > 0 ? $"{url.Scheme}://***@{url.Authority}{url.AbsolutePath}" : "***";
}
