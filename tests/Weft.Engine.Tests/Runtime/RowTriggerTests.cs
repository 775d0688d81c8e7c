using static Weft.Engine.Tests.Runtime.EngineHarness;

namespace Weft.Engine.Tests.Runtime;

/// <summary>Whom a run acts for that a row change started: they see all it holds.</summary>
public sealed class RowTriggerTests
{
    private static readonly Guid Workspace = Guid.CreateVersion7();
    private static readonly Guid User = Guid.CreateVersion7();
    private static readonly Guid Other = Guid.CreateVersion7();

    [Theory]
    [InlineData("", true, true)]
    [InlineData("    workspace: ''\n", false, true)]
    [InlineData("    user: ''\n", true, false)]
    [InlineData("    workspace: '{{ null }}'\n    user: '{{ new.nobody }}'\n", false, false)]
    public async Task A_run_acts_for_whom_its_row_names_unless_the_trigger_says_nobody(string keys, bool forWorkspace, bool forUser)
    {
        await using var harness = await WithTableAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(Flow(keys), FlowOwner.System, Stop);
        await InsertAsync(harness);
        var run = await StartedAsync(harness);
        run.WorkspaceId.ShouldBe(forWorkspace ? Workspace : null);
        run.UserId.ShouldBe(forUser ? User : null);
    }

    [Fact]
    public async Task A_trigger_may_name_others_and_decide_by_the_row()
    {
        await using var harness = await WithTableAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(Flow("    workspace: \"{{ new.kind == 'shared' ? new.workspace_id : '' }}\"\n    user: '{{ new.other }}'\n"), FlowOwner.System, Stop);
        await InsertAsync(harness);
        var run = await StartedAsync(harness);
        run.WorkspaceId.ShouldBeNull();
        run.UserId.ShouldBe(Other);
    }

    [Fact]
    public async Task What_is_no_id_starts_nothing_and_is_told_at_the_trigger()
    {
        await using var harness = await WithTableAsync();
        var engine = await harness.StartEngineAsync();
        await engine.DeployAsync(Flow("    user: '{{ new.kind }}'\n"), FlowOwner.System, Stop);
        await InsertAsync(harness);
        await UntilAsync(async () => await harness.ScalarAsync<string>("select last_error from weft.trigger") is not null);
        (await harness.ScalarAsync<string>("select last_error from weft.trigger")).ShouldBe("'user' of the trigger 'changed' is 'private'; it must be an id, or empty for none.");
        (await harness.ScalarAsync<long>("select count(*) from weft.run")).ShouldBe(0);
    }

    [Theory]
    [InlineData("workspace")]
    [InlineData("user")]
    public async Task A_workspaces_flow_may_not_say_whom_its_runs_act_for(string key)
    {
        await using var harness = await WithTableAsync();
        var refused = await Should.ThrowAsync<FlowInvalidException>(
            harness.Engine().DeployAsync(Flow($"    {key}: '{{{{ new.other }}}}'\n"), new FlowOwner(Workspace, User), Stop));
        refused.Problems.ShouldHaveSingleItem().Message.ShouldBe(
            $"'{key}' of a row trigger is for the flows that the platform ships: a workspace's flow acts for its own workspace and the row's user. Remove '{key}'.");
        refused.Problems[0].Line.ShouldBe(5);
    }

    private static string Flow(string keys) => $"""
        id: watch
        namespace: test
        triggers:
          # The first line of the trigger is the one that a problem names.
          - id: changed
            type: row
            table: public.thing
            on: [insert]
        {keys}tasks:
          - id: out
            type: return
            value: done
        """;

    private static async Task<EngineHarness> WithTableAsync()
    {
        var harness = await CreateAsync();
        await harness.ExecuteAsync("""
            create table public.thing (id uuid primary key default gen_random_uuid(), workspace_id uuid, user_id uuid, other uuid, kind text, nobody uuid);
            alter table public.thing owner to weft_admin;
            select weft.allow_row_trigger('public.thing');
            """);
        return harness;
    }

    private static Task InsertAsync(EngineHarness harness) =>
        harness.ExecuteAsync($"insert into public.thing (workspace_id, user_id, other, kind) values ('{Workspace}', '{User}', '{Other}', 'private')");

    private static async Task<RunDetail> StartedAsync(EngineHarness harness)
    {
        await UntilAsync(async () => await harness.ScalarAsync<long>("select count(*) from weft.run_end") == 1);
        return await harness.LookAsync(await harness.ScalarAsync<Guid>("select id from weft.run"));
    }
}
