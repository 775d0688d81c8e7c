using System.Collections;
using System.Globalization;

namespace Weft.Engine.Tasks;

/// <summary>Reads typed properties, with errors that name the property and what was given.</summary>
internal static class StepProperties
{
    /// <summary>A property that may be given as one text (comma-separated) or as a list of texts.</summary>
    public static List<string> Texts(this StepContext step, string property)
    {
        if (!step.Properties.TryGetValue(property, out var value) || value is null) return [];
        return value is IEnumerable items and not string and not IReadOnlyDictionary<string, object?>
            ? [.. items.Cast<object?>().Select(FlowValue.ToText).Where(t => !string.IsNullOrWhiteSpace(t))]
            : [.. FlowValue.ToText(value).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>True or false, also when a template made text of it.</summary>
    public static bool Flag(this StepContext step, string property, bool otherwise = false)
    {
        if (!step.Properties.TryGetValue(property, out var value) || value is null) return otherwise;
        return Flag(value, property);
    }

    /// <summary>True or false, also when a template made text of it.</summary>
    public static bool Flag(object? value, string property) => value switch
    {
        bool flag => flag,
        string text when bool.TryParse(text.Trim(), out var flag) => flag,
        _ => throw new FlowException("step_property_invalid", $"{property} is '{FlowValue.ToText(value)}'; it must be true or false."),
    };

    /// <summary>A whole number in a range.</summary>
    public static long? Whole(this StepContext step, string property, long least, long most)
    {
        if (!step.Properties.TryGetValue(property, out var value) || value is null) return null;
        long? number = value switch
        {
            long whole => whole,
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            _ => null,
        };
        return number is { } n && n >= least && n <= most
            ? n
            : throw new FlowException("step_property_invalid", $"{property} is '{FlowValue.ToText(value)}'; it must be a whole number from {least} to {most}.");
    }

    /// <summary>A map, or null when absent.</summary>
    public static IReadOnlyDictionary<string, object?>? MapOf(this StepContext step, string property)
    {
        if (!step.Properties.TryGetValue(property, out var value) || value is null) return null;
        return value as IReadOnlyDictionary<string, object?>
            ?? throw new FlowException("step_property_invalid", $"{property} must be a map.");
    }
}
