using Weft.Engine.Expressions;

namespace Weft.Engine.Tests.Expressions;

public sealed class FilterTests
{
    private static readonly VariableScope Scope = VariableScope.FromJson(
        """
        { "text": "Héllo, World", "words": ["pear", "apple", "fig"], "numbers": [3, 1.5, 2], "nested": [[1, [2]], 3],
          "people": [ { "name": "Ada", "age": 36, "tags": ["x"] }, { "name": "Bo", "age": 20, "tags": [] }, { "name": "Cy", "age": 36, "tags": ["y", "z"] } ],
          "order": { "id": 7, "lines": [ { "sku": "a", "n": 2 }, { "sku": "b", "n": 5 } ], "note": null }, "gone": null, "day": "2024-02-29T23:30:15.123456789+01:00" }
        """);

    [Theory]
    [InlineData("{{ text | upper }}", "HÉLLO, WORLD")]
    [InlineData("{{ text | slugify }}{{ ' Straße Ærø-№5 łódź' | slugify }}", "hello-worldstrasse-aero-5-lodz")]
    [InlineData("{{ text | replace({'l': 'L'}) }}", "HéLLo, WorLd")]
    [InlineData("{{ text | replace({'(?<first>\\w)\\w*': '${first}.'}, regexp=true) }}", "H., W.")]
    [InlineData("{{ 'a\\\\b' | length }}", "4")]
    [InlineData("{{ text | abbreviate(8) }}", "Héllo...")]
    [InlineData("{{ text | substringAfter(', ') }}|{{ text | substringAfter('-') }}|{{ text | substringBefore('-') }}", "World||Héllo, World")]
    [InlineData("{{ text | sha256 | slice(0, 8) }}", "457f1b6b")]
    [InlineData("{{ 'abc' | sha512 | length }}{{ 'abc' | md5 | length }}", "12832")]
    [InlineData("{{ 'a b/ü' | urlencode }} {{ 'a+b%2F%C3%BC' | urldecode }}", "a+b%2F%C3%BC a b/ü")]
    [InlineData("{{ 'hello wORLD' | title }} {{ '  x' | capitalize }}", "Hello WORLD   X")]
    [InlineData("{{ 'a,b,,c,,' | split(',') | toJson }}{{ 'a,b,,' | split(',', -1) | toJson }}{{ 'a1b22c' | split('[0-9]+') | toJson }}", """["a","b","","c"]["a","b","",""]["a","b","c"]""")]
    [InlineData("{{ '2026-03-05' | regexExtract('(\\d+)-(\\d+)', 2) }}{{ 'abc' | regexMatch('^a.c$') }}{{ 'abc' | regexReplace('[ac]', '<$0>') }}", "03true<a>b<c>")]
    [InlineData("{{ words | sort | first }}{{ numbers | rsort | join(' ') }}", "apple3 2 1.5")]
    [InlineData("{{ nested | flatten | toJson }}{{ [1, 1.0, '1', 1] | distinct | toJson }}", """[1,[2],3][1,"1"]""")]
    [InlineData("{{ words | merge(['kiwi']) | length }}{{ {'a': 1} | merge({'b': 2}) }}", """4{"a":1,"b":2}""")]
    [InlineData("{{ gone | default('d') }}{{ gone | upper }}{{ gone | length }}{{ '' | first }}", "d0")]
    [InlineData("{{ 1234567.891 | numberformat('#,##0.00') }} {{ -5 | numberformat('000') }} {{ 0.256 | numberformat('0.#%') }} {{ 1234.5 | numberformat }}", "1,234,567.89 -005 25.6% 1,234.5")]
    [InlineData("{{ 2.5 | round }} {{ 2.345 | round(2) }} {{ -3 | abs }} {{ '42' | number + 1 }} {{ '1e3' | number }}", "3 2.35 3 43 1000.0")]
    [InlineData("{{ max(1, 5, 3) }}{{ min(2, 1.5) }}", "51.5")]
    [InlineData("{{ {'a': [1, {'b': 'x: y', 'c': 'yes'}], 'd': {}, 'e': 'line\nend'} | yaml }}", "a:\n  - 1\n  - b: 'x: y'\n    c: 'yes'\nd: {}\ne: \"line\\nend\"\n")]
    [InlineData("{{ yaml('a: 1\nb: [x, 2.5, null, true]\nc: &r {k: v}\nd: *r') | toJson }}", """{"a":1,"b":["x",2.5,null,true],"c":{"k":"v"},"d":{"k":"v"}}""")]
    [InlineData("{{ \"it's\" | escapeChar('shell') }}{{ '<a b=\"c\">' | escape }}", "it'\\''s&lt;a b=&quot;c&quot;&gt;")]
    public void Filters_do_what_they_say(string source, string expected) => Template.Parse(source).EvaluateText(Scope).ShouldBe(expected);

