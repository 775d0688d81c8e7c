using System.Text.Json.Nodes;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Npgsql;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Hiring.Companies;

/// <summary>A company as the API shows it.</summary>
public sealed record CompanyView(
    Guid Id, string Name, string? Website, string? CareersUrl, string? Industry, string? Location, DateTime CreatedAt, DateTime UpdatedAt, bool IsOurs);

/// <summary>What a person says of a company.</summary>
public sealed record CompanyDraft(string? Name, string? Website, string? CareersUrl, string? Industry, string? Location)
{
    /// <summary>The draft trimmed; what is wrong is noted in the check.</summary>
    public CompanyDraft Checked(RequestCheck check) => new(
        check.Text("name", Name, 200), Address(check, "website", Website), Address(check, "careers_url", CareersUrl),
        check.OptionalText("industry", Industry, 200), check.OptionalText("location", Location, 200));

    private static string? Address(RequestCheck check, string path, string? value)
    {
        var url = check.OptionalText(path, value, 2000);
        check.That(url is null || (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"), path, "This must be an address that begins with https:// or http://.");
        return url;
    }
}

/// <summary>Who hires.</summary>
public static class CompanyEndpoints
{
    [Sql(DatabaseRole.App)]
    private const string ListCompanies = """
        select id, name, website, careers_url, industry, location, created_at, updated_at, coalesce(weft.caller_is_member(workspace_id), false) as is_ours
          from hiring.company
         where (@Words::text is null or name ilike @Words)
           and (@Workspace::uuid is null or workspace_id = @Workspace)
           and (@Before::uuid is null or id < @Before)
         order by id desc
         limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string FindCompany = """
        select id, name, website, careers_url, industry, location, created_at, updated_at, coalesce(weft.caller_is_member(workspace_id), false) as is_ours
          from hiring.company where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string LockCompany = """
        select name, website, careers_url, industry, location from hiring.company where id = @Id and weft.caller_is_member(workspace_id) for update
        """;

    [Sql(DatabaseRole.App)]
    private const string InsertCompany = """
        insert into hiring.company (id, workspace_id, name, website, careers_url, industry, location)
        values (@Id, @Workspace, @Name, @Website, @CareersUrl, @Industry, @Location)
        """;

    [Sql(DatabaseRole.App)]
    private const string UpdateCompany = """
        update hiring.company
           set name = @Name, website = @Website, careers_url = @CareersUrl, industry = @Industry, location = @Location, updated_at = now()
         where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string DeleteCompany = "delete from hiring.company where id = @Id and weft.caller_is_member(workspace_id)";

    public static void MapCompanies(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/companies").WithTags("companies");
        group.MapGet("/", ListAsync).WithSummary("Companies, newest first");
        group.MapPost("/", AddAsync).WithSummary("Add a company to the caller's workspace");
        group.MapGet("/{id:guid}", FindAsync).WithSummary("One company");
        group.MapPatch("/{id:guid}", ChangeAsync).WithSummary("Change what the body names (JSON Merge Patch)").Accepts<CompanyDraft>("application/json");
        group.MapDelete("/{id:guid}", DeleteAsync).WithSummary("Delete a company; its positions stay, without one");
    }

    private static async Task<Ok<Page<CompanyView>>> ListAsync(
        string? q, bool? ours, [AsParameters] PageQuery page, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<CompanyView>(new CommandDefinition(ListCompanies, new
        {
            Words = string.IsNullOrWhiteSpace(q) ? null : $"%{q.Trim().Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_")}%",
            Workspace = ours is true ? me.WorkspaceId : null,
            Before = Cursor.ReadId(page.Cursor),
            Limit = page.Size + 1,
        }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(rows, page.Size, row => [row.Id]));
    }

    private static async Task<Results<Created<CompanyView>, ProblemResult>> AddAsync(CompanyDraft body, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        var (_, workspace) = me.Person;
        var check = new RequestCheck();
        var draft = body.Checked(check);
        if (check.Problem is { } problem) return problem;
        var id = Guid.CreateVersion7();
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        if (!await IsStoredAsync(scope, InsertCompany, new
        {
            Id = id,
            Workspace = workspace,
            draft.Name,
            draft.Website,
            draft.CareersUrl,
            draft.Industry,
            draft.Location,
        }, cancellationToken)) return Problems.CompanyExists.With();
        var view = await ReadAsync(scope, id, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/companies/{id}", view);
    }

    private static async Task<Results<Ok<CompanyView>, ProblemResult>> FindAsync(Guid id, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        return await ReadAsync(scope, id, cancellationToken) is { } view ? TypedResults.Ok(view) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<CompanyView>, ProblemResult>> ChangeAsync(
        Guid id, JsonObject body, SignedIn me, WeftDatabase database, IOptions<JsonOptions> json, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var current = await scope.Connection.QuerySingleOrDefaultAsync<CompanyDraft>(new CommandDefinition(LockCompany, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));
        if (current is null) return Problems.NotFound.With();
        var check = new RequestCheck();
        var draft = MergePatch.Apply(current, body, json.Value.SerializerOptions).Checked(check);
        if (check.Problem is { } problem) return problem;
        if (!await IsStoredAsync(scope, UpdateCompany, new
        {
            Id = id,
            draft.Name,
            draft.Website,
            draft.CareersUrl,
            draft.Industry,
            draft.Location,
        }, cancellationToken)) return Problems.CompanyExists.With();
        var view = await ReadAsync(scope, id, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        return TypedResults.Ok(view!);
    }

    private static async Task<Results<NoContent, ProblemResult>> DeleteAsync(Guid id, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var gone = await scope.Connection.ExecuteAsync(new CommandDefinition(DeleteCompany, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return gone == 0 ? Problems.NotFound.With() : TypedResults.NoContent();
    }

    private static Task<CompanyView?> ReadAsync(CallerScope scope, Guid id, CancellationToken cancellationToken) =>
        scope.Connection.QuerySingleOrDefaultAsync<CompanyView>(new CommandDefinition(FindCompany, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));

    /// <summary>False when the workspace has another company of this name.</summary>
    private static async Task<bool> IsStoredAsync(CallerScope scope, string statement, object values, CancellationToken cancellationToken)
    {
        try
        {
            await scope.Connection.ExecuteAsync(new CommandDefinition(statement, values, scope.Transaction, cancellationToken: cancellationToken));
            return true;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }
}
