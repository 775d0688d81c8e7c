using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Weft.Engine;
using Weft.Engine.Language;
using Weft.Hiring;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Api;

/// <summary>Flows: the product's own, and those of the caller's workspace, which come before them.</summary>
internal static class FlowEndpoints
{
    private const int MaxSourceBytes = 1024 * 1024;

    public static void MapFlows(this IEndpointRouteBuilder routes)
    {
        var flows = routes.MapGroup("/api/flows").WithTags("flows");
        flows.MapGet("", ListAsync).WithSummary("Flows by namespace and id");
        flows.MapPost("/validate", ValidateAsync).WithSummary("Everything that is wrong with a flow's source (YAML or JSON), without saving it")
            .WithMetadata(new RequestSizeLimitAttribute(MaxSourceBytes)).Accepts<string>("application/yaml", "application/json");
        flows.MapGet("/schema.json", Schema).WithSummary("The flow language as JSON Schema, for editors").Produces<JsonElement>();
        flows.MapGet("/{ns}/{id}", FindAsync).WithSummary("A flow with its source, inputs and triggers");
        flows.MapPut("/{ns}/{id}", SaveAsync).WithSummary("Save a flow (YAML or JSON); a changed text makes a new version")
            .WithMetadata(new RequestSizeLimitAttribute(MaxSourceBytes)).Accepts<string>("application/yaml", "application/json");
        flows.MapDelete("/{ns}/{id}", DeleteAsync).WithSummary("Delete a flow of one's workspace");
        flows.MapGet("/{ns}/{id}/versions", VersionsAsync).WithSummary("A flow's versions, newest first");
        routes.MapGet("/api/triggers", TriggersAsync).WithTags("flows").WithSummary("What starts the flows one may see");
    }

    private static async Task<Ok<Page<FlowView>>> ListAsync(
        [AsParameters] PageQuery page, [FromQuery(Name = "namespace")] string? ns, string? q, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var flows = await FlowReader.ListAsync(scope.Connection, ns, q, Blank(page.Cursor), page.Size, cancellationToken);
        return TypedResults.Ok(new Page<FlowView>([.. flows.Items.Select(FlowView.Of)], flows.NextCursor));
    }

    private static async Task<Results<Ok<FlowWhole>, ProblemResult>> FindAsync(
        string ns, string id, int? version, SignedIn caller, WeftDatabase database, FlowEngine engine, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        return await FlowReader.FindAsync(scope.Connection, ns, id, version, cancellationToken) is { } flow
            ? TypedResults.Ok(FlowWhole.Of(flow, engine.TaskTypes))
            : Problems.FlowNotFound.With();
    }

    private static async Task<Results<Ok<FlowSaved>, Created<FlowSaved>, ProblemResult>> SaveAsync(
        string ns, string id, HttpRequest request, SignedIn caller, FlowEngine engine, CancellationToken cancellationToken)
    {
        var source = await ReadSourceAsync(request, cancellationToken);
        var compiled = FlowCompiler.Compile(source, engine.TaskTypes, ns);
        if (compiled.Flow is null) return Problems.FlowInvalid.With(errors: compiled.Problems.ToFieldErrors());
        if (compiled.Flow.Id != id || compiled.Flow.Namespace != ns)
        {
            return Problems.FlowInvalid.With(errors: [new FieldError(compiled.Flow.Id != id ? "id" : "namespace", $"The source is of {compiled.Flow.Namespace}/{compiled.Flow.Id}, and the address of {ns}/{id}.")]);
        }
        var saved = await engine.DeployAsync(source, new FlowOwner(caller.WorkspaceId, caller.PersonId), cancellationToken);
        var view = new FlowSaved(saved.Namespace, saved.FlowId, saved.Version, saved.IsNewVersion);
        return saved is { Version: 1, IsNewVersion: true } ? TypedResults.Created($"/api/flows/{ns}/{id}", view) : TypedResults.Ok(view);
    }

    private static async Task<Ok<FlowCheck>> ValidateAsync(HttpRequest request, SignedIn _, FlowEngine engine, CancellationToken cancellationToken)
    {
        var compiled = FlowCompiler.Compile(await ReadSourceAsync(request, cancellationToken), engine.TaskTypes);
        return TypedResults.Ok(new FlowCheck(compiled.Flow is not null, compiled.Problems.ToFieldErrors()));
    }

    private static async Task<Results<NoContent, ProblemResult>> DeleteAsync(
        string ns, string id, SignedIn caller, WeftDatabase database, FlowEngine engine, CancellationToken cancellationToken)
    {
        if (await engine.DeleteFlowAsync(ns, id, new FlowOwner(caller.WorkspaceId, caller.PersonId), cancellationToken)) return TypedResults.NoContent();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        return await FlowReader.FindAsync(scope.Connection, ns, id, null, cancellationToken) is null ? Problems.FlowNotFound.With() : Problems.FlowIsShipped.With();
    }

