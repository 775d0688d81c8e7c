using Weft.Engine.Runtime;
using Weft.Engine.Store;
using Weft.Engine.Tests.Runtime;
using Weft.Postgres;
using Weft.Testing;
using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Store;

public sealed class StoreTests
{
    private const string One = """
        id: one
        namespace: test
        inputs: [{ id: who, type: STRING }, { id: pin, type: SECRET, required: false }]
        tasks: [{ id: a, type: test.step, name: "{{ inputs.who }} {{ inputs.pin ?? '' }}" }]
        """;

    [Fact]
    public async Task Every_statement_of_the_engine_can_be_planned_as_the_role_that_runs_it()
    {
        await using var test = await TestDatabase.CreateAsync(Stop);
        var statements = SqlStatements.All(typeof(FlowEngine).Assembly);

        statements.Count.ShouldBeGreaterThan(50);
        var complaints = new List<string>();
        foreach (var statement in statements)
            if (await SqlStatements.ExplainAsync(test.Database, statement, Stop) is { } complaint) complaints.Add($"{statement.Name}: {complaint}");
        complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_text_makes_no_version_and_a_changed_one_leaves_runs_on_theirs()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        const string Gate = """
            id: f
            namespace: test
            tasks: [{ id: g, type: test.gate, name: gate }, { id: a, type: test.step, name: old }]
            """;
        var flow = await engine.DeployAsync(Gate, FlowOwner.System, Stop);
        var started = await engine.StartAsync(Start(flow), Stop);
        await harness.Probe.ReachedAsync("gate");

        (await engine.DeployAsync(Gate, FlowOwner.System, Stop)).ShouldBe(flow with { IsNewVersion = false });
        (await engine.DeployAsync(Gate.Replace("name: old", "name: new", StringComparison.Ordinal), FlowOwner.System, Stop)).Version.ShouldBe(2);
        harness.Probe.Open("gate");
        await EndAsync(engine, started.Id);
        await EndAsync(engine, (await engine.StartAsync(Start(flow), Stop)).Id);

        harness.Probe.Executions.ShouldBe(["gate", "old", "gate", "new"]);
    }

    [Fact]
    public async Task Deploying_the_same_new_flow_at_once_from_everywhere_makes_consecutive_versions()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();

