using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Weft.Postgres;

namespace Weft.Engine;

/// <summary>Which runs a list shows. Whatever is null does not restrict.</summary>
public sealed record RunFilter
{
    /// <summary>One of <c>pending</c>, <c>running</c>, <c>paused</c>, <c>awaiting_retry</c>, <c>completed</c>, <c>failed</c>, <c>cancelled</c>.</summary>
    public string? Status { get; init; }

    /// <summary><c>namespace/id</c>.</summary>
    public string? Flow { get; init; }

    /// <summary>What started it.</summary>
    public string? Trigger { get; init; }

    /// <summary>Part of the flow's name, of the inputs or of the error, or a run's id.</summary>
    public string? Text { get; init; }

    /// <summary>Created then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Created before.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Children of this run.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>The <see cref="RunPage.NextCursor"/> of the page before.</summary>
    public string? Cursor { get; init; }

    /// <summary>How many at most, 1 to 200.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>A page of runs, the newest first.</summary>
/// <param name="Items">The runs.</param>
/// <param name="NextCursor">Where the next page begins; null on the last.</param>
public sealed record RunPage(IReadOnlyList<RunSummary> Items, string? NextCursor);

/// <summary>A run as a list shows it.</summary>
public record RunSummary
{
    /// <summary>The run's id, a UUIDv7.</summary>
    public required Guid Id { get; init; }
    /// <summary>The workspace it acts for.</summary>
    public Guid? WorkspaceId { get; init; }
    /// <summary>The person it acts for.</summary>
    public Guid? UserId { get; init; }
    /// <summary><c>namespace/id</c>.</summary>
    public required string Flow { get; init; }
    /// <summary>The version it runs on; null when the flow was deleted.</summary>
    public int? FlowVersion { get; init; }
    /// <summary>See <see cref="RunFilter.Status"/>.</summary>
    public required string Status { get; init; }
    /// <summary><c>success</c>, <c>warning</c>, <c>failure</c>; null while it goes on and when it was cancelled.</summary>
    public string? Outcome { get; init; }
    /// <summary>Why it failed.</summary>
    public RunError? Error { get; init; }
    /// <summary>Attempts beyond the first, of steps and by hand.</summary>
    public int RetryCount { get; init; }
    /// <summary>How many retries the flow's own policy allows a step.</summary>
    public int MaxRetries { get; init; }
    /// <summary>When it goes on, if it awaits a retry.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }
    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>When its first step began.</summary>
    public DateTimeOffset? StartedAt { get; init; }
    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>The run that started it.</summary>
    public Guid? ParentId { get; init; }
    /// <summary>What started it.</summary>
    public required string Trigger { get; init; }
    /// <summary>Labels by name.</summary>
    public JsonElement? Labels { get; init; }
}

/// <summary>A run whole: what its page shows.</summary>
public sealed record RunDetail : RunSummary
{
    /// <summary>What it was started with; secret inputs are masked.</summary>
    public required JsonElement Inputs { get; init; }
    /// <summary>What it gave at its end.</summary>
    public JsonElement? Outputs { get; init; }
    /// <summary>The step it stands at, if it is under way for more than a moment.</summary>
    public string? CurrentStep { get; init; }
    /// <summary>Its steps in the order they began.</summary>
    public required IReadOnlyList<StepDetail> Steps { get; init; }
    /// <summary>Its transitions.</summary>
    public required IReadOnlyList<RunTransition> History { get; init; }
    /// <summary>True when the run has more steps than are shown here.</summary>
    public bool HasMoreSteps { get; init; }
}

/// <summary>Why a run failed.</summary>
/// <param name="Code">A stable code of docs/reference/errors.md.</param>
/// <param name="Message">What a person can act on.</param>
/// <param name="Step">The path of the step that failed.</param>
public sealed record RunError(string Code, string Message, string? Step);

/// <summary>A step of a run with its attempts.</summary>
public sealed record StepDetail
{
    /// <summary>The task's id.</summary>
    public required string Id { get; init; }
    /// <summary>Where in the run, with iterations: <c>tell[3].mail</c>.</summary>
    public required string Path { get; init; }
    /// <summary>The task type.</summary>
    public required string Type { get; init; }
    /// <summary><c>running</c>, <c>waiting</c>, <c>completed</c>, <c>failed</c>, <c>skipped</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }
    /// <summary>Which iteration of the nearest loop, from 0.</summary>
    public int? Iteration { get; init; }
    /// <summary>When its first attempt began.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    /// <summary>When its last attempt ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
    /// <summary>The attempts in order.</summary>
    public required IReadOnlyList<AttemptDetail> Attempts { get; init; }
    /// <summary>The evaluated properties of the last attempt; secrets are masked.</summary>
    public JsonElement? Input { get; init; }
    /// <summary>The output of the last attempt.</summary>
    public JsonElement? Output { get; init; }
}

/// <summary>One attempt of a step.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Status">How it ended, or <c>running</c> or <c>waiting</c>.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="Error">Why it failed: code, message, whether and when it is tried again.</param>
public sealed record AttemptDetail(int Number, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, JsonElement? Error);

/// <summary>One transition of a run.</summary>
/// <param name="At">When.</param>
/// <param name="From">The status before; null for the first.</param>
/// <param name="To">The status after.</param>
/// <param name="Reason">Why, where it does not go without saying.</param>
public sealed record RunTransition(DateTimeOffset At, string? From, string To, string? Reason);

/// <summary>A page of a run's log.</summary>
/// <param name="Items">The lines in order.</param>
/// <param name="NextCursor">The id of the last line: ask again after it for what comes later.</param>
public sealed record LogPage(IReadOnlyList<LogLine> Items, Guid? NextCursor);

/// <summary>One line of a run's log.</summary>
/// <param name="Id">Its id, in order.</param>
/// <param name="At">When.</param>
/// <param name="Level"><c>trace</c>, <c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</param>
/// <param name="Path">The step.</param>
/// <param name="Attempt">Its attempt.</param>
/// <param name="Message">The text.</param>
public sealed record LogLine(Guid Id, DateTimeOffset At, string Level, string? Path, int? Attempt, string Message);

/// <summary>Reads runs on the caller's connection, so that row-level security decides what is seen: what the caller may not see is not there.</summary>
public static class RunReader
{
    private const int MostSteps = 2_000;

