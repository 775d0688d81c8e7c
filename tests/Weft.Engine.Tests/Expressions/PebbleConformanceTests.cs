using System.Text.Json;
using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

/// <summary>Kestra's and Pebble's own cases, when the folder that holds them is named by WEFT_SHARED_DATA.</summary>
public sealed class PebbleConformanceTests
{
    [Fact]
    public void Every_case_renders_as_Kestra_renders_it()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA is not set");
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, "conformance", "pebble", "expressions.json")));
        var failures = new List<string>();
        var count = 0;
        foreach (var item in file.RootElement.EnumerateArray())
        {
            count++;
            if (Judge(item) is { } failure) failures.Add($"{item.GetProperty("name")}: {item.GetProperty("template").GetRawText()} {failure}");
        }
        count.ShouldBeGreaterThan(400);
        failures.ShouldBeEmpty(string.Join("\n", failures.Prepend($"{failures.Count} of {count} fail:")));
    }

    private static string? Judge(JsonElement item)
    {
        var context = item.TryGetProperty("context", out var given) && given.ValueKind == JsonValueKind.Object ? given.GetRawText() : "{}";
        var scope = VariableScope.FromJson(context);
        var fails = item.GetProperty("error").GetBoolean();
        var superset = item.TryGetProperty("superset_ok", out var ok) && ok.GetBoolean();
        object? value;
        string text;
        try
        {
            var template = Template.Parse(item.GetProperty("template").GetString()!);
            value = template.Evaluate(scope);
            text = template.EvaluateText(scope);
        }
        catch (FlowException problem) when (problem is TemplateException or TemplateSyntaxException)
        {
            return fails ? null : $"failed: {problem.Message}";
        }
        if (fails)
        {
            if (!superset) return $"gave \"{text}\" instead of an error";
            return !item.TryGetProperty("pebble_default_expected", out var stock) || stock.GetString() == text ? null : $"gave \"{text}\" instead of \"{stock}\"";
        }
        var accepted = new List<string> { item.GetProperty("expected").GetString()! };
        if (item.TryGetProperty("expected_also", out var also)) accepted.AddRange(also.EnumerateArray().Select(a => a.GetString()!));
        // The order of a map's entries says nothing in JSON, and Java's hash order cannot be asked for.
        var asJson = item.GetProperty("expected").GetString() is ['{', '"', ..] json && text is ['{', '"', ..] && Operators.Same(FlowValue.Parse(json), FlowValue.Parse(text));
        if (!accepted.Contains(text) && !asJson) return $"gave \"{text}\" instead of \"{accepted[0]}\"";
        // Where one of several spellings is right, the typed value is that of the first.
        if (!item.TryGetProperty("typed", out var typed) || accepted.Count > 1) return null;
        return FlowValue.ToJson(value) == FlowValue.ToJson(FlowValue.Parse(typed.GetRawText())) && value?.GetType() == FlowValue.Parse(typed.GetRawText())?.GetType()
            ? null
            : $"gave the value {FlowValue.ToJson(value)} ({value?.GetType().Name}) instead of {typed.GetRawText()}";
    }
}
