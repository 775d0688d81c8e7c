using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Engine.Expressions;
using Weft.Engine.Store;
using Weft.Engine.Tasks;
using Weft.Postgres;

namespace Weft.Engine.Runtime;

// Leaf steps: attempts, retries, waits.
internal sealed partial class RunExecution
{
    private static readonly TimeSpan GraceAfterCancel = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstRecheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRecheck = TimeSpan.FromMinutes(1);

    private async ValueTask<Branch> RunTaskAsync(TaskDefinition task, RunFrame frame)
    {
        if (task.Disabled) return Branch.Done;
        var path = frame.PathOf(task);
        var progress = Progress(path);
        if (Settled(task, frame, path, progress) is { } settled) return settled;
        try
        {
            if (task.If is not null && progress.Number == 0 && !IsWanted(task, task.If, frame, path)) return Branch.Done;
        }
        catch (FlowException e)
        {
            return Finish(task, frame, path, progress.Number + 1, Time.GetUtcNow(), null, null, new AttemptError(e.Code, e.Message, Retryable: false), ReplayRule.Commit.Whenever);
        }
        return task.Type is { IsControl: true, Name: not "subflow" } ? await RunControlAsync(task, frame, path, progress) : await RunStepAsync(task, frame, path, progress);
    }

    /// <summary>What the records say of a step: how far it came.</summary>
    private StepProgress Progress(string path)
    {
        var progress = new StepProgress();
        if (_history is null) return progress;
        foreach (var record in _history.AttemptsOf(path) ?? [])
        {
            progress.Number = record.Attempt;
            progress.Last = record;
            progress.RetryAt = record.Error?.RetryAt;
            if (record.Status != "failed") continue;
            progress.Failures++;
            progress.FirstStart ??= record.StartedAt;
            if (record.Error is not { ByHand: true }) continue;
            progress.Failures = 0;
            progress.FirstStart = null;
        }
        progress.Marker = _history.MarkerOf(path, progress.Number + 1);
        return progress;
    }

    /// <summary>How the step ended, if its records say that it did.</summary>
    private Branch? Settled(TaskDefinition task, RunFrame frame, string path, StepProgress progress)
    {
        if (progress.Last is not { } last) return null;
        switch (last.Status)
        {
            case "completed":
                frame.SetOutput(task.Id, last.Output);
                // A loop's outputs by item are made of its children's.
                return task.Type.IsControl && task.Type.TaskLists.Count + task.Type.TaskMaps.Count > 0 ? null : Branch.Done;
            case "skipped":
                return Branch.Done;
            case "failed" when last.Error is { RetryAt: null, Allowed: true }:
                _hasWarnings = true;
                return Branch.Done;
            case "failed" when last.Error is { RetryAt: null } error:
                return task.Type.IsControl && task.Type.Name != "subflow" ? null : Branch.Failed(new RunFailure(error.Code, error.Message, path));
            case "cancelled" when last.Error is { RetryAt: null } error:
                lock (_gate) _interruptNoticed = true;
                return Branch.Cancelled(error.Message);
            default:
                return null;
        }
    }

    private bool IsWanted(TaskDefinition task, ValueTemplate condition, RunFrame frame, string path)
    {
        // The condition's own marker, beside the one that the task itself may have.
        var marker = path + "?";
        if (_history?.MarkerOf(marker, 1) is not null) return true;
        var scope = new RunScope(this, frame, task, 1);
        var wanted = Truth.Of(condition.Evaluate(scope));
        var commit = ReplayRule.ForDecision(condition, scope);
        var now = Time.GetUtcNow();
        if (!wanted) Append(new StepRow(Id, path, 1, task.Id, task.Type.Name, frame.Index, "skipped", now, now, null, null, null), null, commit);
        else if (commit != ReplayRule.Commit.Whenever) Mark(task, frame, marker, 1, "running", now, null, commit);
        return wanted;
    }

    private void Mark(TaskDefinition task, RunFrame frame, string path, int attempt, string status, DateTimeOffset started, object? output, ReplayRule.Commit commit) =>
        Append(new StepRow(Id, path, -attempt, task.Id, task.Type.Name, frame.Index, status, started, null, null,
            output is null ? null : Json.Write(output, Services.Options.MaxValueBytes, $"What the task '{task.Id}' decided"), null), null, commit);

