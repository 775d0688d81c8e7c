using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Runtime;

public sealed class RunTests
{
    [Fact]
    public async Task A_flow_of_pure_steps_runs_to_its_end_and_shows_everything()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: hello
            namespace: test
            inputs:
              - { id: who, type: STRING }
            tasks:
              - { id: greet, type: return, value: "Hello {{ inputs.who }}" }
              - { id: note, type: log, message: "{{ outputs.greet.value }}!" }
            outputs: { text: "{{ outputs.greet.value }}" }
            """, ("who", "O'Brien"));

        run.Status.ShouldBe("completed");
        run.Outcome.ShouldBe("success");
        run.Outputs!.Value.GetProperty("text").GetString().ShouldBe("Hello O'Brien");
        run.Steps.Select(s => (s.Id, s.Status)).ShouldBe([("greet", "completed"), ("note", "completed")]);
        run.History.Select(h => h.To).ShouldBe(["pending", "running", "completed"]);
        await using var connection = await harness.Database.Engine.OpenConnectionAsync(Stop);
        (await RunReader.LogsAsync(connection, run.Id, null, 100, Stop)).Items.Single().Message.ShouldBe("Hello O'Brien!");
        (await harness.ScalarAsync<long>("select count(*) from weft.queue")).ShouldBe(0);
        (await harness.ScalarAsync<long>("select count(*) from weft.run_state")).ShouldBe(0);
    }

    [Fact]
    public async Task A_thousand_starts_at_once_all_complete()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync(o => o.MaxRunsInMemory = 100);
        var flow = await engine.DeployAsync("""
            id: one
            namespace: test
            inputs: [{ id: n, type: INT }]
            tasks: [{ id: a, type: test.step, name: "{{ inputs.n }}" }]
            """, FlowOwner.System, Stop);

        var runs = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(n => engine.StartAsync(Start(flow, ("n", (long)n)), Stop)));

        foreach (var run in runs) (await EndAsync(engine, run.Id)).Status.ShouldBe("completed");
        harness.Probe.Executions.Count.ShouldBe(1_000);
        harness.Probe.Executions.Distinct().Count().ShouldBe(1_000);
    }

    [Fact]
    public async Task A_system_flow_starts_only_for_who_may_start_it_and_never_as_a_workspaces_subflow()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var shipped = await engine.DeployAsync("""
            id: shipped
            namespace: product
            tasks:
              - { id: done, type: return, value: yes }
            """, FlowOwner.System, Stop);
        var workspace = Guid.CreateVersion7();
        var refused = await Should.ThrowAsync<FlowException>(engine.StartAsync(EngineHarness.Start(shipped) with { WorkspaceId = workspace, MayStartSystemFlow = false }, Stop));
        refused.Code.ShouldBe("flow_not_startable");

        var own = await engine.DeployAsync("""
            id: own
            namespace: team
            tasks:
              - { id: call, type: subflow, namespace: product, flowId: shipped }
            """, new FlowOwner(workspace, null), Stop);
        var run = await EngineHarness.EndAsync(engine, (await engine.StartAsync(EngineHarness.Start(own) with { WorkspaceId = workspace, MayStartSystemFlow = false }, Stop)).Id);
        run.Status.ShouldBe("failed");
        run.Error!.Code.ShouldBe("flow_not_startable");
    }
}
