using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Weft.Documents.Layout;
using Weft.Documents.Tests.Fixtures;

namespace Weft.Documents.Tests;

/// <summary>Figures per field over the labelled samples, and floors under which no change may take them.</summary>
public sealed class AccuracyTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, double> Floors = new()
    {
        ["kind"] = 1, ["name"] = 1, ["label"] = 0.95, ["email"] = 1, ["phone"] = 1, ["url"] = 0.9, ["city"] = 0.7, ["region"] = 0.8, ["summary"] = 0.9, ["profiles"] = 0.95,
        ["work.name"] = 0.9, ["work.position"] = 0.95, ["work.location"] = 0.85, ["work.startDate"] = 0.97, ["work.endDate"] = 0.97, ["work.highlights"] = 0.95,
        ["education.institution"] = 0.95, ["education.area"] = 0.95, ["education.studyType"] = 0.95, ["education.startDate"] = 0.95, ["education.endDate"] = 0.95, ["education.score"] = 0.95,
        ["skills"] = 0.97, ["languages"] = 0.95, ["languages.fluency"] = 0.95, ["certificates"] = 0.95, ["certificates.date"] = 0.95, ["certificates.issuer"] = 0.9,
    };

    private readonly SortedDictionary<string, (int Right, int Wrong, int Missed)> _counts = new(StringComparer.Ordinal);
    private readonly List<string> _misses = [];

    [Fact]
    public async Task The_samples_are_read_at_least_as_well_as_the_floors_say()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA names no folder with the sample CVs");
        var samples = Path.Combine(folder!, "cv");
        Directory.Exists(samples).ShouldBeTrue($"{samples} is missing");

        await using var reader = new CvReader(InstalledExtractor.Options, null, TimeProvider.System);
        var times = new List<double>();
        var truths = Directory.GetFiles(Truths(), "*.json").Order(StringComparer.Ordinal).ToList();
        truths.Count.ShouldBe(12);
        foreach (var truth in truths)
        {
            var file = Path.GetFileNameWithoutExtension(truth);
            var bytes = await File.ReadAllBytesAsync(Path.Combine(samples, file), TestContext.Current.CancellationToken);
            var reading = await reader.ReadAsync(bytes, file, TestContext.Current.CancellationToken);
            var best = double.MaxValue;
            for (var i = 0; i < 3; i++)
            {
                var clock = Stopwatch.StartNew();
                reading = await reader.ReadAsync(bytes, file, TestContext.Current.CancellationToken);
                best = Math.Min(best, clock.Elapsed.TotalMilliseconds);
            }

            times.Add(best);
            Invention.ShouldBeNone(reading);
            Compare(file, JsonNode.Parse(await File.ReadAllTextAsync(truth, TestContext.Current.CancellationToken))!, reading);
        }

        var table = new StringBuilder("field                    right  wrong missed   F1\n");
        foreach (var (field, count) in _counts)
            table.AppendLine($"{field,-24} {count.Right,5} {count.Wrong,6} {count.Missed,6}  {F1(count):0.000}");
        times.Sort();
        table.AppendLine($"milliseconds a CV: median {times[times.Count / 2]:0}, most {times[^1]:0} (best of three readings each)");
        foreach (var miss in _misses)
            table.AppendLine(miss);
        output.WriteLine(table.ToString());
        _counts.Keys.ShouldBe(Floors.Keys, ignoreOrder: true);
        foreach (var (field, count) in _counts)
            F1(count).ShouldBeGreaterThanOrEqualTo(Floors[field], $"{field}\n{table}");
    }

    private static double F1((int Right, int Wrong, int Missed) count) => count.Right == 0 && count.Wrong + count.Missed > 0 ? 0 : 2.0 * count.Right / Math.Max(1, (2 * count.Right) + count.Wrong + count.Missed);

    private static string Truths([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Truth");

    private void Compare(string file, JsonNode truth, CvReading reading)
    {
        var resume = truth["resume"]!;
        var basics = resume["basics"]!;
        var alternatives = truth["x-alternatives"];
        var read = reading.Resume;
        Field(file, "kind", truth["document"]!["kind"], CvJson.KindName(reading.Document.Kind));
        Field(file, "name", basics["name"], read.Basics.Name);
        Field(file, "label", basics["label"], read.Basics.Label, alternatives?["/basics/label"]);
        Field(file, "email", basics["email"], read.Basics.Email);
        Field(file, "phone", basics["phone"], read.Basics.Phone);
        Field(file, "url", basics["url"], read.Basics.Url);
        Field(file, "city", basics["location"]?["city"], read.Basics.Location?.City, alternatives?["/basics/location/city"]);
        // A country beside the city is as right as no region where the document names no region.
        if (basics["location"]?["region"] is { } region || read.Basics.Location?.City is null)
            Field(file, "region", basics["location"]?["region"], read.Basics.Location?.Region);
        if (basics["x-summary"] is { } summary)
        {
            var text = Plain(read.Basics.Summary ?? "");
            Count(file, "summary", text.StartsWith(Plain((string)summary["starts"]!), StringComparison.Ordinal) && text.EndsWith(Plain((string)summary["ends"]!), StringComparison.Ordinal), read.Basics.Summary is not null, true, read.Basics.Summary);
        }
        else
            Count(file, "summary", false, read.Basics.Summary is not null, false, read.Basics.Summary);

        Sets(file, "profiles", basics["profiles"]!.AsArray().Select(one => (string)one!["network"]! + " " + (string)one["username"]!), read.Basics.Profiles.Select(one => one.Network + " " + one.Username));
        Sets(file, "skills", resume["skills"]!.AsArray().SelectMany(one => one!["keywords"] is JsonArray keywords ? keywords.Select(k => (string)k!) : [(string)one["name"]!]),
            read.Skills.SelectMany(one => one.Keywords.Count > 0 ? one.Keywords : [one.Name]));
        Sets(file, "languages", resume["languages"]!.AsArray().Select(one => (string)one!["language"]!), read.Languages.Select(one => one.Language));
        Sets(file, "languages.fluency", resume["languages"]!.AsArray().Where(one => one!["fluency"] is not null).Select(one => (string)one!["language"]! + " " + (string)one["fluency"]!),
            read.Languages.Where(one => one.Fluency is not null).Select(one => one.Language + " " + one.Fluency));
        Entries(file, resume["work"]!.AsArray(), read.Work,
            ("work.name", "name", one => one.Name), ("work.position", "position", one => one.Position), ("work.location", "location", one => one.Location),
            ("work.startDate", "startDate", one => one.StartDate), ("work.endDate", "endDate", one => one.EndDate), ("work.highlights", "x-highlights", one => one.Highlights.Count.ToString()));
        Entries(file, resume["education"]!.AsArray(), read.Education,
            ("education.institution", "institution", one => one.Institution), ("education.area", "area", one => one.Area), ("education.studyType", "studyType", one => one.StudyType),
            ("education.startDate", "startDate", one => one.StartDate), ("education.endDate", "endDate", one => one.EndDate), ("education.score", "score", one => one.Score));
        Entries(file, resume["certificates"]!.AsArray(), read.Certificates,
            ("certificates", "name", one => one.Name), ("certificates.date", "date", one => one.Date), ("certificates.issuer", "issuer", one => one.Issuer));
    }

    /// <summary>Pairs each labelled entry with the read one that agrees in most fields, then counts field by field.</summary>
    private void Entries<T>(string file, JsonArray truth, IReadOnlyList<T> read, params (string Field, string Key, Func<T, string?> Value)[] fields)
        where T : class
    {
        var left = read.ToList();
        foreach (var wanted in truth)
        {
            int Agreement(T one) => fields.Sum(field => wanted![field.Key] is { } value && field.Value(one) is { } other && Plain(value.ToString()) == Plain(other) ? 1 : 0);
            var pair = left.MaxBy(Agreement);
            if (pair is not null && Agreement(pair) == 0)
                pair = null;
            foreach (var field in fields)
                Field(file, field.Field, wanted![field.Key], pair is null ? null : field.Value(pair));
            if (pair is not null)
                left.Remove(pair);
        }

        foreach (var extra in left)
        {
            foreach (var field in fields)
                Field(file, field.Field, null, field.Value(extra));
        }
    }

    private void Field(string file, string field, JsonNode? truth, string? value, JsonNode? alternatives = null)
    {
        var right = truth is not null && value is not null && (Plain(truth.ToString()) == Plain(value) || alternatives?.AsArray().Any(other => Plain((string)other!) == Plain(value)) == true);
        Count(file, field, right, value is not null, truth is not null, $"{value} (wanted {truth})");
    }

    private void Sets(string file, string field, IEnumerable<string> truth, IEnumerable<string> read)
    {
        var wanted = truth.Select(Plain).ToHashSet();
        var found = read.Select(Plain).ToHashSet();
        foreach (var one in wanted.Union(found))
            Count(file, field, wanted.Contains(one) && found.Contains(one), found.Contains(one), wanted.Contains(one), one);
        if (!_counts.ContainsKey(field))
            _counts[field] = default;
    }

    private void Count(string file, string field, bool right, bool found, bool wanted, string? shown)
    {
        var count = _counts.GetValueOrDefault(field);
        _counts[field] = (count.Right + (right ? 1 : 0), count.Wrong + (found && !right ? 1 : 0), count.Missed + (wanted && !right ? 1 : 0));
        if (!right && (found || wanted))
            _misses.Add($"  {file} {field}: {shown}");
    }

    private static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var c in text.Replace("https://", "", StringComparison.OrdinalIgnoreCase).Replace("http://", "", StringComparison.OrdinalIgnoreCase))
        {
            if (!char.IsWhiteSpace(c))
                plain.Append(Characters.IsDash(c) ? '-' : c is '’' or '‘' ? '\'' : c is '•' or '·' ? '·' : char.ToLowerInvariant(c));
        }

        return plain.ToString().TrimEnd('/');
    }
}
