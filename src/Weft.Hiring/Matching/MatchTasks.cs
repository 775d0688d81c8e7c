using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Weft.Engine;
using Weft.Hiring.Profiles;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Matching;

/// <summary>
/// <c>match.candidates</c>: finds the people who fit a position, scores them and fills its candidate pool. Only pairs that are
/// new are in the output, so that whoever is told from it is told once, however often the step runs for the position.
/// </summary>
public sealed class MatchCandidatesTask(WeftDatabase database, ChangeHub changes) : ITaskType
{
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "match.candidates",
        Description = "Finds and scores the people who fit a position, by skills and availability, and fills its candidate pool.",
        Properties = [new TaskProperty("position", PropertyType.String, "The position's id.") { Required = true }],
    };

    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(step.RequiredText("position"), out var positionId)) return StepOutcome.Fail("position_id_invalid", "'position' is not an id.");
        await using var connection = await database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        if (await Facts.PositionAsync(connection, positionId, cancellationToken) is not { } position)
        {
            // Closed or deleted since the run was started: nobody is to be found for it any more, and that is no failure.
            step.Log(LogLevel.Information, "The position is not open any more, so nobody was looked for.");
            return StepOutcome.Done(FlowValue.Map(("matches", new List<object?>()), ("count", 0L)));
        }
        // A workspace's own flow finds people for the workspace's own positions only.
        if (!step.IsSystemFlow && (step.WorkspaceId is null || position.WorkspaceId != step.WorkspaceId))
            return StepOutcome.Fail("position_not_found", $"The workspace has no position {positionId}.");
        var people = await Facts.PeopleAsync(connection, positionId, cancellationToken);
        var pairs = people
            .Select(person => (Person: person, Score: MatchScore.Of(position.Facts, person.Facts)))
            .Where(pair => pair.Score is not null)
            .Select(pair => new ScoredPair(positionId, pair.Person.Id, position.WorkspaceId, pair.Score!))
            .ToList();
        var changed = await MatchRecords.ReplaceAsync(connection, pairs, positionId, userId: null, step.RunId, cancellationToken);

        // The run is the workspace's: who fits is told by id, and neither by name nor by address.
        var matches = changed.Fresh.OrderByDescending(f => f.Pair.Score.Score).ThenBy(f => f.MatchId).Select(object? (f) => FlowValue.Map(
            ("id", f.MatchId.ToString()), ("user_id", f.Pair.UserId.ToString()), ("score", (long)f.Pair.Score.Score),
            ("reasons", MatchRecords.ReasonsAsValue(f.Pair.Score)))).ToList();
        var output = FlowValue.Map(("matches", matches), ("count", (long)pairs.Count));
        await step.RecordAsync(transaction, output, cancellationToken);
        // Not to be interrupted: a commit that was asked for and not awaited may have happened.
        await transaction.CommitAsync(CancellationToken.None);
        foreach (var id in changed.Changed) changes.Publish(MarketTopics.Matches, id);
        return StepOutcome.Recorded(output);
    }
}

