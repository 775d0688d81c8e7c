using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed class FlowInputsTests
{
    private static FlowDefinition Flow(string inputs) => Compiled($"""
        id: f
        namespace: n
        tasks: [{"{"} id: t, type: say, message: x {"}"}]
        inputs:
          {inputs.ReplaceLineEndings("\n  ")}
        """);

    private static FlowDefinition Compiled(string source)
    {
        var result = FlowCompiler.Compile(source, DescribedType.Registry());
        result.Problems.ShouldBeEmpty();
        return result.Flow!;
    }

    private static InputBinding Bind(FlowDefinition flow, params (string Name, object? Value)[] given) =>
        FlowInputs.Bind(flow, given.ToDictionary(g => g.Name, g => g.Value), NoScope.Instance);

    private static object? Value(string type, object? given)
    {
        var binding = Bind(Flow($"a: {type}"), ("a", given));
        binding.Problems.ShouldBeEmpty();
        return binding.Values["a"];
    }

    private static string Problem(string type, object? given)
    {
        var problem = Bind(Flow($"a: {type}"), ("a", given)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("inputs.a");
        return problem.Message;
    }

    [Theory]
    [InlineData("STRING", "x", "x")]
    [InlineData("STRING", 5L, "5")]
    [InlineData("STRING", true, "true")]
    [InlineData("SECRET", "x", "x")]
    [InlineData("INT", "42", 42L)]
    [InlineData("INT", 42L, 42L)]
    [InlineData("INT", 42.0, 42L)]
    [InlineData("FLOAT", "42.42", 42.42)]
    [InlineData("FLOAT", 42L, 42L)]
    [InlineData("BOOLEAN", "false", false)]
    [InlineData("BOOL", true, true)]
    [InlineData("DATE", "2019-10-06", "2019-10-06")]
    [InlineData("DATETIME", "2019-10-06T18:27:49Z", "2019-10-06T18:27:49Z")]
    [InlineData("DATETIME", "2019-10-06T18:27:49.5+02:00", "2019-10-06T16:27:49.5Z")]
    [InlineData("TIME", "18:27:49", "18:27:49")]
    [InlineData("TIME", "18:27", "18:27:00")]
    [InlineData("DURATION", "PT5M6S", "PT5M6S")]
    [InlineData("DURATION", "pt0.25s", "PT0.25S")]
    [InlineData("EMAIL", "ann@example.org", "ann@example.org")]
    [InlineData("URI", "https://example.org/a?b=c", "https://example.org/a?b=c")]
    [InlineData("FILE", "file-1", "file-1")]
    [InlineData("{ type: SELECT, values: [x, y] }", "y", "y")]
    [InlineData("{ type: SELECT, values: [x], allowCustomValue: true }", "z", "z")]
    [InlineData("{ type: ENUM, values: [1, 2] }", 2L, "2")]
    [InlineData("{ type: STRING, validator: 'A\\d+' }", "A12", "A12")]
    [InlineData("{ type: INT, min: 10, max: 20 }", "10", 10L)]
    [InlineData("{ type: DATE, after: 2023-01-01, before: 2023-12-31 }", "2023-06-01", "2023-06-01")]
    public void A_value_is_converted_to_the_declared_type(string type, object given, object expected) => Value(type, given).ShouldBe(expected);

    [Fact]
    public void Structured_values_are_read_from_text_or_taken_as_they_are()
    {
        FlowValue.ToJson(Value("JSON", "{\"a\": [1, null]}")).ShouldBe("""{"a":[1,null]}""");
        FlowValue.ToJson(Value("JSON", FlowValue.Map(("a", 1L)))).ShouldBe("""{"a":1}""");
        Value("JSON", 5L).ShouldBe(5L);
        FlowValue.ToJson(Value("YAML", "some: property\nalist:\n- of\n- values")).ShouldBe("""{"some":"property","alist":["of","values"]}""");
        FlowValue.ToJson(Value("{ type: ARRAY, itemType: INT }", "[1, \"2\"]")).ShouldBe("[1,2]");
        FlowValue.ToJson(Value("ARRAY", new List<object?> { "a", 1L })).ShouldBe("""["a",1]""");
        FlowValue.ToJson(Value("{ type: MULTISELECT, values: [x, y, z] }", "x, z")).ShouldBe("""["x","z"]""");
    }

    [Theory]
    [InlineData("STRING", null, "required")]
    [InlineData("INT", "4.5", "must be a whole number, but '4.5' was given")]
    [InlineData("INT", "9223372036854775808", "must be a whole number")]
    [InlineData("FLOAT", "NaN", "must be a number")]
    [InlineData("BOOLEAN", "yes", "must be true or false")]
    [InlineData("DATE", "2023-02-30", "must be a date")]
    [InlineData("DATETIME", "yesterday", "must be a date and time")]
    [InlineData("TIME", "25:00", "must be a time of day")]
    [InlineData("DURATION", "5 minutes", "must be an ISO 8601 duration")]
    [InlineData("DURATION", "PT-5S", "must be an ISO 8601 duration")]
    [InlineData("JSON", "{", "the JSON ends being readable in line 1")]
    [InlineData("YAML", "a: [", "must be a YAML text; in line 1")]
    [InlineData("ARRAY", "x", "must be a list")]
    [InlineData("{ type: ARRAY, itemType: INT }", "[1, \"s1\"]", "wrong item at position 2")]
    [InlineData("EMAIL", "ann@", "must be a mail address")]
    [InlineData("EMAIL", "a@b.c\r\nBcc: d@e.f", "must be a mail address")]
    [InlineData("URI", "http:/bla", "must be an absolute address")]
    [InlineData("URI", "/relative", "must be an absolute address")]
    [InlineData("URI", "file:///etc/passwd", "must be an absolute address")]
    [InlineData("{ type: SELECT, values: [green, red] }", "gren", "Did you mean 'green'?")]
    [InlineData("{ type: MULTISELECT, values: [x, y] }", "x,q", "it must be x or y")]
    [InlineData("{ type: STRING, validator: 'A\\d+' }", "foo A12", "must match 'A\\d+'")]
    [InlineData("{ type: STRING, validator: 'a|b' }", "ax", "must match")]
    [InlineData("{ type: INT, min: 10 }", "9", "must be at least 10")]
    [InlineData("{ type: FLOAT, max: 0.5 }", "0.51", "must be at most 0.5")]
    [InlineData("{ type: DATE, after: 2023-01-01 }", "2022-12-31", "must be at least 2023-01-01")]
    [InlineData("{ type: DATETIME, before: '2023-12-31T23:59:59Z' }", "2024-01-01T00:30:00+00:00", "must be at most")]
    [InlineData("{ type: TIME, before: '11:59:59' }", "12:00:00", "must be at most 11:59:59")]
    [InlineData("{ type: DURATION, min: PT10S }", "PT0.5S", "must be at least PT10S")]
    public void A_value_that_does_not_fit_is_refused_with_what_was_expected(string type, object? given, string message) =>
        Problem(type, given).ShouldContain(message);

    [Fact]
    public void A_refused_secret_is_not_repeated()
    {
        Problem("SECRET", new List<object?> { "hunter2" }).ShouldNotContain("hunter2");
        Problem("{ type: SECRET, validator: '[0-9]+' }", "hunter2").ShouldNotContain("hunter2");
    }

    [Fact]
    public void Deeply_nested_json_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 100_000)) + string.Concat(Enumerable.Repeat("]", 100_000));
        Problem("JSON", deep).ShouldContain("must be a JSON value");
        Problem("ARRAY", deep).ShouldContain("must be a list");
        Problem("YAML", deep).ShouldContain("nested deeper");
    }

    [Fact]
    public void An_optional_input_that_is_not_given_is_absent_and_a_default_fills_in()
    {
        var flow = Flow("optional: { type: STRING, required: false }\nrole: { type: STRING, defaults: guest }\nempty: { type: STRING, defaults: '' }\nversion: { type: STRING, defaults: 1.10 }");

        var binding = Bind(flow);
        binding.Problems.ShouldBeEmpty();
        binding.Values.Keys.ShouldBe(["role", "empty", "version"]);
        binding.Values["empty"].ShouldBe("");
        binding.Values["version"].ShouldBe("1.10");

        Bind(flow, ("optional", null), ("role", null)).Values.Keys.ShouldBe(["role", "empty", "version"]);
        Bind(flow, ("optional", "")).Values["optional"].ShouldBe("");
    }

    [Fact]
    public void A_default_may_be_a_template_that_reads_the_inputs_before_it()
    {
        var flow = Flow("name: STRING\ngreeting: { type: STRING, defaults: 'Hello {{ inputs.name }}' }\nhalf: { type: INT, defaults: '{{ 84 / 2 }}' }\nwrong: { type: INT, defaults: '{{ inputs.name }}' }");

        var binding = Bind(flow, ("name", "Ann"));

        binding.Values["greeting"].ShouldBe("Hello Ann");
        binding.Values["half"].ShouldBe(42L);
        binding.Problems.ShouldHaveSingleItem().Message.ShouldBe("'wrong' must be a whole number, but 'Ann' was given.");
    }

    [Fact]
    public void A_default_that_reads_what_is_not_there_is_a_problem_of_that_input()
    {
        var binding = Bind(Flow("name: { type: STRING, required: false }\ngreeting: { type: STRING, defaults: 'Hello {{ inputs.name }}' }"));
        binding.Problems.ShouldHaveSingleItem().Path.ShouldBe("inputs.greeting");
    }

    [Fact]
    public void Dotted_inputs_are_maps_in_maps_and_may_be_given_either_way()
    {
        var flow = Flow("nested.text: STRING\nnested.more.number: { type: INT, required: false }");

        FlowValue.ToJson(Bind(flow, ("nested.text", "a"), ("nested.more.number", "1")).Values).ShouldBe("""{"nested":{"text":"a","more":{"number":1}}}""");
        FlowValue.ToJson(Bind(flow, ("nested", FlowValue.Map(("text", "a"), ("more", FlowValue.Map(("number", 1L)))))).Values).ShouldBe("""{"nested":{"text":"a","more":{"number":1}}}""");
        Bind(flow, ("nested", FlowValue.Map(("text", "a"), ("txet", "b")))).Problems.ShouldHaveSingleItem().Path.ShouldBe("inputs.nested.txet");
    }

    [Fact]
    public void An_unknown_input_is_refused_unless_the_caller_sends_what_it_likes()
    {
        var flow = Flow("email: EMAIL");
        var given = new Dictionary<string, object?> { ["email"] = "ann@example.org", ["emial"] = "x" };

        FlowInputs.Bind(flow, given, NoScope.Instance).Problems.ShouldHaveSingleItem()
            .ShouldBe(new InputProblem("inputs.emial", "The flow has no input 'emial'. Did you mean 'email'?"));

        var webhook = FlowInputs.Bind(flow, given, NoScope.Instance, ignoreUnknown: true);
        webhook.Problems.ShouldBeEmpty();
        webhook.Values.Keys.ShouldBe(["email"]);
    }

    [Fact]
    public void All_problems_are_reported_at_once()
    {
        Bind(Flow("a: STRING\nb: INT\nc: BOOLEAN"), ("b", "x"), ("d", 1L)).Problems.Select(p => p.Path).ShouldBe(["inputs.a", "inputs.b", "inputs.c", "inputs.d"]);
    }
}
