using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Weft.Settings;

/// <summary>Settings that cannot be used: everything that is wrong, each with where it was said.</summary>
internal sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join('\n', problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>One value as given, and by whom.</summary>
internal sealed record GivenSetting(string Key, string Value, string Origin);

/// <summary>The settings in force, and where each one came from.</summary>
internal sealed record SettingsInForce(WeftSettings Settings, IReadOnlyDictionary<string, string> Origins);

/// <summary>Puts the settings together: command line over environment over weft.yaml over defaults.</summary>
internal static class SettingsReader
{
    public const string FileName = "weft.yaml";

    // Named WEFT_ but read elsewhere: this file's own place, where the packages are, the start script and the test suites.
    private static readonly string[] NotSettings =
        ["WEFT_CONFIG", "WEFT_HOME", "WEFT_EMBEDDED_POSTGRES", "WEFT_PDF_EXTRACTOR", "WEFT_BROWSER", "WEFT_UPDATE", "WEFT_UPDATE_DOCS", "WEFT_SHARED_DATA"];
    private static readonly string[] NotSettingPrefixes = ["WEFT_TEST_", "WEFT_BENCH_"];

    public static SettingsInForce Read(IReadOnlyList<GivenSetting> commandLine, IDictionary environment, string workingDirectory)
    {
        var problems = new List<string>();
        var given = new List<GivenSetting>();
        var named = environment["WEFT_CONFIG"] as string;
        var file = Path.Combine(workingDirectory, string.IsNullOrEmpty(named) ? FileName : named);
        if (File.Exists(file)) given.AddRange(ReadFile(file, problems));
        else if (!string.IsNullOrEmpty(named)) problems.Add($"WEFT_CONFIG: there is no file '{file}'.");
        given.AddRange(ReadEnvironment(environment));
        given.AddRange(commandLine);

        var settings = new WeftSettings();
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value, origin) in given)
        {
            if (SettingsSchema.Find(key) is not var (setting, entry))
            {
                problems.Add($"{origin}: there is no setting '{key}'. Did you mean '{SettingsSchema.Nearest(key)}'?");
                continue;
            }
            origins[key] = origin;
            if (setting.IsMap)
            {
                if (entry is not { Length: > 0 }) problems.Add($"{origin}: '{key}' holds named values; set one as '{key}.NAME'.");
                else ((Dictionary<string, string>)setting.Read(settings)!)[entry] = value;
            }
            else if (!SettingText.TryRead(value, setting.Property.PropertyType, out var typed, out var expected))
            {
                problems.Add($"{origin}: {key} must be {expected}, not '{(setting.IsSecret ? "…" : value)}'.");
            }
            else if (typed is not null || setting.Read(settings) is null)
            {
                // An empty value leaves a setting that must have one at its default.
                setting.Write(settings, typed);
                problems.AddRange(Violations(setting, typed).Select(v => $"{origin}: {key} {v}, not '{(setting.IsSecret ? "…" : value)}'."));
            }
        }
        return problems.Count == 0 ? new SettingsInForce(settings, origins) : throw new SettingsException(problems);
    }

    private static IEnumerable<string> Violations(Setting setting, object? value)
    {
        foreach (var rule in setting.Property.GetCustomAttributes<ValidationAttribute>())
        {
            if (rule.IsValid(value)) continue;
            yield return rule is RangeAttribute range ? $"must be between {Bound(range.Minimum, setting)} and {Bound(range.Maximum, setting)}" : rule.ErrorMessage ?? "is not valid";
        }
    }

    private static string Bound(object bound, Setting setting) =>
        SettingText.Show(setting.Property.PropertyType == typeof(TimeSpan) ? TimeSpan.Parse(bound.ToString()!) : bound);

    private static IEnumerable<GivenSetting> ReadEnvironment(IDictionary environment)
    {
        foreach (DictionaryEntry entry in environment)
        {
            var name = (string)entry.Key;
            if (!name.StartsWith("WEFT_", StringComparison.Ordinal) || NotSettings.Contains(name, StringComparer.Ordinal)
                || Array.Exists(NotSettingPrefixes, p => name.StartsWith(p, StringComparison.Ordinal))) continue;
            var path = name["WEFT_".Length..].Split("__", 2);
            // The names of a flow's environment are the operator's own and keep their case.
            var key = path[0].ToLowerInvariant();
            if (path.Length == 2) key += "." + (key == "flow_env" ? path[1] : path[1].Replace("__", ".", StringComparison.Ordinal).ToLowerInvariant());
            yield return new GivenSetting(key, (string?)entry.Value ?? "", name);
        }
    }

    private static List<GivenSetting> ReadFile(string file, List<string> problems)
    {
        var shown = Path.GetFileName(file);
        var yaml = new YamlStream();
        try
        {
            using var text = File.OpenText(file);
            yaml.Load(text);
        }
        catch (YamlException e)
        {
            problems.Add($"{shown}:{e.Start.Line}:{e.Start.Column}: {e.Message}");
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"{shown} cannot be read: {e.Message}");
            return [];
        }
        var given = new List<GivenSetting>();
        if (yaml.Documents.Count > 0) Flatten(yaml.Documents[0].RootNode, "", shown, given, problems);
        return given;
    }

    private static void Flatten(YamlNode node, string key, string file, List<GivenSetting> given, List<string> problems)
    {
        var origin = $"{file}:{node.Start.Line}:{node.Start.Column}";
        switch (node)
        {
            case YamlMappingNode map:
                foreach (var (name, value) in map.Children)
                {
                    if (name is YamlScalarNode { Value: { } word }) Flatten(value, key.Length == 0 ? word : $"{key}.{word}", file, given, problems);
                    else problems.Add($"{file}:{name.Start.Line}:{name.Start.Column}: a key must be a word.");
                }
                break;
            case YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode):
                given.Add(new GivenSetting(key, string.Join('\n', list.Children.Select(c => ((YamlScalarNode)c).Value)), origin));
                break;
            case YamlScalarNode scalar when key.Length > 0:
                given.Add(new GivenSetting(key, scalar.Style == ScalarStyle.Plain && scalar.Value is "~" or "null" ? "" : scalar.Value ?? "", origin));
                break;
            case YamlScalarNode { Value: null or "" }:
                break;
            default:
                problems.Add($"{origin}: {(key.Length == 0 ? "the file" : key)} must hold settings by name.");
                break;
        }
    }
}
