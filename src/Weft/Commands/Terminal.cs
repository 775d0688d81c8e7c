using Spectre.Console;

namespace Weft.Commands;

/// <summary>How commands print: tables for people, plain lines where standard output is not a terminal's.</summary>
internal static class Terminal
{
    public static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        if (Console.IsOutputRedirected)
        {
            foreach (var row in rows) Console.WriteLine(string.Join('\t', row));
            return;
        }
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns) table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = true });
        foreach (var row in rows) table.AddRow([.. row.Select(cell => new Text(cell))]);
        AnsiConsole.Write(table);
    }
}

/// <summary>Reading the API's answers.</summary>
internal static class JsonAnswers
{
    /// <summary>A member as text; empty when it is null or absent.</summary>
    public static string Text(this System.Text.Json.JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != System.Text.Json.JsonValueKind.Null ? value.ToString() : "";
}
