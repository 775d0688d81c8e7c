using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;
using Weft.Hiring.Accounts;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Applications;

/// <summary>An application as both of its sides see it.</summary>
public sealed record ApplicationView
{
    public required Guid Id { get; init; }
    public required Guid PositionId { get; init; }
    public required string PositionTitle { get; init; }
    public string? CompanyName { get; init; }
    public required Guid UserId { get; init; }
    public string? PersonName { get; init; }
    public string? PersonEmail { get; init; }
    public int? Score { get; init; }
    public required string Status { get; init; }
    public required string Message { get; init; }
    public string? CoverLetter { get; init; }
    public required DateTime AppliedAt { get; init; }
    public required DateTime UpdatedAt { get; init; }

    /// <summary>True when the caller sent it, false when the caller's workspace received it.</summary>
    public required bool IsMine { get; init; }
}

/// <summary>What a person sends to a position.</summary>
public sealed record ApplicationDraft(Guid? PositionId, string? Message, string? CoverLetter);

/// <summary>Where an application moves to.</summary>
public sealed record ApplicationMove(string? Status);

/// <summary>Applying, and what becomes of it. The person may withdraw; the position's workspace sets everything else.</summary>
public static class ApplicationEndpoints
{
    private static readonly string[] Statuses = ["applied", "in_review", "interviewing", "offer", "hired", "rejected", "withdrawn"];

    [Sql(DatabaseRole.App)]
    private const string ListApplications = """
        select a.id, a.position_id, p.title as position_title, c.name as company_name, a.user_id, person.name as person_name, person.email as person_email,
               m.score, a.status, a.message, a.cover_letter, a.applied_at, a.updated_at, a.user_id = weft.caller_user_id() as is_mine
          from hiring.application a
          join hiring.position p on p.id = a.position_id
          left join hiring.company c on c.id = p.company_id
          left join hiring.match m on m.position_id = a.position_id and m.user_id = a.user_id
          left join lateral hiring.people_of_position(a.position_id, a.user_id) person on true
         where (@Id::uuid is null or a.id = @Id)
           and (@Position::uuid is null or a.position_id = @Position)
           and (@Status::text is null or a.status = @Status)
           and (@Mine::boolean is null or (a.user_id = weft.caller_user_id()) = @Mine)
           and (@Before::uuid is null or a.id < @Before)
         order by a.id desc
         limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string InsertApplication = """
        insert into hiring.application (id, position_id, user_id, message, cover_letter) values (@Id, @PositionId, @User, @Message, @CoverLetter)
        """;

    [Sql(DatabaseRole.App)]
    private const string FindPosition = "select exists (select from hiring.position where id = @Id)";

    [Sql(DatabaseRole.App)]
    private const string MoveApplication = "update hiring.application set status = @Status, updated_at = now() where id = @Id";

    public static void MapApplications(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/applications").WithTags("applications");
        group.MapGet("/", ListAsync).WithSummary("Applications sent by the caller or received by the caller's workspace, newest first");
        group.MapPost("/", ApplyAsync).WithSummary("Apply to an open position");
        group.MapGet("/{id:guid}", FindAsync).WithSummary("One application");
        group.MapPatch("/{id:guid}", MoveAsync).WithSummary("Change the status; the other side is told");
    }

    private static async Task<Ok<Page<ApplicationView>>> ListAsync(
        Guid? position, string? status, bool? mine, [AsParameters] PageQuery page, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var rows = await ReadAsync(scope, id: null, position, status, mine, Cursor.ReadId(page.Cursor), page.Size + 1, cancellationToken);
        return TypedResults.Ok(Page.Of(rows, page.Size, row => [row.Id]));
    }

    private static async Task<Results<Created<ApplicationView>, ProblemResult>> ApplyAsync(
        ApplicationDraft body, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        var (user, _) = me.Person;
        var check = new RequestCheck();
        var position = check.Required("position_id", body.PositionId);
        var message = check.OptionalText("message", body.Message, 10_000) ?? "";
        var letter = check.OptionalText("cover_letter", body.CoverLetter, 20_000);
        if (check.Problem is { } problem) return problem;

        var id = Guid.CreateVersion7();
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        if (!await scope.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(FindPosition, new { Id = position }, scope.Transaction, cancellationToken: cancellationToken)))
            return Problems.NotFound.With("There is no such position.");
        try
        {
            await scope.Connection.ExecuteAsync(new CommandDefinition(
                InsertApplication, new { Id = id, PositionId = position, User = user, Message = message, CoverLetter = letter }, scope.Transaction, cancellationToken: cancellationToken));
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Problems.AlreadyApplied.With();
        }
        catch (PostgresException refused) when (refused.SqlState == "WH001")
        {
            return Problems.PositionNotOpen.With();
        }
        var view = (await ReadAsync(scope, id, null, null, null, null, 1, cancellationToken)).Single();
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Applications, id);
        return TypedResults.Created($"/api/applications/{id}", view);
    }

    private static async Task<Results<Ok<ApplicationView>, ProblemResult>> FindAsync(Guid id, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        return await ReadAsync(scope, id, null, null, null, null, 1, cancellationToken) is [var view] ? TypedResults.Ok(view) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<ApplicationView>, ProblemResult>> MoveAsync(
        Guid id, ApplicationMove body, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        var check = new RequestCheck();
        var status = check.Text("status", body.Status, 50);
        check.That(Statuses.Contains(status, StringComparer.Ordinal), "status", $"This must be one of {string.Join(", ", Statuses)}.");
        if (check.Problem is { } problem) return problem;

        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        try
        {
            var moved = await scope.Connection.ExecuteAsync(new CommandDefinition(MoveApplication, new { Id = id, Status = status }, scope.Transaction, cancellationToken: cancellationToken));
            if (moved == 0) return Problems.NotFound.With();
        }
        catch (PostgresException refused) when (refused.SqlState == "WH002")
        {
            return Problems.ApplicationMoveRefused.With(refused.MessageText);
        }
        var view = (await ReadAsync(scope, id, null, null, null, null, 1, cancellationToken)).Single();
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Applications, id);
        return TypedResults.Ok(view);
    }

    private static async Task<List<ApplicationView>> ReadAsync(
        CallerScope scope, Guid? id, Guid? position, string? status, bool? mine, Guid? before, int limit, CancellationToken cancellationToken) =>
        (await scope.Connection.QueryAsync<ApplicationView>(new CommandDefinition(ListApplications, new
        {
            Id = id,
            Position = position,
            Status = status,
            Mine = mine,
            Before = before,
            Limit = limit,
        }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
}