    [Theory]
    [InlineData("date", "2024-02-29T22:30:15.123456Z")]
    [InlineData("date('yyyy-MM-dd HH:mm:ss.SSS', timeZone='America/New_York')", "2024-02-29 17:30:15.123")]
    [InlineData("date('EEEE d MMMM y, h:mm a')", "Thursday 29 February 2024, 10:30 PM")]
    [InlineData("date(\"yyyy'W'ww QQQ DDD ''e''\")", "2024W09 Q1 060 '5'")]
    [InlineData("date('xxx XX Z O VV z', timeZone='Asia/Kolkata')", "+05:30 +0530 +0530 GMT+5:30 Asia/Kolkata IST")]
    [InlineData("date('iso_date_time', timeZone='Europe/Paris')", "2024-02-29T23:30:15.123456789+01:00[Europe/Paris]")]
    [InlineData("date('iso_week_date')", "2024-W09-4Z")]
    [InlineData("date('rfc_1123_date_time', timeZone='+02:00')", "Fri, 1 Mar 2024 00:30:15 +0200")]
    [InlineData("date('G yy Y kk K A n')", "AD 24 2024 22 10 81015123 123456789")]
    [InlineData("dateAdd(1, 'YEARS', 'yyyy-MM-dd')", "2025-02-28")]
    [InlineData("dateAdd(-1, 'day', 'yyyy-MM-dd')", "2024-02-28")]
    [InlineData("dateAdd(1, 'MONTHS', format='yyyy-MM-dd', timeZone='Europe/Paris')", "2024-03-29")]
    [InlineData("dateAdd(1500, 'MILLIS', 'ss.SSS')", "16.623")]
    [InlineData("timestamp", "1709245815")]
    [InlineData("timestampMilli", "1709245815123")]
    [InlineData("timestampMicro", "1709245815123456")]
    [InlineData("timestampNano", "1709245815123456789")]
    public void Dates_are_formatted_as_Java_formats_them(string filter, string expected) => Template.Parse($"{{{{ day | {filter} }}}}").EvaluateText(Scope).ShouldBe(expected);

    [Theory]
    [InlineData("'2026-03-29T02:30:00'", "Europe/Berlin", "2026-03-29T01:30:00.000000Z")] // in the gap: moved forward by it
    [InlineData("'2026-10-25T02:30:00'", "Europe/Berlin", "2026-10-25T00:30:00.000000Z")] // twice: the earlier
    [InlineData("'2026-03-05'", "America/New_York", "2026-03-05T05:00:00.000000Z")]
    [InlineData("1772698150", "UTC", "2026-03-05T08:09:10.000000Z")]
    [InlineData("now()", "UTC", "2026-03-05T08:09:10.000000Z")]
    public void Times_without_offset_are_local_to_the_zone(string value, string zone, string expected) =>
        Template.Parse($"{{{{ ({value} | date('iso', timeZone='{zone}')) | date }}}}").EvaluateText(Scope).ShouldBe(expected);

