using System.Text.Json;

namespace Weft.Engine.Tests.JsonPath;

public sealed class JsonPathTests
{
    private static readonly object? Store = FlowValue.Parse(
        """
        { "shop": { "books": [ { "t": "A", "price": 8.95, "isbn": "0-1" }, { "t": "B", "price": 12 }, { "t": "C", "price": 22.5, "isbn": "0-2" } ], "o'clock": 1 },
          "limit": 10 }
        """);

    [Theory]
    [InlineData("$.shop.books[*].t", """["A","B","C"]""", "$['shop']['books'][0]['t']")]
    [InlineData("$..price", "[8.95,12,22.5]", "$['shop']['books'][0]['price']")]
    [InlineData("$.shop.books[-1:].t", """["C"]""", "$['shop']['books'][2]['t']")]
    [InlineData("$.shop.books[::-1].t", """["C","B","A"]""", "$['shop']['books'][2]['t']")]
    [InlineData("$.shop.books[?@.isbn && @.price < $.limit].t", """["A"]""", "$['shop']['books'][0]['t']")]
    [InlineData("$.shop.books[?match(@.isbn, '0-[2-9]')]['t', 'price']", """["C",22.5]""", "$['shop']['books'][2]['t']")]
    [InlineData("$.shop['o\\'clock']", "[1]", "$['shop']['o\\'clock']")]
    [InlineData("$..books[?count(@.*) == 2].t", """["B"]""", "$['shop']['books'][1]['t']")]
    [InlineData("$.nothing.at.all", "[]", null)]
    public void A_query_selects(string query, string values, string? firstPath)
    {
        var path = Weft.Engine.JsonPath.JsonPath.Parse(query);
        FlowValue.ToJson(path.Values(Store)).ShouldBe(values);
        path.Select(Store).Select(n => n.Path).FirstOrDefault().ShouldBe(firstPath);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("shop", 1)]
    [InlineData("$.shop[", 8)]
    [InlineData("$[?@.a == @.*]", 14)]
    [InlineData("$[01]", 3)]
    [InlineData("$.a ", 4)]
    public void A_mistake_is_placed(string query, int position) =>
        Should.Throw<Weft.Engine.JsonPath.JsonPathException>(() => Weft.Engine.JsonPath.JsonPath.Parse(query)).Position.ShouldBe(position);

    [Fact]
    public void Deep_queries_and_queries_that_explode_are_stopped()
    {
        Should.Throw<Weft.Engine.JsonPath.JsonPathException>(() => Weft.Engine.JsonPath.JsonPath.Parse("$[?" + new string('(', 5000)));
        Should.Throw<Weft.Engine.JsonPath.JsonPathException>(() => Weft.Engine.JsonPath.JsonPath.Parse("$" + string.Concat(Enumerable.Repeat("[?@", 5000))));
        object? value = 1L;
        for (var i = 0; i < 100; i++) value = new List<object?> { value };
        Should.Throw<FlowException>(() => Weft.Engine.JsonPath.JsonPath.Parse("$..*..*..*..*..*").Values(value)).Code.ShouldBe("jsonpath_limit");
        for (var i = 0; i < 5000; i++) value = new List<object?> { value };
        Should.Throw<FlowException>(() => Weft.Engine.JsonPath.JsonPath.Parse("$..a").Values(value)).Code.ShouldBe("jsonpath_limit");
    }

    [Fact]
    public void Garbage_is_refused_or_selects_something()
    {
        var random = new Random(5);
        string[] words = ["$", "@", ".", "..", "[", "]", "?", "(", ")", "*", "'a'", "\"", "'", "shop", "books", "0", "-1", ":", ",", "==", "<", "&&", "||", "!", "length(", "count(", "match(", "value(", "1e2", "null", " ", "\\u12", "\ud800", "t"];
        var selected = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var query = "$" + string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => words[random.Next(words.Length)]));
            try
            {
                selected += Weft.Engine.JsonPath.JsonPath.Parse(query).Select(Store).Count;
            }
            catch (FlowException)
            {
                // Refused with a place, or stopped by a limit.
            }
        }
        selected.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void The_compliance_suite_passes_whole()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA is not set");
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, "conformance", "jsonpath", "cts.json")));
        var failures = new List<string>();
        var count = 0;
        foreach (var test in file.RootElement.GetProperty("tests").EnumerateArray())
        {
            count++;
            if (Judge(test) is { } failure) failures.Add($"{test.GetProperty("name")}: {test.GetProperty("selector")} {failure}");
        }
        count.ShouldBeGreaterThan(600);
        failures.ShouldBeEmpty(string.Join("\n", failures.Prepend($"{failures.Count} of {count} fail:")));
    }

    private static string? Judge(JsonElement test)
    {
        var invalid = test.TryGetProperty("invalid_selector", out var flag) && flag.GetBoolean();
        Weft.Engine.JsonPath.JsonPath path;
        try
        {
            path = Weft.Engine.JsonPath.JsonPath.Parse(test.GetProperty("selector").GetString()!);
        }
        catch (Weft.Engine.JsonPath.JsonPathException problem)
        {
            return invalid ? null : problem.Message;
        }
        if (invalid) return "was accepted";
        var nodes = path.Select(FlowValue.Parse(test.GetProperty("document").GetRawText()));
        var values = FlowValue.ToJson(nodes.Select(n => n.Value).ToList());
        var paths = FlowValue.ToJson(nodes.Select(object? (n) => n.Path).ToList());
        if (!Expected("result", "results").Contains(values)) return $"gave {values}";
        return Expected("result_paths", "results_paths") is { Count: > 0 } wanted && !wanted.Contains(paths) ? $"gave the paths {paths}" : null;

        List<string> Expected(string one, string several) =>
            test.TryGetProperty(one, out var only) ? [Canonical(only)] : test.TryGetProperty(several, out var many) ? [.. many.EnumerateArray().Select(Canonical)] : [];
    }

    private static string Canonical(JsonElement element) => FlowValue.ToJson(FlowValue.Parse(element.GetRawText()));
}