    [Sql(DatabaseRole.App)]
    private const string ListRuns = """
        select r.id, r.workspace_id, r.user_id, r.namespace || '/' || r.flow_id, v.version,
               coalesce(e.status, s.status, 'pending'), e.outcome, e.error, coalesce(e.retry_count, s.retry_count, 0), r.max_retries, s.next_retry_at,
               r.created_at, coalesce(e.started_at, s.started_at), e.ended_at, r.parent_id, r.trigger, r.labels
        from weft.run r
        left join weft.run_end e on e.run_id = r.id
        left join weft.run_state s on s.run_id = r.id
        left join weft.flow_version v on v.id = r.flow_version
        where ($1::uuid is null or r.id < $1)
          and ($2::text is null or coalesce(e.status, s.status, 'pending') = $2)
          and ($3::text is null or (r.namespace = $3 and r.flow_id = $4))
          and ($5::text is null or r.trigger = $5)
          and ($6::text is null or r.namespace || '/' || r.flow_id ilike $6 or r.inputs::text ilike $6 or e.error ->> 'message' ilike $6 or r.id::text ilike $6)
          and ($7::timestamptz is null or (r.created_at >= $7 and r.id >= weft.id_at($7::timestamptz - interval '1 hour')))
          and ($8::timestamptz is null or r.created_at < $8)
          and ($9::uuid is null or r.parent_id = $9)
        order by r.id desc limit $10
        """;

    [Sql(DatabaseRole.App)]
    private const string FindRun = """
        select r.id, r.workspace_id, r.user_id, r.namespace || '/' || r.flow_id, v.version,
               coalesce(e.status, s.status, 'pending'), e.outcome, e.error, coalesce(e.retry_count, s.retry_count, 0), r.max_retries, s.next_retry_at,
               r.created_at, coalesce(e.started_at, s.started_at), e.ended_at, r.parent_id, r.trigger, r.labels,
               r.inputs, r.masked, e.outputs, s.current_step
        from weft.run r
        left join weft.run_end e on e.run_id = r.id
        left join weft.run_state s on s.run_id = r.id
        left join weft.flow_version v on v.id = r.flow_version
        where r.id = $1
        """;

    [Sql(DatabaseRole.App)]
    private const string ReadSteps = """
        select path, attempt, task_id, type, iteration, status, started_at, finished_at, input, output, error
        from weft.step where run_id = $1 and right(path, 1) <> '?' order by started_at, path, abs(attempt), attempt desc limit $2
        """;

