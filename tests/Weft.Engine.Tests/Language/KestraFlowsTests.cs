using System.Text.Json;
using System.Text.RegularExpressions;
using Weft.Engine.Expressions;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

/// <summary>Kestra's own flows, when the folder that holds them is named by WEFT_SHARED_DATA.</summary>
public sealed partial class KestraFlowsTests
{
    [Fact]
    public void Every_invalid_flow_is_refused_for_the_reason_that_Kestra_has()
    {
        using var cases = Cases(out var folder);
        var count = 0;
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            if (!item.TryGetProperty("must_reject", out var reject) || !reject.GetBoolean()) continue;
            count++;
            var result = FlowCompiler.Compile(File.ReadAllText(Path.Combine(folder, item.GetProperty("flow").GetString()!)), EngineTaskTypes.Registry());
            var name = item.GetProperty("name").GetString()!;
            result.Flow.ShouldBeNull(name);
            var expected = name switch
            {
                "invalid-duplicate-parallel" => "There are two tasks called 't3'",
                "invalid-empty" => "A flow needs 'tasks'",
                "invalid-inputs-bad-validator-syntax" => "no regular expression",
                "invalid-inputs-validation" => "A FILE input has no default",
                "invalid-invalid-task" => "MissingTwo' is not supported",
                _ => "is not supported",
            };
            result.Problems.ShouldContain(p => p.Message.Contains(expected, StringComparison.Ordinal), name);
        }
        count.ShouldBeGreaterThanOrEqualTo(6);
    }

    [Fact]
    public void Every_valid_flow_compiles_or_is_refused_by_the_name_of_what_is_not_supported()
    {
        using var cases = Cases(out var folder);
        var registry = EngineTaskTypes.Registry();
        var compiled = 0;
        // Kestra saves this one and fails when it runs: a tag inside an expression. Here a template is read when the flow is saved.
        string[] brokenTemplates = ["flowable-with-parent-fail.yaml"];
        var failures = new List<string>();
        var refused = new List<string>();
        foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, "flows", "valids")).Order(StringComparer.Ordinal))
        {
            var result = FlowCompiler.Compile(File.ReadAllText(path), registry);
            var file = Path.GetFileName(path);
            if (result.Flow is not null) compiled++;
            else if (brokenTemplates.Contains(file)) result.Problems.ShouldHaveSingleItem().Message.ShouldContain("`%` was found");
            else if (result.Problems.All(p => NamedRefusal().IsMatch(p.Message))) refused.Add($"{file}: {result.Problems[0].Message}");
            else failures.AddRange(result.Problems.Where(p => !NamedRefusal().IsMatch(p.Message)).Select(p => $"{file}:{p.Line}:{p.Column}: {p.Path}: {p.Message}"));
        }
        failures.ShouldBeEmpty(string.Join("\n", failures));
        TestContext.Current.SendDiagnosticMessage($"{compiled} compile; refused by name: {string.Join("; ", refused)}");
        compiled.ShouldBeGreaterThanOrEqualTo(60, string.Join("\n", refused));
    }

    [Fact]
    public void The_typed_inputs_of_Kestra_are_bound_as_Kestra_binds_them()
    {
        using var cases = Cases(out var folder);
        var count = 0;
        var failures = new List<string>();
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var rejects = item.TryGetProperty("must_reject_start", out var reject) && reject.GetBoolean();
            if (!rejects && !item.TryGetProperty("typed_inputs", out _)) continue;
            count++;
            var flow = FlowCompiler.Compile(File.ReadAllText(Path.Combine(folder, item.GetProperty("flow").GetString()!)), EngineTaskTypes.Registry()).Flow.ShouldNotBeNull();
            var given = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (var input in item.GetProperty("inputs").EnumerateObject())
            {
                var value = FlowValue.Parse(input.Value.GetRawText());
                given[input.Name] = value is IReadOnlyDictionary<string, object?> map && map.TryGetValue("$file", out var file) ? file : value;
            }
            var binding = FlowInputs.Bind(flow, given, NoScope.Instance);
            var name = item.GetProperty("name").GetString();
            if (rejects)
            {
                var wrong = $"inputs.{item.GetProperty("reject_input").GetString()}";
                if (binding.Problems.Count != 1 || binding.Problems[0].Path != wrong) failures.Add($"{name}: {wrong} should be refused, but {string.Join("; ", binding.Problems)}");
                continue;
            }
            failures.AddRange(binding.Problems.Select(p => $"{name}: {p}"));
            foreach (var typed in item.GetProperty("typed_inputs").EnumerateObject())
            {
                var actual = binding.Values.GetValueOrDefault(typed.Name);
                if (!Operators.Same(actual, FlowValue.Parse(typed.Value.GetRawText()))) failures.Add($"{name}: {typed.Name} is {FlowValue.ToJson(actual)} instead of {typed.Value.GetRawText()}");
            }
        }
        count.ShouldBeGreaterThan(15);
        failures.ShouldBeEmpty(string.Join("\n", failures));
    }

    [Fact]
    public void The_flows_that_the_product_began_with_compile_unchanged()
    {
        var shared = SharedData();
        var document = Directory.EnumerateFiles(Path.Combine(shared, "..", "seeds"), "000_*.txt").Single();
        var flows = YamlBlock().Matches(File.ReadAllText(document)).Select(m => m.Groups["flow"].Value).Where(b => b.StartsWith("id: ", StringComparison.Ordinal)).ToList();
        flows.Count.ShouldBeGreaterThanOrEqualTo(4);
        foreach (var flow in flows) FlowCompiler.Compile(flow, EngineTaskTypes.Registry()).Problems.ShouldBeEmpty(flow);
    }

    private static JsonDocument Cases(out string folder)
    {
        folder = Path.Combine(SharedData(), "conformance", "kestra");
        return JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
    }

    private static string SharedData()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA is not set");
        return folder!;
    }

    /// <summary>A fenced block of YAML that is a whole flow; the last one may lack its closing fence.</summary>
    [GeneratedRegex(@"```yaml\r?\n(?<flow>id: (?:(?!```)[\s\S])*?\r?\ntasks:(?:(?!```)[\s\S])*)(?:```|\z)", RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex YamlBlock();

    /// <summary>The words of a refusal of something that exists in Kestra and not here.</summary>
    [GeneratedRegex(@"is not supported|Only RETRY_FAILED_TASK is supported|There is no filter `jq`|'states' is '(RUNNING|PAUSED)'", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex NamedRefusal();
}
