using System.Xml;

namespace Weft.Engine.Tasks;

/// <summary>Reads a property that holds an ISO 8601 duration.</summary>
internal static class StepDuration
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    /// <summary>The duration, or null when the property is absent. Negative and absurd ones are refused by name.</summary>
    public static TimeSpan? Read(StepContext step, string property) => Parse(step.Properties.GetValueOrDefault(property), property);

    /// <summary>The duration that the value holds, or null.</summary>
    public static TimeSpan? Parse(object? value, string property)
    {
        var text = FlowValue.ToText(value);
        if (string.IsNullOrWhiteSpace(text)) return null;
        TimeSpan duration;
        try
        {
            duration = XmlConvert.ToTimeSpan(text.Trim());
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new FlowException("step_property_invalid", $"{property} is '{text}'; it must be an ISO 8601 duration such as PT30S, PT5M or P1D.");
        }
        return duration >= TimeSpan.Zero && duration <= Longest
            ? duration
            : throw new FlowException("step_property_invalid", $"{property} is '{text}'; it must lie between PT0S and ten years.");
    }
}
