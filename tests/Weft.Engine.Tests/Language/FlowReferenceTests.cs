using System.Runtime.CompilerServices;
using System.Text;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

/// <summary>The tables of docs/reference/flow-language.md are printed from what the compiler reads.</summary>
public sealed class FlowReferenceTests
{
    private const string Start = "<!-- Printed from the code: WEFT_UPDATE_DOCS=1 dotnet test tests/Weft.Engine.Tests --filter FlowReference -->\n";
    private const string End = "<!-- End of what is printed. -->";

    [Fact]
    public void The_tables_of_the_reference_say_what_the_compiler_reads()
    {
        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/reference/flow-language.md"));
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        var start = text.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        end.ShouldBeGreaterThanOrEqualTo(start);
        var printed = Print(EngineTaskTypes.Registry());
        if (Environment.GetEnvironmentVariable("WEFT_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, text[..start] + printed + text[end..]);
            return;
        }
        text[start..end].ShouldBe(printed, "Run this test with WEFT_UPDATE_DOCS=1 to print the tables anew.");
    }

    private static string Print(TaskTypeRegistry registry)
    {
        var text = new StringBuilder();
        text.Append("\n## Keys of a flow\n\n");
        Table(text, FlowKeys.All);
        text.Append("\n## Keys of an input\n\n");
        Table(text, InputKeys.All);
        text.Append("\n## Keys of every task\n\n");
        Table(text, TaskKeys.All);
        text.Append("\n## Task types\n");
        foreach (var type in registry.All)
        {
            Heading(text, type.Info.Name, type.Info.Description, type.Info.Aliases);
            var lists = type.Info.TaskLists.Select(l => new TaskProperty(l, PropertyType.List, l == "errors" ? "Tasks that run when one of the others failed; the task still fails." : "Tasks.")
            {
                Required = type.Info.RequiredTaskLists.Contains(l),
                Aliases = [.. type.Info.TaskListAliases.Where(a => a.Value == l).Select(a => a.Key)],
            });
            var maps = type.Info.TaskMaps.Select(m => new TaskProperty(m, PropertyType.Map, "Lists of tasks by name."));
            Table(text, [.. type.Info.Properties, .. maps, .. lists]);
        }
        text.Append("\n## Triggers\n\nEvery trigger has:\n\n");
        Table(text, TriggerKinds.CommonKeys);
        foreach (var kind in TriggerKinds.All)
        {
            Heading(text, kind.Name, kind.Description, kind.Aliases);
            Table(text, kind.Properties);
        }
        return text.Append('\n').ToString();
    }

    private static void Heading(StringBuilder text, string name, string description, IReadOnlyList<string> aliases)
    {
        text.Append($"\n### `{name}`\n\n{description}");
        if (aliases.Count > 0) text.Append($" Also: {string.Join(", ", aliases.Select(a => $"`{a}`"))}.");
        text.Append("\n\n");
    }

    private static void Table(StringBuilder text, IReadOnlyList<TaskProperty> properties)
    {
        if (properties.Count == 0)
        {
            text.Append("No properties of its own.\n");
            return;
        }
        text.Append("| key | value | meaning |\n|---|---|---|\n");
        foreach (var property in properties)
        {
            var names = string.Join(", ", property.Aliases.Prepend(property.Name).Select(n => $"`{n}`"));
            var description = property.Description.Replace("|", "\\|", StringComparison.Ordinal);
            if (property.Values is { } values) description += $" One of {string.Join(", ", values.Select(v => $"`{v}`"))}.";
            if (property.Otherwise is { } otherwise) description += $" When absent: {otherwise}.";
            text.Append($"| {names}{(property.Required ? " (required)" : "")} | {Word(property)} | {description} |\n");
        }
    }

    private static string Word(TaskProperty property) => property.Type switch
    {
        PropertyType.Any => "any",
        PropertyType.String => "text",
        PropertyType.Integer => "whole number",
        PropertyType.Number => "number",
        PropertyType.Boolean => property.IsCondition ? "condition" : "true or false",
        PropertyType.Duration => "duration",
        PropertyType.List => "list",
        PropertyType.Map => "map",
        _ => "SQL",
    };

    private static string Here([CallerFilePath] string path = "") => path;
}