/// <summary><c>match.positions</c>: the other way round, the open positions that fit a person.</summary>
public sealed class MatchPositionsTask(WeftDatabase database, ChangeHub changes) : ITaskType
{
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "match.positions",
        Description = "Finds and scores the open positions that fit a person, by skills and availability.",
        Properties = [new TaskProperty("user", PropertyType.String, "The person's id.") { Required = true }],
    };

    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(step.RequiredText("user"), out var userId)) return StepOutcome.Fail("user_id_invalid", "'user' is not an id.");
        // Nobody else's profile is looked at by a workspace's own flow.
        if (!step.IsSystemFlow && userId != step.UserId) return StepOutcome.Fail("user_not_found", "A workspace's flow may look for its own user only.");
        await using var connection = await database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        if (await Facts.PersonAsync(connection, userId, cancellationToken) is not { } person)
        {
            step.Log(LogLevel.Information, "The account is gone, so no positions were looked for.");
            return StepOutcome.Done(FlowValue.Map(("matches", new List<object?>()), ("count", 0L)));
        }
        // Who does not want to be matched has no matches: those there are lapse.
        var positions = person.IsOpenToMatching ? await Facts.PositionsForAsync(connection, userId, cancellationToken) : [];
        var pairs = positions
            .Select(position => (Position: position, Score: MatchScore.Of(position.Facts, person.Facts)))
            .Where(pair => pair.Score is not null)
            .Select(pair => new ScoredPair(pair.Position.Id, userId, pair.Position.WorkspaceId, pair.Score!))
            .ToList();
        var changed = await MatchRecords.ReplaceAsync(connection, pairs, positionId: null, userId, step.RunId, cancellationToken);

        var byId = positions.ToDictionary(p => p.Id);
        var matches = changed.Fresh.OrderByDescending(f => f.Pair.Score.Score).ThenBy(f => f.MatchId).Select(object? (f) => FlowValue.Map(
            ("id", f.MatchId.ToString()), ("score", (long)f.Pair.Score.Score), ("reasons", MatchRecords.ReasonsAsValue(f.Pair.Score)),
            ("position", byId[f.Pair.PositionId].AsValue()))).ToList();
        var output = FlowValue.Map(
            ("matches", matches), ("count", (long)pairs.Count), ("user", FlowValue.Map(("name", person.Name), ("email", person.Email))));
        await step.RecordAsync(transaction, output, cancellationToken);
        // Not to be interrupted: a commit that was asked for and not awaited may have happened.
        await transaction.CommitAsync(CancellationToken.None);
        foreach (var id in changed.Changed) changes.Publish(MarketTopics.Matches, id);
        return StepOutcome.Recorded(output);
    }
}

/// <summary>A pair that was scored and fits.</summary>
internal sealed record ScoredPair(Guid PositionId, Guid UserId, Guid? WorkspaceId, MatchScore Score);

/// <summary>What became of the pairs.</summary>
/// <param name="Fresh">Those that were not there before.</param>
/// <param name="Changed">The ids of all that were written, lapsed ones included.</param>
internal sealed record ReplacedMatches(IReadOnlyList<(Guid MatchId, ScoredPair Pair)> Fresh, IReadOnlyList<Guid> Changed);

/// <summary>Writes the pairs of one position or of one person.</summary>
internal static class MatchRecords
{
    [Sql(DatabaseRole.Engine)]
    private const string UpsertMatches = """
        insert into hiring.match (id, position_id, user_id, workspace_id, score, reasons, run_id, found_by)
        select id, position_id, user_id, workspace_id, score, reasons, @run::uuid, @found_by::text
          from unnest(@ids::uuid[], @positions::uuid[], @users::uuid[], @workspaces::uuid[], @scores::int[], @reasons::jsonb[])
               as pair (id, position_id, user_id, workspace_id, score, reasons)
        on conflict (position_id, user_id) do update
           set score = excluded.score, reasons = excluded.reasons, run_id = excluded.run_id,
               status = case when match.status = 'lapsed' then 'matched' else match.status end
        returning id, position_id, user_id, (xmax = 0) as is_new
        """;

    [Sql(DatabaseRole.Engine)]
    private const string LapseOtherMatches = """
        update hiring.match set status = 'lapsed'
         where status = 'matched'
           and ((@position::uuid is not null and position_id = @position::uuid and user_id <> all (@users::uuid[]))
             or (@user::uuid is not null and user_id = @user::uuid and position_id <> all (@positions::uuid[])))
        returning id
        """;