    private async ValueTask<Branch> RunStepAsync(TaskDefinition task, RunFrame frame, string path, StepProgress progress)
    {
        while (true)
        {
            if (progress.RetryAt is { } retryAt && await WaitUntilAsync(retryAt, ParkReason.Retry) is { } waiting) return waiting;
            if (progress.Marker is { Status: "waiting" } marker)
            {
                if (await ResumeAsync(task, frame, path, progress, marker) is { } resumed) return resumed;
                continue;
            }
            if (_session.IsDraining) return Branch.Stopped;
            if (_interrupt.IsCancellationRequested) return Interrupted();

            var attempt = new StepAttempt(this, task, frame, path, progress.Number + 1);
            _currentStep = path;
            StepOutcome outcome;
            StartRow? child = null;
            try
            {
                attempt.Evaluate();
                if (task.Type.Effect == StepEffect.Effectful) await SettleAsync();
                (outcome, child) = task.Type.Name == "subflow" ? await StartChildAsync(attempt) : (await InvokeAsync(attempt), null);
            }
            catch (Exception e) when (e is not NodeFencedException)
            {
                if (_interrupt.IsCancellationRequested && e is OperationCanceledException) return RecordInterrupted(attempt, Interrupted());
                outcome = Explain(e, attempt);
            }
            if (await ApplyAsync(attempt, outcome, child, progress) is { } branch) return branch;
        }
    }

    /// <summary>Records the outcome of an attempt. Null when the step goes on: with another attempt, or by waiting.</summary>
    private async ValueTask<Branch?> ApplyAsync(StepAttempt attempt, StepOutcome outcome, StartRow? child, StepProgress progress)
    {
        var commit = ReplayRule.ForStep(attempt.Task, attempt.StepScope);
        var task = attempt.Task;
        var now = Time.GetUtcNow();
        switch (outcome)
        {
            case StepOutcome.DoneOutcome done:
                string? output;
                try
                {
                    output = done.Output is null ? null : Json.Write(done.Output, Services.Options.MaxValueBytes, $"The output of '{task.Id}'");
                }
                catch (Exception e) when (e is FlowException or InvalidOperationException)
                {
                    return await ApplyAsync(attempt, Explain(e, attempt), child, progress);
                }
                Append(attempt.Row("completed", now, output, null), attempt.Logs, commit);
                if (child is not null || commit == ReplayRule.Commit.Now) await CommitAsync(child);
                Count(attempt, "completed", now);
                attempt.Frame.SetOutput(task.Id, done.Output);
                return Branch.Done;

            case StepOutcome.RecordedOutcome recorded:
                if (!attempt.IsRecorded)
                    return await ApplyAsync(attempt, StepOutcome.Fail("step_not_recorded", $"{task.TypeName} said that its result is recorded, but did not record it."), child, progress);
                if (attempt.Logs is not null) AppendLogs(attempt.Logs);
                Count(attempt, "completed", now);
                attempt.Frame.SetOutput(task.Id, recorded.Output);
                return Branch.Done;

            case StepOutcome.RetryLaterOutcome later:
                var reason = Json.Clean(Mask.Hide(later.Reason));
                progress.RetryAt = now + later.After;
                Append(attempt.Row("deferred", now, null, new AttemptError("step_deferred", reason, Retryable: true, progress.RetryAt)), attempt.Logs, commit);
                progress.Number++;
                if (commit == ReplayRule.Commit.Now) await CommitAsync();
                Count(attempt, "deferred", now);
                return null;

            case StepOutcome.WaitOutcome wait:
                if (wait.Key is null && wait.Until is null)
                    return await ApplyAsync(attempt, StepOutcome.Fail("step_waits_for_nothing", $"{task.TypeName} waits for nothing: neither a key nor a time."), child, progress);
                progress.Marker = Waiting(attempt, wait, child);
                // A short sleep is not worth a commit of its own; what an outsider may answer must be known before he does.
                if (wait.Key is not null) await CommitAsync(child, new WaitRow(wait.Key, Id, attempt.StepPath));
                return null;

            case StepOutcome.CancelOutcome cancel:
                Append(attempt.Row("cancelled", now, null, new AttemptError("run_cancelled", Json.Clean(Mask.Hide(cancel.Reason)), Retryable: false)), attempt.Logs, commit);
                Count(attempt, "cancelled", now);
                return Branch.Cancelled(cancel.Reason);

            case StepOutcome.FailOutcome fail:
                return await FailAsync(attempt, fail, commit, progress);

            default:
                throw new InvalidOperationException($"{outcome.GetType()} is not an outcome.");
        }
    }

