using System.Net;
using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

public sealed class FlowTests(TestHost host)
{
    private const string Greet = """
        id: greet
        namespace: team.people
        inputs:
          - { id: name, type: STRING }
          - { id: times, type: INT, defaults: 2 }
        triggers:
          - { id: call, type: webhook, key: a-long-secret-key }
        tasks:
          - { id: say, type: log, message: "Hello {{ inputs.name }}" }
          - { id: answer, type: return, value: "{{ inputs.name }} x {{ inputs.times }}" }
        outputs: { text: "{{ outputs.answer.value }}" }
        """;

    [Fact]
    public async Task A_saved_flow_is_listed_started_and_watched_by_its_owner_and_nobody_else()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        (await SaveAsync(person, "team.people/greet", Greet)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await SaveAsync(person, "team.people/greet", Greet)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var flow = await person.ReadAsync("/api/flows/team.people/greet");
        flow.GetProperty("version").GetInt32().ShouldBe(1);
        flow.GetProperty("source").GetString().ShouldBe(Greet);
        flow.GetProperty("inputs").EnumerateArray().Select(i => (i.GetProperty("id").GetString(), i.GetProperty("required").GetBoolean())).ShouldBe([("name", true), ("times", false)]);
        (await person.ReadAsync("/api/flows?q=greet")).GetProperty("items").GetArrayLength().ShouldBe(1);
        await (await stranger.GetAsync("/api/flows/team.people/greet")).ShouldBeAsync(Problems.FlowNotFound);
        await (await StartAsync(stranger, new { name = "x" })).ShouldBeAsync(Problems.FlowNotFound);

        var started = await StartAsync(person, new { name = "O'Brien'); DROP TABLE user_profiles;--" });
        started.StatusCode.ShouldBe(HttpStatusCode.Created);
        var run = await EndOfAsync(person, (await started.JsonAsync()).GetProperty("id").GetGuid());
        run.GetProperty("status").GetString().ShouldBe("completed");
        run.GetProperty("outputs").GetProperty("text").GetString().ShouldBe("O'Brien'); DROP TABLE user_profiles;-- x 2");
        run.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("id").GetString()).ShouldBe(["say", "answer"]);
        var logs = await person.ReadAsync($"/api/runs/{run.GetProperty("id").GetGuid()}/logs");
        logs.GetProperty("items").EnumerateArray().ShouldContain(l => l.GetProperty("message").GetString()!.StartsWith("Hello O'Brien"));
    }

    [Fact]
    public async Task The_language_is_served_as_a_schema_for_editors()
    {
        using var person = await host.SignUpAsync();
        var schema = await person.ReadAsync("/api/flows/schema.json");
        schema.GetProperty("$schema").GetString()!.ShouldStartWith("https://json-schema.org/");
        schema.GetRawText().ShouldContain("mail.send");
    }

    [Fact]
    public async Task A_flow_with_mistakes_is_refused_with_every_one_and_its_place()
    {
        using var person = await host.SignUpAsync();
        var source = "id: bad\nnamespace: team\ntasks:\n  - { id: one, type: loog, message: hi }\n  - { id: one, type: log }\n";
        var problem = await (await SaveAsync(person, "team/bad", source)).ShouldBeAsync(Problems.FlowInvalid);
        var errors = problem.GetProperty("errors").EnumerateArray().ToList();
        errors.Count.ShouldBeGreaterThanOrEqualTo(3);
        errors.ShouldAllBe(e => e.GetProperty("line").GetInt32() > 0 && e.GetProperty("column").GetInt32() > 0);
        errors.ShouldContain(e => e.GetProperty("message").GetString()!.Contains("log", StringComparison.Ordinal) && e.GetProperty("line").GetInt32() == 4);

        var check = await (await person.PostTextAsync("/api/flows/validate", source, "application/yaml")).JsonAsync();
        check.GetProperty("valid").GetBoolean().ShouldBeFalse();
        check.GetProperty("errors").GetArrayLength().ShouldBe(errors.Count);
        await (await SaveAsync(person, "team/other", Greet)).ShouldBeAsync(Problems.FlowInvalid);
    }

    [Fact]
    public async Task Inputs_that_do_not_fit_are_refused_before_a_run_exists()
    {
        using var person = await host.SignUpAsync();
        (await SaveAsync(person, "team.people/greet", Greet)).EnsureSuccessStatusCode();
        (await (await StartAsync(person, new { })).ShouldBeAsync(Problems.InputsInvalid)).ErrorPaths().ShouldHaveSingleItem().ShouldContain("name");
        await (await StartAsync(person, new { name = "a", times = "many" })).ShouldBeAsync(Problems.InputsInvalid);
        await (await StartAsync(person, new { name = "a", unknown = 1 })).ShouldBeAsync(Problems.InputsInvalid);
        await (await person.PostTextAsync("/api/runs", """{"flow":"team.people/greet","inputs":[1]}""")).ShouldBeAsync(Problems.Invalid);
        (await person.ReadAsync("/api/runs?flow=team.people/greet")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task The_same_idempotency_key_answers_with_the_same_run()
    {
        using var person = await host.SignUpAsync();
        (await SaveAsync(person, "team.people/greet", Greet)).EnsureSuccessStatusCode();
        var body = new { flow = "team.people/greet", inputs = new { name = "a" }, idempotency_key = "order-1" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => await (await person.PostAsync("/api/runs", body)).JsonAsync()));
        answers.Select(a => a.GetProperty("id").GetGuid()).Distinct().ShouldHaveSingleItem();
        (await person.ReadAsync("/api/runs?flow=team.people/greet")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("/api/v1/executions/webhook")]
    [InlineData("/api/v1/main/executions/webhook")]
    public async Task A_webhook_starts_the_flow_of_its_key_and_a_wrong_key_finds_nothing(string prefix)
    {
        using var person = await host.SignUpAsync();
        // The key selects the owner: each person's flow has its own.
        var key = $"secret-{Guid.CreateVersion7():N}";
        (await SaveAsync(person, "team.people/greet", Greet.Replace("a-long-secret-key", key, StringComparison.Ordinal))).EnsureSuccessStatusCode();

        using var caller = host.Visitor();
        var answer = await caller.PostTextAsync($"{prefix}/team.people/greet/{key}", """{"name":"Ada","times":3,"more":"ignored"}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var run = await EndOfAsync(person, (await answer.JsonAsync()).GetProperty("id").GetGuid());
        run.GetProperty("outputs").GetProperty("text").GetString().ShouldBe("Ada x 3");
        run.GetProperty("trigger").GetString().ShouldBe("webhook");

        await (await caller.PostTextAsync($"{prefix}/team.people/greet/{key}x", "{}")).ShouldBeAsync(Problems.WebhookNotFound);
        await (await caller.PostTextAsync($"{prefix}/team.people/nothing/{key}", "{}")).ShouldBeAsync(Problems.WebhookNotFound);
        await (await caller.PostTextAsync($"{prefix}/team.people/greet/{key}", """{"times":3}""")).ShouldBeAsync(Problems.InputsInvalid);
    }

    [Fact]
    public async Task A_workflow_is_started_and_its_job_read_by_the_names_of_the_workflow_service()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        using var visitor = host.Visitor();
        (await SaveAsync(person, "default/echo", "id: echo\nnamespace: default\ninputs:\n  - { id: text, type: STRING }\ntasks:\n  - { id: say, type: return, value: \"{{ inputs.text }}\" }\noutputs: { said: \"{{ outputs.say.value }}\" }\n")).EnsureSuccessStatusCode();

        var answer = await person.PostAsync("/workflows/start", new { workflow_id = "echo", input_data = new { text = "hi" } });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var started = await answer.JsonAsync();
        started.GetProperty("status").GetString().ShouldBe("pending");
        started.TryGetProperty("created_at", out _).ShouldBeTrue();
        var id = started.GetProperty("job_id").GetGuid();

        var job = await Eventually.ShouldBeAsync(() => person.ReadAsync($"/jobs/{id}"), j => j.GetProperty("status").GetString() == "completed", "job");
        job.GetProperty("workflow_id").GetString().ShouldBe("echo");
        job.GetProperty("input_data").GetProperty("text").GetString().ShouldBe("hi");
        job.GetProperty("final_result").GetProperty("said").GetString().ShouldBe("hi");
        job.GetProperty("step_data").GetProperty("say").GetProperty("output").GetProperty("value").GetString().ShouldBe("hi");
        job.GetProperty("state_history").GetArrayLength().ShouldBeGreaterThan(0);
        (await person.ReadAsync("/jobs")).GetProperty("jobs").EnumerateArray().ShouldContain(j => j.GetProperty("id").GetGuid() == id);

        await (await stranger.GetAsync($"/jobs/{id}")).ShouldBeAsync(Problems.NotFound);
        await (await visitor.GetAsync($"/jobs/{id}")).ShouldBeAsync(Problems.SignedOut);
        await (await visitor.PostAsync("/workflows/start", new { workflow_id = "echo" })).ShouldBeAsync(Problems.SignedOut);
        await (await person.PostAsync("/workflows/start", new { workflow_id = "nothing" })).ShouldBeAsync(Problems.FlowNotFound);
        await (await person.PostAsync("/workflows/start", new { input_data = new { } })).ShouldBeAsync(Problems.Invalid);
    }

    [Fact]
    public async Task A_run_is_cancelled_and_a_failed_one_retried_by_who_may_see_it()
    {
        using var person = await host.SignUpAsync();
        (await SaveAsync(person, "team/nap", "id: nap\nnamespace: team\ntasks:\n  - { id: sleep, type: sleep, duration: PT1H }\n")).EnsureSuccessStatusCode();
        var id = (await (await person.PostAsync("/api/runs", new { flow = "team/nap" })).JsonAsync()).GetProperty("id").GetGuid();
        await (await person.PostAsync($"/api/runs/{id}/retry", null)).ShouldBeAsync(Problems.RunNotFailed);
        (await person.PostAsync($"/api/runs/{id}/cancel", new { reason = "enough" })).EnsureSuccessStatusCode();
        (await EndOfAsync(person, id)).GetProperty("status").GetString().ShouldBe("cancelled");
        await (await person.PostAsync($"/api/runs/{id}/cancel", null)).ShouldBeAsync(Problems.RunEnded);
        (await person.PostAsync($"/api/runs/{id}/retry", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await person.PostAsync($"/api/runs/{id}/cancel", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_shipped_flow_is_read_by_everybody_and_deleted_by_nobody_but_may_be_overridden()
    {
        using var person = await host.SignUpAsync();
        var shipped = await person.ReadAsync("/api/flows/hiring/registration");
        shipped.GetProperty("workspace_id").ValueKind.ShouldBe(JsonValueKind.Null);
        await (await person.DeleteAsync("/api/flows/hiring/registration")).ShouldBeAsync(Problems.FlowIsShipped);
        // It acts across workspaces on inputs it trusts: not for everybody to start.
        await (await person.PostAsync("/api/runs", new { flow = "hiring/registration", inputs = new { } })).ShouldBeAsync(Problems.FlowNotStartable);
        await (await host.Operator.PostAsync("/api/runs", new { flow = "hiring/registration", inputs = new { } })).ShouldBeAsync(Problems.InputsInvalid);
        (await SaveAsync(person, "team.people/greet", Greet)).EnsureSuccessStatusCode();
        (await person.DeleteAsync("/api/flows/team.people/greet")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await person.DeleteAsync("/api/flows/team.people/greet")).ShouldBeAsync(Problems.FlowNotFound);
    }

    private static Task<HttpResponseMessage> SaveAsync(Person person, string flow, string source) => person.PutTextAsync($"/api/flows/{flow}", source, "application/yaml");

    private static Task<HttpResponseMessage> StartAsync(Person person, object inputs) => person.PostAsync("/api/runs", new { flow = "team.people/greet", inputs });

    private static Task<JsonElement> EndOfAsync(Person person, Guid run) => Eventually.ShouldBeAsync(
        () => person.ReadAsync($"/api/runs/{run}"), r => r.GetProperty("finished_at").ValueKind != JsonValueKind.Null, $"the end of run {run}");
}
