using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed class FlowCompilerTests
{
    private static readonly TaskTypeRegistry Registry = DescribedType.Registry();

    private static FlowDefinition Good(string source)
    {
        var result = FlowCompiler.Compile(source, Registry);
        result.Problems.ShouldBeEmpty();
        return result.Flow.ShouldNotBeNull();
    }

    private static IReadOnlyList<FlowProblem> Bad(string source)
    {
        var result = FlowCompiler.Compile(source, Registry);
        result.Flow.ShouldBeNull();
        result.Problems.ShouldNotBeEmpty();
        return result.Problems;
    }

    private static FlowProblem OnlyProblem(string source) => Bad(source).ShouldHaveSingleItem();

    [Fact]
    public void A_flow_in_the_style_of_Kestra_compiles_with_its_old_type_names()
    {
        var flow = Good("""
            id: welcome
            namespace: shop
            description: Greets whoever signs up

            triggers:
              - id: signed_up
                type: io.kestra.core.models.triggers.types.Webhook
                key: "some-long-secret" # only the sender knows it

            inputs:
              user:
                type: STRING
                required: true
              role:
                type: STRING
                defaults: "guest"

            tasks:
              - id: store
                type: io.kestra.plugin.jdbc.postgresql.Query
                url: "{{env.DB_URL}}"
                sql: >
                  INSERT INTO people (name)
                  VALUES ('{{inputs.user}}')
                  RETURNING id;
              - id: any
                type: io.kestra.core.tasks.flows.Condition
                condition: "{{ outputs.store.rows | length > 0 }}"
                tasks:
                  - id: greet
                    type: io.kestra.core.tasks.log.Log
                    message: "Hello {{ inputs.user }}"
              - id: each
                type: io.kestra.core.tasks.flows.EachSequential
                value: "{{ outputs.store.rows }}"
                tasks:
                  - id: tell
                    type: io.kestra.plugin.core.log.Log
                    message: "{{ taskrun.value }}"
            """);

        flow.Id.ShouldBe("welcome");
        flow.Namespace.ShouldBe("shop");
        flow.Triggers.ShouldHaveSingleItem().Kind.ShouldBe("webhook");
        flow.Inputs.Select(i => (i.Id, i.Type, i.Required)).ShouldBe([("user", InputType.String, true), ("role", InputType.String, true)]);
        flow.Inputs[1].Default!.Constant.ShouldBe("guest");

        flow.Tasks.Select(t => t.Type.Name).ShouldBe(["sql.query", "if", "foreach"]);
        flow.Tasks[0].RawTemplates["sql"].ShouldBe("INSERT INTO people (name) VALUES ('{{inputs.user}}') RETURNING id;\n");
        flow.Tasks[0].Properties.Keys.ShouldNotContain("sql");
        flow.Tasks[0].Handler.ShouldNotBeNull();
        flow.Tasks[1].Children["then"].ShouldHaveSingleItem().Id.ShouldBe("greet");
        flow.Tasks[1].Handler.ShouldBeNull();
        flow.Tasks[2].Properties.Keys.ShouldContain("items");
        flow.Tasks[2].Children["tasks"].ShouldHaveSingleItem().TypeName.ShouldBe("io.kestra.plugin.core.log.Log");
    }

    [Fact]
    public void Every_problem_is_reported_at_once_in_the_order_of_the_source()
    {
        var problems = Bad("""
            id: bad flow
            namespace: shop
            colour: red
            tasks:
              - id: one
                type: sya
                message: hello
              - id: two
                type: say
                mesage: hello
              - id: two
                type: say
                message: hello
                times: often
            """);

        problems.Select(p => (p.Line, p.Path)).ShouldBe([(1, "id"), (3, "colour"), (6, "tasks[0].type"), (8, "tasks[1].message"), (10, "tasks[1].mesage"), (11, "tasks[2].id"), (14, "tasks[2].times")]);
        problems[2].Message.ShouldContain("Did you mean 'say'?");
        problems[4].Message.ShouldContain("Did you mean 'message'?");
        problems[5].Message.ShouldContain("the first is in line 8");
        problems[6].Message.ShouldContain("a whole number");
    }

    [Fact]
    public void A_name_that_no_task_has_is_found_where_it_stands_also_in_folded_text()
    {
        const string Source = """
            id: f
            namespace: n
            tasks:
              - id: first
                type: say
                message: x
              - id: second
                type: sql.query
                sql: >
                  SELECT 1
                    FROM t

                  WHERE a = '{{ outputs.frist.value }}'
            """;

        var problem = OnlyProblem(Source);

        var lines = Source.ReplaceLineEndings("\n").Split('\n');
        problem.Line.ShouldBe(13);
        problem.Column.ShouldBe(lines[12].IndexOf("outputs.frist", StringComparison.Ordinal) + 1);
        problem.Path.ShouldBe("tasks[1].sql");
        problem.Message.ShouldBe("There is no task 'frist' in this flow. Did you mean 'first'?");
    }

    [Theory]
    [InlineData("{{ inputs.x is defined }}")]
    [InlineData("{{ inputs.x ?? 'none' }}")]
    [InlineData("{{ inputs.x | default('none') }}")]
    [InlineData("{% if inputs.x is defined %}{{ inputs.x }}{% endif %}")]
    [InlineData("{{ inputs[given] }}")]
    [InlineData("{# inputs.x #}text")]
    [InlineData("{% raw %}{{ inputs.x }}{% endraw %}")]
    [InlineData("{{ 'inputs.x' }}")]
    [InlineData("{% for inputs in lists %}{{ inputs.x }}{% endfor %}")]
    public void A_name_that_is_not_certainly_needed_may_be_missing(string template) =>
        Good($$"""
            id: f
            namespace: n
            tasks:
              - { id: a, type: say, message: "{{template}}" }
            """);

    [Theory]
    [InlineData("{{ inputs.x }}", "There is no input 'x'")]
    [InlineData("{{ inputs['x'] }}", "There is no input 'x'")]
    [InlineData("{{ vars.x }}", "There is no variable 'x'")]
    [InlineData("{{ (outputs.x.value + 1) | round }}", "There is no task 'x'")]
    [InlineData("{{ outputs.a-b.value }}", "Write outputs['a-b']")]
    public void A_name_that_is_certainly_needed_must_exist(string template, string message) =>
        OnlyProblem($$"""
            id: f
            namespace: n
            tasks:
              - { id: a-b, type: say, message: "{{template}}" }
            """).Message.ShouldContain(message);

    [Theory]
    [InlineData("{{ inputs.x | }}", 10)]
    [InlineData("select {{ inputs. }}", 17)]
    [InlineData("select 1 -- {{ inputs.x }}", 12)]
    [InlineData("select $${{ inputs.x }}$$", 10)]
    public void A_mistake_in_a_template_of_sql_is_found_where_it_stands(string sql, int least)
    {
        var problem = OnlyProblem($$"""
            id: f
            namespace: n
            inputs: { x: STRING }
            tasks:
              - id: a
                type: sql.query
                sql: |
                  select 0;

                  {{sql}}
            """);
        problem.Line.ShouldBe(10);
        problem.Column.ShouldBeInRange(6 + least, 6 + sql.Length + 1);
        problem.Path.ShouldBe("tasks[0].sql");
        problem.Message.ShouldNotContain("of the template");
    }

    [Fact]
    public void Two_spellings_of_a_property_are_the_same_property_and_both_at_once_are_refused()
    {
        Good("""
            id: f
            namespace: n
            tasks:
              - { id: a, type: say, message: x, speaker: Ann }
            """).Tasks[0].Properties["voice"].Constant.ShouldBe("Ann");

        OnlyProblem("""
            id: f
            namespace: n
            tasks:
              - { id: a, type: say, message: x, speaker: Ann, voice: Bob }
            """).Message.ShouldBe("'speaker' and 'voice' mean the same. Keep one.");
    }

    [Theory]
    [InlineData("times: 1.5", "a whole number")]
    [InlineData("volume: loud", "a number")]
    [InlineData("pause: 5s", "ISO 8601 duration")]
    [InlineData("pause: P1M", "ISO 8601 duration")]
    [InlineData("loud: perhaps", "true or false")]
    [InlineData("to: Ann", "a list")]
    [InlineData("with: [1]", "a map")]
    [InlineData("voice: [a]", "a text")]
    [InlineData("level: WRAN", "Did you mean 'WARN'?")]
    [InlineData("timeout: soon", "ISO 8601 duration")]
    [InlineData("allowFailure: maybe", "true or false")]
    [InlineData("retry: 3", "'retry' must be a map")]
    [InlineData("logLevel: INFO", "logLevel is not supported")]
    public void A_value_of_the_wrong_type_is_refused_with_what_was_expected(string property, string message) =>
        OnlyProblem($"""
            id: f
            namespace: n
            tasks:
              - id: a
                type: say
                message: x
                {property}
            """).Message.ShouldContain(message);

    [Fact]
    public void Constants_have_their_types_and_a_text_property_keeps_the_characters_of_a_number()
    {
        var properties = Good("""
            id: f
            namespace: n
            tasks:
              - { id: a, type: say, message: [1, 2.5, true, ~, "1", 007, 1.10], times: "3", volume: 2, loud: TRUE, to: '["x"]', voice: 1.10 }
            """).Tasks[0].Properties;

        properties["message"].Constant.ShouldBe(new List<object?> { 1L, 2.5, true, null, "1", "007", 1.1 });
        properties["times"].Constant.ShouldBe(3L);
        properties["volume"].Constant.ShouldBe(2L);
        properties["loud"].Constant.ShouldBe(true);
        properties["to"].Constant.ShouldBe(new List<object?> { "x" });
        properties["voice"].Constant.ShouldBe("1.10");
    }

    [Fact]
    public void Retries_read_both_spellings_of_Kestra()
    {
        var flow = Good("""
            id: f
            namespace: n
            retry: { type: exponential, interval: PT0.25s, maxInterval: PT5S, delayFactor: 1.5, maxAttempt: 3, maxDuration: PT15S, jitter: true }
            tasks:
              - { id: a, type: say, message: x, retry: { type: random, minInterval: PT1S, maxInterval: PT2S, maxAttempts: 4 } }
              - { id: b, type: say, message: x, retry: { type: constant, interval: P1D, behavior: RETRY_FAILED_TASK } }
            """);

        flow.Retry.ShouldBe(new RetryPolicy
        {
            Kind = RetryKind.Exponential,
            Interval = TimeSpan.FromMilliseconds(250),
            MaxInterval = TimeSpan.FromSeconds(5),
            Factor = 1.5,
            MaxAttempts = 3,
            MaxDuration = TimeSpan.FromSeconds(15),
            Jitter = true,
        });
        flow.Tasks[0].Retry.ShouldBe(new RetryPolicy { Kind = RetryKind.Random, Interval = TimeSpan.FromSeconds(1), MaxInterval = TimeSpan.FromSeconds(2), MaxAttempts = 4 });
        flow.Tasks[1].Retry!.Interval.ShouldBe(TimeSpan.FromDays(1));
    }

    [Theory]
    [InlineData("{ type: exponentially, interval: PT1S }", "constant, exponential or random")]
    [InlineData("{ type: constant }", "needs 'interval'")]
    [InlineData("{ type: random, minInterval: PT5S, maxInterval: PT1S }", "shorter than 'minInterval'")]
    [InlineData("{ type: constant, interval: PT0S }", "needs 'maxAttempts'")]
    [InlineData("{ type: constant, interval: PT1S, maxAttempts: 0 }", "at least 1")]
    [InlineData("{ type: constant, interval: PT1S, behavior: CREATE_NEW_EXECUTION }", "Only RETRY_FAILED_TASK")]
    [InlineData("{ type: exponential, interval: PT1S, factor: 0.5 }", "from 1 to 100")]
    public void A_retry_that_cannot_work_is_refused(string retry, string message) =>
        OnlyProblem($$"""
            id: f
            namespace: n
            retry: {{retry}}
            tasks:
              - { id: a, type: say, message: x }
            """).Message.ShouldContain(message);

    [Fact]
    public void Control_types_hold_their_tasks_under_canonical_names()
    {
        var flow = Good("""
            id: f
            namespace: n
            tasks:
              - id: all
                type: parallel
                concurrent: 2
                tasks:
                  - { id: p1, type: say, message: x }
                errors:
                  - { id: p2, type: say, message: x }
              - id: choose
                type: io.kestra.plugin.core.flow.Switch
                value: "{{ inputs.kind ?? 'none' }}"
                cases:
                  true: [ { id: c1, type: say, message: x } ]
                  A/B: [ { id: c2, type: say, message: x } ]
                defaults: [ { id: c3, type: say, message: x } ]
              - id: loop
                type: io.kestra.plugin.core.flow.EachParallel
                value: '["a", "b"]'
                tasks: [ { id: l1, type: say, message: "{{ item }}" } ]
              - id: some
                type: foreach
                items: [1, 2]
                concurrencyLimit: 3
                tasks: [ { id: l2, type: say, message: "{{ item }}" } ]
              - id: other
                type: subflow
                flowId: child
                inputs: { a: 1 }
            """);

        flow.Tasks[0].Properties["concurrency"].Constant.ShouldBe(2L);
        flow.Tasks[0].Children.Keys.ShouldBe(["tasks", "errors"]);
        flow.Tasks[1].Children.Keys.ShouldBe(["defaults", "cases/true", "cases/A/B"]);
        flow.Tasks[2].Properties["items"].Constant.ShouldBe(new List<object?> { "a", "b" });
        flow.Tasks[2].Properties["concurrency"].Constant.ShouldBe(0L);
        flow.Tasks[3].Properties["concurrency"].Constant.ShouldBe(3L);
        flow.Tasks[4].Type.ShouldBe(ControlTypes.Subflow);
    }

    [Theory]
    [InlineData("type: sequential", "needs 'tasks'")]
    [InlineData("type: sequential\n    tasks: []", "'tasks' is empty")]
    [InlineData("type: if\n    condition: 'true'\n    else: [{ id: b, type: say, message: x }]", "needs 'then'")]
    [InlineData("type: switch\n    value: x", "needs 'cases' or 'defaults'")]
    [InlineData("type: foreach\n    tasks: [{ id: b, type: say, message: x }]", "needs 'items'")]
    [InlineData("type: subflow\n    flowId: x\n    revision: 3", "revision is not supported")]
    [InlineData("type: io.kestra.plugin.core.flow.Dag", "'io.kestra.plugin.core.flow.Dag' is not supported")]
    [InlineData("type: io.kestra.plugin.core.flows.Parallel", "Did you mean 'io.kestra.core.tasks.flows.Parallel'?")]
    public void A_control_task_that_cannot_work_is_refused(string task, string message) =>
        OnlyProblem($"""
            id: f
            namespace: n
            tasks:
              - id: a
                {task}
            """).Message.ShouldContain(message);

    [Fact]
    public void A_condition_needs_no_braces()
    {
        var flow = Good("""
            id: f
            namespace: n
            inputs: { count: INT }
            triggers:
              - { id: t, type: row, table: hiring.position, on: insert, when: "new.status == 'open'" }
            tasks:
              - { id: a, type: say, message: x, if: inputs.count > 0 }
              - { id: b, type: say, message: x, runIf: "{{ inputs.count > 0 }}" }
              - { id: c, type: say, message: x, if: false }
            """);

        flow.Tasks[2].If!.Constant.ShouldBe(false);
        flow.Triggers[0].Properties["on"].Constant.ShouldBe(new List<object?> { "insert" });
        OnlyProblem("""
            id: f
            namespace: n
            tasks:
              - { id: a, type: say, message: x, if: inputs.count > 0 }
            """).ShouldBe(new FlowProblem(4, 41, "tasks[0].if", "There is no input 'count' in this flow."));
    }

    [Theory]
    [InlineData("type: webhook\n    key: short", "8 to 256")]
    [InlineData("type: webhook", "needs 'key'")]
    [InlineData("type: schedule\n    cron: '* * *'", "five")]
    [InlineData("type: schedule\n    cron: '61 * * * *'", "61")]
    [InlineData("type: schedule\n    cron: '@daily'\n    timezone: Europe/Atlantis", "no time zone 'Europe/Atlantis'")]
    [InlineData("type: row\n    table: position", "write schema.table")]
    [InlineData("type: row\n    table: hiring.position\n    on: [insrt]", "Did you mean 'insert'?")]
    [InlineData("type: shedule", "Did you mean 'schedule'?")]
    [InlineData("type: webhook\n    key: long-enough-key\n    inputs: { nmae: x }", "Did you mean 'name'?")]
    [InlineData("type: flow\n    preconditions: {}", "preconditions is not supported")]
    [InlineData("type: schedule\n    cron: '@daily'\n    conditions: [{ type: io.kestra.plugin.core.condition.Weekend }]", "Weekend' is not supported")]
    public void A_trigger_that_cannot_work_is_refused(string trigger, string message) =>
        OnlyProblem($$"""
            id: f
            namespace: n
            inputs: { name: STRING }
            triggers:
              - id: t
                {{trigger}}
            tasks:
              - { id: a, type: say, message: x }
            """).Message.ShouldContain(message);

    [Fact]
    public void Conditions_of_Kestra_that_have_a_counterpart_become_it()
    {
        var trigger = Good("""
            id: f
            namespace: n
            triggers:
              - id: t
                type: io.kestra.plugin.core.trigger.Flow
                conditions:
                  - { type: io.kestra.plugin.core.condition.ExecutionFlow, namespace: other, flowId: first }
                  - { type: io.kestra.plugin.core.condition.ExecutionStatusCondition, in: [SUCCESS] }
            tasks:
              - { id: a, type: say, message: x }
            """).Triggers[0];

        trigger.Properties["namespace"].Constant.ShouldBe("other");
        trigger.Properties["flowId"].Constant.ShouldBe("first");
        trigger.Properties["states"].Constant.ShouldBe(new List<object?> { "SUCCESS" });
    }

    [Theory]
    [InlineData("a: { type: STRNG }", "Did you mean 'STRING'?")]
    [InlineData("a: {}", "An input needs 'type'")]
    [InlineData("a: { type: SELECT }", "needs 'values'")]
    [InlineData("a: { type: SELECT, values: [x, y], defaults: z }", "it must be x or y")]
    [InlineData("a: { type: STRING, values: [x] }", "Only a SELECT")]
    [InlineData("a: { type: INT, defaults: many }", "must be a whole number")]
    [InlineData("a: { type: INT, min: low }", "'min' must be a whole number")]
    [InlineData("a: { type: STRING, min: 3 }", "has no 'min'")]
    [InlineData("a: { type: FILE, defaults: x }", "A FILE input has no default")]
    [InlineData("a: { type: ARRAY, itemType: ARRAY }", "cannot hold ARRAY")]
    [InlineData("a: { type: STRING, validator: '(' }", "no regular expression")]
    [InlineData("a: { type: STRING, validator: '(?=x)y' }", "look-around")]
    [InlineData("a: { type: INT, validator: x }", "has no 'validator'")]
    [InlineData("a: { type: STRING, requird: true }", "Did you mean 'required'?")]
    [InlineData("a b: { type: STRING }", "no valid input name")]
    [InlineData("{ a: STRING, a.b: STRING }", "is taken by")]
    public void An_input_that_cannot_work_is_refused(string inputs, string message) =>
        OnlyProblem($"""
            id: f
            namespace: n
            inputs:
              {inputs}
            tasks:
              - id: t
                type: say
                message: x
            """).Message.ShouldContain(message);

    [Fact]
    public void Defaults_for_a_type_fill_what_a_task_leaves_out_and_win_when_forced()
    {
        var flow = Good("""
            id: f
            namespace: n
            pluginDefaults:
              - { type: io.kestra.plugin.core.log.Log, values: { message: preset, speaker: Ann } }
              - { type: say, forced: true, values: { loud: true } }
            tasks:
              - { id: a, type: say }
              - { id: b, type: say, message: own, voice: Bob, loud: false }
            """);

        flow.Tasks[0].Properties["message"].Constant.ShouldBe("preset");
        flow.Tasks[0].Properties["voice"].Constant.ShouldBe("Ann");
        flow.Tasks[1].Properties["message"].Constant.ShouldBe("own");
        flow.Tasks[1].Properties["voice"].Constant.ShouldBe("Bob");
        flow.Tasks[1].Properties["loud"].Constant.ShouldBe(true);
    }

    [Fact]
    public void The_rest_of_a_flow_is_read_in_both_forms()
    {
        var lists = Good("""
            id: f
            namespace: n
            labels: [ { key: team, value: red }, { key: version, value: 1.10 } ]
            variables: { greeting: "Hello {{ inputs.name }}" }
            inputs: [ { id: name, type: STRING, required: false }, { id: nested.part, type: INT } ]
            concurrency: { limit: 2, key: "{{ inputs.name }}", behavior: CANCEL }
            timeout: PT1H
            disabled: true
            tasks: [ { id: a, type: say, message: "{{ vars.greeting }} {{ inputs.nested.part }}" } ]
            finally: [ { id: b, type: say, message: x } ]
            errors: [ { id: c, type: say, message: "{{ error.message }}" } ]
            outputs: [ { id: said, type: STRING, value: "{{ outputs.a.value }}" } ]
            """);
        lists.Labels["version"].Constant.ShouldBe("1.10");
        lists.Concurrency!.Limit.ShouldBe(2);
        lists.Concurrency.Behavior.ShouldBe(ConcurrencyBehavior.Cancel);
        lists.Timeout.ShouldBe(TimeSpan.FromHours(1));
        lists.Disabled.ShouldBeTrue();
        lists.Finally.ShouldHaveSingleItem();
        lists.Errors.ShouldHaveSingleItem();
        lists.Outputs.Keys.ShouldBe(["said"]);

        var maps = Good("""
            { "id": "f", "namespace": "n", "labels": { "team": "red" }, "inputs": { "name": "STRING" },
              "sla": [ { "id": "x", "type": "MAX_DURATION", "duration": "PT1M", "behavior": "FAIL" } ],
              "tasks": [ { "id": "a", "type": "say", "message": "tab\tand \u00e9" } ], "outputs": { "said": "x" } }
            """);
        maps.Tasks[0].Properties["message"].Constant.ShouldBe("tab\tand é");
        maps.Timeout.ShouldBe(TimeSpan.FromMinutes(1));
        maps.Inputs.ShouldHaveSingleItem().Type.ShouldBe(InputType.String);
    }

    [Fact]
    public void The_namespace_may_come_from_the_caller()
    {
        FlowCompiler.Compile("id: f\ntasks: [{ id: a, type: say, message: x }]", Registry, "team").Flow!.Namespace.ShouldBe("team");
        FlowCompiler.Compile("id: f\nnamespace: own\ntasks: [{ id: a, type: say, message: x }]", Registry, "team").Flow!.Namespace.ShouldBe("own");
    }

    [Fact]
    public void The_content_hash_does_not_see_line_breaks_but_sees_every_other_character()
    {
        const string Source = "id: f\nnamespace: n\ntasks: [{ id: a, type: say, message: x }]\n";
        var hash = FlowCompiler.Compile(Source, Registry).ContentHash;

        hash.Length.ShouldBe(64);
        FlowCompiler.Compile("\uFEFF" + Source.Replace("\n", "\r\n") + "\n\n", Registry).ContentHash.ShouldBe(hash);
        FlowCompiler.Compile(Source.Replace("x", "y"), Registry).ContentHash.ShouldNotBe(hash);
    }
}
