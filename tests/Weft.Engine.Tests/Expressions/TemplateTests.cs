using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

public sealed class TemplateTests
{
    private static readonly VariableScope Scope = VariableScope.FromJson(
        """
        {
          "inputs": { "name": "Ada", "age": 36, "tags": ["a", "b"], "score": 1.5, "gone": null, "yes": true },
          "outputs": { "fetch-1": { "rows": [ { "id": 7 }, { "id": 8 } ] } },
          "words": ["pear", "apple", "fig"]
        }
        """);

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("Hi {{ inputs.name }}!", "Hi Ada!")]
    [InlineData("{{ inputs['name'] }}{# a note #}", "Ada")]
    [InlineData("{{ inputs.nobody ?? 'none' }}", "none")]
    [InlineData("{{ inputs.nobody.deeper ?? 'none' }}", "none")]
    [InlineData("{{ inputs.gone ?? 'none' }}", "none")]
    [InlineData("{{ inputs.gone ??? 'none' }}", "")]
    [InlineData("{{ nobody | default('none') }}", "none")]
    [InlineData("{% if inputs.age >= 18 and inputs.yes %}adult{% else %}minor{% endif %}", "adult")]
    [InlineData("{% if inputs.nobody is defined %}1{% elseif inputs.gone is null %}2{% endif %}", "2")]
    [InlineData("{% for w in words %}{{ loop.index }}{{ w }}{% if not loop.last %},{% endif %}{% endfor %}", "0pear,1apple,2fig")]
    [InlineData("{% for e in {'a': 1, 'b': 2} %}{{ e.key }}={{ e.value }};{% endfor %}", "a=1;b=2;")]
    [InlineData("{% for r in outputs['fetch-1'].rows %}{{ r.id }}{% else %}none{% endfor %}", "78")]
    [InlineData("{% set total = 0 %}{% for r in outputs['fetch-1'].rows %}{% set total = total + r.id %}{% endfor %}{{ total }}", "15")]
    [InlineData("{% macro greet(who, mark='!') %}Hi {{ who }}{{ mark }}{% endmacro %}{{ greet('Bo') }}{{ greet('Cy', mark='?') }}", "Hi Bo!Hi Cy?")]
    [InlineData("{% block a %}x{% endblock %}{{ block('a') }}", "xx")]
    [InlineData("{% filter upper | trim %} a{{ inputs.name }} {% endfilter %}", "AADA")]
    [InlineData("{{ 'a' in words ? 1 : 2 }}{{ 'fig' in words }}{{ 'fig' not in words }}", "2truefalse")]
    [InlineData("{{ \"#{inputs.name} is #{inputs.age + 1}\" }}", "Ada is 37")]
    [InlineData("{{ inputs }}", """{"name":"Ada","age":36,"tags":["a","b"],"score":1.5,"gone":null,"yes":true}""")]
    [InlineData("a  {{- inputs.name -}}  b", "aAdab")]
    [InlineData("{% raw %}{{ untouched }}{% endraw %}", "{{ untouched }}")]
    [InlineData("{{ 2 + 3 * 4 - 10 / 4 % 3 }}{{ -inputs.age }}", "12-36")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "9223372036854775808")]
    [InlineData("{{ 1.0 / 3 }} {{ 1.0 * 10000000 }} {{ 0.0001 * 1 }}", "0.3333333333333333 1.0E7 1.0E-4")]
    [InlineData("{{ secret('KEY') }}", "secret of KEY")]
    [InlineData("{{ words | sort | join(', ') | upper }}", "APPLE, FIG, PEAR")]
    [InlineData("{{ words contains 'fig' and not (words contains 'kiwi') }}", "true")]
    [InlineData("{{ words.size }}{{ words[0] }}{{ words['1'] }}", "3pearapple")]
    [InlineData("{{ render('{{ inputs.name }} {{ 1 + 1 }}') }}", "Ada 2")]
    public void A_template_prints(string source, string expected) => Template.Parse(source).EvaluateText(Scope).ShouldBe(expected);

    [Theory]
    [InlineData("{{ inputs.age }}", "36")]
    [InlineData("{{ inputs.tags }}", """["a","b"]""")]
    [InlineData("{{ inputs.gone }}", "null")]
    [InlineData("{{ inputs.yes }}", "true")]
    [InlineData("{{ inputs.score * 2 }}", "3.0")]
    [InlineData("{{ {'a': inputs.tags} }}", """{"a":["a","b"]}""")]
    [InlineData(" {{ inputs.age }}", "\" 36\"")]
    [InlineData("{{ inputs.age }}{{ inputs.age }}", "\"3636\"")]
    public void A_single_expression_keeps_its_type(string source, string json) => FlowValue.ToJson(Template.Parse(source).Evaluate(Scope)).ShouldBe(json);

    [Theory]
    [InlineData("{{ inputs.nmae }}", "`inputs` has no `nmae`. Did you mean `name`?")]
    [InlineData("{{ input.name }}", "The variable `input` does not exist. Did you mean `inputs`?")]
    [InlineData("{{ inputs.gone.deeper }}", "`deeper` cannot be read, because `inputs.gone` is null.")]
    [InlineData("{{ words[3] }}", "`words` has no element `3`; it has 3.")]
    [InlineData("{{ inputs.age.years }}", "`inputs.age` is a whole number and has no `years`.")]
    public void A_missing_variable_is_named_with_its_nearest_neighbour(string source, string message)
    {
        var problem = Should.Throw<TemplateException>(() => Template.Parse(source).Evaluate(Scope));
        problem.Code.ShouldBe("variable_missing");
        problem.Message.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("a\n {{ x", 2, 2)]
    [InlineData("{{ x | uper }}", 1, 8)]
    [InlineData("{% if x %}\n{% endfor %}", 2, 4)]
    [InlineData("{{ 'abc }}", 1, 4)]
    [InlineData("{# never", 1, 1)]
    [InlineData("{{ a b }}", 1, 6)]
    [InlineData("{{ x.trim() }}", 1, 6)]
    [InlineData("{{ 'a' | replace({'a': 'b'}, regex=true) }}", 1, 36)]
    [InlineData("{% include 'other' %}", 1, 4)]
    public void A_mistake_is_placed(string source, int line, int column)
    {
        var problem = Should.Throw<TemplateSyntaxException>(() => Template.Parse(source));
        (problem.Line, problem.Column).ShouldBe((line, column), problem.Message);
    }

    [Fact]
    public void References_name_variables_functions_and_what_is_guarded()
    {
        var references = Template.Parse(
            """
            {% set mine = inputs.a %}{{ mine }}{% for row in outputs.q.rows %}{{ row.id }}{{ loop.index }}{% endfor %}
            {{ vars['x'].y ?? secret('K') }}{{ maybe is defined }}{{ now() | date(fallback | default('yyyy')) }}
            """).References;
        references.Variables.Select(v => $"{v.Name}.{string.Join('.', v.Path)}:{v.Guarded}").ShouldBe(
            ["inputs.a:False", "outputs.q.rows:False", "vars.x.y:True", "maybe.:True", "fallback.:True"]);
        references.Functions.Select(f => (f.Name, f.BuiltIn)).ShouldBe([("secret", false), ("now", true)]);
        references.Variables[2].Line.ShouldBe(2);
    }

    [Theory]
    [InlineData("text", true, false)]
    [InlineData("text with { and } and #", true, false)]
    [InlineData("{{ 1 }}", false, false)]
    [InlineData("{{ now() }}", false, true)]
    [InlineData("{% if uuid() == 'x' %}{% endif %}", false, true)]
    [InlineData("{{ secret('X') }}", false, false)]
    [InlineData("{{ kv('X') }}", false, true)]
    public void Templates_know_whether_they_are_constant_or_volatile(string source, bool constant, bool isVolatile)
    {
        var template = Template.Parse(source);
        template.IsConstant.ShouldBe(constant);
        template.IsVolatile.ShouldBe(isVolatile);
    }
}