    /// <summary>
    /// Stores the pairs; pairs of the same position (or person) that no longer fit lapse.
    /// </summary>
    public static async Task<ReplacedMatches> ReplaceAsync(
        NpgsqlConnection connection, IReadOnlyList<ScoredPair> pairs, Guid? positionId, Guid? userId, Guid runId, CancellationToken cancellationToken)
    {
        var changed = new List<Guid>();
        var users = pairs.Select(p => p.UserId).ToArray();
        var positions = pairs.Select(p => p.PositionId).ToArray();
        await using (var lapse = new NpgsqlCommand(LapseOtherMatches, connection))
        {
            lapse.Parameters.Add(new NpgsqlParameter("position", NpgsqlDbType.Uuid) { Value = (object?)positionId ?? DBNull.Value });
            lapse.Parameters.Add(new NpgsqlParameter("user", NpgsqlDbType.Uuid) { Value = (object?)userId ?? DBNull.Value });
            lapse.Parameters.AddWithValue("users", users);
            lapse.Parameters.AddWithValue("positions", positions);
            await using var lapsed = await lapse.ExecuteReaderAsync(cancellationToken);
            while (await lapsed.ReadAsync(cancellationToken)) changed.Add(lapsed.GetGuid(0));
        }
        if (pairs.Count == 0) return new ReplacedMatches([], changed);

        await using var upsert = new NpgsqlCommand(UpsertMatches, connection);
        upsert.Parameters.AddWithValue("ids", pairs.Select(_ => Guid.CreateVersion7()).ToArray());
        upsert.Parameters.AddWithValue("positions", positions);
        upsert.Parameters.AddWithValue("users", users);
        upsert.Parameters.Add(new NpgsqlParameter("workspaces", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = pairs.Select(p => p.WorkspaceId).ToArray() });
        upsert.Parameters.AddWithValue("scores", pairs.Select(p => p.Score.Score).ToArray());
        upsert.Parameters.Add(new NpgsqlParameter("reasons", NpgsqlDbType.Array | NpgsqlDbType.Jsonb) { Value = pairs.Select(p => FlowValue.ToJson(ReasonsAsValue(p.Score))).ToArray() });
        upsert.Parameters.AddWithValue("run", runId);
        upsert.Parameters.AddWithValue("found_by", positionId is null ? "person" : "position");

        var byPair = pairs.ToDictionary(p => (p.PositionId, p.UserId));
        var fresh = new List<(Guid, ScoredPair)>();
        await using var reader = await upsert.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            changed.Add(reader.GetGuid(0));
            if (reader.GetBoolean(3)) fresh.Add((reader.GetGuid(0), byPair[(reader.GetGuid(1), reader.GetGuid(2))]));
        }
        return new ReplacedMatches(fresh, changed);
    }

    /// <summary>The reasons as a flow's value.</summary>
    public static List<object?> ReasonsAsValue(MatchScore score) => score.Reasons.Select(object? (r) => FlowValue.Map(
        ("kind", r.Kind), ("points", (long)r.Points), ("text", r.Text), ("evidence", r.Evidence))).ToList();
}

/// <summary>A position with what counts for matching and what a mail says of it.</summary>
internal sealed record PositionRow(Guid Id, Guid? WorkspaceId, string Title, string? Company, string? Location, PositionFacts Facts)
{
    public OrderedDictionary<string, object?> AsValue() => FlowValue.Map(
        ("id", Id.ToString()), ("title", Title), ("company", Company), ("location", Location),
        ("starts_on", Facts.StartsOn?.ToString("yyyy-MM-dd")), ("ends_on", Facts.EndsOn?.ToString("yyyy-MM-dd")));
}

/// <summary>A person with what counts for matching and where to write.</summary>
internal sealed record PersonRow(Guid Id, string Name, string Email, bool IsOpenToMatching, PersonFacts Facts);

/// <summary>Reads what the scoring needs, as the engine's role, across workspaces.</summary>
internal static class Facts
{
    // The rows that are scored are locked, so that two runs of one position, or of one person, come after each other: the later
    // one reads what the earlier one missed, and its result is the one that stays.
    // More people than this for one position would be a pool nobody reads; the ones with most skills in common come first.
    private const int MostPairs = 5_000;

