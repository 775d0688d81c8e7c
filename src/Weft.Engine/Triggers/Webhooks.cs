using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Npgsql;
using Weft.Engine.Language;
using Weft.Engine.Runtime;
using Weft.Engine.Store;
using Weft.Postgres;

namespace Weft.Engine.Triggers;

/// <summary>The run that a webhook's call asks for.</summary>
internal sealed record WebhookStart(FlowPlan Plan, TriggerDefinition Trigger, StartRun Request, object Data);

/// <summary>
/// Finds the flow that a webhook's key belongs to. The key selects the owner: flows of several workspaces may have the same
/// name. Compared are hashes, in constant time, all candidates each time, so that the answer's time tells nothing.
/// </summary>
internal static class Webhooks
{
    [Sql(DatabaseRole.Engine)]
    private const string FindWebhooks = """
        select v.id, t.trigger_id, t.key_hash
        from weft.flow f
        join weft.flow_version v on v.flow = f.id and v.version = f.current_version
        join weft.trigger t on t.flow = f.id
        where f.namespace = $1 and f.flow_id = $2 and t.kind = 'webhook' and not t.disabled and not f.disabled
        order by f.workspace_id nulls first, t.trigger_id
        """;

    /// <summary>What the call is to start; null when there is no such flow or the key is wrong, which nobody can tell apart.</summary>
    public static async Task<WebhookStart?> FindAsync(
        RunServices services, string ns, string flowId, string key, WebhookRequest request, CancellationToken cancellationToken)
    {
        var given = FlowStore.KeyHash(key);
        (long Version, string Trigger)? match = null;
        await using (var command = services.Database.Engine.CreateCommand(FindWebhooks))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ns });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = flowId });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                if (CryptographicOperations.FixedTimeEquals(given, reader.GetFieldValue<byte[]>(2)))
                    match ??= (reader.GetInt64(0), reader.GetString(1));
            }
        }
        if (match is not { } found || await services.Flows.FindAsync(found.Version, cancellationToken) is not { } plan) return null;
        var trigger = plan.Flow.Triggers.First(t => t.Id == found.Trigger);

        var body = ReadBody(request);
        var data = FlowValue.Map(("id", trigger.Id), ("type", "webhook"), ("body", body), ("headers", Lists(request.Headers, lower: true)), ("parameters", Lists(request.Parameters, lower: false)));
        var scope = new StartScope(services, plan, data, services.Time.GetUtcNow());
        if (trigger.When is { } when && !Truth.Of(when.Evaluate(scope)))
            throw new FlowException("trigger_condition_false", $"The condition of the webhook '{trigger.Id}' is not fulfilled; nothing was started.");

        var inputs = FlowValue.Map();
        if (body is IReadOnlyDictionary<string, object?> fields)
            foreach (var (name, value) in fields) inputs[name] = value;
        foreach (var (name, template) in trigger.Inputs) inputs[name] = template.Evaluate(scope);
        return new WebhookStart(plan, trigger, new StartRun
        {
            Namespace = ns,
            FlowId = flowId,
            Inputs = inputs,
            WorkspaceId = plan.WorkspaceId,
            UserId = plan.OwnerId,
            Trigger = "webhook",
        }, data);
    }

    private static object? ReadBody(WebhookRequest request)
    {
        if (request.Body.IsEmpty) return null;
        var type = request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(request.Body.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new InputsInvalidException([new InputProblem("body", "The body is not UTF-8 text.")]);
        }
        if (type == "application/x-www-form-urlencoded")
        {
            var form = FlowValue.Map();
            var values = HttpUtility.ParseQueryString(text);
            foreach (var name in values.AllKeys)
                if (name is not null) form[name] = values[name];
            return form;
        }
        var isJson = type is null or "application/json" or "text/json" || type.EndsWith("+json", StringComparison.Ordinal);
        if (!isJson) return text;
        try
        {
            return FlowValue.Parse(text);
        }
        catch (JsonException e)
        {
            // A body of no declared type may be any text; one that says it is JSON must be.
            return type is null ? text : throw new InputsInvalidException([new InputProblem("body", $"The body is not JSON: {e.Message}")]);
        }
    }

    private static OrderedDictionary<string, object?> Lists(IReadOnlyDictionary<string, IReadOnlyList<string>> values, bool lower)
    {
        var map = FlowValue.Map();
        foreach (var (name, list) in values)
        {
            var key = lower ? name.ToLowerInvariant() : name;
            // Credentials of the caller are not the flow's business and must not stay in the run's record.
            if (lower && key is "authorization" or "cookie" or "x-api-key") continue;
            map[key] = list.Select(v => (object?)v).ToList();
        }
        return map;
    }
}
