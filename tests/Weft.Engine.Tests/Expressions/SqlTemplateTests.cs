using System.Text.RegularExpressions;
using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

public sealed partial class SqlTemplateTests
{
    private static readonly VariableScope Scope = VariableScope.FromJson(
        """
        { "name": "O'Brien'); DROP TABLE user_profiles;--", "n": 3, "gone": null, "list": ["a", "b"], "yes": true, "no": false,
          "ranges": "{[2026-01-01,2026-02-01)}", "table": "we\"ird", "map": { "k": 1 } }
        """);

    private static string Show(BoundSql bound) => bound.Sql + " | " + FlowValue.ToJson(bound.Values);

    [Theory]
    [InlineData("insert into t values ('{{ name }}')", "insert into t values ($1) | [\"O'Brien'); DROP TABLE user_profiles;--\"]")]
    [InlineData("select {{ n }}, {{ list }}, {{ gone }}, {{ map }}", "select $1, $2, $3, $4 | [3,[\"a\",\"b\"],null,{\"k\":1}]")]
    [InlineData("select '{{ n }}', '{{ gone }}', '{{ gone }}!'", "select $1, $2, $3 | [\"3\",null,\"!\"]")]
    [InlineData("update p set r = '{{ ranges }}'::tsrange[]", "update p set r = $1::tsrange[] | [\"{[2026-01-01,2026-02-01)}\"]")]
    [InlineData("where s = any(string_to_array('{{ list | join(',') }}', ','))", "where s = any(string_to_array($1, ',')) | [\"a,b\"]")]
    [InlineData("where x = ANY('{{ n }},{{ name }}')", "where x = ANY($1) | [\"3,O'Brien'); DROP TABLE user_profiles;--\"]")]
    [InlineData("where a like '%{{ n }}%' and b = 'it''s {{ n }}'", "where a like $1 and b = $2 | [\"%3%\",\"it's 3\"]")]
    [InlineData("select E'a\\n{{ n }}\\'' , E'\\'' , 'plain \\'", "select $1 , E'\\'' , 'plain \\' | [\"a\\n3'\"]")]
    [InlineData("select * from {{ table | identifier }}", "select * from \"we\"\"ird\" | []")]
    [InlineData("select * from {{ ['s', 't'] | identifier }} where a = {{ n }}", "select * from \"s\".\"t\" where a = $1 | [3]")]
    [InlineData("select now() - interval '{{ n }} days', date '{{ n }}'", "select now() - CAST($1 AS interval), CAST($2 AS date) | [\"3 days\",\"3\"]")]
    [InlineData("select timestamp with time zone '{{ n }}' at time zone '{{ n }}'", "select CAST($1 AS timestamp with time zone) at time zone $2 | [\"3\",\"3\"]")]
    [InlineData("where update_date = '{{ n }}'", "where update_date = $1 | [\"3\"]")]
    [InlineData("set {% if yes %}a = '{{ n }}',{% endif %} {% if no %}b = '{{ name }}',{% endif %} c = now()", "set a = $1,  c = now() | [\"3\"]")]
    [InlineData("values {% for x in list %}('{{ x }}', {{ loop.index }}){% if not loop.last %}, {% endif %}{% endfor %}", "values ($1, $2), ($3, $4) | [\"a\",0,\"b\",1]")]
    [InlineData("{% set m = n * 2 %}select {{ m }}", "select $1 | [6]")]
    [InlineData("select 'a{% if yes %}it''s{% else %}no{% endif %}b'", "select $1 | [\"ait'sb\"]")]
    [InlineData("select '{% for x in list %}{{ x }};{% endfor %}'", "select $1 | [\"a;b;\"]")]
    [InlineData("select data ? 'k', data ?| array['a'], data @> '{\"a\": 1}' -- it's ok\n, {{ n }}", "select data ? 'k', data ?| array['a'], data @> '{\"a\": 1}' -- it's ok\n, $1 | [3]")]
    [InlineData("do $$ begin raise notice 'it''s'; end $$; select {{ n }}", "do $$ begin raise notice 'it''s'; end $$; select $1 | [3]")]
    [InlineData("select $tag$ ' $$ \" -- $tag$, a$b, {{ n }} /* ' /* nested */ \" */", "select $tag$ ' $$ \" -- $tag$, a$b, $1 /* ' /* nested */ \" */ | [3]")]
    [InlineData("select \"a'b\"\"c\", {{ n }}", "select \"a'b\"\"c\", $1 | [3]")]
    [InlineData("select foo'{{ n }}'bar", "select foo $1 bar | [\"3\"]")]
    [InlineData("select {% raw %}'{{ n }}'{% endraw %}", "select '{{ n }}' | []")]
    [InlineData("select N'{{ n }}', n'x'", "select $1, n'x' | [\"3\"]")]
    public void Templates_become_parameters(string sql, string expected) => Show(SqlTemplate.Parse(sql).Bind(Scope)).ShouldBe(expected);

