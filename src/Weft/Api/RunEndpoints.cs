using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Weft.Engine;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Hiring.Realtime;
using Weft.Postgres;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Weft.Api;

/// <summary>Runs: started, watched, cancelled, retried. What the caller may not see is not there, by row-level security.</summary>
internal static class RunEndpoints
{
    private static readonly string[] Statuses = ["pending", "running", "paused", "awaiting_retry", "completed", "failed", "cancelled"];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100);

    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        var runs = routes.MapGroup("/api/runs").WithTags("runs");
        runs.MapPost("", StartAsync).WithSummary("Start a flow; the same idempotency key answers with the same run");
        runs.MapGet("", ListAsync).WithSummary("Runs, newest first");
        runs.MapGet("/{id:guid}", FindAsync).WithSummary("A run with its steps, attempts and history");
        runs.MapGet("/{id:guid}/logs", LogsAsync).WithSummary("A run's log in order; ask again after the last cursor for what came later");
        runs.MapGet("/{id:guid}/events", EventsAsync).WithSummary("Server-sent events: `run` with the run whole at each change, `end` at its end").Produces<string>(contentType: "text/event-stream");
        runs.MapPost("/{id:guid}/cancel", CancelAsync).WithSummary("Cancel a run");
        runs.MapPost("/{id:guid}/retry", RetryAsync).WithSummary("Retry a failed or cancelled run from where it failed");
    }

    private static async Task<Results<Created<StartedRun>, Ok<StartedRun>, ProblemResult>> StartAsync(
        StartRequest body, SignedIn caller, FlowEngine engine, CancellationToken cancellationToken)
    {
        var check = new RequestCheck();
        var flow = check.Text("flow", body.Flow, max: 300);
        check.That(body.Inputs is null or { ValueKind: JsonValueKind.Object or JsonValueKind.Null }, "inputs", "This must be an object of inputs by name.");
        if (check.Problem is { } problem) return problem;
        var started = await engine.StartAsync(Request(flow, body.Inputs, body.IdempotencyKey, caller), cancellationToken);
        var view = new StartedRun(started.Id, started.Id, started.CreatedAt);
        return started.AlreadyExisted ? TypedResults.Ok(view) : TypedResults.Created($"/api/runs/{started.Id}", view);
    }

    /// <summary>A start in the caller's name; a flow without a namespace is of the default one.</summary>
    internal static StartRun Request(string flow, JsonElement? inputs, string? idempotencyKey, SignedIn caller)
    {
        var slash = flow.LastIndexOf('/');
        return new StartRun
        {
            Namespace = slash < 0 ? "default" : flow[..slash],
            FlowId = flow[(slash + 1)..],
            Inputs = inputs is { ValueKind: JsonValueKind.Object } given ? (OrderedDictionary<string, object?>)FlowValue.Parse(given.GetRawText())! : FlowValue.Map(),
            WorkspaceId = caller.WorkspaceId,
            UserId = caller.PersonId,
            // Whoever operates the installation may try its own flows by hand.
            MayStartSystemFlow = caller.IsOperator,
            IdempotencyKey = string.IsNullOrEmpty(idempotencyKey) ? null : idempotencyKey,
        };
    }

    private static async Task<Results<Ok<Page<RunSummary>>, ProblemResult>> ListAsync(
        [AsParameters] PageQuery page, [AsParameters] RunQuery query, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        var check = new RequestCheck();
        check.That(query.Status is null || Statuses.Contains(query.Status, StringComparer.Ordinal), "status", $"This must be one of {string.Join(", ", Statuses)}.");
        if (check.Problem is { } problem) return problem;
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var runs = await RunReader.ListAsync(scope.Connection, new RunFilter
        {
            Status = query.Status,
            Flow = query.Flow,
            Trigger = query.Trigger,
            Text = query.Q,
            Since = query.Since,
            Until = query.Until,
            ParentId = query.ParentId,
            Cursor = string.IsNullOrEmpty(page.Cursor) ? null : page.Cursor,
            Limit = page.Size,
        }, cancellationToken);
        return TypedResults.Ok(new Page<RunSummary>(runs.Items, runs.NextCursor));
    }

    private static async Task<Results<Ok<RunView>, ProblemResult>> FindAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken) =>
        await ReadAsync(id, caller, database, cancellationToken) is { } run ? TypedResults.Ok(new RunView(run)) : Problems.NotFound.With();

    internal static async Task<RunDetail?> ReadAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        return await RunReader.FindAsync(scope.Connection, id, cancellationToken);
    }

    private static async Task<Results<Ok<Page<LogLineView>>, ProblemResult>> LogsAsync(
        Guid id, [AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        Guid? after = null;
        if (!string.IsNullOrEmpty(page.Cursor)) after = Guid.TryParse(page.Cursor, out var cursor) ? cursor : throw Problems.CursorInvalid.Thrown();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        if (await RunReader.FindAsync(scope.Connection, id, cancellationToken) is null) return Problems.NotFound.With();
        var logs = await RunReader.LogsAsync(scope.Connection, id, after, page.Size, cancellationToken);
        return TypedResults.Ok(new Page<LogLineView>(
            [.. logs.Items.Select(l => new LogLineView(l.Id, l.At, l.Level, l.Path, l.Attempt, l.Message))], logs.NextCursor?.ToString()));
    }

    private static async Task<IResult> EventsAsync(
        Guid id, HttpContext context, SignedIn caller, WeftDatabase database, FlowEngine engine, IHostApplicationLifetime lifetime, TimeProvider time,
        IOptions<JsonOptions> json, CancellationToken cancellationToken)
    {
        // Listening begins before the first look: no change falls between the two.
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Note(RunChange change)
        {
            if (change.RunId == id) changes.Writer.TryWrite(true);
        }
        engine.RunChanged += Note;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        end.CancelAfter(Longest);
        try
        {
            if (await ReadAsync(id, caller, database, end.Token) is not { } run) return Problems.NotFound.With();
            var stream = await EventStream.BeginAsync(context, end.Token);
            while (true)
            {
                await stream.SendAsync("run", JsonSerializer.Serialize(new RunView(run), json.Value.SerializerOptions), end.Token);
                if (run.FinishedAt is not null)
                {
                    await stream.SendAsync("end", JsonSerializer.Serialize(new { status = run.Status }), end.Token);
                    await stream.FlushAsync(end.Token);
                    return Results.Empty;
                }
                await stream.FlushAsync(end.Token);
                while (!await HasChangeAsync(changes.Reader, time, end.Token))
                {
                    await stream.BeatAsync(end.Token);
                    await stream.FlushAsync(end.Token);
                }
                await Task.Delay(Gather, time, end.Token);
                if (await ReadAsync(id, caller, database, end.Token) is not { } next) return Results.Empty;
                run = next;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return Results.Empty;
        }
        finally
        {
            engine.RunChanged -= Note;
        }
    }

    private static async Task<bool> HasChangeAsync(ChannelReader<bool> changes, TimeProvider time, CancellationToken cancellationToken)
    {
        using var beat = new CancellationTokenSource(EventStream.Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, beat.Token);
        try
        {
            await changes.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (beat.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task<Results<Ok<RunView>, ProblemResult>> CancelAsync(
        Guid id, CancelRequest? body, SignedIn caller, WeftDatabase database, FlowEngine engine, CancellationToken cancellationToken)
    {
        if (await ReadAsync(id, caller, database, cancellationToken) is null) return Problems.NotFound.With();
        var check = new RequestCheck();
        var reason = check.OptionalText("reason", body?.Reason, max: 500);
        if (check.Problem is { } problem) return problem;
        await engine.CancelAsync(id, reason ?? $"Cancelled by {caller.Name}.", cancellationToken);
        return await ReadAsync(id, caller, database, cancellationToken) is { } run ? TypedResults.Ok(new RunView(run)) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<RunView>, ProblemResult>> RetryAsync(
        Guid id, SignedIn caller, WeftDatabase database, FlowEngine engine, CancellationToken cancellationToken)
    {
        if (await ReadAsync(id, caller, database, cancellationToken) is null) return Problems.NotFound.With();
        await engine.RetryAsync(id, cancellationToken);
        return await ReadAsync(id, caller, database, cancellationToken) is { } run ? TypedResults.Ok(new RunView(run)) : Problems.NotFound.With();
    }
}

/// <summary>A start: <c>flow</c> is <c>namespace/id</c>.</summary>
internal sealed record StartRequest([property: Required] string? Flow, JsonElement? Inputs, string? IdempotencyKey);

/// <summary>
/// A run as its page shows it. <c>counters</c> are its outputs that are whole numbers, and <c>delivery_triggered</c> says
/// whether a step of it sent mail.
/// </summary>
internal sealed record RunView : RunSummary
{
    [SetsRequiredMembers]
    public RunView(RunDetail run) : base(run)
    {
        (Inputs, Outputs, CurrentStep, Steps, History, HasMoreSteps) = (run.Inputs, run.Outputs, run.CurrentStep, run.Steps, run.History, run.HasMoreSteps);
        if (run.Outputs is { ValueKind: JsonValueKind.Object } outputs)
        {
            foreach (var output in outputs.EnumerateObject())
            {
                if (output.Value.ValueKind == JsonValueKind.Number && output.Value.TryGetInt64(out var count)) Counters[output.Name] = count;
            }
        }
    }

    /// <summary>The run is the one record of its execution: its own id.</summary>
    public Guid TaskId => Id;

    public OrderedDictionary<string, long> Counters { get; init; } = new(StringComparer.Ordinal);

    public bool DeliveryTriggered => Steps.Any(s => s is { Type: "mail.send", Status: "completed" });

    public JsonElement Inputs { get; init; }

    public JsonElement? Outputs { get; init; }

    public string? CurrentStep { get; init; }

    public IReadOnlyList<StepDetail> Steps { get; init; }

    public IReadOnlyList<RunTransition> History { get; init; }

    /// <summary>True when the run has more steps than are shown here.</summary>
    public bool HasMoreSteps { get; init; }
}

internal sealed record CancelRequest(string? Reason);

/// <summary>A run that was started and will not be lost.</summary>
internal sealed record StartedRun(Guid Id, Guid RunId, DateTimeOffset CreatedAt);

internal sealed record LogLineView(Guid Id, DateTimeOffset At, string Level, string? Step, int? Attempt, string Message);

/// <summary>The filters of a list of runs.</summary>
internal readonly record struct RunQuery(
    [FromQuery(Name = "status")] string? Status,
    [FromQuery(Name = "flow")] string? Flow,
    [FromQuery(Name = "trigger")] string? Trigger,
    [FromQuery(Name = "q")] string? Q,
    [FromQuery(Name = "since")] DateTimeOffset? Since,
    [FromQuery(Name = "until")] DateTimeOffset? Until,
    [FromQuery(Name = "parent_id")] Guid? ParentId);
