using System.Diagnostics;
using System.Text;
using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed class HostileSourceTests
{
    private static FlowProblem Refused(string source)
    {
        var result = FlowCompiler.Compile(source, DescribedType.Registry());
        result.Flow.ShouldBeNull();
        return result.Problems.FirstOrDefault(p => p.Path != "namespace" && p.Path != "tasks") ?? result.Problems[0];
    }

    [Fact]
    public void A_billion_laughs_are_counted_not_laughed()
    {
        var bomb = new StringBuilder("id: f\nnamespace: n\na: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
        for (var c = 'b'; c <= 'k'; c++)
        {
            var before = (char)(c - 1);
            bomb.Append($"{c}: &{c} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n");
        }
        Refused(bomb.ToString()).Message.ShouldContain("aliases counted as what they stand for");
    }

    [Fact]
    public void An_alias_may_stand_for_a_part_and_a_merge_key_copies_one()
    {
        var result = FlowCompiler.Compile("""
            id: f
            namespace: n
            retry: &twice { type: constant, interval: PT1S, maxAttempts: 2 }
            tasks:
              - { id: a, type: say, message: x, retry: *twice }
              - { id: b, type: say, message: x, retry: { <<: *twice, maxAttempts: 3 } }
            """, DescribedType.Registry());

        result.Problems.ShouldBeEmpty();
        result.Flow!.Tasks[0].Retry!.MaxAttempts.ShouldBe(2);
        result.Flow.Tasks[1].Retry!.MaxAttempts.ShouldBe(3);
        result.Flow.Tasks[1].Retry!.Interval.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void An_alias_to_its_own_inside_is_refused() => Refused("id: &x [ *x ]").Message.ShouldContain("The alias *x stands for nothing");

    [Theory]
    [InlineData("[", "")]
    [InlineData("{a: ", "")]
    [InlineData("- ", "")]
    [InlineData("[", "]")]
    public void Deep_nesting_is_refused_before_it_costs_anything(string open, string close)
    {
        var source = string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000));
        var time = Stopwatch.StartNew();
        Refused(source).Message.ShouldContain("nested deeper");
        time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Ten_megabytes_are_refused_without_being_read() =>
        Refused(new string('x', 10 * 1024 * 1024)).Message.ShouldContain("larger than 1024 KiB");

    [Fact]
    public void A_megabyte_of_parts_is_refused_by_their_number() =>
        Refused("a: [" + string.Concat(Enumerable.Repeat("1,", 200_000)) + "1]").Message.ShouldContain("more than 50000 parts");

    [Fact]
    public void Thousands_of_problems_are_shown_up_to_a_number_and_then_counted()
    {
        var source = "id: f\nnamespace: n\n" + string.Concat(Enumerable.Range(0, 5000).Select(i => $"wrong{i}: x\n"));
        var problems = FlowCompiler.Compile(source, DescribedType.Registry()).Problems;
        problems.Count.ShouldBe(201);
        problems[^1].Message.ShouldBe("There are 4801 more problems after this one.");
    }

    [Theory]
    [InlineData("id: f\n\tnamespace: n", 2, "A tab cannot indent YAML")]
    [InlineData("id: f\nid: g", 2, "The key 'id' is written twice; the first is in line 1")]
    [InlineData("id: f\n? [a, b]\n: c", 2, "A key must be a text")]
    [InlineData("id: !!python/object x", 1, "The tag 'tag:yaml.org,2002:python/object' means nothing here")]
    [InlineData("id: !ruby x", 1, "The tag '!ruby' means nothing here")]
    [InlineData("id: f\n---\nid: g", 2, "A second document starts here")]
    [InlineData("", 1, "The flow is empty")]
    [InlineData("# nothing\n", 1, "The flow is empty")]
    [InlineData("just text", 1, "A flow is a map")]
    [InlineData("- a", 1, "A flow is a map")]
    [InlineData("id: \"a\u0000b\"", 1, "U+0000 cannot stand in a flow")]
    [InlineData("id: \"a\\0b\"", 1, "cannot contain the character U+0000")]
    [InlineData("id: 'open", 1, "not valid YAML")]
    [InlineData("id: {{ x }}", 1, "")]
    [InlineData("id: f\n  namespace: n", 2, "not valid YAML")]
    [InlineData("id: @x", 1, "must be in quotes")]
    public void Broken_text_is_refused_with_its_line_and_a_remedy(string source, int line, string message)
    {
        var problem = Refused(source);
        problem.Line.ShouldBe(line);
        problem.Message.ShouldContain(message);
    }

    [Fact]
    public void Half_a_character_is_refused() => Refused("id: a\ud800b").Message.ShouldContain("U+D800 cannot stand in a flow");

    [Theory]
    [InlineData("id: [a]", "'id' must be a text")]
    [InlineData("id: { a: b }", "'id' must be a text")]
    [InlineData("id: ~", "A flow needs 'id'")]
    [InlineData("id: \"\"", "'' is no valid id")]
    [InlineData("id: a/b", "'a/b' is no valid id")]
    [InlineData("id: \"a\\nb\"", "'a b' is no valid id")]
    public void An_id_that_is_no_name_is_refused(string id, string message)
    {
        var problems = FlowCompiler.Compile($"{id}\nnamespace: n\ntasks: [{{ id: a, type: say, message: x }}]", DescribedType.Registry()).Problems;
        problems.ShouldHaveSingleItem().Message.ShouldContain(message);
    }

    [Fact]
    public void An_id_of_any_length_is_refused_in_a_short_message()
    {
        var problems = FlowCompiler.Compile($"id: {new string('a', 100_000)}\nnamespace: n\ntasks: [{{ id: a, type: {new string('b', 100_000)} }}]", DescribedType.Registry()).Problems;
        problems.Count.ShouldBe(2);
        problems.ShouldAllBe(p => p.Message.Length < 400);
    }

    [Fact]
    public void A_byte_order_mark_and_carriage_returns_do_not_move_places()
    {
        var problem = FlowCompiler.Compile("\uFEFFid: f\r\nnamespace: n\r\ntasks:\r\n  - id: a\r\n    type: say\r\n    message: |\r\n      one\r\n      {{ inputs.x }}\r\n", DescribedType.Registry())
            .Problems.ShouldHaveSingleItem();
        (problem.Line, problem.Column).ShouldBe((8, 10));
    }

    [Theory]
    [InlineData("? ")]
    [InlineData("a: ")]
    [InlineData("- ")]
    [InlineData("a: &x *x\n")]
    [InlineData("&a ")]
    [InlineData("!!str ")]
    [InlineData("\"")]
    [InlineData("'")]
    [InlineData("%YAML 1.2\n")]
    [InlineData("%")]
    [InlineData("---\n")]
    [InlineData("a:\n ")]
    [InlineData("|\n ")]
    [InlineData("# ")]
    [InlineData("[a: b, ")]
    [InlineData("{a, ")]
    [InlineData(", ")]
    [InlineData("é\u2028")]
    [InlineData("id: {{ inputs.x }}\n")]
    public void A_megabyte_of_anything_ends_in_problems_and_in_time(string part)
    {
        var source = string.Concat(Enumerable.Repeat(part, 1_000_000 / Encoding.UTF8.GetByteCount(part)));
        var time = Stopwatch.StartNew();
        Refused(source);
        FlowCompiler.Compile("id: f\nnamespace: n\ntasks:\n- id: t\n  type: say\n  message: " + source[..(source.Length - 100)], DescribedType.Registry()).ContentHash.ShouldNotBeEmpty();
        time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void A_text_full_of_unknown_names_is_judged_in_time()
    {
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{{{{ inputs.x{i} }}}} "));
        var time = Stopwatch.StartNew();
        var problems = FlowCompiler.Compile($"id: f\nnamespace: n\ntasks:\n- id: t\n  type: say\n  message: |\n    {text}", DescribedType.Registry()).Problems;
        time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        problems.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("((a{1000}){1000}){1000}")]
    [InlineData("(((((a+)+)+)+)+)+b")]
    [InlineData("(a|aa|aaa|aaaa)*{0,1000}x")]
    [InlineData("[\\w-z]{1,2147483647}")]
    public void A_validator_of_any_kind_is_ready_or_refused_in_time(string pattern)
    {
        var time = Stopwatch.StartNew();
        var result = FlowCompiler.Compile($"id: f\nnamespace: n\ninputs: {{ a: {{ type: STRING, validator: '{pattern}' }} }}\ntasks: [{{ id: t, type: say, message: x }}]", DescribedType.Registry());
        if (result.Flow is { } flow) FlowInputs.Bind(flow, new Dictionary<string, object?> { ["a"] = new string('a', 10_000) }, NoScope.Instance).Problems.Count.ShouldBeLessThan(2);
        else result.Problems.ShouldHaveSingleItem().Path.ShouldBe("inputs.a.validator");
        time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_validator_made_to_run_for_ever_answers_at_once()
    {
        var result = FlowCompiler.Compile("id: f\nnamespace: n\ninputs: { a: { type: STRING, validator: '(a+)+b' } }\ntasks: [{ id: t, type: say, message: x }]", DescribedType.Registry());
        var time = Stopwatch.StartNew();
        var binding = FlowInputs.Bind(result.Flow!, new Dictionary<string, object?> { ["a"] = new string('a', 100_000) }, NoScope.Instance);
        binding.Problems.ShouldHaveSingleItem().Message.ShouldContain("must match");
        time.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }
}