    private static async Task<Results<Ok<Page<FlowVersionView>>, ProblemResult>> VersionsAsync(
        string ns, string id, [AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        int? before = null;
        if (Blank(page.Cursor) is { } cursor) before = int.TryParse(cursor, out var number) ? number : throw Problems.CursorInvalid.Thrown();
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        if (await FlowReader.FindAsync(scope.Connection, ns, id, null, cancellationToken) is not { } flow) return Problems.FlowNotFound.With();
        var versions = await FlowReader.VersionsAsync(scope.Connection, flow.Flow.Id, before, page.Size, cancellationToken);
        var more = versions.Count == page.Size && versions[^1].Version > 1;
        return TypedResults.Ok(new Page<FlowVersionView>(
            [.. versions.Select(v => new FlowVersionView(v.Version, v.CreatedAt, v.CreatedBy, v.ContentHash))], more ? versions[^1].Version.ToString() : null));
    }

    private static async Task<Ok<Page<TriggerSummary>>> TriggersAsync(SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        return TypedResults.Ok(new Page<TriggerSummary>(await FlowReader.TriggersAsync(scope.Connection, null, cancellationToken), null));
    }

    private static IResult Schema(SignedIn _, FlowEngine engine) => Results.Text(FlowSchema.Build(engine.TaskTypes).ToJsonString(), "application/schema+json");

    private static async Task<string> ReadSourceAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    private static string? Blank(string? text) => string.IsNullOrEmpty(text) ? null : text;

    internal static IReadOnlyList<FieldError> ToFieldErrors(this IReadOnlyList<FlowProblem> problems) =>
        [.. problems.Select(p => new FieldError(p.Path, p.Message) { Line = p.Line, Column = p.Column })];

    internal static IReadOnlyList<FieldError> ToFieldErrors(this IReadOnlyList<InputProblem> problems) =>
        [.. problems.Select(p => new FieldError(p.Path, p.Message))];
}

/// <summary>A flow as listed.</summary>
internal sealed record FlowView(
    string Namespace, string Id, string? Description, int Version, Guid? WorkspaceId, bool Disabled, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static FlowView Of(FlowSummary flow) =>
        new(flow.Namespace, flow.FlowId, flow.Description, flow.Version, flow.WorkspaceId, flow.Disabled, flow.CreatedAt, flow.UpdatedAt);
}

/// <summary>A flow with the source of one version, and what that version takes.</summary>
internal sealed record FlowWhole(
    string Namespace, string Id, string? Description, int Version, Guid? WorkspaceId, bool Disabled, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    string Source, IReadOnlyList<FlowInputView> Inputs, IReadOnlyList<TriggerView> Triggers)
{
    public static FlowWhole Of(FlowDetail detail, TaskTypeRegistry types)
    {
        var (flow, version, source, triggers) = detail;
        var inputs = FlowCompiler.Compile(source, types, flow.Namespace).Flow?.Inputs ?? [];
        return new FlowWhole(
            flow.Namespace, flow.FlowId, flow.Description, version, flow.WorkspaceId, flow.Disabled, flow.CreatedAt, flow.UpdatedAt, source,
            [.. inputs.Select(i => new FlowInputView(i.Id, i.Type, i.Required && i.Default is null, i.Default is { IsConstant: true } d ? d.Constant : null, i.DisplayName, i.Description, i.Values))],
            [.. triggers.Select(TriggerView.Of)]);
    }
}

internal sealed record FlowInputView(string Id, InputType Type, bool Required, object? Default, string? DisplayName, string? Description, IReadOnlyList<string>? Values);

internal sealed record TriggerView(string Id, string Type, string Summary, bool Disabled, DateTimeOffset? LastFiredAt, string? LastError, DateTimeOffset? LastErrorAt)
{
    public static TriggerView Of(TriggerSummary trigger) => new(
        trigger.Id, trigger.Kind, trigger.Table is null ? trigger.Kind : $"{string.Join(", ", trigger.Operations ?? [])} on {trigger.Table}",
        trigger.Disabled, trigger.LastFiredAt, trigger.LastError, trigger.LastErrorAt);
}

internal sealed record FlowVersionView(int Version, DateTimeOffset CreatedAt, Guid? CreatedBy, string ContentHash);

/// <summary>What came of saving a flow; the same text as before makes no new version.</summary>
internal sealed record FlowSaved(string Namespace, string Id, int Version, bool IsNewVersion);

internal sealed record FlowCheck(bool Valid, IReadOnlyList<FieldError> Errors);
