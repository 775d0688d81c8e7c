using System.Text;
using Npgsql;
using Weft.Engine.Tests.Runtime;
using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Triggers;

public sealed class TriggerTests
{
    private const string Hook = """
        id: hook
        namespace: test
        inputs:
          - { id: email, type: EMAIL }
          - { id: source, type: STRING, required: false }
        triggers:
          - { id: web, type: webhook, key: "s3cret-key-1", inputs: { source: "{{ trigger.headers['x-source'][0] }}" } }
        tasks: [{ id: a, type: test.step, name: "{{ inputs.email }} {{ trigger.body.extra }} {{ inputs.source }}" }]
        """;

    private const string OnPosition = """
        id: posted
        namespace: test
        inputs: [{ id: position_id, type: STRING }]
        triggers:
          - { id: row, type: row, table: public.position, on: [insert, update], when: "{{ new.status == 'open' }}", inputs: { position_id: "{{ trigger.new.id }}" } }
        tasks: [{ id: a, type: test.step, name: "{{ inputs.position_id }}" }]
        """;

    [Fact]
    public async Task A_webhooks_body_gives_the_inputs_of_the_same_names()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(Hook, FlowOwner.System, Stop);

        var started = await engine.StartByWebhookAsync("test", "hook", "s3cret-key-1", Request("""{"email":"a@b.example","extra":7}"""), Stop);

