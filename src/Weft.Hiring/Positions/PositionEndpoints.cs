using System.Text.Json.Nodes;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Weft.Hiring.Accounts;
using Weft.Hiring.Matching;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Positions;

/// <summary>What a list of positions may be narrowed by.</summary>
/// <param name="Q">Words in title, place and description, as in a web search.</param>
/// <param name="Skills">All of these skills, separated by commas.</param>
/// <param name="Location">Part of the place.</param>
/// <param name="Remote"><c>onsite</c>, <c>hybrid</c>, <c>remote</c> or <c>unknown</c>.</param>
/// <param name="SalaryMin">The upper end of the salary is at least this.</param>
/// <param name="Company">A company's id.</param>
/// <param name="Status"><c>open</c> unless said otherwise; <c>all</c> for every status.</param>
/// <param name="PostedWithin">First seen within this many days.</param>
/// <param name="Ours">Only what the caller's workspace published, drafts included.</param>
public sealed record PositionQuery(
    string? Q, string? Skills, string? Location, string? Remote, decimal? SalaryMin, Guid? Company, string? Status, int? PostedWithin, bool? Ours);

/// <summary>Posting, changing, closing and finding positions.</summary>
public static class PositionEndpoints
{
    private const string Columns = """
        p.id, p.workspace_id, p.company_id, c.name as company_name, p.title, p.description, p.department, p.employment_type, p.experience_level,
               p.location, p.remote, p.required_skills, p.salary_min, p.salary_max, p.salary_currency, p.salary_period, p.starts_on, p.ends_on, p.url,
               p.status, p.first_seen_at, p.last_seen_at, p.created_at, p.updated_at,
               coalesce(weft.caller_is_member(p.workspace_id), false) as is_ours,
               (select a.id from hiring.application a where a.position_id = p.id and a.user_id = weft.caller_user_id()) as my_application_id
        """;

    [Sql(DatabaseRole.App)]
    private const string ListPositions = $"""
        select {Columns}
          from hiring.position p left join hiring.company c on c.id = p.company_id
         where (@Status::text is null or p.status = @Status)
           and (@Words::text is null or p.search @@ websearch_to_tsquery('simple', @Words))
           and (@Skills::text[] is null or p.skill_keys @> @Skills)
           and (@Location::text is null or p.location ilike @Location)
           and (@Remote::text is null or p.remote = @Remote)
           and (@SalaryMin::numeric is null or coalesce(p.salary_max, p.salary_min) >= @SalaryMin)
           and (@Company::uuid is null or p.company_id = @Company)
           and (@Since::timestamptz is null or p.first_seen_at >= @Since)
           and (@Workspace::uuid is null or p.workspace_id = @Workspace)
           and (@Before::uuid is null or p.id < @Before)
         order by p.id desc
         limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string FindPosition = $"select {Columns} from hiring.position p left join hiring.company c on c.id = p.company_id where p.id = @Id";

    [Sql(DatabaseRole.App)]
    private const string LockPosition = """
        select company_id, title, description, department, employment_type, experience_level, location, remote, required_skills,
               salary_min, salary_max, salary_currency, salary_period, starts_on, ends_on, url, status
          from hiring.position
         where id = @Id and weft.caller_is_member(workspace_id)
           for update
        """;

    [Sql(DatabaseRole.App)]
    private const string InsertPosition = """
        insert into hiring.position (id, workspace_id, publisher_id, company_id, title, description, department, employment_type, experience_level,
            location, remote, required_skills, skill_keys, salary_min, salary_max, salary_currency, salary_period, starts_on, ends_on, url, status)
        values (@Id, @Workspace, @Publisher, @CompanyId, @Title, @Description, @Department, @EmploymentType, @ExperienceLevel,
            @Location, @Remote, @RequiredSkills, @SkillKeys, @SalaryMin, @SalaryMax, @SalaryCurrency, @SalaryPeriod, @StartsOn, @EndsOn, @Url, @Status)
        """;

    [Sql(DatabaseRole.App)]
    private const string UpdatePosition = """
        update hiring.position
           set company_id = @CompanyId, title = @Title, description = @Description, department = @Department, employment_type = @EmploymentType,
               experience_level = @ExperienceLevel, location = @Location, remote = @Remote, required_skills = @RequiredSkills, skill_keys = @SkillKeys,
               salary_min = @SalaryMin, salary_max = @SalaryMax, salary_currency = @SalaryCurrency, salary_period = @SalaryPeriod,
               starts_on = @StartsOn, ends_on = @EndsOn, url = @Url, status = @Status,
               closed_at = case when @Status = 'closed' then coalesce(closed_at, now()) end, updated_at = now()
         where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string FindCompany = "select exists (select from hiring.company where id = @Id and weft.caller_is_member(workspace_id))";

    public static void MapPositions(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/positions").WithTags("positions");
        group.MapGet("/", ListAsync).WithSummary("Positions, newest first");
        group.MapPost("/", PostAsync).WithSummary("Post a position; while it is open, people who fit are found and told");
        group.MapGet("/{id:guid}", FindAsync).WithSummary("One position");
        group.MapPatch("/{id:guid}", ChangeAsync).WithSummary("Change what the body names (JSON Merge Patch)").Accepts<PositionDraft>("application/json");
        group.MapPost("/{id:guid}/close", CloseAsync).WithSummary("Close a position");
    }