    [Theory]
    [InlineData("select 1 -- {{ n }}", 1, 13)]
    [InlineData("select /* {{ n }} */ 1", 1, 11)]
    [InlineData("do $$ {{ n }} $$", 1, 7)]
    [InlineData("select\n \"{{ n }}\"", 2, 3)]
    [InlineData("select $1", 1, 8)]
    [InlineData("select 'abc", 1, 8)]
    [InlineData("select /* abc", 1, 8)]
    [InlineData("select {% if yes %}'a{% endif %}'", 1, 20)]
    [InlineData("select '{% if yes %}a'{% endif %}", 1, 21)]
    [InlineData("select 1 {% if yes %}-- note{% endif %} + 1", 1, 22)]
    [InlineData("select x'{{ n }}'", 1, 10)]
    [InlineData("select U&'{{ n }}'", 1, 11)]
    [InlineData("select * from t_{{ n }}", 1, 17)]
    [InlineData("select * from {{ n }}_t", 1, 22)]
    [InlineData("select '{{ n | identifier }}'", 1, 9)]
    [InlineData("{% macro m() %}drop table x{% endmacro %}{{ m() }}", 1, 4)]
    [InlineData("{% filter upper %}select{% endfilter %}", 1, 4)]
    public void What_cannot_be_bound_is_refused_with_its_place(string sql, int line, int column)
    {
        var problem = Should.Throw<TemplateSyntaxException>(() => SqlTemplate.Parse(sql));
        (problem.Line, problem.Column).ShouldBe((line, column), problem.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nul\0")]
    [InlineData("a name of more than sixty-three bytes is cut by the server, silently")]
    public void A_name_that_the_server_would_not_take_is_refused(string name) =>
        Should.Throw<TemplateException>(() => SqlTemplate.Parse("select {{ x | identifier }}").Bind(VariableScope.Of(("x", name))));

    [Fact]
    public void A_value_never_reaches_the_text_whatever_it_is()
    {
        var random = new Random(20260305);
        const string alphabet = "'\"\\$-/*{}%#?; \n0aE\u00e9";
        for (var round = 0; round < 3000; round++)
        {
            var hostile = new string([.. Enumerable.Range(0, random.Next(1, 24)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            var scope = VariableScope.Of(("x", hostile), ("yes", true));
            var bound = SqlTemplate.Parse("insert into t values ('{{ x }}', {{ x }}, E'a{{ x }}', interval '{{ x }}'{% if yes %}, '{{ x }}'{% endif %}) -- end").Bind(scope);
            bound.Sql.ShouldBe("insert into t values ($1, $2, $3, CAST($4 AS interval), $5) -- end");
            bound.Values.ShouldBe([hostile, hostile, "a" + hostile, hostile, hostile]);
        }
    }

    [Fact]
    public void Random_SQL_is_bound_or_refused_and_its_literals_stay_closed()
    {
        var random = new Random(7);
        string[] pieces = ["'", "''", "\"", "--", "\n", "/*", "*/", "$$", "$a$", "$1", "{{ x }}", "{% if yes %}", "{% endif %}", "{% for i in [1,2] %}", "{% endfor %}", "E", " a ", "\\", "{#", "#}", "?", "interval "];
        for (var round = 0; round < 20_000; round++)
        {
            var sql = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => pieces[random.Next(pieces.Length)]));
            BoundSql bound;
            try
            {
                bound = SqlTemplate.Parse(sql).Bind(VariableScope.Of(("x", "MARK"), ("yes", true)));
            }
            catch (FlowException refused) when (refused is TemplateSyntaxException or TemplateException)
            {
                continue;
            }
            bound.Sql.ShouldNotContain("MARK", customMessage: sql);
            ParameterNumber().Count(Outside(bound.Sql)).ShouldBe(bound.Values.Count, sql + " => " + bound.Sql);
        }
    }

    /// <summary>The SQL without what is quoted or commented out, read by other means than the code under test.</summary>
    private static string Outside(string sql) => Quoted().Replace(sql, " ");

    [GeneratedRegex(@"(?<![A-Za-z0-9_$])\$\d+", RegexOptions.None, 5000)]
    private static partial Regex ParameterNumber();

    [GeneratedRegex(@"(?<![A-Za-z0-9_$])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|""[^""]*""|--[^\r\n]*|/\*(?>/\*(?<d>)|\*/(?<-d>)|(?!/\*|\*/).)*(?(d)(?!))\*/|(?<![A-Za-z0-9_$])\$(?<t>[a-z]?)\$.*?\$\k<t>\$", RegexOptions.Singleline, 5000)]
    private static partial Regex Quoted();

    [Fact]
    public void The_SQL_of_the_seed_binds()
    {
        var folder = Environment.GetEnvironmentVariable("WEFT_SHARED_DATA");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "WEFT_SHARED_DATA is not set");
        var seeds = Directory.GetFiles(Path.Combine(folder!, "..", "seeds"), "000_*.txt").ShouldHaveSingleItem();
        var found = SqlOfSeed().Matches(File.ReadAllText(seeds)).Select(m => m.Groups["block"].Success ? m.Groups["block"].Value : m.Groups["line"].Value).ToList();
        found.Count.ShouldBeGreaterThanOrEqualTo(8);
        var inputs = FlowValue.Map();
        foreach (var name in found.SelectMany(sql => SqlTemplate.Parse(sql).References.Variables).Where(v => v.Name == "inputs")) inputs[name.Path[0]] = "x', y";
        foreach (var sql in found)
        {
            var bound = SqlTemplate.Parse(sql).Bind(VariableScope.Of(("inputs", inputs), ("outputs", null)));
            bound.Sql.ShouldNotContain("{");
            bound.Sql.ShouldNotContain("x', y");
            bound.Values.Count.ShouldBe(sql.Split("{{").Length - 1);
        }
    }

    [GeneratedRegex("""^(?<indent> *)sql: (?:[>|]\n(?<block>(?:\k<indent>  .*\n|\s*\n)+)|"(?<line>[^\n]*)"\n)""", RegexOptions.Multiline, 5000)]
    private static partial Regex SqlOfSeed();
}