    [Theory]
    [InlineData("20260305", "yyyyMMdd", "2026-03-05T00:00:00.000000Z")]
    [InlineData("5 Mar 2026 8:09 PM", "d MMM yyyy h:mm a", "2026-03-05T20:09:00.000000Z")]
    [InlineData("05/03/26 08:09 +0200", "dd/MM/yy HH:mm Z", "2026-03-05T06:09:00.000000Z")]
    [InlineData("2026-064", "yyyy-DDD", "2026-03-05T00:00:00.000000Z")]
    [InlineData("2026-03-05", "yyyy-MM-dd[ HH:mm]", "2026-03-05T00:00:00.000000Z")]
    [InlineData("2026-03-05 08:09", "yyyy-MM-dd[ HH:mm]", "2026-03-05T08:09:00.000000Z")]
    public void Dates_are_read_in_a_given_form(string text, string form, string expected) =>
        Template.Parse("{{ t | date(existingFormat=f) }}").EvaluateText(VariableScope.Of(("t", text), ("f", form))).ShouldBe(expected);

    [Theory]
    [InlineData("2026-02-30", null)]
    [InlineData("tomorrow", null)]
    [InlineData("2026-03-05T25:00:00Z", null)]
    [InlineData("2026-13", "yyyy-MM")]
    [InlineData("2026-03-05", "yyyy-MM-dd'")]
    [InlineData("2026-03-05", "jjj")]
    public void What_is_no_date_is_refused(string text, string? form) =>
        Should.Throw<TemplateException>(() => Template.Parse("{{ t | date(existingFormat=f) }}").Evaluate(VariableScope.Of(("t", text), ("f", form)))).Code.ShouldBe("template_failed");

    [Theory]
    [InlineData(".order.lines[].sku", """["a","b"]""")]
    [InlineData(".order.lines | map(.n) | add", "[7]")]
    [InlineData(".people | map(select(.age > 30) | .name)", """[["Ada","Cy"]]""")]
    [InlineData(".people | group_by(.age) | map({age: .[0].age, names: map(.name)})", """[[{"age":20,"names":["Bo"]},{"age":36,"names":["Ada","Cy"]}]]""")]
    [InlineData(".people | sort_by(.name) | reverse | .[0].name", """["Cy"]""")]
    [InlineData("[.people[] | {name, n: (.tags | length)}] | map(.n)", "[[1,0,2]]")]
    [InlineData(".order.note // \"none\", .order[\"id\"], .order.missing?", """["none",7,null]""")]
    [InlineData("if .order.id > 5 then \"big\" elif .order.id > 1 then \"some\" else \"small\" end", """["big"]""")]
    [InlineData("reduce .order.lines[] as $l (0; . + $l.n)", "[7]")]
    [InlineData(".order.lines | to_entries | length", "ERROR")]
    [InlineData(".order | with_entries(select(.value != null)) | keys", """[["id","lines"]]""")]
    [InlineData("\"\\(.order.id): \\(.words | join(\"/\"))\"", """["7: pear/apple/fig"]""")]
    [InlineData("[.people[].tags[]] | unique | @csv", "[\"\\\"x\\\",\\\"y\\\",\\\"z\\\"\"]")]
    [InlineData(".words[1:], .words[-1], (.words | index(\"x\")?)", """[["apple","fig"],"fig"]""")]
    [InlineData("[range(0; 10; 3)] | map(. * 2) | min, max, (add / length)", "[0,18,9]")]
    [InlineData(".people as $p | $p | length", "[3]")]
    [InlineData("try error(\"no\") catch .", "CAUGHT")]
    [InlineData("[.. | numbers] | length", "[12]")]
    [InlineData(".order.id = 3", "ERROR")]
    [InlineData(".order | frobnicate", "ERROR")]
    [InlineData(".words | .a", "ERROR")]
    [InlineData(".[", "ERROR")]
    public void Jq_yields(string program, string expected)
    {
        var root = FlowValue.Map();
        foreach (var name in Scope.Names)
        {
            Scope.TryGet(name, out var value);
            root[name] = value;
        }
        var scope = VariableScope.Of(("root", root), ("p", program));
        string result;
        try
        {
            result = FlowValue.ToJson(Template.Parse("{{ root | jq(p) }}").Evaluate(scope));
        }
        catch (TemplateException problem) when (problem.Code == "template_failed")
        {
            result = "ERROR";
        }
        if (expected == "CAUGHT") result.ShouldStartWith("[\"jq: no.");
        else result.ShouldBe(expected);
    }
}