        var deployments = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => engine.DeployAsync(One + $"\n# {n}", FlowOwner.System, Stop)));

        deployments.Select(d => d.Version).Order().ShouldBe(Enumerable.Range(1, 8));
        deployments.Select(d => d.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_workspaces_flow_comes_before_the_systems_and_only_for_that_workspace()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        var workspace = Guid.CreateVersion7();
        var flow = await engine.DeployAsync(One, FlowOwner.System, Stop);
        await engine.DeployAsync(One.Replace("{{ inputs.who }}", "theirs", StringComparison.Ordinal), new FlowOwner(workspace, null), Stop);

        foreach (var acting in (Guid?[])[null, workspace, Guid.CreateVersion7()])
            await EndAsync(engine, (await engine.StartAsync(Start(flow, ("who", "ours")) with { WorkspaceId = acting }, Stop)).Id);

        harness.Probe.Executions.Select(e => e.Trim()).ShouldBe(["ours", "theirs", "ours"]);
    }

    [Fact]
    public async Task A_run_is_seen_by_its_person_and_its_workspace_and_by_nobody_else()
    {
        await using var harness = await EngineHarness.CreateAsync();
        // The engine's own notion of membership; the product's, which replaces it, has its own tests.
        await harness.ExecuteAsync("create or replace function weft.caller_is_member(workspace uuid) returns boolean language sql stable as $$ select workspace = weft.caller_workspace_id() $$");
        var engine = await harness.StartEngineAsync();
        var (person, workspace) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var flow = await engine.DeployAsync(One, FlowOwner.System, Stop);
        var run = (await engine.StartAsync(Start(flow, ("who", "me"), ("pin", "hunter22")) with { UserId = person, WorkspaceId = workspace }, Stop)).Id;
        await EndAsync(engine, run);

        async Task<RunDetail?> SeenByAsync(Guid? user, Guid? members)
        {
            await using var scope = await harness.Database.BeginAsync(new Caller(user, members), Stop);
            (await RunReader.ListAsync(scope.Connection, new RunFilter(), Stop)).Items.Count.ShouldBeLessThanOrEqualTo(1);
            (await RunReader.LogsAsync(scope.Connection, run, null, 10, Stop)).Items.ShouldBeEmpty();
            return await RunReader.FindAsync(scope.Connection, run, Stop);
        }
        (await SeenByAsync(Guid.CreateVersion7(), Guid.CreateVersion7())).ShouldBeNull();
        (await SeenByAsync(null, null)).ShouldBeNull();
        (await SeenByAsync(Guid.CreateVersion7(), workspace)).ShouldNotBeNull();
        var own = (await SeenByAsync(person, null)).ShouldNotBeNull();

        own.Steps.Count.ShouldBe(1);
        // What was given as a secret shows nowhere.
        own.Inputs.GetProperty("pin").GetString().ShouldBe("******");
        own.Steps[0].Input!.Value.GetProperty("name").GetString().ShouldBe("me ******");
        harness.Probe.Executions.ShouldBe(["me hunter22"]);
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_page_by_page_and_filtered()
    {
        await using var harness = await EngineHarness.CreateAsync();
        harness.Probe.Decide = (name, _) => name.StartsWith("bad", StringComparison.Ordinal) ? StepOutcome.Fail("no", "went 100% wrong") : null;
        var engine = await harness.StartEngineAsync();
        var flow = await engine.DeployAsync(One, FlowOwner.System, Stop);
        var ids = new List<Guid>();
        for (var n = 0; n < 7; n++)
        {
            ids.Add((await engine.StartAsync(Start(flow, ("who", n % 3 == 0 ? "bad" : "good")), Stop)).Id);
            await EndAsync(engine, ids[^1]);
        }
        await using var connection = await harness.Database.Engine.OpenConnectionAsync(Stop);

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await RunReader.ListAsync(connection, new RunFilter { Limit = 3, Cursor = cursor }, Stop);
            seen.AddRange(page.Items.Select(i => i.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        seen.ShouldBe(Enumerable.Reverse(ids));

        async Task<int> CountAsync(RunFilter filter) => (await RunReader.ListAsync(connection, filter, Stop)).Items.Count;
        (await CountAsync(new RunFilter { Status = "failed" })).ShouldBe(3);
        (await CountAsync(new RunFilter { Flow = "test/one" })).ShouldBe(7);
        (await CountAsync(new RunFilter { Flow = "test/two" })).ShouldBe(0);
        (await CountAsync(new RunFilter { Text = "100%" })).ShouldBe(3);
        (await CountAsync(new RunFilter { Text = "1_0" })).ShouldBe(0);
        (await CountAsync(new RunFilter { Since = DateTimeOffset.UnixEpoch, Until = DateTimeOffset.UnixEpoch.AddDays(1) })).ShouldBe(0);
        (await Should.ThrowAsync<FlowException>(CountAsync(new RunFilter { Cursor = "x" }))).Code.ShouldBe("cursor_invalid");
    }

    [Fact]
    public async Task One_record_that_the_database_refuses_does_not_take_others_with_it()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();
        await engine.DeployAsync(One, FlowOwner.System, Stop);
        var plan = (await engine.Services.Flows.FindCurrentAsync(null, "test", "one", Stop)).ShouldNotBeNull();
        var units = Enumerable.Range(0, 50).Select(n =>
        {
            var unit = new WriteUnit();
            var start = RunStarts.Prepare(engine.Services, plan, new StartRun { Namespace = "test", FlowId = "one", Inputs = FlowValue.Map(("who", "x")) }, engine.Services.Ids.Next());
            unit.Add(n == 17 ? start with { Inputs = "no json" } : start);
            return unit;
        }).ToList();

        foreach (var unit in units) engine.Services.Writer.Write(unit);
        var refused = await Should.ThrowAsync<FlowException>(units[17].Committed);
        await Task.WhenAll(units.Where(u => u != units[17]).Select(u => u.Committed));

        refused.Code.ShouldBe("record_refused");
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(49);
        (await harness.ScalarAsync<long>("select count(*) from weft.queue")).ShouldBe(49);
    }

    [Fact]
    public async Task A_workspaces_sql_cannot_record_steps_of_others()
    {
        await using var harness = await EngineHarness.CreateAsync();
        await harness.StartEngineAsync();
        var node = await harness.ScalarAsync<int>("select id from weft.node");
        await using var connection = await harness.Database.Flow.OpenConnectionAsync(Stop);
        await using var forged = new Npgsql.NpgsqlCommand($"select weft.record_step({node}, '\\x00', '{Guid.CreateVersion7()}', 'a', 1, 'a', 'log', null, now(), now(), null, '1')", connection);

        (await Should.ThrowAsync<Npgsql.PostgresException>(forged.ExecuteNonQueryAsync(Stop))).SqlState.ShouldBe("42501");
        await using var peek = new Npgsql.NpgsqlCommand("select secret from weft.node", connection);
        (await Should.ThrowAsync<Npgsql.PostgresException>(peek.ExecuteScalarAsync(Stop))).SqlState.ShouldBe("42501");
    }
}
