using System.Text.Json;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NpgsqlTypes;
using Weft.Hiring.Accounts;
using Weft.Hiring.Profiles;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Matching;

/// <summary>What a match says of its position to the person.</summary>
public sealed record MatchedPosition(
    Guid Id, string Title, string? CompanyName, string? Location, string Remote, string Status, DateOnly? StartsOn, DateOnly? EndsOn);

/// <summary>What a match says of its person to the position's workspace. Contact data is there when the person applied, or allows it.</summary>
public sealed record MatchedPerson(
    Guid Id, string Name, string? Email, string? Headline, string? Location, IReadOnlyList<string> Skills, IReadOnlyList<FreeDays> Availability);

/// <summary>A scored pair. A person sees the position, a workspace the person.</summary>
public sealed record MatchView(
    Guid Id, int Score, IReadOnlyList<MatchReason> Reasons, string Status, DateTime MatchedAt, Guid? RunId, MatchedPosition? Position, MatchedPerson? Person);

/// <summary>A person's matched positions, and a position's candidate pool.</summary>
public static class MatchEndpoints
{
    private static readonly JsonSerializerOptions ReasonsJson = new(JsonSerializerDefaults.Web);

    [Sql(DatabaseRole.App)]
    private const string ListMatches = """
        select m.id, m.score, m.reasons::text as reasons, m.status, m.matched_at, m.run_id,
               p.id as position_id, p.title, c.name as company_name, p.location, p.remote, p.status as position_status, p.starts_on, p.ends_on
          from hiring.match m
          join hiring.position p on p.id = m.position_id
          left join hiring.company c on c.id = p.company_id
         where m.user_id = @User
           and (case when @Status::text is null then m.status = 'applied' or (m.status = 'matched' and p.status = 'open') else m.status = @Status end)
           and (@BeforeScore::int is null or (m.score, m.id) < (@BeforeScore, @BeforeId::uuid))
         order by m.score desc, m.id desc
         limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string DismissMatch = "update hiring.match set status = 'dismissed' where id = @Id and user_id = @User and status in ('matched', 'dismissed')";

    [Sql(DatabaseRole.App)]
    private const string FindOurPosition = "select exists (select from hiring.position where id = @Position and weft.caller_is_member(workspace_id))";

    [Sql(DatabaseRole.App)]
    private const string ListCandidates = """
        select m.id, m.score, m.reasons::text as reasons, m.status, m.matched_at, m.run_id,
               person.user_id, person.name, person.email, person.headline, person.location, person.skills, person.availability
          from hiring.match m
          join hiring.people_of_position(@Position, null) person on person.user_id = m.user_id
         where m.position_id = @Position
           and m.status in ('matched', 'applied')
           and (@BeforeScore::int is null or (m.score, m.id) < (@BeforeScore, @BeforeId::uuid))
         order by m.score desc, m.id desc
         limit @Limit
        """;

    public static void MapMatches(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/matches").WithTags("matching");
        group.MapGet("/", ListAsync).WithSummary("The caller's matched positions, best first");
        group.MapPost("/{id:guid}/dismiss", DismissAsync).WithSummary("Hide a match for good");
        routes.MapGet("/api/positions/{id:guid}/candidates", CandidatesAsync).WithTags("matching").WithSummary("A position's candidate pool, best first");
    }

    private static async Task<Ok<Page<MatchView>>> ListAsync(
        string? status, [AsParameters] PageQuery page, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        var before = Cursor.ReadNumberAndId(page.Cursor);
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var rows = await scope.Connection.QueryAsync<MatchRow>(new CommandDefinition(ListMatches, new
        {
            User = me.UserId,
            Status = status,
            BeforeScore = before?.Number,
            BeforeId = before?.Id,
            Limit = page.Size + 1,
        }, scope.Transaction, cancellationToken: cancellationToken));
        return TypedResults.Ok(PageOf(rows.Select(r => r.ToView()), page));
    }

    private static async Task<Results<NoContent, ProblemResult>> DismissAsync(Guid id, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var changed = await scope.Connection.ExecuteAsync(new CommandDefinition(DismissMatch, new { Id = id, User = me.UserId }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        if (changed > 0) changes.Publish(MarketTopics.Matches, id);
        return changed == 0 ? Problems.NotFound.With() : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<Page<MatchView>>, ProblemResult>> CandidatesAsync(
        Guid id, [AsParameters] PageQuery page, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        var before = Cursor.ReadNumberAndId(page.Cursor);
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        if (!await scope.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(FindOurPosition, new { Position = id }, scope.Transaction, cancellationToken: cancellationToken)))
            return Problems.NotFound.With();
        var rows = await scope.Connection.QueryAsync<CandidateRow>(new CommandDefinition(ListCandidates, new
        {
            Position = id,
            BeforeScore = before?.Number,
            BeforeId = before?.Id,
            Limit = page.Size + 1,
        }, scope.Transaction, cancellationToken: cancellationToken));
        return TypedResults.Ok(PageOf(rows.Select(r => r.ToView()), page));
    }

    private static Page<MatchView> PageOf(IEnumerable<MatchView> rows, PageQuery page) =>
        Page.Of([.. rows], page.Size, row => [row.Score, row.Id]);

    private static MatchReason[] Reasons(string json) => JsonSerializer.Deserialize<MatchReason[]>(json, ReasonsJson) ?? [];

    private sealed class MatchRow
    {
        public required Guid Id { get; init; }
        public required int Score { get; init; }
        public required string Reasons { get; init; }
        public required string Status { get; init; }
        public required DateTime MatchedAt { get; init; }
        public Guid? RunId { get; init; }
        public required Guid PositionId { get; init; }
        public required string Title { get; init; }
        public string? CompanyName { get; init; }
        public string? Location { get; init; }
        public required string Remote { get; init; }
        public required string PositionStatus { get; init; }
        public DateOnly? StartsOn { get; init; }
        public DateOnly? EndsOn { get; init; }

        public MatchView ToView() => new(
            Id, Score, MatchEndpoints.Reasons(Reasons), Status, MatchedAt, RunId,
            new MatchedPosition(PositionId, Title, CompanyName, Location, Remote, PositionStatus, StartsOn, EndsOn), Person: null);
    }

    private sealed class CandidateRow
    {
        public required Guid Id { get; init; }
        public required int Score { get; init; }
        public required string Reasons { get; init; }
        public required string Status { get; init; }
        public required DateTime MatchedAt { get; init; }
        public Guid? RunId { get; init; }
        public required Guid UserId { get; init; }
        public required string Name { get; init; }
        public string? Email { get; init; }
        public string? Headline { get; init; }
        public string? Location { get; init; }
        public required string[] Skills { get; init; }
        public required NpgsqlRange<DateTime>[] Availability { get; init; }

        public MatchView ToView() => new(
            Id, Score, MatchEndpoints.Reasons(Reasons), Status, MatchedAt, RunId, Position: null,
            new MatchedPerson(UserId, Name, Email, Headline, Location, Skills, Profiles.Availability.ToDays(Availability)));
    }
}