    private async ValueTask<Branch?> FailAsync(StepAttempt attempt, StepOutcome.FailOutcome fail, ReplayRule.Commit commit, StepProgress progress)
    {
        var task = attempt.Task;
        var now = Time.GetUtcNow();
        progress.Number++;
        progress.Failures++;
        progress.FirstStart ??= attempt.StartedAt;
        progress.RetryAt = fail.Retryable ? Retries.Next(task.Retry ?? Plan.Flow.Retry, progress.Failures, progress.FirstStart.Value, now, Random.Shared.NextDouble()) : null;
        var message = Json.Clean(Mask.Hide(fail.Message), 8 * 1_024);
        var error = new AttemptError(fail.Code, message, fail.Retryable, progress.RetryAt, progress.RetryAt is null && task.AllowFailure, Details: Mask.Hide(fail.Details));
        if (attempt.TriedToRecord)
        {
            // The handler's transaction may have committed although its answer was lost. Both records have the same key, so
            // this one waits for that one's end; which of them is there afterwards tells what happened.
            var unit = new WriteUnit { Node = Epoch, OnCommitted = Committed };
            unit.Add(attempt.Row("failed", now, null, error));
            await Services.Writer.WriteAsync(unit, _session.Abort);
            if (await StepRecorder.FindCompletedAsync(Services.Database.Engine, Id, attempt.StepPath, attempt.Attempt, _session.Abort) is { } recorded)
            {
                attempt.IsRecorded = true;
                progress.Number--;
                return await ApplyAsync(attempt, StepOutcome.Recorded(recorded.Value), null, progress);
            }
            if (attempt.Logs is not null) AppendLogs(attempt.Logs);
        }
        else
        {
            Append(attempt.Row("failed", now, null, error), attempt.Logs, commit);
        }
        Count(attempt, "failed", now);
        EngineLog.AttemptFailed(Services.Log, Id, attempt.StepPath, attempt.Attempt, fail.Code, message);
        if (progress.RetryAt is not null)
        {
            Interlocked.Increment(ref _retryCount);
            if (commit == ReplayRule.Commit.Now) await CommitAsync();
            return null;
        }
        if (task.AllowFailure)
        {
            _hasWarnings = true;
            return Branch.Done;
        }
        return Branch.Failed(new RunFailure(fail.Code, message, attempt.StepPath));
    }

    /// <summary>Records that a control task failed (or could not decide); the same for a failed condition of any task.</summary>
    private Branch Finish(
        TaskDefinition task, RunFrame frame, string path, int number, DateTimeOffset started, object? input, object? output, AttemptError? error, ReplayRule.Commit commit)
    {
        if (error is not null)
        {
            error = error with { Message = Json.Clean(Mask.Hide(error.Message), 8 * 1_024), Allowed = task.AllowFailure };
            if (task.AllowFailure) _hasWarnings = true;
        }
        Append(new StepRow(Id, path, number, task.Id, task.Type.Name, frame.Index, error is null ? "completed" : "failed", started, Time.GetUtcNow(),
            input is null ? null : Json.WriteForDisplay(Mask.Hide(input), Services.Options.MaxValueBytes),
            output is null ? null : Json.WriteForDisplay(output, Services.Options.MaxValueBytes),
            error is null ? null : Json.WriteForDisplay(error.ToMap(), Services.Options.MaxValueBytes)), null, commit);
        return error is null || task.AllowFailure ? Branch.Done : Branch.Failed(new RunFailure(error.Code, error.Message, path));
    }

