using Npgsql;
using NpgsqlTypes;
using Weft.Engine.Expressions;
using Weft.Engine.Language;
using Weft.Engine.Runtime;
using Weft.Postgres;

namespace Weft.Engine.Store;

/// <summary>Turns a request to start a run into its rows.</summary>
internal static class RunStarts
{
    [Sql(DatabaseRole.Engine)]
    private const string ClaimKey = """
        insert into weft.idempotency as i (scope, key, run_id, expires_at) values ($1, $2, $3, $4)
        on conflict (scope, key) do update set run_id = excluded.run_id, created_at = now(), expires_at = excluded.expires_at where i.expires_at < now()
        returning run_id
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindByKey = """
        select i.run_id, r.created_at from weft.idempotency i join weft.run r on r.id = i.run_id where i.scope = $1 and i.key = $2
        """;

    /// <summary>Checks the inputs and makes the run's start record. Throws <see cref="InputsInvalidException"/>.</summary>
    public static StartRow Prepare(RunServices services, FlowPlan plan, StartRun request, Guid id, object? triggerData = null, bool ignoreUnknown = false)
    {
        if (plan.Disabled || plan.Flow.Disabled) throw new FlowException("flow_disabled", $"The flow {plan.Name} is disabled; it starts no runs.");
        var now = services.Time.GetUtcNow();
        var scope = new StartScope(services, plan, triggerData, now);
        var binding = FlowInputs.Bind(plan.Flow, request.Inputs, scope, ignoreUnknown);
        if (binding.Problems.Count > 0) throw new InputsInvalidException(binding.Problems);
        scope.Inputs = binding.Values;
        string inputs;
        string? trigger, labels;
        try
        {
            inputs = Json.Write(binding.Values, services.Options.MaxValueBytes, "The inputs");
            trigger = triggerData is null ? null : Json.Write(triggerData, services.Options.MaxValueBytes, "What the trigger brought");
            labels = Labels(plan, request, scope) is { Count: > 0 } map ? Json.Write(map, services.Options.MaxValueBytes, "The labels") : null;
        }
        catch (FlowException e) when (e is not InputsInvalidException)
        {
            throw new InputsInvalidException([new InputProblem("inputs", e.Message)]);
        }
        return new StartRow
        {
            Id = id,
            WorkspaceId = request.WorkspaceId,
            UserId = request.UserId,
            FlowVersion = plan.VersionId,
            Namespace = plan.Flow.Namespace,
            FlowId = plan.Flow.Id,
            Trigger = request.Trigger,
            TriggerData = trigger,
            Inputs = inputs,
            Masked = plan.Flow.Inputs.Where(i => i.Type == InputType.Secret).Select(i => i.Id).ToArray() is { Length: > 0 } masked ? masked : null,
            Labels = labels,
            Priority = (short)request.Priority,
            MaxRetries = Math.Max(0, (plan.Flow.Retry?.MaxAttempts ?? 1) - 1),
            CreatedAt = now,
        };
    }

    /// <summary>
    /// Writes the start in the caller's transaction: the run exists if and only if the transaction commits. With a key that was
    /// seen before, answers with the run of then.
    /// </summary>
    public static async Task<RunStarted> WriteAsync(
        RunServices services, NpgsqlConnection connection, StartRow start, string? idempotencyKey, CancellationToken cancellationToken)
    {
        if (idempotencyKey is not null)
        {
            var scope = $"{start.WorkspaceId?.ToString() ?? "system"}/{start.Namespace}/{start.FlowId}";
            await using var claim = new NpgsqlCommand(ClaimKey, connection);
            claim.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
            claim.Parameters.Add(new NpgsqlParameter<string> { TypedValue = idempotencyKey });
            claim.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = start.Id });
            claim.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (start.CreatedAt + services.Options.IdempotencyWindow).UtcDateTime });
            if (await claim.ExecuteScalarAsync(cancellationToken) is not Guid)
            {
                await using var find = new NpgsqlCommand(FindByKey, connection);
                find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
                find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = idempotencyKey });
                await using var reader = await find.ExecuteReaderAsync(cancellationToken);
                if (!await reader.ReadAsync(cancellationToken))
                    throw new FlowException("idempotency_conflict", "Another start under the same idempotency key is just being made.", retryable: true);
                return new RunStarted(reader.GetGuid(0), new DateTimeOffset(reader.GetDateTime(1)), AlreadyExisted: true);
            }
        }
        await using var batch = new NpgsqlBatch(connection);
        FlushStatements.AddStarts(batch, [start]);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return new RunStarted(start.Id, start.CreatedAt, AlreadyExisted: false);
    }

    private static OrderedDictionary<string, object?> Labels(FlowPlan plan, StartRun request, StartScope scope)
    {
        var labels = FlowValue.Map();
        foreach (var (name, template) in plan.Flow.Labels) labels[name] = FlowValue.ToText(template.Evaluate(scope));
        foreach (var (name, value) in request.Labels ?? new Dictionary<string, string>()) labels[name] = value;
        return labels;
    }
}

/// <summary>What templates see before there is a run: defaults of inputs, labels, and what a trigger gives.</summary>
internal sealed class StartScope(RunServices services, FlowPlan plan, object? trigger, DateTimeOffset now) : ITemplateScope
{
    private static readonly IReadOnlyDictionary<string, object?> Nothing = FlowValue.Map();

    /// <summary>The run's inputs, once they are bound.</summary>
    public IReadOnlyDictionary<string, object?>? Inputs { get; set; }

    public DateTimeOffset Now => now;

    public IEnumerable<string> Names
    {
        get
        {
            IEnumerable<string> names = ["flow", "trigger", "vars", "env", "envs", "namespace"];
            if (Inputs is not null) names = names.Append("inputs");
            return trigger is IReadOnlyDictionary<string, object?> map && map.ContainsKey("operation") ? names.Concat(["new", "old"]) : names;
        }
    }

    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "inputs" when Inputs is not null => Inputs,
            "flow" => FlowValue.Map(("id", plan.Flow.Id), ("namespace", plan.Flow.Namespace), ("version", (long)plan.Version)),
            "namespace" => FlowValue.Map(("id", plan.Flow.Namespace)),
            "trigger" => trigger ?? Nothing,
            // In the conditions of row triggers the row stands under its own name.
            "new" or "old" when trigger is IReadOnlyDictionary<string, object?> row && row.ContainsKey("operation") => row.GetValueOrDefault(name),
            "vars" => new LazyMap([.. plan.Flow.Variables.Keys], v => plan.Flow.Variables[v].Evaluate(this)),
            "env" => services.Environment,
            "envs" => services.LowerEnvironment,
            _ => this,
        };
        if (!ReferenceEquals(value, this)) return true;
        value = null;
        return false;
    }

    public bool TryCall(string function, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, out object? value)
    {
        value = null;
        if (function != "secret") return false;
        var name = FlowValue.ToText(arguments.Count > 0 ? arguments[0] : named.GetValueOrDefault("key"));
        if (!plan.IsSystem || !services.Secrets.TryGetValue(name, out var secret))
            throw new TemplateException("secret_missing", $"There is no secret '{name}' for the flow {plan.Name}.");
        value = secret;
        return true;
    }
}