        var run = await EndAsync(engine, started!.Id);
        run.Status.ShouldBe("completed", run.Error?.Message);
        run.Trigger.ShouldBe("webhook");
        harness.Probe.Executions.ShouldBe(["a@b.example 7 test"]);
    }

    [Fact]
    public async Task A_wrong_key_and_an_unknown_flow_are_the_same_nothing()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();
        await engine.DeployAsync(Hook, FlowOwner.System, Stop);

        (await engine.StartByWebhookAsync("test", "hook", "s3cret-key-2", Request("{}"), Stop)).ShouldBeNull();
        (await engine.StartByWebhookAsync("test", "other", "s3cret-key-1", Request("{}"), Stop)).ShouldBeNull();
        (await engine.StartByWebhookAsync("test", "hook", "", Request("{}"), Stop)).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"email":"not an address"}""", "inputs.email")]
    [InlineData("""{}""", "inputs.email")]
    [InlineData("""{"email":""", "body")]
    public async Task A_body_that_does_not_fit_starts_nothing_and_says_why(string body, string path)
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();
        await engine.DeployAsync(Hook, FlowOwner.System, Stop);

        var refused = await Should.ThrowAsync<InputsInvalidException>(engine.StartByWebhookAsync("test", "hook", "s3cret-key-1", Request(body), Stop));

        refused.Problems[0].Path.ShouldBe(path);
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(0);
    }

    [Fact]
    public async Task The_key_selects_whose_flow_of_that_name_starts()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();
        var owner = new FlowOwner(Guid.CreateVersion7(), Guid.CreateVersion7());
        await engine.DeployAsync(Hook, FlowOwner.System, Stop);
        await engine.DeployAsync(Hook.Replace("s3cret-key-1", "their-own-key", StringComparison.Ordinal), owner, Stop);

        var theirs = await harness.LookAsync((await engine.StartByWebhookAsync("test", "hook", "their-own-key", Request("""{"email":"a@b.example"}"""), Stop))!.Id);
        var ours = await harness.LookAsync((await engine.StartByWebhookAsync("test", "hook", "s3cret-key-1", Request("""{"email":"a@b.example"}"""), Stop))!.Id);

        (theirs.WorkspaceId, theirs.UserId).ShouldBe((owner.WorkspaceId, owner.UserId));
        (ours.WorkspaceId, ours.UserId).ShouldBe((null, null));
    }

    [Fact]
    public async Task A_row_change_starts_its_flow_if_and_only_if_it_commits()
    {
        await using var harness = await RowHarnessAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(OnPosition, FlowOwner.System, Stop);

        await using (var connection = await harness.Superuser.OpenConnectionAsync(Stop))
        {
            await using var undone = await connection.BeginTransactionAsync(Stop);
            await using var insert = new NpgsqlCommand("insert into public.position values ('undone', 'open')", connection);
            await insert.ExecuteNonQueryAsync(Stop);
            await undone.RollbackAsync(Stop);
        }
        await harness.ExecuteAsync("insert into public.position values ('draft', 'draft'), ('one', 'open'); update public.position set status = 'open' where id = 'draft'; delete from public.position where id = 'one'");

        await UntilAsync(() => Task.FromResult(harness.Probe.Executions.Count >= 2));
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.outbox") == 0);
        harness.Probe.Executions.Order().ShouldBe(["draft", "one"]);
        (await harness.ScalarAsync<long>("select count(*) from weft.run where trigger = 'row'")).ShouldBe(2);
    }

    [Fact]
    public async Task A_change_whose_transaction_is_still_open_is_not_passed_over_and_delays_nobody()
    {
        await using var harness = await RowHarnessAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(OnPosition, FlowOwner.System, Stop);
        await using var connection = await harness.Superuser.OpenConnectionAsync(Stop);
        await using var open = await connection.BeginTransactionAsync(Stop);
        await using (var insert = new NpgsqlCommand("insert into public.position values ('early', 'open')", connection)) await insert.ExecuteNonQueryAsync(Stop);

        await harness.ExecuteAsync("insert into public.position values ('late', 'open')");
        await UntilAsync(() => Task.FromResult(harness.Probe.CountOf("late") == 1));
        harness.Probe.CountOf("early").ShouldBe(0);
        await open.CommitAsync(Stop);

        await UntilAsync(() => Task.FromResult(harness.Probe.CountOf("early") == 1));
        harness.Probe.Executions.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Two_nodes_start_one_run_for_each_change()
    {
        await using var harness = await RowHarnessAsync();
        var engine = await harness.StartEngineAsync();
        await harness.StartEngineAsync();
        await engine.DeployAsync(OnPosition, FlowOwner.System, Stop);

        await harness.ExecuteAsync("insert into public.position select 'p' || n, 'open' from generate_series(1, 500) n");

        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.run_end") >= 500);
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(500);
        harness.Probe.Executions.Distinct().Count().ShouldBe(500);
        harness.Probe.Executions.Count.ShouldBe(500);
    }

    [Fact]
    public async Task A_workspaces_flow_hears_of_its_own_rows_only_and_an_error_is_shown_at_the_trigger()
    {
        await using var harness = await RowHarnessAsync();
        await harness.ExecuteAsync("alter table public.position add workspace_id uuid");
        var engine = await harness.StartEngineAsync();
        var mine = new FlowOwner(Guid.CreateVersion7(), null);
        await engine.DeployAsync(OnPosition, mine, Stop);
        await engine.DeployAsync(OnPosition.Replace("id: posted", "id: broken", StringComparison.Ordinal).Replace("trigger.new.id", "trigger.new.idd", StringComparison.Ordinal), FlowOwner.System, Stop);

        await harness.ExecuteAsync($"insert into public.position values ('theirs', 'open', '{Guid.CreateVersion7()}'), ('mine', 'open', '{mine.WorkspaceId}')");

        await UntilAsync(() => Task.FromResult(harness.Probe.CountOf("mine") == 1));
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.outbox") == 0);
        harness.Probe.Executions.ShouldBe(["mine"]);
        (await harness.ScalarAsync<Guid>("select workspace_id from weft.run")).ShouldBe(mine.WorkspaceId!.Value);
        (await harness.ScalarAsync<string>("select last_error from weft.trigger t join weft.flow f on f.id = t.flow where f.flow_id = 'broken'"))!.ShouldContain("idd");
    }

    [Fact]
    public async Task What_cannot_fire_yet_is_refused_when_the_flow_is_saved()
    {
        await using var harness = await EngineHarness.CreateAsync();
        var engine = harness.Engine();

        var schedule = await Should.ThrowAsync<FlowInvalidException>(engine.DeployAsync("""
            id: f
            namespace: test
            triggers: [{ id: daily, type: schedule, cron: "@daily" }]
            tasks: [{ id: a, type: log, message: x }]
            """, FlowOwner.System, Stop));
        schedule.Problems.Single().Line.ShouldBe(3);
        var table = await Should.ThrowAsync<FlowInvalidException>(engine.DeployAsync(OnPosition, FlowOwner.System, Stop));
        table.Problems.Single().Message.ShouldContain("public.position");
    }

    private static async Task<EngineHarness> RowHarnessAsync()
    {
        var harness = await EngineHarness.CreateAsync();
        await harness.ExecuteAsync("create table public.position (id text primary key, status text); select weft.allow_row_trigger('public.position')");
        return harness;
    }

    private static WebhookRequest Request(string body) => new()
    {
        Body = Encoding.UTF8.GetBytes(body),
        ContentType = "application/json",
        Headers = new Dictionary<string, IReadOnlyList<string>> { ["X-Source"] = ["test"], ["Authorization"] = ["Bearer hidden"] },
    };
}