    /// <summary>A cancelled attempt is recorded; one that a stopping node broke off is not, so that it runs again.</summary>
    private Branch RecordInterrupted(StepAttempt attempt, Branch interrupted)
    {
        if (interrupted.Kind == BranchKind.Stopped) return interrupted;
        var failure = interrupted.Failure!;
        var error = new AttemptError(failure.Code, failure.Message, Retryable: false);
        Append(attempt.Row(interrupted.Kind == BranchKind.Cancelled ? "cancelled" : "failed", Time.GetUtcNow(), null, error), attempt.Logs, ReplayRule.Commit.Whenever);
        return interrupted.Kind == BranchKind.Cancelled ? interrupted : Branch.Failed(failure with { Step = attempt.StepPath });
    }

    private void AppendLogs(List<LogRow> logs)
    {
        lock (_gate)
        {
            _pending ??= new WriteUnit { Node = Epoch, OnCommitted = Committed };
            (_pending.Logs ??= []).AddRange(logs);
        }
    }

    private void Count(StepAttempt attempt, string status, DateTimeOffset now) =>
        Services.Metrics.Attempted(attempt.Task.Type.Name, status, now - attempt.StartedAt);

    private StepRecord Waiting(StepAttempt attempt, StepOutcome.WaitOutcome wait, StartRow? child)
    {
        var output = FlowValue.Map();
        if (wait.Key is not null) output["key"] = wait.Key;
        if (wait.Until is { } until) output["until"] = until.ToUniversalTime().ToString("O");
        if (child is not null) output["run_id"] = child.Id.ToString();
        Mark(attempt.Task, attempt.Frame, attempt.StepPath, attempt.Attempt, "waiting", attempt.StartedAt, output, ReplayRule.Commit.BeforeNextEffect);
        if (attempt.Logs is not null) AppendLogs(attempt.Logs);
        return new StepRecord(-attempt.Attempt, "waiting", attempt.StartedAt, null, output, null);
    }

    /// <summary>Goes on with a step that waits. Null when the wait is over in a way that calls for another attempt.</summary>
    private async ValueTask<Branch?> ResumeAsync(TaskDefinition task, RunFrame frame, string path, StepProgress progress, StepRecord marker)
    {
        var wait = (IReadOnlyDictionary<string, object?>)marker.Output!;
        var key = wait.GetValueOrDefault("key") as string;
        DateTimeOffset? until = wait.GetValueOrDefault("until") is string text ? DateTimeOffset.Parse(text) : null;
        Guid? child = wait.GetValueOrDefault("run_id") is string id ? Guid.Parse(id) : null;
        var attempt = new StepAttempt(this, task, frame, path, progress.Number + 1) { StartedAt = marker.StartedAt };
        _currentStep = path;

        if (child is { } run)
        {
            if (await ChildOutcomeAsync(run, attempt) is not { } ended) return await RecheckAsync(marker, null, ParkReason.Time);
            progress.Marker = null;
            return await ApplyAsync(attempt, ended, null, progress);
        }
        if (key is not null)
        {
            if (await AnswerStore.FindAsync(Services.Database.Engine, key, _session.Abort) is not { } answer)
            {
                if (until is null || until > Time.GetUtcNow()) return await RecheckAsync(marker, until, ParkReason.Answer);
                answer = new Answer(null);
            }
            progress.Marker = null;
            return await ApplyAsync(attempt, StepOutcome.Done(answer.Value), null, progress);
        }
        if (await WaitUntilAsync(until!.Value, ParkReason.Time) is { } waiting) return waiting;
        progress.Marker = null;
        return await ApplyAsync(attempt, StepOutcome.Done(), null, progress);
    }

    /// <summary>
    /// Parks until what is waited for is likely there. Whoever brings it also wakes the run; the time here is the net for the
    /// moment in which both miss each other, so it grows with the wait.
    /// </summary>
    private async ValueTask<Branch> RecheckAsync(StepRecord marker, DateTimeOffset? until, ParkReason reason)
    {
        if (_session.IsDraining) return Branch.Stopped;
        if (_interrupt.IsCancellationRequested) return Interrupted();
        await SettleAsync();
        var now = Time.GetUtcNow();
        var waited = now - marker.StartedAt;
        var again = now + TimeSpan.FromTicks(Math.Clamp(waited.Ticks, FirstRecheck.Ticks, LastRecheck.Ticks));
        return Branch.Parked(until is { } deadline && deadline < again ? deadline : again, reason);
    }

