using System.Globalization;
using System.Xml;

namespace Weft.Settings;

/// <summary>How values of settings are written and read.</summary>
internal static class SettingText
{
    /// <summary>Reads a value of the type, or answers what was expected.</summary>
    public static bool TryRead(string text, Type type, out object? value, out string expected)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        expected = "";
        value = null;
        if (type == typeof(string))
        {
            value = text.Length == 0 ? null : text;
            return true;
        }
        if (type == typeof(bool))
        {
            expected = "true or false";
            value = text.Trim().ToLowerInvariant() switch { "true" or "1" or "yes" or "on" => true, "false" or "0" or "no" or "off" => false, _ => null };
            return value is not null;
        }
        if (type == typeof(int))
        {
            expected = "a whole number";
            var read = int.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number);
            value = number;
            return read;
        }
        if (type == typeof(TimeSpan))
        {
            expected = "a time such as 30s, 5m, 2h, 30d or PT5M";
            var read = TryReadTime(text.Trim(), out var time);
            value = time;
            return read;
        }
        if (type == typeof(List<string>))
        {
            value = text.Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
            return true;
        }
        throw new NotSupportedException($"A setting of type {type} has no text form.");
    }

    private static bool TryReadTime(string text, out TimeSpan time)
    {
        time = default;
        if (text.Length == 0) return false;
        if (text.StartsWith('P'))
        {
            try
            {
                time = XmlConvert.ToTimeSpan(text);
                return true;
            }
            catch (Exception e) when (e is FormatException or OverflowException)
            {
                return false;
            }
        }
        var unit = text[^1] switch { 's' => 1.0, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count * unit < 1e9)
        {
            time = TimeSpan.FromSeconds(count * unit);
            return true;
        }
        return text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    /// <summary>A value as a person would write it.</summary>
    public static string Show(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        TimeSpan time when time.TotalSeconds < 60 => $"{time.TotalSeconds:0.###}s",
        TimeSpan time when time.TotalMinutes < 60 => $"{time.TotalMinutes:0.###}m",
        TimeSpan time when time.TotalHours < 24 => $"{time.TotalHours:0.###}h",
        TimeSpan time => $"{time.TotalDays:0.###}d",
        List<string> list => string.Join(", ", list),
        IReadOnlyDictionary<string, string> map => string.Join(", ", map.Keys.Order(StringComparer.Ordinal)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
