using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Weft.Engine;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Api;

/// <summary>Runs under the names of the workflow service that clients may know: workflows are started, jobs are looked at.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/workflows/start", StartAsync).WithTags("jobs").WithSummary("Start a workflow; a bare id means namespace `default`");
        routes.MapGet("/jobs", ListAsync).WithTags("jobs").WithSummary("Jobs, newest first");
        routes.MapGet("/jobs/{id:guid}", FindAsync).WithTags("jobs").WithSummary("A job with its step data and state history");
    }

    private static async Task<Results<Created<StartedJob>, ProblemResult>> StartAsync(
        StartJobRequest body, SignedIn caller, FlowEngine engine, CancellationToken cancellationToken)
    {
        var check = new RequestCheck();
        var workflow = check.Text("workflow_id", body.WorkflowId, max: 300);
        check.That(body.InputData is null or { ValueKind: JsonValueKind.Object or JsonValueKind.Null }, "input_data", "This must be an object of inputs by name.");
        if (check.Problem is { } problem) return problem;
        var started = await engine.StartAsync(RunEndpoints.Request(workflow, body.InputData, null, caller), cancellationToken);
        return TypedResults.Created($"/jobs/{started.Id}", new StartedJob(started.Id, "pending", started.CreatedAt));
    }

    private static async Task<Ok<JobList>> ListAsync([AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var runs = await RunReader.ListAsync(scope.Connection, new RunFilter { Cursor = string.IsNullOrEmpty(page.Cursor) ? null : page.Cursor, Limit = page.Size }, cancellationToken);
        return TypedResults.Ok(new JobList([.. runs.Items.Select(JobSummary.Of)], runs.NextCursor));
    }

    private static async Task<Results<Ok<Job>, ProblemResult>> FindAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken) =>
        await RunEndpoints.ReadAsync(id, caller, database, cancellationToken) is { } run ? TypedResults.Ok(Job.Of(run)) : Problems.NotFound.With();
}

internal sealed record StartJobRequest([property: Required] string? WorkflowId, JsonElement? InputData);

internal sealed record StartedJob(Guid JobId, string Status, DateTimeOffset CreatedAt);

internal sealed record JobList(IReadOnlyList<JobSummary> Jobs, string? NextCursor);

internal sealed record JobSummary(
    Guid Id, string WorkflowId, Guid? UserId, string Status, string? ErrorMessage, int RetryCount, int MaxRetries, DateTimeOffset? NextRetryAt,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt)
{
    public static JobSummary Of(RunSummary run) => new(
        run.Id, Job.WorkflowOf(run.Flow), run.UserId, run.Status, run.Error?.Message, run.RetryCount, run.MaxRetries, run.NextRetryAt, run.CreatedAt, run.StartedAt);
}

/// <summary>A run as a job: what each step was given and gave, by its id.</summary>
internal sealed record Job(
    Guid Id, string WorkflowId, Guid? UserId, string Status, JsonElement InputData, IReadOnlyDictionary<string, JobStep> StepData, string? CurrentStepId,
    JsonElement? FinalResult, string? ErrorMessage, int RetryCount, int MaxRetries, DateTimeOffset? NextRetryAt, IReadOnlyList<JobState> StateHistory,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset LastUpdatedAt)
{
    public static Job Of(RunDetail run)
    {
        var steps = new OrderedDictionary<string, JobStep>(StringComparer.Ordinal);
        // Of a step that ran more than once (a loop), the last is what later steps saw.
        foreach (var step in run.Steps) steps[step.Id] = new JobStep(step.Status, step.Input, step.Output);
        var unfinished = run.FinishedAt is null ? run.Steps.FirstOrDefault(s => s.FinishedAt is null)?.Id ?? run.CurrentStep : run.Error?.Step;
        return new Job(
            run.Id, WorkflowOf(run.Flow), run.UserId, run.Status, run.Inputs, steps, unfinished, run.Outputs, run.Error?.Message, run.RetryCount, run.MaxRetries,
            run.NextRetryAt, [.. run.History.Select(h => new JobState(h.At, h.From, h.To, h.Reason))], run.CreatedAt, run.StartedAt,
            run.FinishedAt ?? (run.History.Count > 0 ? run.History[^1].At : run.CreatedAt));
    }

    // A bare id means namespace default, in both directions.
    internal static string WorkflowOf(string flow) => flow.StartsWith("default/", StringComparison.Ordinal) ? flow["default/".Length..] : flow;
}

internal sealed record JobStep(string Status, JsonElement? Input, JsonElement? Output);

internal sealed record JobState(DateTimeOffset At, string? From, string To, string? Reason);
