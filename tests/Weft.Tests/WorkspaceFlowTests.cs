using System.Net;

namespace Weft.Tests;

/// <summary>A workspace's own flow has the workspace's rights and no more, whatever task types it uses.</summary>
public sealed class WorkspaceFlowTests(TestHost host)
{
    [Fact]
    public async Task A_workspaces_flow_cannot_start_the_products_flows_or_act_on_what_is_anothers()
    {
        var craft = Market.Craft();
        var victim = await host.JobSeekerAsync([craft]);
        var victimId = await victim.IdAsync();
        var file = (await (await victim.UploadAsync("cv.txt", "Ann Example\nann@example.org\n\nSkills\nWeaving"u8.ToArray())).JsonAsync()).GetProperty("id").GetString();
        var recruiter = await host.SignUpAsync("recruiter");
        var position = (await recruiter.PostPositionAsync("Weaver", [craft])).GetProperty("id").GetString();

        var intruder = await host.SignUpAsync("recruiter");
        var flows = new Dictionary<string, (string Task, string Code)>
        {
            ["start"] = ($$"""{ id: a, type: subflow, namespace: hiring, flowId: profiling, inputs: { user_id: "{{victimId}}", file_ids: ["{{file}}"] } }""", "flow_not_startable"),
            ["read"] = ($$"""{ id: a, type: cv.read, user: "{{victimId}}", file: "{{file}}" }""", "file_not_found"),
            ["fill"] = ($$"""{ id: a, type: profile.fill, user: "{{victimId}}", files: ["{{file}}"] }""", "user_not_found"),
            ["look"] = ($$"""{ id: a, type: match.positions, user: "{{victimId}}" }""", "user_not_found"),
            ["find"] = ($$"""{ id: a, type: match.candidates, position: "{{position}}" }""", "position_not_found"),
        };
        foreach (var (name, (task, code)) in flows)
        {
            using var saved = await intruder.PutTextAsync($"/api/flows/own/{name}", $"id: {name}\nnamespace: own\ntasks:\n  - {task}\n", "application/yaml");
            saved.StatusCode.ShouldBe(HttpStatusCode.Created, await saved.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var started = await (await intruder.PostAsync("/api/runs", new { flow = $"own/{name}", inputs = new { } })).JsonAsync();
            var run = await Eventually.ShouldBeAsync(
                () => intruder.ReadAsync($"/api/runs/{started.GetProperty("id").GetString()}"), r => r.GetProperty("status").GetString() is "completed" or "failed", name);
            run.GetProperty("status").GetString().ShouldBe("failed", name);
            run.GetProperty("error").GetProperty("code").GetString().ShouldBe(code, name);
        }
        using var refused = await intruder.PostAsync("/api/runs", new { flow = "hiring/profiling", inputs = new { user_id = victimId, file_ids = new[] { file } } });
        await refused.ShouldBeAsync(Hiring.Problems.FlowNotStartable);
    }
}
