using System.Text.Json;

namespace Weft.Documents.Tests.Fixtures;

/// <summary>The promise that nothing is invented: every value's letters stand in the document, every date's year in the span it cites.</summary>
internal static class Invention
{
    public static void ShouldBeNone(CvReading reading)
    {
        var text = Letters(reading.Text);
        var cited = Letters(string.Concat(reading.Pages.SelectMany(page => page.Lines).Select(line => line.Text)));
        using var json = JsonDocument.Parse(CvJson.WriteResume(reading.Resume));
        foreach (var (pointer, value) in Values("", json.RootElement))
        {
            if (pointer.EndsWith("/network", StringComparison.Ordinal))
                continue;
            var evidence = reading.Evidence.ShouldContainKeyAndReturn(pointer);
            if (pointer.EndsWith("Date", StringComparison.Ordinal) || pointer.EndsWith("/date", StringComparison.Ordinal))
            {
                (evidence.Text.Contains(value[..4], StringComparison.Ordinal) || evidence.Text.Contains(value[2..4], StringComparison.Ordinal)).ShouldBeTrue($"{pointer} = {value} from \"{evidence.Text}\"");
                continue;
            }

            // A profile's address may be the target of a link that the text only names.
            if (pointer.StartsWith("/basics/profiles", StringComparison.Ordinal) || pointer is "/basics/url")
                continue;
            (text.Contains(Letters(value), StringComparison.Ordinal) || cited.Contains(Letters(value), StringComparison.Ordinal)).ShouldBeTrue($"{pointer} = \"{value}\" is not in the document");
        }
    }

    private static CvEvidence ShouldContainKeyAndReturn(this IReadOnlyDictionary<string, CvEvidence> evidence, string pointer)
    {
        evidence.TryGetValue(pointer, out var found).ShouldBeTrue($"{pointer} has no evidence");
        return found!;
    }

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static IEnumerable<(string Pointer, string Value)> Values(string at, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(one => Values($"{at}/{one.Name}", one.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((one, i) => Values($"{at}/{i}", one)),
        JsonValueKind.String => [(at, element.GetString()!)],
        _ => [],
    };
}