    [Sql(DatabaseRole.Engine)]
    private const string ReadPosition = """
        select p.id, p.workspace_id, p.title, c.name, p.location, p.required_skills, p.starts_on, p.ends_on, p.remote
          from hiring.position p left join hiring.company c on c.id = p.company_id
         where p.id = @position and p.status = 'open'
           for no key update of p
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindPeople = """
        select u.id, u.name, u.email, u.skills, u.availability, u.location,
               (select r.text from hiring.cv_reading r where r.user_id = u.id and r.kind = 'cv' order by r.id desc limit 1), true
          from hiring.position p
          join auth."user" u on u.skill_keys && p.skill_keys
         where p.id = @position
           and u.role = 'job_seeker'
           and coalesce((u.preferences ->> 'open_to_matching')::boolean, true)
           and (p.period = daterange(null, null)
                or u.availability && tstzrange(lower(p.period)::timestamp at time zone 'UTC', upper(p.period)::timestamp at time zone 'UTC'))
         order by cardinality(array(select unnest(u.skill_keys) intersect select unnest(p.skill_keys))) desc, u.id
         limit @most
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ReadPerson = """
        select u.id, u.name, u.email, u.skills, u.availability, u.location,
               (select r.text from hiring.cv_reading r where r.user_id = u.id and r.kind = 'cv' order by r.id desc limit 1),
               u.role = 'job_seeker' and coalesce((u.preferences ->> 'open_to_matching')::boolean, true)
          from auth."user" u
         where u.id = @user
           for no key update of u
        """;

    [Sql(DatabaseRole.Engine)]
    private const string FindPositions = """
        select p.id, p.workspace_id, p.title, c.name, p.location, p.required_skills, p.starts_on, p.ends_on, p.remote
          from auth."user" u
          join hiring.position p on p.status = 'open' and p.skill_keys && u.skill_keys
          left join hiring.company c on c.id = p.company_id
         where u.id = @user
           and (p.period = daterange(null, null)
                or u.availability && tstzrange(lower(p.period)::timestamp at time zone 'UTC', upper(p.period)::timestamp at time zone 'UTC'))
         order by cardinality(array(select unnest(u.skill_keys) intersect select unnest(p.skill_keys))) desc, p.id
         limit @most
        """;

    public static async Task<PositionRow?> PositionAsync(NpgsqlConnection connection, Guid position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadPosition, connection);
        command.Parameters.AddWithValue("position", position);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Position(reader) : null;
    }

    public static async Task<List<PersonRow>> PeopleAsync(NpgsqlConnection connection, Guid position, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindPeople, connection);
        command.Parameters.AddWithValue("position", position);
        command.Parameters.AddWithValue("most", MostPairs);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var people = new List<PersonRow>();
        while (await reader.ReadAsync(cancellationToken)) people.Add(Person(reader));
        return people;
    }

    public static async Task<PersonRow?> PersonAsync(NpgsqlConnection connection, Guid user, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadPerson, connection);
        command.Parameters.AddWithValue("user", user);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Person(reader) : null;
    }

    public static async Task<List<PositionRow>> PositionsForAsync(NpgsqlConnection connection, Guid user, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindPositions, connection);
        command.Parameters.AddWithValue("user", user);
        command.Parameters.AddWithValue("most", MostPairs);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var positions = new List<PositionRow>();
        while (await reader.ReadAsync(cancellationToken)) positions.Add(Position(reader));
        return positions;
    }

    private static PositionRow Position(NpgsqlDataReader row) => new(
        row.GetGuid(0), Nullable<Guid>(row, 1), row.GetString(2), Text(row, 3), Text(row, 4),
        new PositionFacts(row.GetFieldValue<string[]>(5), Nullable<DateOnly>(row, 6), Nullable<DateOnly>(row, 7), Text(row, 4), row.GetString(8)));

    private static PersonRow Person(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetBoolean(7),
        new PersonFacts(row.GetFieldValue<string[]>(3), Days(row, 4), Text(row, 5), Text(row, 6)));

    private static FreeDays[] Days(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? [] : Availability.ToDays(row.GetFieldValue<NpgsqlRange<DateTime>[]>(column));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static T? Nullable<T>(NpgsqlDataReader row, int column) where T : struct => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);
}