    private static async Task<Ok<Page<PositionView>>> ListAsync(
        [AsParameters] PositionQuery query, [AsParameters] PageQuery page, SignedIn me, WeftDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        var skills = query.Skills is null ? null : SkillName.Keys(query.Skills.Split(','));
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<PositionView>(new CommandDefinition(ListPositions, new
        {
            Status = query.Status is "all" ? null : query.Status ?? (query.Ours is true ? null : "open"),
            Words = string.IsNullOrWhiteSpace(query.Q) ? null : query.Q,
            Skills = skills is { Length: > 0 } ? skills : null,
            Location = string.IsNullOrWhiteSpace(query.Location) ? null : $"%{query.Location.Trim().Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_")}%",
            query.Remote,
            query.SalaryMin,
            query.Company,
            Since = query.PostedWithin is { } days ? time.GetUtcNow().UtcDateTime.AddDays(-Math.Clamp(days, 0, 3650)) : (DateTime?)null,
            Workspace = query.Ours is true ? me.WorkspaceId : null,
            Before = Cursor.ReadId(page.Cursor),
            Limit = page.Size + 1,
        }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(rows, page.Size, row => [row.Id]));
    }

    private static async Task<Results<Created<PositionView>, ProblemResult>> PostAsync(
        PositionDraft body, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        var (publisher, workspace) = me.Person;
        var check = new RequestCheck();
        var draft = body.Checked(check);
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        await CheckCompanyAsync(scope, draft, check, cancellationToken);
        if (check.Problem is { } problem) return problem;

        var id = Guid.CreateVersion7();
        await scope.Connection.ExecuteAsync(new CommandDefinition(InsertPosition, Parameters(draft, id, workspace, publisher), scope.Transaction, cancellationToken: cancellationToken));
        var view = await ReadAsync(scope, id, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Positions, id);
        return TypedResults.Created($"/api/positions/{id}", view);
    }

    private static async Task<Results<Ok<PositionView>, ProblemResult>> FindAsync(Guid id, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        return await ReadAsync(scope, id, cancellationToken) is { } view ? TypedResults.Ok(view) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<PositionView>, ProblemResult>> ChangeAsync(
        Guid id, JsonObject body, SignedIn me, WeftDatabase database, IOptions<JsonOptions> json, ChangeHub changes, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        if (await LockAsync(scope, id, cancellationToken) is not { } current) return Problems.NotFound.With();
        var check = new RequestCheck();
        var draft = MergePatch.Apply(current, body, json.Value.SerializerOptions).Checked(check);
        // People were told of it and may have applied: it cannot vanish before their eyes.
        check.That(draft.Status != "draft" || current.Status == "draft", "status", "What was published does not become a draft again; close it instead.");
        if (draft.CompanyId != current.CompanyId) await CheckCompanyAsync(scope, draft, check, cancellationToken);
        if (check.Problem is { } problem) return problem;
        return TypedResults.Ok(await SaveAsync(scope, id, draft, changes, cancellationToken));
    }

    private static async Task<Results<Ok<PositionView>, ProblemResult>> CloseAsync(Guid id, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        if (await LockAsync(scope, id, cancellationToken) is not { } current) return Problems.NotFound.With();
        return TypedResults.Ok(await SaveAsync(scope, id, current with { Status = "closed" }, changes, cancellationToken));
    }

    private static Task<PositionDraft?> LockAsync(CallerScope scope, Guid id, CancellationToken cancellationToken) =>
        scope.Connection.QuerySingleOrDefaultAsync<PositionDraft>(new CommandDefinition(LockPosition, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));

    private static async Task<PositionView> SaveAsync(CallerScope scope, Guid id, PositionDraft draft, ChangeHub changes, CancellationToken cancellationToken)
    {
        await scope.Connection.ExecuteAsync(new CommandDefinition(UpdatePosition, Parameters(draft, id, null, null), scope.Transaction, cancellationToken: cancellationToken));
        var view = await ReadAsync(scope, id, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Positions, id);
        return view!;
    }

    private static Task<PositionView?> ReadAsync(CallerScope scope, Guid id, CancellationToken cancellationToken) =>
        scope.Connection.QuerySingleOrDefaultAsync<PositionView>(new CommandDefinition(FindPosition, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));

    /// <summary>A position may only stand under a company of the same workspace.</summary>
    private static async Task CheckCompanyAsync(CallerScope scope, PositionDraft draft, RequestCheck check, CancellationToken cancellationToken)
    {
        if (draft.CompanyId is not { } company) return;
        var known = await scope.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(FindCompany, new { Id = company }, scope.Transaction, cancellationToken: cancellationToken));
        check.That(known, "company_id", "Your workspace has no such company.");
    }

    private static object Parameters(PositionDraft draft, Guid id, Guid? workspace, Guid? publisher) => new
    {
        Id = id,
        Workspace = workspace,
        Publisher = publisher,
        draft.CompanyId,
        draft.Title,
        draft.Description,
        draft.Department,
        draft.EmploymentType,
        draft.ExperienceLevel,
        draft.Location,
        draft.Remote,
        draft.RequiredSkills,
        SkillKeys = SkillName.Keys(draft.RequiredSkills ?? []),
        draft.SalaryMin,
        draft.SalaryMax,
        draft.SalaryCurrency,
        draft.SalaryPeriod,
        draft.StartsOn,
        draft.EndsOn,
        draft.Url,
        draft.Status,
    };
}