    [Sql(DatabaseRole.App)]
    private const string ReadEvents = "select at, from_status, to_status, reason from weft.run_event where run_id = $1 order by at, number";

    [Sql(DatabaseRole.App)]
    private const string ReadLogs = """
        select id, at, level, path, attempt, message from weft.log where run_id = $1 and ($2::uuid is null or id > $2) order by id limit $3
        """;

    /// <summary>A page of runs, the newest first.</summary>
    public static async Task<RunPage> ListAsync(NpgsqlConnection connection, RunFilter filter, CancellationToken cancellationToken)
    {
        var limit = Math.Clamp(filter.Limit, 1, 200);
        Guid? before = null;
        if (filter.Cursor is not null)
            before = Guid.TryParse(filter.Cursor, out var cursor) ? cursor : throw new FlowException("cursor_invalid", "The cursor is not one that a page of runs gave.");
        var flow = filter.Flow?.Split('/', 2);
        await using var command = new NpgsqlCommand(ListRuns, connection);
        Add(command, before, NpgsqlDbType.Uuid);
        Add(command, filter.Status, NpgsqlDbType.Text);
        Add(command, flow is [var first, _] ? first : flow is null ? null : "default", NpgsqlDbType.Text);
        Add(command, flow is null ? null : flow[^1], NpgsqlDbType.Text);
        Add(command, filter.Trigger, NpgsqlDbType.Text);
        Add(command, string.IsNullOrWhiteSpace(filter.Text) ? null : $"%{Escape(filter.Text.Trim())}%", NpgsqlDbType.Text);
        Add(command, filter.Since?.UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(command, filter.Until?.UtcDateTime, NpgsqlDbType.TimestampTz);
        Add(command, filter.ParentId, NpgsqlDbType.Uuid);
        Add(command, limit + 1, NpgsqlDbType.Integer);
        var items = new List<RunSummary>(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) items.Add(Summary(reader));
        if (items.Count <= limit) return new RunPage(items, null);
        items.RemoveAt(limit);
        return new RunPage(items, items[^1].Id.ToString());
    }

    /// <summary>The run whole, or null when the caller does not see it.</summary>
    public static async Task<RunDetail?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in (ReadOnlySpan<string>)[FindRun, ReadSteps, ReadEvents])
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            if (sql == ReadSteps) command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostSteps + 1 });
            batch.BatchCommands.Add(command);
        }
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        var summary = Summary(reader);
        var inputs = Masked(reader.GetString(17), reader.IsDBNull(18) ? [] : reader.GetFieldValue<string[]>(18));
        var outputs = Element(reader, 19);
        var current = Text(reader, 20);

        await reader.NextResultAsync(cancellationToken);
        var rows = new List<StepRecordRow>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new StepRecordRow(
                reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.GetString(5),
                Time(reader, 6)!.Value, Time(reader, 7), Element(reader, 8), Element(reader, 9), Element(reader, 10)));

        await reader.NextResultAsync(cancellationToken);
        var events = new List<RunTransition>();
        while (await reader.ReadAsync(cancellationToken))
            events.Add(new RunTransition(Time(reader, 0)!.Value, reader.GetString(1), reader.GetString(2), Text(reader, 3)));

        return new RunDetail
        {
            Id = summary.Id,
            WorkspaceId = summary.WorkspaceId,
            UserId = summary.UserId,
            Flow = summary.Flow,
            FlowVersion = summary.FlowVersion,
            Status = summary.Status,
            Outcome = summary.Outcome,
            Error = summary.Error,
            RetryCount = summary.RetryCount,
            MaxRetries = summary.MaxRetries,
            NextRetryAt = summary.NextRetryAt,
            CreatedAt = summary.CreatedAt,
            StartedAt = summary.StartedAt,
            FinishedAt = summary.FinishedAt,
            ParentId = summary.ParentId,
            Trigger = summary.Trigger,
            Labels = summary.Labels,
            Inputs = inputs,
            Outputs = outputs,
            CurrentStep = current,
            Steps = Steps(rows.Take(MostSteps)),
            HasMoreSteps = rows.Count > MostSteps,
            History = History(summary, events),
        };
    }

    /// <summary>The run's log after the line with the given id.</summary>
    public static async Task<LogPage> LogsAsync(NpgsqlConnection connection, Guid id, Guid? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadLogs, connection);
        Add(command, id, NpgsqlDbType.Uuid);
        Add(command, after, NpgsqlDbType.Uuid);
        Add(command, Math.Clamp(limit, 1, 1_000), NpgsqlDbType.Integer);
        var lines = new List<LogLine>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            lines.Add(new LogLine(reader.GetGuid(0), Time(reader, 1)!.Value, reader.GetString(2), Text(reader, 3), reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.GetString(5)));
        return new LogPage(lines, lines.Count == 0 ? after : lines[^1].Id);
    }

    private static RunSummary Summary(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        WorkspaceId = reader.IsDBNull(1) ? null : reader.GetGuid(1),
        UserId = reader.IsDBNull(2) ? null : reader.GetGuid(2),
        Flow = reader.GetString(3),
        FlowVersion = reader.IsDBNull(4) ? null : reader.GetInt32(4),
        Status = reader.GetString(5),
        Outcome = Text(reader, 6),
        Error = Element(reader, 7) is { } error ? new RunError(Member(error, "code") ?? "", Member(error, "message") ?? "", Member(error, "step")) : null,
        RetryCount = reader.GetInt32(8),
        MaxRetries = reader.GetInt32(9),
        NextRetryAt = Time(reader, 10),
        CreatedAt = Time(reader, 11)!.Value,
        StartedAt = Time(reader, 12),
        FinishedAt = Time(reader, 13),
        ParentId = reader.IsDBNull(14) ? null : reader.GetGuid(14),
        Trigger = reader.GetString(15),
        Labels = Element(reader, 16),
    };

    private static List<StepDetail> Steps(IEnumerable<StepRecordRow> rows)
    {
        var byPath = new OrderedDictionary<string, List<StepRecordRow>>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (!byPath.TryGetValue(row.Path, out var attempts)) byPath[row.Path] = attempts = [];
            attempts.Add(row);
        }
        var steps = new List<StepDetail>(byPath.Count);
        foreach (var (path, all) in byPath)
        {
            // A marker tells of an attempt that goes on; once the attempt is recorded it says nothing more.
            var finished = all.Where(a => a.Attempt > 0).Select(a => a.Attempt).ToHashSet();
            var attempts = all.Where(a => a.Attempt > 0 || !finished.Contains(-a.Attempt)).OrderBy(a => Math.Abs(a.Attempt)).ToList();
            var last = attempts[^1];
            steps.Add(new StepDetail
            {
                Id = last.TaskId,
                Path = path,
                Type = last.Type,
                Status = last.Status == "failed" && last.Error is { } e && Member(e, "retry_at") is not null ? "waiting" : last.Status == "deferred" ? "waiting" : last.Status,
                Iteration = last.Iteration,
                StartedAt = attempts[0].StartedAt,
                FinishedAt = last.FinishedAt,
                Attempts = [.. attempts.Select(a => new AttemptDetail(Math.Abs(a.Attempt), a.Status, a.StartedAt, a.FinishedAt, a.Error))],
                Input = last.Input,
                Output = last.Attempt > 0 ? last.Output : null,
            });
        }
        return steps;
    }

    /// <summary>What follows from the run's times, and what was recorded beside.</summary>
    private static List<RunTransition> History(RunSummary run, List<RunTransition> events)
    {
        var history = new List<RunTransition> { new(run.CreatedAt, null, "pending", run.Trigger) };
        // After a retry by hand the run starts again at the moment of the retry: behind it, as the sort below is stable.
        history.AddRange(events);
        if (run.StartedAt is { } started) history.Add(new RunTransition(started, "pending", "running", null));
        if (run.FinishedAt is { } ended) history.Add(new RunTransition(ended, "running", run.Status, run.Error?.Message));
        return [.. history.OrderBy(h => h.At)];
    }

    private static JsonElement Masked(string inputs, string[] masked)
    {
        if (masked.Length > 0 && FlowValue.Parse(inputs) is OrderedDictionary<string, object?> values)
        {
            foreach (var name in masked)
                if (values.ContainsKey(name)) values[name] = "******";
            inputs = FlowValue.ToJson(values);
        }
        return JsonElement.Parse(inputs);
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    private static string? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static JsonElement? Element(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : JsonElement.Parse(reader.GetString(column));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column));

    private static void Add(NpgsqlCommand command, object? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });

    private sealed record StepRecordRow(
        string Path, int Attempt, string TaskId, string Type, int? Iteration, string Status, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt,
        JsonElement? Input, JsonElement? Output, JsonElement? Error);
}
