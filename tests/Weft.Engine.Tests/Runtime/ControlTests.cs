using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Runtime;

public sealed class ControlTests
{
    [Theory]
    [InlineData("a", "A")]
    [InlineData("b", "B")]
    [InlineData("c", "other")]
    public async Task If_and_switch_choose_by_value(string input, string chosen)
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            inputs: [{ id: v, type: STRING }]
            tasks:
              - id: which
                type: if
                condition: "{{ inputs.v == 'a' }}"
                then: [{ id: x, type: test.step, name: A }]
                else:
                  - id: more
                    type: switch
                    value: "{{ inputs.v }}"
                    cases:
                      b: [{ id: y, type: test.step, name: B }]
                    defaults: [{ id: z, type: test.step, name: other }]
              - { id: after, type: test.step, name: after }
            """, ("v", input));

        run.Status.ShouldBe("completed");
        harness.Probe.Executions.ShouldBe([chosen, "after"]);
    }

    [Fact]
    public async Task A_step_whose_condition_is_not_true_is_skipped()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.step, name: a, if: "{{ false }}" }
              - { id: b, type: test.step, name: b, if: "{{ 1 == 1 }}" }
            """);

        run.Steps.Select(s => s.Status).ShouldBe(["skipped", "completed"]);
        harness.Probe.Executions.ShouldBe(["b"]);
    }

    [Fact]
    public async Task A_loop_runs_its_tasks_for_each_item_in_order_and_gathers_their_outputs()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            inputs: [{ id: people, type: JSON }]
            tasks:
              - id: each
                type: foreach
                items: "{{ inputs.people }}"
                tasks:
                  - { id: name, type: test.step, name: "{{ index }}-{{ item.name }}" }
                  - { id: twice, type: return, value: "{{ outputs.name }}/{{ taskrun.iteration }}" }
            outputs:
              second: "{{ outputs.each.results[1].twice.value }}"
              count: "{{ outputs.each.count }}"
            """, ("people", FlowValue.Parse("""[{"name":"Ann"},{"name":"Ben"},{"name":"Cyd"}]""")));

        run.Status.ShouldBe("completed");
        harness.Probe.Executions.ShouldBe(["0-Ann", "1-Ben", "2-Cyd"]);
        run.Outputs!.Value.GetProperty("second").GetString().ShouldBe("1-Ben/1");
        run.Outputs!.Value.GetProperty("count").GetInt32().ShouldBe(3);
        run.Steps.Select(s => s.Path).ShouldContain("each[2].name");
        run.Steps.Single(s => s.Path == "each[2].name").Iteration.ShouldBe(2);
    }

    [Fact]
    public async Task Kestras_names_bring_kestras_shape_of_loops()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - id: each
                type: io.kestra.plugin.core.flow.ForEach
                values: ["a", "b"]
                tasks:
                  - { id: say, type: return, value: "{{ taskrun.value }}" }
                  - { id: again, type: return, value: "{{ outputs.say[taskrun.value].value }}" }
            outputs: { b: "{{ outputs.again.b.value }}" }
            """);

        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Outputs!.Value.GetProperty("b").GetString().ShouldBe("b");
    }

    [Fact]
    public async Task A_bounded_loop_runs_so_many_items_at_once_and_no_more()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var running = 0;
        var most = 0;
        harness.Probe.Work = async (_, ct) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            await Task.Delay(30, ct);
            Interlocked.Decrement(ref running);
        };
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - id: each
                type: foreach
                items: "{{ range(1, 12) }}"
                concurrency: 3
                tasks: [{ id: work, type: test.step, name: "{{ item }}" }]
            """);

        run.Status.ShouldBe("completed", run.Error?.Message);
        harness.Probe.Executions.Count.ShouldBe(12);
        most.ShouldBe(3);
    }

    [Fact]
    public async Task Parallel_tasks_run_side_by_side_and_a_failure_waits_for_the_others()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - id: both
                type: parallel
                tasks:
                  - { id: slow, type: test.gate, name: slow }
                  - { id: bad, type: fail, message: bad }
              - { id: after, type: test.step, name: after }
            """, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("slow");
        harness.Probe.Open("slow");

        var run = await EndAsync(engine, started.Id);

        run.Status.ShouldBe("failed");
        run.Steps.Where(s => s.Id != "both").Select(s => (s.Id, s.Status)).ShouldBe([("slow", "completed"), ("bad", "failed")], ignoreOrder: true);
        harness.Probe.CountOf("after").ShouldBe(0);
    }

    [Fact]
    public async Task Ten_thousand_items_are_no_trouble_and_more_than_allowed_are_refused()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync(o => o.MaxLoopItems = 10_000);
        const string Source = """
            id: f
            namespace: test
            inputs: [{ id: n, type: ARRAY, itemType: INT }]
            tasks:
              - id: each
                type: foreach
                items: "{{ inputs.n }}"
                tasks: [{ id: one, type: return, value: "{{ item }}" }]
            outputs: { last: "{{ outputs.each.results[9999].one.value }}" }
            """;
        List<object?> Numbers(int n) => [.. Enumerable.Range(0, n).Select(i => (object?)(long)i)];

        var run = await harness.RunAsync(engine, Source, ("n", Numbers(10_000)));
        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Outputs!.Value.GetProperty("last").GetInt32().ShouldBe(9_999);
        (await harness.ScalarAsync<long>($"select count(*) from weft.step where run_id = '{run.Id}'")).ShouldBe(10_001);

        var refused = await harness.RunAsync(engine, Source, ("n", Numbers(10_001)));
        refused.Error!.Code.ShouldBe("loop_too_long");
    }

    [Fact]
    public async Task A_subflow_is_waited_for_and_its_outputs_come_back()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync("""
            id: child
            namespace: test
            inputs: [{ id: n, type: INT }]
            tasks: [{ id: a, type: test.step, name: "child {{ inputs.n }}" }]
            outputs: { n: "{{ inputs.n + 1 }}" }
            """, FlowOwner.System, Stop);

        var run = await harness.RunAsync(engine, """
            id: parent
            namespace: test
            tasks:
              - { id: call, type: subflow, flowId: child, inputs: { n: 41 } }
              - { id: use, type: return, value: "{{ outputs.call.outputs.n }}" }
            outputs: { n: "{{ outputs.use.value }}" }
            """);

        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Outputs!.Value.GetProperty("n").GetInt32().ShouldBe(42);
        harness.Probe.Executions.ShouldBe(["child 41"]);
        var child = await harness.ScalarAsync<Guid>($"select id from weft.run where parent_id = '{run.Id}'");
        (await harness.LookAsync(child)).Status.ShouldBe("completed");
    }

    [Fact]
    public async Task A_parent_that_waits_long_leaves_memory_and_goes_on_when_its_child_ends()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync(o => o.ParkAfter = TimeSpan.FromMilliseconds(50));
        await engine.DeployAsync("""
            id: child
            namespace: test
            tasks: [{ id: a, type: test.gate, name: gate }]
            """, FlowOwner.System, Stop);
        var flow = await engine.DeployAsync("""
            id: parent
            namespace: test
            tasks:
              - { id: before, type: test.step, name: before }
              - { id: call, type: subflow, flowId: child }
              - { id: after, type: test.step, name: after }
            """, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.timer") == 1);
        harness.Probe.Open("gate");

        var run = await EndAsync(engine, started.Id);

        run.Status.ShouldBe("completed", run.Error?.Message);
        harness.Probe.Executions.ShouldBe(["before", "gate", "after"]);
        (await harness.ScalarAsync<long>("select (select count(*) from weft.wait) + (select count(*) from weft.timer) + (select count(*) from weft.run_state)")).ShouldBe(0);
    }

    [Fact]
    public async Task A_failed_subflow_fails_its_parent_unless_told_not_to_and_a_flow_cannot_start_itself_for_ever()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync(o => o.MaxDepth = 4);
        await engine.DeployAsync("""
            id: self
            namespace: test
            tasks: [{ id: again, type: subflow, flowId: self }]
            """, FlowOwner.System, Stop);

        var run = await harness.RunAsync(engine, """
            id: parent
            namespace: test
            tasks:
              - { id: lenient, type: subflow, flowId: self, transmitFailed: false }
              - { id: strict, type: subflow, flowId: self }
            """);

        run.Status.ShouldBe("failed");
        run.Error!.Step.ShouldBe("strict");
        run.Error.Code.ShouldBe("subflow_failed");
        run.Steps[0].Output!.Value.GetProperty("state").GetString().ShouldBe("failed");
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(7);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
