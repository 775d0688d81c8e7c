using Npgsql;
using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Runtime;

/// <summary>What happens when nodes and connections die. Each promise of the engine has a test here that tries to break it.</summary>
public sealed class DurabilityTests
{
    private const string ThreeSteps = """
        id: three
        namespace: test
        tasks:
          - { id: a, type: test.step, name: a }
          - { id: gate, type: test.gate, name: gate }
          - { id: z, type: test.step, name: z }
        """;

    [Fact]
    public async Task A_recorded_step_never_runs_again_and_an_unrecorded_one_runs_again_under_the_same_key()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var first = await harness.StartEngineAsync();
        var flow = await first.DeployAsync(ThreeSteps, FlowOwner.System, Stop);
        var started = await first.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");

        await first.Node!.KillAsync();
        harness.Probe.Open("gate");
        var second = await harness.StartEngineAsync();
        var run = await EndAsync(second, started.Id);

        run.Status.ShouldBe("completed");
        harness.Probe.Executions.ShouldBe(["a", "gate", "gate", "z"]);
        harness.Probe.KeysOf("gate").Count.ShouldBe(1);
        run.Steps.ShouldAllBe(s => s.Attempts.Count == 1);
    }

    [Fact]
    public async Task A_killed_nodes_work_is_taken_over_at_once_and_not_when_its_lease_runs_out()
    {
        await using var harness = await EngineHarness.CreateAsync();
        // A lease that outlives the test's patience: only the lock that the database releases can tell of the death.
        var first = await harness.StartEngineAsync(o => o.Lease = TimeSpan.FromMinutes(5));
        var second = await harness.StartEngineAsync(o => o.Lease = TimeSpan.FromMinutes(5));
        var flow = await first.DeployAsync(ThreeSteps, FlowOwner.System, Stop);
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(distinct node) from weft.slot") == 2);
        var started = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => first.StartAsync(Start(flow), Stop)));
        await UntilAsync(() => Task.FromResult(harness.Probe.CountOf("gate") == 20));

        await first.Node!.KillAsync();
        harness.Probe.Open("gate");
        foreach (var run in started) (await EndAsync(second, run.Id)).Status.ShouldBe("completed");

        harness.Probe.CountOf("a").ShouldBe(20);
        harness.Probe.CountOf("z").ShouldBe(20);
    }

    [Fact]
    public async Task A_node_that_lost_its_lease_cannot_write_even_if_it_comes_back()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var sleeper = await harness.StartEngineAsync(o => o.Lease = TimeSpan.FromMilliseconds(500));
        var flow = await sleeper.DeployAsync(ThreeSteps, FlowOwner.System, Stop);
        var started = await sleeper.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");
        var registration = await harness.ScalarAsync<int>("select id from weft.node");

        sleeper.Node!.IsSuspended = true;
        var other = await harness.StartEngineAsync();
        await UntilAsync(() => Task.FromResult(harness.Probe.CountOf("gate") == 2));
        harness.Probe.Open("gate");
        var run = await EndAsync(other, started.Id);

        // Both got through the gate; only the one with the lease could record it and go on.
        run.Status.ShouldBe("completed");
        harness.Probe.CountOf("z").ShouldBe(1);
        run.Steps.Select(s => (s.Id, s.Attempts.Count)).ShouldBe([("a", 1), ("gate", 1), ("z", 1)]);
        (await harness.ScalarAsync<long>($"select count(*) from weft.node where id = {registration}")).ShouldBe(0);

        // Awake again, it registers anew and takes its share.
        sleeper.Node.IsSuspended = false;
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(distinct node) from weft.slot") == 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_effect_on_the_database_and_its_record_commit_together(bool asWorkspaceFlow)
    {
        await using var harness = await EngineHarness.CreateAsync();
        await harness.ExecuteAsync("create table public.effect (run uuid, at timestamptz default clock_timestamp()); grant select, insert on public.effect to weft_engine, weft_flow; grant usage on schema public to weft_engine, weft_flow");
        var pool = asWorkspaceFlow ? harness.Database.Flow : harness.Database.Engine;
        harness.Probe.Decide = null;
        var committed = new TaskCompletionSource();
        var attempts = 0;
        harness.Probe.Work = async (step, ct) =>
        {
            if (step.Task.Id != "effect") return;
            var attempt = Interlocked.Increment(ref attempts);
            await using var connection = await pool.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await using var insert = new NpgsqlCommand($"insert into public.effect (run) values ('{step.RunId}')", connection);
            await insert.ExecuteNonQueryAsync(ct);
            await step.RecordAsync(transaction, "written", ct);
            // Breaks off before the commit first, and afterwards hangs behind it, where the node is killed.
            if (attempt == 1) throw new InvalidOperationException("before the commit");
            await transaction.CommitAsync(ct);
            committed.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
        };
        var first = await harness.StartEngineAsync();
        var flow = await first.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - { id: effect, type: test.step, name: effect, retry: { type: constant, interval: PT0.01S, maxAttempts: 3 } }
              - { id: after, type: test.step, name: "{{ outputs.effect }}" }
            """, FlowOwner.System, Stop);
        var started = await first.StartAsync(Start(flow), Stop);
        await committed.Task.WaitAsync(TimeSpan.FromSeconds(15), Stop);

        await first.Node!.KillAsync();
        var second = await harness.StartEngineAsync();
        var run = await EndAsync(second, started.Id);

        run.Status.ShouldBe("completed", run.Error?.Message);
        (await harness.ScalarAsync<long>("select count(*) from public.effect")).ShouldBe(1);
        harness.Probe.CountOf("effect").ShouldBe(2);
        harness.Probe.CountOf("written").ShouldBe(1);
        run.Steps[0].Attempts.Select(a => a.Status).ShouldBe(["failed", "completed"]);
    }

    [Fact]
    public async Task A_committed_effect_whose_answer_was_lost_counts_as_done()
    {
        await using var harness = await EngineHarness.CreateAsync();
        await harness.ExecuteAsync("create table public.effect (n int); grant insert on public.effect to weft_engine");
        harness.Probe.Work = async (step, ct) =>
        {
            await using var connection = await harness.Database.Engine.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await using var insert = new NpgsqlCommand("insert into public.effect values (1)", connection);
            await insert.ExecuteNonQueryAsync(ct);
            await step.RecordAsync(transaction, "written", ct);
            await transaction.CommitAsync(ct);
            throw new IOException("the answer to the commit was lost");
        };
        var engine = await harness.StartEngineAsync();

        var run = await harness.RunAsync(engine, """
            id: f
            namespace: test
            retry: { type: constant, interval: PT0.01S, maxAttempts: 5 }
            tasks: [{ id: effect, type: test.step, name: effect }]
            outputs: { o: "{{ outputs.effect }}" }
            """);

        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Outputs!.Value.GetProperty("o").GetString().ShouldBe("written");
        (await harness.ScalarAsync<long>("select count(*) from public.effect")).ShouldBe(1);
    }

    [Fact]
    public async Task Cut_connections_lose_nothing_and_repeat_no_recorded_step()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            inputs: [{ id: n, type: INT }]
            tasks:
              - { id: a, type: test.step, name: "a{{ inputs.n }}" }
              - { id: b, type: test.step, name: "b{{ inputs.n }}" }
              - { id: c, type: test.step, name: "c{{ inputs.n }}" }
            """, FlowOwner.System, Stop);

        using var enough = new CancellationTokenSource();
        var cutting = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await harness.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'weft_engine'");
                await Task.Delay(60, Stop);
            }
        }, Stop);
        var accepted = new List<RunStarted>();
        for (var n = 0; n < 200; n++)
        {
            try
            {
                accepted.Add(await engine.StartAsync(Start(flow, ("n", (long)n)), Stop));
            }
            catch (NpgsqlException)
            {
                // The look-up of the flow met the cut; the start was not accepted.
            }
        }
        await enough.CancelAsync();
        await cutting;

        accepted.Count.ShouldBeGreaterThan(50);
        foreach (var run in accepted) (await EndAsync(engine, run.Id, 40)).Status.ShouldBe("completed");
        (await harness.ScalarAsync<long>("select count(*) from weft.run r where not exists (select from weft.run_end e where e.run_id = r.id)")).ShouldBe(0);
        (await harness.ScalarAsync<long>("select count(*) from weft.queue")).ShouldBe(0);
        // Each step is recorded once; the unfinished attempts of a rescued registration may have run again, a recorded one never.
        (await harness.ScalarAsync<long>("select count(*) from (select run_id, path from weft.step where status = 'completed' group by 1, 2 having count(*) > 1) d")).ShouldBe(0);
        (await harness.ScalarAsync<long>("select count(*) from weft.step where status = 'completed'")).ShouldBe(3 * await harness.ScalarAsync<long>("select count(*) from weft.run"));
    }

    [Fact]
    public async Task Two_nodes_share_the_work_and_do_it_once()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var first = await harness.StartEngineAsync(o => o.NodeName = "first");
        var second = await harness.StartEngineAsync(o => o.NodeName = "second");
        var outside = harness.Engine(o => o.Works = false);
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from (select from weft.slot where node is not null group by node having count(*) = 8) s") == 2);
        var flow = await outside.DeployAsync("""
            id: f
            namespace: test
            inputs: [{ id: n, type: INT }]
            tasks: [{ id: a, type: test.step, name: "{{ inputs.n }}" }]
            """, FlowOwner.System, Stop);

        var runs = await Task.WhenAll(Enumerable.Range(0, 300).Select(n => outside.StartAsync(Start(flow, ("n", (long)n)), Stop)));

        foreach (var run in runs) (await EndAsync(outside, run.Id)).Status.ShouldBe("completed");
        harness.Probe.Executions.Count.ShouldBe(300);
        runs.Select(r => Engine.Runtime.RunIds.SlotOf(r.Id)).Distinct().Count().ShouldBe(16);
        first.Node!.Others.ShouldBe(1);
        second.Node!.Others.ShouldBe(1);
    }

    [Fact]
    public async Task A_start_that_commits_late_below_the_position_read_is_found()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks: [{ id: a, type: test.step, name: a }]
            """, FlowOwner.System, Stop);
        await using var connection = await harness.Database.Engine.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = await engine.StartAsync(Start(flow), transaction, Stop);
        var abandoned = await engine.StartAsync(Start(flow), Stop);
        (await EndAsync(engine, abandoned.Id)).Status.ShouldBe("completed");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => await EndAsync(engine, (await engine.StartAsync(Start(flow), Stop)).Id)));
        (await harness.ScalarAsync<long>($"select count(*) from weft.run where id = '{late.Id}'")).ShouldBe(0);

        await transaction.CommitAsync(Stop);

        (await EndAsync(engine, late.Id)).Status.ShouldBe("completed");
    }

    [Fact]
    public async Task A_start_in_a_transaction_that_is_rolled_back_never_was()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync(ThreeSteps, FlowOwner.System, Stop);
        await using var connection = await harness.Database.Engine.OpenConnectionAsync(Stop);
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
            await engine.StartAsync(Start(flow) with { IdempotencyKey = "k" }, transaction, Stop);

        (await harness.ScalarAsync<long>("select (select count(*) from weft.run) + (select count(*) from weft.queue) + (select count(*) from weft.idempotency)")).ShouldBe(0);
    }

    [Fact]
    public async Task The_same_idempotency_key_answers_with_the_same_run_from_every_process()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var other = harness.Engine();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks: [{ id: a, type: test.step, name: a }]
            """, FlowOwner.System, Stop);
        var request = Start(flow) with { IdempotencyKey = "order-1" };

        var started = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => (n % 2 == 0 ? engine : other).StartAsync(request, Stop)));

        started.Select(s => s.Id).Distinct().Count().ShouldBe(1);
        started.Count(s => !s.AlreadyExisted).ShouldBe(1);
        (await EndAsync(engine, started[0].Id)).Status.ShouldBe("completed");
        (await engine.StartAsync(request, Stop)).AlreadyExisted.ShouldBeTrue();
        (await engine.StartAsync(request with { IdempotencyKey = "order-2" }, Stop)).AlreadyExisted.ShouldBeFalse();
        harness.Probe.Executions.Count.ShouldBeLessThanOrEqualTo(2);
    }

    [Fact]
    public async Task A_node_that_stops_lets_its_steps_finish_and_hands_the_rest_back()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var first = await harness.StartEngineAsync();
        var flow = await first.DeployAsync(ThreeSteps, FlowOwner.System, Stop);
        var started = await first.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");

        var stopping = first.StopAsync();
        stopping.IsCompleted.ShouldBeFalse();
        harness.Probe.Open("gate");
        await stopping;
        (await harness.ScalarAsync<long>("select count(*) from weft.node")).ShouldBe(0);
        (await harness.LookAsync(started.Id)).Steps.Select(s => s.Id).ShouldBe(["a", "gate"]);

        var second = await harness.StartEngineAsync();
        (await EndAsync(second, started.Id)).Status.ShouldBe("completed");
        harness.Probe.Executions.ShouldBe(["a", "gate", "z"]);
    }

    [Fact]
    public async Task What_cannot_be_worked_out_again_is_recorded_before_anything_builds_on_it()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var first = await harness.StartEngineAsync(o => o.FlowEnvironment["MODE"] = "old");
        var flow = await first.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - { id: id, type: return, value: "{{ uuid() }}" }
              - id: which
                type: if
                condition: "{{ env.MODE == 'old' }}"
                then:
                  - { id: gate, type: test.gate, name: "{{ outputs.id.value }}" }
                else:
                  - { id: wrong, type: test.step, name: wrong }
              - { id: mode, type: return, value: "{{ env.MODE }}" }
            outputs: { id: "{{ outputs.id.value }}", mode: "{{ outputs.mode.value }}" }
            """, FlowOwner.System, Stop);
        var started = await first.StartAsync(Start(flow), Stop);
        await UntilAsync(() => Task.FromResult(harness.Probe.Executions.Count == 1));
        var drawn = harness.Probe.Executions[0];

        await first.Node!.KillAsync();
        harness.Probe.OpenAll();
        var second = await harness.StartEngineAsync(o => o.FlowEnvironment["MODE"] = "new");
        var run = await EndAsync(second, started.Id);

        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Outputs!.Value.GetProperty("id").GetString().ShouldBe(drawn);
        run.Outputs!.Value.GetProperty("mode").GetString().ShouldBe("new");
        harness.Probe.Executions.ShouldBe([drawn, drawn]);
    }

    [Fact]
    public async Task A_retry_that_waits_leaves_memory_and_the_counting_survives_a_kill()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (name, step) => name == "a" && step.Attempt < 3 ? StepOutcome.Fail("busy", "later", retryable: true) : null;
        var first = await harness.StartEngineAsync(o => o.ParkAfter = TimeSpan.Zero);
        var flow = await first.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - id: both
                type: parallel
                tasks:
                  - { id: a, type: test.step, name: a, retry: { type: constant, interval: PT1S, maxAttempts: 3 } }
                  - { id: b, type: test.step, name: b }
            """, FlowOwner.System, Stop);
        var started = await first.StartAsync(Start(flow), Stop);
        await UntilAsync(async () => (await harness.LookAsync(started.Id)).Status == "awaiting_retry");
        var waiting = await harness.LookAsync(started.Id);
        waiting.NextRetryAt.ShouldNotBeNull();
        (await harness.ScalarAsync<long>("select count(*) from weft.queue")).ShouldBe(0);

        await first.Node!.KillAsync();
        var second = await harness.StartEngineAsync(o => o.ParkAfter = TimeSpan.Zero);
        var run = await EndAsync(second, started.Id);

        run.Status.ShouldBe("completed");
        harness.Probe.CountOf("a").ShouldBe(3);
        harness.Probe.CountOf("b").ShouldBe(1);
        run.History.Select(h => h.To).ShouldContain("awaiting_retry");
    }

    [Fact]
    public async Task A_step_can_wait_for_an_answer_that_comes_before_or_after()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (name, _) => StepOutcome.WaitFor("answer-" + name);
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync("""
            id: f
            namespace: test
            tasks:
              - { id: early, type: test.step, name: early }
              - { id: late, type: test.step, name: late }
            outputs: { both: "{{ outputs.early }} {{ outputs.late }}" }
            """, FlowOwner.System, Stop);
        (await engine.AnswerAsync("answer-early", "one", Stop)).ShouldBeTrue();
        var started = await engine.StartAsync(Start(flow), Stop);
        await UntilAsync(async () => (await harness.LookAsync(started.Id)).Status == "paused");

        (await engine.AnswerAsync("answer-late", "two", Stop)).ShouldBeTrue();
        (await engine.AnswerAsync("answer-late", "three", Stop)).ShouldBeFalse();

        var run = await EndAsync(engine, started.Id);
        run.Status.ShouldBe("completed");
        run.Outputs!.Value.GetProperty("both").GetString().ShouldBe("one two");
        harness.Probe.Executions.ShouldBe(["early", "late"]);
    }
}
