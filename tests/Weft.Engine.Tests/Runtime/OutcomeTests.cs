using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Runtime;

public sealed class OutcomeTests
{
    [Fact]
    public async Task A_failed_step_fails_the_run_and_names_itself()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.step, name: a }
              - { id: b, type: fail, message: "no good" }
              - { id: c, type: test.step, name: c }
            """);

        run.Status.ShouldBe("failed");
        run.Outcome.ShouldBe("failure");
        run.Error!.Step.ShouldBe("b");
        run.Error.Message.ShouldBe("no good");
        run.Steps.Select(s => s.Id).ShouldBe(["a", "b"]);
        harness.Probe.CountOf("c").ShouldBe(0);
    }

    [Fact]
    public async Task A_retryable_failure_is_tried_again_as_the_policy_says()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (_, step) => step.Attempt < 3 ? StepOutcome.Fail("busy", "later", retryable: true) : null;
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.step, name: a, retry: { type: constant, interval: PT0.02S, maxAttempts: 5 } }
            """);

        run.Status.ShouldBe("completed");
        run.Steps[0].Attempts.Select(a => a.Status).ShouldBe(["failed", "failed", "completed"]);
        run.RetryCount.ShouldBe(2);
        harness.Probe.CountOf("a").ShouldBe(3);
        harness.Probe.KeysOf("a").Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_last_attempt_that_fails_fails_the_step_and_a_failure_that_is_not_retryable_at_once()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (name, _) => StepOutcome.Fail("busy", name, retryable: name == "a");
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            retry: { type: constant, interval: PT0.01S, maxAttempts: 3 }
            tasks:
              - { id: a, type: test.step, name: a, allowFailure: true }
              - { id: b, type: test.step, name: b }
            """);

        run.Status.ShouldBe("failed");
        run.Error!.Step.ShouldBe("b");
        run.Steps[0].Attempts.Count.ShouldBe(3);
        run.Steps[1].Attempts.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_allowed_failure_ends_the_run_with_a_warning()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: fail, message: "never mind", allowFailure: true }
              - { id: b, type: test.step, name: b }
            """);

        run.Status.ShouldBe("completed");
        run.Outcome.ShouldBe("warning");
        run.Steps.Select(s => s.Status).ShouldBe(["failed", "completed"]);
    }

    [Fact]
    public async Task Errors_tasks_see_the_error_and_finally_tasks_run_whatever_happened()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: fail, message: "broke" }
            errors:
              - { id: e, type: test.step, name: e, value: "{{ error.step }}: {{ error.message }}" }
            finally:
              - { id: z, type: test.step, name: z }
            """);

        run.Status.ShouldBe("failed");
        run.Steps.Select(s => s.Id).ShouldBe(["a", "e", "z"]);
        run.Steps[1].Output!.Value.GetString().ShouldBe("a: broke");
    }

    [Fact]
    public async Task An_exception_is_a_retryable_failure_and_an_error_in_a_template_is_not()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Work = (step, _) => step.Attempt == 1 ? throw new InvalidOperationException("oops") : Task.CompletedTask;
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            retry: { type: constant, interval: PT0.01S, maxAttempts: 3 }
            tasks:
              - { id: a, type: test.step, name: a }
              - { id: b, type: test.step, name: "{{ outputs.a.nothing }}" }
            """);

        run.Status.ShouldBe("failed");
        run.Steps[0].Attempts.Select(a => a.Status).ShouldBe(["failed", "completed"]);
        run.Steps[0].Attempts[0].Error!.Value.GetProperty("message").GetString()!.ShouldContain("oops");
        run.Steps[1].Attempts.Count.ShouldBe(1);
        run.Error!.Message.ShouldContain("nothing");
    }

    [Fact]
    public async Task A_step_that_takes_too_long_is_cancelled_and_fails()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks: [{ id: a, type: test.gate, name: never, timeout: PT0.1S }]
            """);

        run.Status.ShouldBe("failed");
        run.Error!.Code.ShouldBe("step_timeout");
    }

    [Fact]
    public async Task A_flow_that_takes_too_long_fails_and_still_runs_its_finally()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            timeout: PT0.2S
            tasks: [{ id: a, type: test.gate, name: never }]
            finally: [{ id: z, type: test.step, name: z }]
            """);

        run.Status.ShouldBe("failed");
        run.Error!.Code.ShouldBe("run_timeout");
        harness.Probe.CountOf("z").ShouldBe(1);
    }

    [Fact]
    public async Task A_cancelled_run_tells_its_step_and_runs_its_finally()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.gate, name: gate }
              - { id: b, type: test.step, name: b }
            finally: [{ id: z, type: test.step, name: z }]
            """, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");

        await engine.CancelAsync(started.Id, "no longer needed", Stop);

        var run = await EndAsync(engine, started.Id);
        run.Status.ShouldBe("cancelled");
        run.Outcome.ShouldBeNull();
        run.Error!.Message.ShouldBe("no longer needed");
        run.Steps.Select(s => (s.Id, s.Status)).ShouldBe([("a", "cancelled"), ("z", "completed")]);
        (await harness.ScalarAsync<long>("select count(*) from weft.cancel_request")).ShouldBe(0);
        (await Should.ThrowAsync<FlowException>(engine.CancelAsync(started.Id, "again", Stop))).Code.ShouldBe("run_ended");
    }

    [Fact]
    public async Task A_parked_run_can_be_cancelled_from_another_process()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var elsewhere = harness.Engine();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks: [{ id: a, type: sleep, duration: P1D }]
            """, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.timer") == 1);
        (await harness.LookAsync(started.Id)).Steps.Single().Status.ShouldBe("waiting");

        await elsewhere.CancelAsync(started.Id, "enough", Stop);

        (await EndAsync(engine, started.Id)).Status.ShouldBe("cancelled");
        (await harness.ScalarAsync<long>("select count(*) from weft.timer")).ShouldBe(0);
    }

    [Fact]
    public async Task A_handler_may_end_the_run_as_cancelled()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (_, _) => StepOutcome.Cancel("nothing to do");
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks: [{ id: a, type: test.step, name: a }, { id: b, type: test.step, name: b }]
            """);

        run.Status.ShouldBe("cancelled");
        run.Error!.Message.ShouldBe("nothing to do");
        harness.Probe.CountOf("b").ShouldBe(0);
    }

    [Fact]
    public async Task An_output_that_cannot_be_stored_fails_its_step_with_the_reason()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (name, _) => StepOutcome.Done(name == "a" ? "nul \0 inside" : new string('x', 2_000));
        var engine = await harness.StartEngineAsync(o => o.MaxValueBytes = 1_024);

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.step, name: a, allowFailure: true }
              - { id: b, type: test.step, name: b }
            """);

        run.Steps[0].Attempts[0].Error!.Value.GetProperty("code").GetString().ShouldBe("value_not_storable");
        run.Error!.Code.ShouldBe("value_too_large");
    }

    [Fact]
    public async Task A_failed_run_is_retried_from_the_failed_step_and_keeps_what_happened_before()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var works = false;
        harness.Probe.Decide = (name, _) => name == "b" && !works ? StepOutcome.Fail("down", "not now") : null;
        var engine = await harness.StartEngineAsync();
        var failed = await harness.RunAsync(engine, """
            id: f
            namespace: test
            tasks:
              - { id: a, type: test.step, name: a }
              - id: block
                type: sequential
                tasks: [{ id: b, type: test.step, name: b }]
              - { id: c, type: test.step, name: c }
            errors: [{ id: e, type: test.step, name: e }]
            """);
        failed.Status.ShouldBe("failed");

        await engine.RetryAsync(failed.Id, Stop);
        (await EndAsync(engine, failed.Id)).Status.ShouldBe("failed");
        works = true;
        await engine.RetryAsync(failed.Id, Stop);
        var run = await EndAsync(engine, failed.Id);

        run.Status.ShouldBe("completed");
        run.Error.ShouldBeNull();
        harness.Probe.CountOf("a").ShouldBe(1);
        harness.Probe.CountOf("b").ShouldBe(3);
        harness.Probe.CountOf("e").ShouldBe(2);
        run.Steps.Single(s => s.Id == "b").Attempts.Select(a => (a.Number, a.Status)).ShouldBe([(1, "failed"), (2, "failed"), (3, "completed")]);
        run.Steps.Where(s => s.Id == "block").SelectMany(s => s.Attempts).Select(a => a.Status).ShouldBe(["failed", "failed", "completed"]);
        run.History.Select(h => h.To).ShouldContain("failed");
        run.History[^1].To.ShouldBe("completed");
        run.RetryCount.ShouldBe(2);
        (await Should.ThrowAsync<FlowException>(engine.RetryAsync(failed.Id, Stop))).Code.ShouldBe("run_not_failed");
        (await Should.ThrowAsync<FlowException>(engine.RetryAsync(Guid.CreateVersion7(), Stop))).Code.ShouldBe("run_not_found");
    }

    [Fact]
    public async Task A_retry_by_hand_gives_the_flows_timeout_a_fresh_start_and_keeps_the_first_start_in_the_history()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var failed = await harness.RunAsync(engine, """
            id: f
            namespace: test
            timeout: PT1S
            tasks: [{ id: a, type: test.gate, name: gate }]
            """);
        failed.Error!.Code.ShouldBe("run_timeout");

        harness.Probe.Open("gate");
        await engine.RetryAsync(failed.Id, Stop);
        var run = await EndAsync(engine, failed.Id);

        run.Status.ShouldBe("completed", run.Error?.Message);
        run.History.Select(h => h.To).ShouldBe(["pending", "running", "failed", "pending", "running", "completed"]);
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_a_moment_shows_where_it_is_and_leaves_no_trace_of_that()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync(o => o.ParkAfter = TimeSpan.FromMilliseconds(20));
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - { id: before, type: return, value: 1 }
              - { id: a, type: test.gate, name: gate }
            """, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");

        await UntilAsync(async () => (await harness.LookAsync(started.Id)).Status == "running");
        var running = await harness.LookAsync(started.Id);
        running.CurrentStep.ShouldBe("a");
        running.Steps.Select(s => s.Id).ShouldBe(["before"]);
        harness.Probe.Open("gate");

        (await EndAsync(engine, started.Id)).Status.ShouldBe("completed");
        (await harness.ScalarAsync<long>("select count(*) from weft.run_state")).ShouldBe(0);
    }

    [Fact]
    public async Task Inputs_are_checked_before_anything_starts()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            inputs: [{ id: n, type: INT }]
            tasks: [{ id: a, type: log, message: x }]
            """, FlowOwner.System, Stop);

        (await Should.ThrowAsync<InputsInvalidException>(engine.StartAsync(Start(flow, ("n", "many")), Stop))).Problems.Single().Path.ShouldBe("inputs.n");
        (await Should.ThrowAsync<InputsInvalidException>(engine.StartAsync(Start(flow, ("n", 1L), ("m", 2L)), Stop))).Problems.ShouldNotBeEmpty();
        await Should.ThrowAsync<FlowNotFoundException>(engine.StartAsync(new StartRun { Namespace = "test", FlowId = "g" }, Stop));
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(0);
    }
}
