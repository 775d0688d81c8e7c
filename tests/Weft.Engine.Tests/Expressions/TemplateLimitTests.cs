using System.Diagnostics;
using System.Text;
using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

public sealed class TemplateLimitTests
{
    private static readonly VariableScope Scope = VariableScope.FromJson("""{ "inputs": { "name": "Ada", "n": 3, "list": [3, 1, 2], "map": { "a": [1, { "b": null }] }, "gone": null }, "self": "{{ render(self) }}" }""");

    [Theory]
    [InlineData("{% for a in 1..2000 %}{% for b in 1..2000 %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(0, 9223372036854775807) }}")]
    [InlineData("{% set s = 'aaaaaaaaaaaaaaaa' %}{% for i in 1..60 %}{% set s = s ~ s %}{% endfor %}")]
    [InlineData("{% set s = 'aaaaaaaaaaaaaaaa' %}{% for i in 1..60 %}{% set s = s | replace({'a': 'aaaaaaaa'}) %}{% endfor %}")]
    [InlineData("{% set s = 'a' %}{% for i in 1..60 %}{% set s = s | replace({'(a)': '$1$1$1'}, regexp=true) %}{% endfor %}")]
    [InlineData("{% set l = [1] %}{% for i in 1..60 %}{% set l = l + l %}{% endfor %}")]
    [InlineData("{% set l = [1] %}{% for i in 1..60 %}{% set l = [l, l] %}{% endfor %}{{ l }}")]
    [InlineData("{% set l = [] %}{% set t = range(1, 5000) | join('-------------------------------------------') %}{% for i in 1..100000 %}{% set l = l + [t ~ i] %}{% endfor %}")]
    [InlineData("{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m(1) }}")]
    [InlineData("{{ render(self) }}")]
    [InlineData("{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | regexMatch('^(?=a)(a+)+$') }}")]
    [InlineData("{{ 'x' | indent(10000, 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}")]
    [InlineData("{{ [1] | jq('[range(0; 1e9)]') }}")]
    [InlineData("{{ [1] | jq('reduce range(0;100) as $i (\"aaaaaaaaaaaaaaaa\"; . + .)') }}")]
    [InlineData("{{ [1,2,3] | jq('[.[] as $a | range(100000) | [., .] | add] | map([range(.)]) | length') }}")]
    public void What_costs_too_much_is_stopped(string source)
    {
        var watch = Stopwatch.StartNew();
        Should.Throw<TemplateException>(() => Template.Parse(source).EvaluateText(Scope)).Code.ShouldBe("template_limit");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Time_is_limited_too()
    {
        var limits = TemplateLimits.Default with { MaxTime = TimeSpan.FromMilliseconds(1), MaxSteps = int.MaxValue };
        var problem = Should.Throw<TemplateException>(() => Template.Parse("{% for a in 1..100000 %}{% for b in 1..1000 %}{% endfor %}{% endfor %}", limits).Evaluate(Scope));
        problem.Code.ShouldBe("template_limit");
        problem.Message.ShouldContain("0.001 s");
    }

    public static TheoryData<string, string> Deep() => new()
    {
        { "brackets", "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}" },
        { "lists", "{{ " + new string('[', 100_000) },
        { "minus", "{{ " + new string('-', 100_000) + "1 }}" },
        { "not", "{{ " + string.Concat(Enumerable.Repeat("not ", 50_000)) + "1 }}" },
        { "plus", "{{ 1" + string.Concat(Enumerable.Repeat("+1", 50_000)) + " }}" },
        { "attributes", "{{ a" + string.Concat(Enumerable.Repeat(".a", 50_000)) + " }}" },
        { "filters", "{{ a" + string.Concat(Enumerable.Repeat("|trim", 50_000)) + " }}" },
        { "ternary", "{{ " + string.Concat(Enumerable.Repeat("1?1:", 50_000)) + "1 }}" },
        { "coalesce", "{{ a" + string.Concat(Enumerable.Repeat("??a", 50_000)) + " }}" },
        { "interpolation", "{{ " + string.Concat(Enumerable.Repeat("\"#{", 50_000)) },
        { "tags", string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)) },
        { "tests", "{{ a" + string.Concat(Enumerable.Repeat(" is null", 50_000)) + " }}" },
        { "length", new string('x', 2_000_000) },
    };

    [Theory]
    [MemberData(nameof(Deep))]
    public void What_is_too_deep_or_too_long_is_refused_when_it_is_read(string what, string source)
    {
        what.ShouldNotBeEmpty();
        Should.Throw<TemplateSyntaxException>(() => Template.Parse(source));
    }

    [Theory]
    [InlineData("((((((")]
    [InlineData("[[[[[[")]
    [InlineData("{a:{a:")]
    [InlineData("if . then if . then ")]
    [InlineData("- - - - - ")]
    [InlineData("try try try ")]
    [InlineData("\"\\(\"\\(")]
    [InlineData(".a//.a//")]
    [InlineData(". as $x | . as $x | ")]
    [InlineData("reduce . as $x (")]
    public void A_deep_jq_program_is_refused(string part) =>
        Should.Throw<TemplateException>(() => Template.Parse("{{ [1] | jq(p) }}").Evaluate(VariableScope.Of(("p", string.Concat(Enumerable.Repeat(part, 400))))));

    [Fact]
    public void A_value_that_is_too_deep_to_print_is_refused()
    {
        object? value = 1L;
        for (var i = 0; i < 5000; i++) value = new List<object?> { value };
        foreach (var source in new[] { "{{ v }}!", "{{ v | toJson }}", "{{ v | yaml }}", "{{ v | jq('..') }}", "{{ v | jq('flatten') }}", "{{ {v: 1} }}", "{{ v | replace({'a': 'b'}) }}", "{{ v | distinct }}", "{{ render(v) }}" })
            Should.Throw<FlowException>(() => Template.Parse(source).EvaluateText(VariableScope.Of(("v", value))), source);
    }

    [Fact]
    public void Garbage_never_does_anything_but_fail_with_a_reason()
    {
        var random = new Random(42);
        string[] words =
        [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "if", "else", "elseif", "endif", "for", "in", "endfor", "set", "=", "macro", "endmacro", "block", "endblock", "filter", "endfilter", "raw", "endraw",
            "inputs", ".name", ".n", ".list", ".map", "['a']", "[0]", "(", ")", "[", "]", "{", "}", ":", ",", "?", "??", "???", "|", "~", "+", "*", "/", "%", "..", "==", "!=", "<", ">=", "and", "or", "not", "is", "contains",
            "equals", "null", "true", "1", "0", "2.5", "99999999999999999999", "'a'", "\"b#{1}\"", "'", "\"", "#{", "\\", "first", "last", "length", "default('x')", "join(',')", "sort", "date('yyyy-MM-dd')", "dateAdd(1,'DAYS')",
            "replace({'a':'b'},regexp=true)", "split('[')", "slice(0,9)", "jq('.[]|.')", "jq('.a.b')", "toJson", "yaml", "fromJson('{}')", "range(1,3)", "render('{{1}}')", "now()", "max(1,2)", "defined", "empty", "even", "map", "chunk(2)",
            "numberformat('#,##0.00')", "number", "merge([1])", "flatten", "keys", "values", "abs", "title", "slugify", "\n", " ", "\u0000", "\u6c34", "\ud800",
        ];
        var evaluated = 0;
        for (var round = 0; round < 30_000; round++)
        {
            var source = new StringBuilder();
            if (round % 2 == 0) source.Append("{{ inputs");
            for (var i = random.Next(1, 12); i > 0; i--) source.Append(words[random.Next(words.Length)]).Append(random.Next(3) == 0 ? "" : " ");
            if (round % 2 == 0) source.Append("}}");
            try
            {
                Template.Parse(source.ToString()).EvaluateText(Scope);
                evaluated++;
            }
            catch (FlowException reason) when (reason is TemplateSyntaxException or TemplateException)
            {
                reason.Message.ShouldNotBeNullOrWhiteSpace();
            }
        }
        evaluated.ShouldBeGreaterThan(200);
    }

    [Fact]
    public void Garbage_in_jq_dates_and_patterns_fails_with_a_reason_too()
    {
        var random = new Random(99);
        string[] jq = [".", "..", "[", "]", "(", ")", "{", "}", "|", ",", ":", "a", "\"x\"", "\"", "\\(", "$x", " as $x ", "if ", " then ", " else ", " end", "reduce ", "foreach ", "try ", " catch ", "1", "-", "+", "*", "/", "//", "==", "<", "?", "map(", "select(", "range(", "sort_by(", "group_by(", "@csv", "@base64d", "to_entries", "add", "length", "keys", "tojson", "fromjson", "split(", ";", "test(", "gsub(", "implode", "first", "limit(", "null", " and ", "not"];
        string[] dates = ["y", "yyyy", "MM", "MMM", "d", "EEE", "H", "h", "a", "mm", "ss", "SSS", "X", "XXX", "z", "VV", "O", "w", "D", "Q", "'", "''", "[", "]", "-", ":", " ", "T", "G", "n", "A"];
        string[] patterns = ["a", "(", ")", "[", "]", "^", "$", "\\", "d", "{", "}", "1", ",", "*", "+", "?", "|", ".", "<n>", "(?=", "\\1"];
        string[] numbers = ["#", "0", ",", ".", ";", "%", "'", "-", "x", "$"];
        foreach (var (source, words) in new[]
                 {
                     ("{{ inputs | jq(p) }}", jq), ("{{ '2026-03-05T08:09:10Z' | date(p) }}", dates), ("{{ '2026-03-05 08:09' | date(existingFormat=p) }}", dates),
                     ("{{ 'abcabc1' | regexReplace(p, '$1x') }}", patterns), ("{{ 'a,b|c' | split(p) }}", patterns), ("{{ 'abc' | regexExtract(p, 1) }}", patterns), ("{{ 1234.5 | numberformat(p) }}", numbers),
                     ("{{ yaml(p) }}", jq), ("{{ fromJson(p) }}", jq),
                 })
        {
            var template = Template.Parse(source);
            Scope.TryGet("inputs", out var inputs);
            for (var round = 0; round < 2000; round++)
            {
                var p = string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => words[random.Next(words.Length)]));
                try
                {
                    template.EvaluateText(VariableScope.Of(("inputs", inputs), ("p", p)));
                }
                catch (TemplateException reason)
                {
                    reason.Message.ShouldNotBeNullOrWhiteSpace();
                }
            }
        }
        Should.Throw<TemplateException>(() => Template.Parse("{{ fromJson(p) }}").Evaluate(VariableScope.Of(("p", "\"\\ud800\""))));
    }

    [Fact]
    public void Reading_a_variable_allocates_next_to_nothing()
    {
        var template = Template.Parse("{{ inputs.name }}");
        for (var i = 0; i < 100; i++) template.Evaluate(Scope);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) template.Evaluate(Scope);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }
}