    /// <summary>Waits in memory if it is short, else says that the branch parks. Null when the time has come.</summary>
    private async ValueTask<Branch?> WaitUntilAsync(DateTimeOffset due, ParkReason reason)
    {
        var left = due - Time.GetUtcNow();
        if (left <= TimeSpan.Zero) return null;
        if (_interrupt.IsCancellationRequested) return Interrupted();
        if (left > Services.Options.ParkAfter) return Branch.Parked(due, reason);
        try
        {
            await Task.Delay(left, Time, _interrupt.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return Interrupted();
        }
    }

    private async ValueTask<StepOutcome> InvokeAsync(StepAttempt attempt)
    {
        var handler = attempt.Task.Handler ?? throw new FlowException("task_type_missing", $"There is no handler for the task type {attempt.Task.TypeName}.");
        var timeout = attempt.Task.Timeout is { } template ? StepDuration.Parse(template.Evaluate(attempt.StepScope), "timeout") : null;
        if (timeout is null && attempt.Task.Type.Effect == StepEffect.Pure) return await handler.ExecuteAsync(attempt, _interrupt.Token);

        var limit = timeout ?? Services.Options.StepTimeout;
        using var timer = new CancellationTokenSource(limit, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_interrupt.Token, timer.Token);
        var work = handler.ExecuteAsync(attempt, either.Token);
        try
        {
            return work.IsCompleted ? await work : await PatientlyAsync(work.AsTask(), attempt, either.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !_interrupt.IsCancellationRequested)
        {
            return StepOutcome.Fail("step_timeout", $"The step took longer than its limit of {limit}.", retryable: true);
        }
    }

    /// <summary>Waits for the handler; one that ignores its cancellation is left behind after a while, so that it cannot hold up the run.</summary>
    private async Task<StepOutcome> PatientlyAsync(Task<StepOutcome> work, StepAttempt attempt, CancellationToken cancelled)
    {
        using var grace = new CancellationTokenSource();
        await using var arm = cancelled.Register(() => grace.CancelAfter(GraceAfterCancel));
        try
        {
            return await work.WaitAsync(grace.Token);
        }
        catch (OperationCanceledException) when (!work.IsCompleted)
        {
            EngineLog.AttemptAbandoned(Services.Log, Id, attempt.StepPath, attempt.Attempt);
            throw;
        }
    }

    /// <summary>What an exception of a handler or of a template means as an outcome.</summary>
    private static StepOutcome Explain(Exception e, StepAttempt attempt)
    {
        if (e is FlowException known) return StepOutcome.Fail(known.Code, known.Message, known.Retryable);
        if (SqlErrors.Find(e) is { } sql)
            return StepOutcome.Fail("sql_failed", e is PostgresException answer ? $"{answer.SqlState}: {answer.MessageText}" : e.Message, sql.IsRetryable);
        return e switch
        {
            OperationCanceledException or TimeoutException => StepOutcome.Fail("step_timeout", $"{attempt.Task.TypeName} gave up: {e.Message}", retryable: true),
            HttpRequestException or IOException => StepOutcome.Fail("step_unreachable", e.Message, retryable: true),
            _ => StepOutcome.Fail("step_failed", $"{attempt.Task.TypeName} failed: {e.Message}", retryable: true),
        };
    }

    private sealed class StepProgress
    {
        /// <summary>The number of the last finished attempt.</summary>
        public int Number { get; set; }

        /// <summary>Failed attempts that count for the retry policy.</summary>
        public int Failures { get; set; }

        public DateTimeOffset? FirstStart { get; set; }

        public DateTimeOffset? RetryAt { get; set; }

        public StepRecord? Last { get; set; }

        /// <summary>What the attempt that goes on had decided, or waits for.</summary>
        public StepRecord? Marker { get; set; }
    }

    /// <summary>One attempt, as its handler sees it.</summary>
    private sealed class StepAttempt(RunExecution run, TaskDefinition task, RunFrame frame, string path, int number) : StepContext
    {
        private static readonly IReadOnlyDictionary<string, object?> None = FlowValue.Map();

        private IReadOnlyDictionary<string, object?> _properties = None;
        private string? _key;

        public RunFrame Frame => frame;

        public RunScope StepScope { get; } = new(run, frame, task, number);

        public DateTimeOffset StartedAt { get; init; } = run.Time.GetUtcNow();

        public List<LogRow>? Logs { get; private set; }

        /// <summary>The handler's transaction holds this step's record; whether it committed is another matter.</summary>
        public bool TriedToRecord { get; private set; }

        public bool IsRecorded { get; set; }

        public override Guid RunId => run.Id;

        public override string StepPath => path;

        public override TaskDefinition Task => task;

        public override int Attempt => number;

        public override string IdempotencyKey =>
            _key ??= "weft-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{run.Id}|{path}")).AsSpan(0, 16));

