namespace Weft.Engine.Language;

/// <summary>The names of the input types as flows write them.</summary>
internal static class InputTypes
{
    /// <summary>The canonical names, in the order of <see cref="InputType"/>.</summary>
    public static readonly IReadOnlyList<string> Names = [.. Enum.GetNames<InputType>().Select(n => n.ToUpperInvariant())];

    /// <summary>Other spellings: Kestra's older and newer ones.</summary>
    public static readonly IReadOnlyDictionary<string, InputType> Aliases = new Dictionary<string, InputType>(StringComparer.OrdinalIgnoreCase)
    {
        ["ENUM"] = InputType.Select,
        ["BOOL"] = InputType.Boolean,
        ["INTEGER"] = InputType.Int,
        ["NUMBER"] = InputType.Float,
        ["OBJECT"] = InputType.Json,
    };

    public static bool TryParse(string name, out InputType type) =>
        Aliases.TryGetValue(name, out type)
        || (Names.Contains(name, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(name, ignoreCase: true, out type));

    public static string Name(InputType type) => Names[(int)type];

    /// <summary>What a value of the type must be, for messages.</summary>
    public static string Expected(InputType type) => type switch
    {
        InputType.String or InputType.Secret => "a text",
        InputType.Int => "a whole number",
        InputType.Float => "a number",
        InputType.Boolean => "true or false",
        InputType.Date => "a date such as 2026-03-01",
        InputType.DateTime => "a date and time with its offset such as 2026-03-01T09:30:00Z",
        InputType.Time => "a time of day such as 09:30:00",
        InputType.Duration => IsoDuration.Expected,
        InputType.Json => "a JSON value or a text that holds one",
        InputType.Array => "a list or a text that holds a JSON list",
        InputType.Select => "one of the choices",
        InputType.MultiSelect => "a list of choices",
        InputType.Email => "a mail address",
        InputType.Uri => "an absolute address such as https://example.org/page",
        InputType.File => "the id of an uploaded file",
        _ => "a YAML text",
    };
}
