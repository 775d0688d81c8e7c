using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weft.Engine.Language;

/// <summary>Turns what a caller gave for an input into the value that the flow sees, or says what is wrong with it.</summary>
internal static partial class InputValues
{
    /// <summary>Longer patterns are refused: a validator is meant to be read.</summary>
    public const int LongestValidator = 1_000;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly string[] TimeFormats = ["HH:mm:ss", "HH:mm", "HH:mm:ss.FFFFFFF"];
    private static readonly string[] DateTimeFormats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ssK",
    ];

    /// <summary>Compiles a validator so that matching takes time linear in the text; null and a reason when that cannot be.</summary>
    public static Regex? CompilePattern(string pattern, out string? reason)
    {
        reason = null;
        if (pattern.Length > LongestValidator)
        {
            reason = $"the pattern is longer than {LongestValidator} characters";
            return null;
        }
        try
        {
            // The bare pattern is compiled first: inside the group its brackets could close ours.
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
            return new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (RegexParseException e)
        {
            reason = $"it is no regular expression: {e.Message}";
        }
        catch (NotSupportedException)
        {
            reason = "look-around, back-references and atomic groups are not supported, so that every text is checked in linear time";
        }
        return null;
    }

    /// <summary>The value as the flow sees it. <paramref name="problem"/> says what is wrong, as the end of a sentence that names the input.</summary>
    public static object? Coerce(InputDefinition input, object? given, out string? problem)
    {
        var value = Coerce(input, input.Type, given, out problem);
        return problem is null && (problem = Check(input, value)) is null ? value : null;
    }

    private static object? Coerce(InputDefinition input, InputType type, object? given, out string? problem)
    {
        problem = null;
        var text = given as string;
        switch (type)
        {
            case InputType.String or InputType.Secret when given is string or long or double or decimal or bool:
                return FlowValue.ToText(given);
            case InputType.Int when given is long whole:
                return whole;
            case InputType.Int when given is int whole:
                return (long)whole;
            case InputType.Int when given is double number && number == Math.Truncate(number) && Math.Abs(number) < 9e15:
                return (long)number;
            case InputType.Int when text is not null && long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                return whole;
            case InputType.Float when given is double or long or decimal:
                return given;
            case InputType.Float when given is int whole:
                return (long)whole;
            case InputType.Float when text is not null && double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number):
                return number;
            case InputType.Boolean when given is bool:
                return given;
            case InputType.Boolean when text is not null && bool.TryParse(text.Trim(), out var flag):
                return flag;
            case InputType.Date when given is DateTimeOffset time:
                return time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case InputType.Date when text is not null && DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date):
                return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case InputType.DateTime when given is DateTimeOffset time:
                return Utc(time);
            case InputType.DateTime when text is not null && DateTimeOffset.TryParseExact(text.Trim(), DateTimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time):
                return Utc(time);
            case InputType.Time when text is not null && TimeOnly.TryParseExact(text.Trim(), TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time):
                return time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
            case InputType.Duration when text is not null && IsoDuration.TryParse(text.Trim(), out _):
                return text.Trim().ToUpperInvariant();
            case InputType.Json when text is null:
                return given;
            case InputType.Json:
                return Json(text!, out problem);
            case InputType.Yaml when text is null:
                return given;
            case InputType.Yaml:
                return Yaml(text!, out problem);
            case InputType.Array:
                return Array(input, given, out problem);
            case InputType.Select when given is string or long or double or decimal or bool:
                return Choice(input, FlowValue.ToText(given), out problem);
            case InputType.MultiSelect:
                return Choices(input, given, out problem);
            case InputType.Email when text is not null && text.Trim() is { Length: <= 254 } mail && EmailPattern().IsMatch(mail):
                return mail;
            case InputType.Uri when text is not null && text.Length <= 4_096 && Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri) && uri.Scheme != Uri.UriSchemeFile:
                return text.Trim();
            case InputType.File when text is { Length: > 0 and <= 1_024 }:
                return text;
        }
        problem = $"must be {InputTypes.Expected(type)}, but {Shown(input, given)} was given";
        return null;
    }

    private static object? Json(string text, out string? problem)
    {
        problem = null;
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException e)
        {
            problem = $"must be {InputTypes.Expected(InputType.Json)}; the JSON ends being readable in line {(e.LineNumber ?? 0) + 1}, at byte {(e.BytePositionInLine ?? 0) + 1}";
            return null;
        }
    }

    private static object? Yaml(string text, out string? problem)
    {
        problem = null;
        var problems = new ProblemList();
        var root = SourceReader.Read(text, problems);
        if (problems.Count == 0 && root is not null) return Plain(root);
        var first = problems.ToSorted()[0];
        problem = $"must be a YAML text; in line {first.Line}, column {first.Column}: {first.Message.TrimEnd('.')}";
        return null;
    }

    /// <summary>A node as a value, without templates.</summary>
    internal static object? Plain(SourceNode node)
    {
        switch (node)
        {
            case ScalarNode scalar: return scalar.Value;
            case ListNode list: return list.Items.Select(Plain).ToList();
            default:
                var map = FlowValue.Map();
                foreach (var entry in ((MapNode)node).Entries) map[entry.Key] = Plain(entry.Value);
                return map;
        }
    }

    private static List<object?>? Array(InputDefinition input, object? given, out string? problem)
    {
        var items = given is string text ? JsonOrNull(text) as List<object?> : AsList(given);
        if (items is null)
        {
            problem = $"must be {InputTypes.Expected(InputType.Array)}, but {Shown(input, given)} was given";
            return null;
        }
        problem = null;
        if (input.ItemType is not { } itemType) return items;
        var result = new List<object?>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            result.Add(Coerce(input, itemType, items[i], out var itemProblem));
            if (itemProblem is null) continue;
            problem = $"has a wrong item at position {i + 1}: it {itemProblem}";
            return null;
        }
        return result;
    }

    private static string? Choice(InputDefinition input, string text, out string? problem)
    {
        problem = null;
        if (input.AllowCustomValue || input.Values is null || input.Values.Contains(text, StringComparer.Ordinal)) return text;
        problem = $"is {Names.Quote(text)}; it must be {Names.OneOf(input.Values)}.{Names.Suggest(text, input.Values)}".TrimEnd('.');
        return null;
    }

    private static List<object?>? Choices(InputDefinition input, object? given, out string? problem)
    {
        var items = given is string text ? JsonOrNull(text) as List<object?> ?? [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : AsList(given);
        if (items is null)
        {
            problem = $"must be {InputTypes.Expected(InputType.MultiSelect)}, but {Shown(input, given)} was given";
            return null;
        }
        problem = null;
        var result = new List<object?>(items.Count);
        foreach (var item in items)
        {
            result.Add(Choice(input, FlowValue.ToText(item), out problem));
            if (problem is not null) return null;
        }
        return result;
    }

    private static List<object?>? AsList(object? given) =>
        given is IEnumerable list and not string and not IReadOnlyDictionary<string, object?> ? [.. list.Cast<object?>()] : null;

    private static object? JsonOrNull(string text)
    {
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Check(InputDefinition input, object? value)
    {
        if (input.Pattern is { } pattern && value is string text)
        {
            try
            {
                if (!pattern.IsMatch(text)) return $"must match {Names.Quote(input.Validator!)}";
            }
            catch (RegexMatchTimeoutException)
            {
                return "took too long to check against its validator; give a shorter text";
            }
        }
        if (input.Min is { } min && Compare(input.Type, value, min) < 0) return $"must be at least {min}";
        if (input.Max is { } max && Compare(input.Type, value, max) > 0) return $"must be at most {max}";
        return null;
    }

    /// <summary>Whether a bound can be compared with values of the type.</summary>
    public static bool IsBound(InputType type, string bound)
    {
        var probe = new InputDefinition { Id = "bound", Type = type };
        return Coerce(probe, type, bound, out var problem) is not null && problem is null;
    }

    private static int Compare(InputType type, object? value, string bound)
    {
        var limit = Coerce(new InputDefinition { Id = "bound", Type = type }, type, bound, out _);
        switch (type)
        {
            case InputType.Int: return ((long)value!).CompareTo((long)limit!);
            case InputType.Float: return Convert.ToDouble(value, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(limit, CultureInfo.InvariantCulture));
            case InputType.Duration:
                return IsoDuration.Parse((string)value!).CompareTo(IsoDuration.Parse((string)limit!));
            case InputType.DateTime:
                return DateTimeOffset.Parse((string)value!, CultureInfo.InvariantCulture).CompareTo(DateTimeOffset.Parse((string)limit!, CultureInfo.InvariantCulture));
            // Dates and times of day in ISO form sort as text.
            default: return string.CompareOrdinal((string)value!, (string)limit!);
        }
    }

    private static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>What was given, in words; never the characters of a secret.</summary>
    private static string Shown(InputDefinition input, object? given) => given switch
    {
        null => "nothing",
        _ when input.Type == InputType.Secret => "something else",
        string { Length: 0 } => "an empty text",
        string text => Names.Quote(text),
        bool or long or int or double or decimal => FlowValue.ToText(given),
        IReadOnlyDictionary<string, object?> => "a map",
        IEnumerable => "a list",
        _ => "something else",
    };

    [GeneratedRegex(@"\A[^\s@<>()\[\],;:\\""]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}\z", RegexOptions.None, 250)]
    private static partial Regex EmailPattern();
}
