using Weft.Engine.Expressions;
using Weft.Engine.Store;

namespace Weft.Engine.Runtime;

// Control tasks: they order other tasks and have no effect of their own.
internal sealed partial class RunExecution
{
    private const int MostConcurrentItems = 256;

    private async ValueTask<Branch> RunControlAsync(TaskDefinition task, RunFrame frame, string path, StepProgress progress)
    {
        var started = progress.Marker?.StartedAt ?? Time.GetUtcNow();
        var isRecorded = progress.Last is { Status: "completed" } or { Status: "failed", Error.RetryAt: null };
        var scope = new RunScope(this, frame, task, progress.Number + 1);
        Branch branch;
        object? input = null, output = null;
        try
        {
            switch (task.Type.Name)
            {
                case "sequential":
                    branch = await RunTasksAsync(Children(task, "tasks"), frame);
                    break;
                case "parallel":
                    branch = await RunParallelAsync(task, frame, scope);
                    break;
                case "if":
                    var chosen = (bool)Decide(task, "condition", frame, path, progress, scope, started, value => Truth.Of(value))!;
                    output = FlowValue.Map(("value", chosen));
                    branch = await RunTasksAsync(Children(task, chosen ? "then" : "else"), frame);
                    break;
                case "switch":
                    var value = Decide(task, "value", frame, path, progress, scope, started, FlowValue.ToText);
                    input = FlowValue.Map(("value", value));
                    var cases = "cases/" + value;
                    output = FlowValue.Map(("value", value), ("defaults", !task.Children.ContainsKey(cases)));
                    branch = await RunTasksAsync(task.Children.TryGetValue(cases, out var tasks) ? tasks : Children(task, "defaults"), frame);
                    break;
                case "foreach":
                    var items = (IReadOnlyList<object?>)Decide(task, "items", frame, path, progress, scope, started, value => Items(value, task))!;
                    input = FlowValue.Map(("items", (long)items.Count));
                    (branch, output) = await RunLoopAsync(task, frame, path, items, Concurrency(task, scope, otherwise: 1));
                    break;
                default:
                    throw new FlowException("task_type_missing", $"The control task {task.TypeName} cannot run.");
            }
        }
        catch (FlowException e)
        {
            return Finish(task, frame, path, progress.Number + 1, started, input, null, new AttemptError(e.Code, e.Message, Retryable: false), ReplayRule.Commit.Whenever);
        }

        if (branch.Kind == BranchKind.Done)
        {
            if (output is not null) frame.SetOutput(task.Id, output);
            return isRecorded ? Branch.Done : Finish(task, frame, path, progress.Number + 1, started, input, Recorded(task, output), null, ReplayRule.Commit.Whenever);
        }
        if (branch.Kind != BranchKind.Failed) return branch;
        if (Children(task, "errors") is { Count: > 0 } errors)
        {
            var handled = await RunTasksAsync(errors, new RunFrame(frame, _generation == 0 ? frame.Prefix : $"{frame.Prefix}retry{_generation}.", branch.Failure));
            if (handled.Kind is not (BranchKind.Done or BranchKind.Failed)) return handled;
        }
        if (isRecorded)
        {
            _hasWarnings |= task.AllowFailure;
            return task.AllowFailure ? Branch.Done : branch;
        }
        var failure = branch.Failure!;
        var finished = Finish(task, frame, path, progress.Number + 1, started, input, null, new AttemptError(failure.Code, failure.Message, Retryable: false), ReplayRule.Commit.Whenever);
        return finished.Kind == BranchKind.Failed ? branch : finished;
    }

    /// <summary>
    /// What a control task goes by. A decision that may come out differently at a replay is recorded before anything that
    /// follows from it has an effect, and read from there afterwards.
    /// </summary>
    private object? Decide(
        TaskDefinition task, string property, RunFrame frame, string path, StepProgress progress, RunScope scope, DateTimeOffset started, Func<object?, object?> read)
    {
        if (progress.Marker?.Output is IReadOnlyDictionary<string, object?> decided && decided.TryGetValue("decided", out var earlier)) return earlier;
        if (!task.Properties.TryGetValue(property, out var template))
            throw new FlowException("step_property_missing", $"{task.TypeName} needs the property '{property}'.");
        var value = read(template.Evaluate(scope));
        var commit = ReplayRule.ForDecision(template, scope);
        if (commit != ReplayRule.Commit.Whenever) Mark(task, frame, path, progress.Number + 1, "running", started, FlowValue.Map(("decided", value)), commit);
        return value;
    }

    private async ValueTask<Branch> RunParallelAsync(TaskDefinition task, RunFrame frame, RunScope scope)
    {
        var tasks = Children(task, "tasks");
        return await RunBoundedAsync(tasks.Count, Concurrency(task, scope, otherwise: 0), stopsAtFailure: false, i => RunTaskAsync(tasks[i], frame));
    }