        public override Guid? WorkspaceId => run.Start.WorkspaceId;

        public override Guid? UserId => run.Start.UserId;

        public override bool IsSystemFlow => run.Plan.IsSystem;

        public override TimeProvider Time => run.Time;

        public override IReadOnlyDictionary<string, object?> Properties => _properties;

        public override ITemplateScope Scope => StepScope;

        /// <summary>The run this attempt belongs to, for the control task that starts another.</summary>
        public RunExecution Run => run;

        public void Evaluate()
        {
            if (task.Properties.Count == 0) return;
            var values = FlowValue.Map();
            foreach (var (name, template) in task.Properties) values[name] = template.Evaluate(StepScope);
            _properties = values;
        }

        public override void Log(LogLevel level, string message)
        {
            var name = level switch
            {
                LogLevel.Trace => "trace",
                LogLevel.Debug => "debug",
                LogLevel.Warning => "warn",
                LogLevel.Error or LogLevel.Critical => "error",
                _ => "info",
            };
            lock (this) (Logs ??= []).Add(new LogRow(run.Id, run.Services.Ids.Next(), path, number, run.Time.GetUtcNow(), name, Json.Clean(run.Mask.Hide(message))));
        }

        public override async Task RecordAsync(NpgsqlTransaction transaction, object? output, CancellationToken cancellationToken)
        {
            var json = output is null ? null : Json.Write(output, run.Services.Options.MaxValueBytes, $"The output of '{task.Id}'");
            TriedToRecord = true;
            await StepRecorder.RecordAsync(transaction, run.Epoch, Row("completed", run.Time.GetUtcNow(), json, null), cancellationToken);
            IsRecorded = true;
        }

        public StepRow Row(string status, DateTimeOffset finished, string? output, AttemptError? error) => new(
            run.Id, path, number, task.Id, task.Type.Name, frame.Index, status, StartedAt, finished, Input(),
            output, error is null ? null : Json.WriteForDisplay(error.ToMap(), run.Services.Options.MaxValueBytes));

        private string? Input()
        {
            if (_properties.Count == 0 && task.RawTemplates.Count == 0) return null;
            var shown = FlowValue.Map();
            foreach (var (name, text) in task.RawTemplates) shown[name] = text;
            foreach (var (name, value) in _properties)
                shown[name] = task.Type.Properties.Any(p => p.Secret && p.Name == name) ? "******" : value;
            return Json.WriteForDisplay(run.Mask.Hide(shown), run.Services.Options.MaxValueBytes);
        }
    }
}

/// <summary>What counts as true in a condition.</summary>
internal static class Truth
{
    /// <summary>Null, false, zero, an empty list or map, and the texts "", "false" and "0" are not true; everything else is.</summary>
    public static bool Of(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        long whole => whole != 0,
        double number => number != 0,
        decimal number => number != 0,
        string text => text.Trim() is var trimmed && trimmed.Length > 0 && trimmed != "0" && !trimmed.Equals("false", StringComparison.OrdinalIgnoreCase),
        IReadOnlyCollection<object?> list => list.Count > 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };
}