    private async ValueTask<(Branch Branch, object? Output)> RunLoopAsync(TaskDefinition task, RunFrame frame, string path, IReadOnlyList<object?> items, int concurrency)
    {
        var children = Children(task, "tasks");
        var outputs = new List<KeyValuePair<string, object?>>?[items.Count];
        var branch = await RunBoundedAsync(items.Count, concurrency, stopsAtFailure: true, async i =>
        {
            var iteration = new RunFrame(frame, task, path, i, items[i]);
            var done = await RunTasksAsync(children, iteration);
            if (done.Kind == BranchKind.Done) outputs[i] = iteration.OwnOutputs();
            return done;
        });
        if (branch.Kind != BranchKind.Done) return (branch, null);

        // After the loop: outputs.<child>[<item as text>], as Kestra has it, and outputs.<loop>.results[index].<child>.
        var byTask = new OrderedDictionary<string, OrderedDictionary<string, object?>>(StringComparer.Ordinal);
        var results = new List<object?>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var result = FlowValue.Map();
            foreach (var (child, output) in outputs[i] ?? [])
            {
                result[child] = output;
                if (!byTask.TryGetValue(child, out var byItem)) byTask[child] = byItem = FlowValue.Map();
                byItem[FlowValue.ToText(items[i])] = output;
            }
            results.Add(result);
        }
        foreach (var (child, byItem) in byTask) frame.SetOutput(child, byItem);
        return (branch, FlowValue.Map(("count", (long)items.Count), ("results", results)));
    }

    /// <summary>The results of a loop's items stand in their own records; the loop's says only how many there were.</summary>
    private static object? Recorded(TaskDefinition task, object? output) =>
        task.Type.Name == "foreach" && output is IReadOnlyDictionary<string, object?> map ? FlowValue.Map(("count", map["count"])) : output;

    /// <summary>
    /// Runs branches side by side, at most so many at once. A parked one keeps its place: it is still going on. In memory there
    /// are only those that run.
    /// </summary>
    private static async ValueTask<Branch> RunBoundedAsync(int count, int concurrency, bool stopsAtFailure, Func<int, ValueTask<Branch>> run)
    {
        var gate = new Lock();
        var next = 0;
        var failedAt = int.MaxValue;
        var joined = Branch.Done;
        var leaving = false;

        async Task WorkAsync()
        {
            while (true)
            {
                int index;
                lock (gate)
                {
                    if (next >= count || leaving || (stopsAtFailure && failedAt != int.MaxValue)) return;
                    index = next++;
                }
                Branch branch;
                try
                {
                    branch = await run(index);
                }
                catch
                {
                    // The others come to the end of what they are at before the error goes up.
                    lock (gate) leaving = true;
                    throw;
                }
                lock (gate)
                {
                    if (branch.Kind == BranchKind.Failed)
                    {
                        // The first in order is the one that is told, whichever came first in time.
                        if (joined.Kind != BranchKind.Failed || index < failedAt)
                            joined = joined.Kind == BranchKind.Failed ? branch : joined.With(branch);
                        failedAt = Math.Min(failedAt, index);
                    }
                    else
                    {
                        joined = joined.With(branch);
                    }
                    if (branch.Kind is BranchKind.Stopped or BranchKind.Cancelled) leaving = true;
                }
                if (branch.Kind == BranchKind.Parked) return;
            }
        }

        if (concurrency == 0) concurrency = MostConcurrentItems;
        var workers = Math.Clamp(concurrency, 1, Math.Min(Math.Max(count, 1), MostConcurrentItems));
        if (workers == 1) await WorkAsync();
        else await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync()));
        return joined;
    }

    private IReadOnlyList<object?> Items(object? value, TaskDefinition task)
    {
        if (value is string text)
        {
            try
            {
                value = FlowValue.Parse(text);
            }
            catch (System.Text.Json.JsonException)
            {
                throw new FlowException("loop_items_invalid", $"The items of '{task.Id}' are a text that is not a JSON list: '{Json.Clean(text, 200)}'.");
            }
        }
        IReadOnlyList<object?> items = value switch
        {
            IReadOnlyDictionary<string, object?> map => [.. map.Select(e => (object?)FlowValue.Map(("key", e.Key), ("value", e.Value)))],
            IEnumerable<object?> list => [.. list],
            null => throw new FlowException("loop_items_invalid", $"The items of '{task.Id}' are null; a loop needs a list."),
            _ => throw new FlowException("loop_items_invalid", $"The items of '{task.Id}' are '{FlowValue.ToText(value)}'; a loop needs a list."),
        };
        return items.Count <= Services.Options.MaxLoopItems
            ? items
            : throw new FlowException("loop_too_long", $"The loop '{task.Id}' has {items.Count:N0} items; the most is {Services.Options.MaxLoopItems:N0}. Start a subflow per part instead.");
    }

    private static int Concurrency(TaskDefinition task, RunScope scope, int otherwise)
    {
        if (!task.Properties.TryGetValue("concurrency", out var template) || template.Evaluate(scope) is not { } value) return otherwise;
        return value switch
        {
            long whole when whole is >= 0 and <= int.MaxValue => (int)whole,
            string text when int.TryParse(text, out var whole) && whole >= 0 => whole,
            _ => throw new FlowException("step_property_invalid", $"concurrency of '{task.Id}' is '{FlowValue.ToText(value)}'; it must be a whole number, 0 for no limit."),
        };
    }

    private static IReadOnlyList<TaskDefinition> Children(TaskDefinition task, string property) => task.Children.GetValueOrDefault(property) ?? [];

    /// <summary>
    /// Starts the run of another flow, in the commit that records that it was started: there is never one without the other.
    /// </summary>
    private async ValueTask<(StepOutcome Outcome, StartRow? Child)> StartChildAsync(StepAttempt attempt)
    {
        if (_start.Depth + 1 >= Services.Options.MaxDepth)
            throw new FlowException("subflow_too_deep", $"Flows start flows {Services.Options.MaxDepth} deep; this looks like a flow that starts itself.");
        var ns = attempt.Text("namespace") ?? Plan.Flow.Namespace;
        var id = attempt.RequiredText("flowId");
        if (id.Split('/') is [var before, var after]) (ns, id) = (before, after);
        var plan = await Services.Flows.FindCurrentAsync(_start.WorkspaceId ?? Plan.WorkspaceId, ns, id, _session.Abort)
            ?? throw new FlowNotFoundException(ns, id);
        if (plan.IsSystem && !Plan.IsSystem) throw FlowEngine.NotStartable(plan);
        var given = attempt.Properties.GetValueOrDefault("inputs") as IReadOnlyDictionary<string, object?> ?? FlowValue.Map();
        var child = RunStarts.Prepare(Services, plan, new StartRun
        {
            Namespace = ns,
            FlowId = id,
            Inputs = given,
            WorkspaceId = _start.WorkspaceId,
            UserId = _start.UserId,
            Trigger = "subflow",
            Labels = Text(Labels),
            Priority = (RunPriority)_start.Priority,
        }, Services.Ids.Next(RunIds.SlotOf(Id))) with { ParentId = Id, Depth = (short)(_start.Depth + 1) };

        if (attempt.Properties.TryGetValue("wait", out var wait) && !Truth.Of(wait))
            return (StepOutcome.Done(FlowValue.Map(("run_id", child.Id.ToString()), ("executionId", child.Id.ToString()))), child with { ParentId = null });
        return (StepOutcome.WaitFor(WaitKeys.RunEnd(child.Id)), child);
    }

    /// <summary>How the child ended, or null while it goes on. Waits a moment for a child that runs in this process.</summary>
    private async ValueTask<StepOutcome?> ChildOutcomeAsync(Guid child, StepAttempt attempt)
    {
        var signal = Services.Signals.EndOf(child);
        try
        {
            var end = await RunStore.FindEndAsync(Services.Database.Engine, child, _session.Abort);
            if (end is null)
            {
                await Task.WhenAny(signal, Task.Delay(Services.Options.ParkAfter, Time, _interrupt.Token));
                end = await RunStore.FindEndAsync(Services.Database.Engine, child, _session.Abort);
            }
            if (end is null) return null;
            var output = FlowValue.Map(
                ("run_id", child.ToString()), ("executionId", child.ToString()), ("state", end.Status), ("outcome", end.Outcome),
                ("outputs", end.Outputs is null ? FlowValue.Map() : FlowValue.Parse(end.Outputs)));
            if (end.Status == "completed") return StepOutcome.Done(output);
            var passesOn = true;
            if (attempt.Task.Properties.TryGetValue("transmitFailed", out var template)) passesOn = Truth.Of(template.Evaluate(attempt.StepScope));
            return passesOn
                ? StepOutcome.Fail("subflow_failed", $"The run {child} of '{attempt.Task.Id}' ended {end.Status}{(end.ErrorMessage is null ? "." : $": {end.ErrorMessage}")}")
                : StepOutcome.Done(output);
        }
        catch (FlowException e)
        {
            return StepOutcome.Fail(e.Code, e.Message);
        }
        finally
        {
            Services.Signals.Forget(child);
        }
    }

    private static Dictionary<string, string>? Text(object? labels) =>
        labels is IReadOnlyDictionary<string, object?> { Count: > 0 } map ? map.ToDictionary(l => l.Key, l => FlowValue.ToText(l.Value)) : null;
}
