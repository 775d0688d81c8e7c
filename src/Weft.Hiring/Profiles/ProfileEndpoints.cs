using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Weft.Engine;
using Weft.Hiring.Accounts;
using Weft.Hiring.Matching;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Profiles;

/// <summary>The files to read a profile from.</summary>
public sealed record CvUpload(Guid[]? FileIds);

/// <summary>A run that was started.</summary>
public sealed record StartedRun(Guid RunId);

/// <summary>The caller's own profile: reading it from CVs, correcting it, saying when one is free.</summary>
public static class ProfileEndpoints
{
    [Sql(DatabaseRole.App)]
    private const string ReadProfile = """
        select id, name, email, headline, location, skills, profile_text, suggested_titles, "references"::text, source_files, availability, preferences::text, updated_at
          from auth."user" where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string LockProfile = """select id from auth."user" where id = @Id for no key update""";

    [Sql(DatabaseRole.App)]
    private const string SaveProfile = """
        update auth."user"
           set headline = @Headline, location = @Location, skills = @Skills, skill_keys = @SkillKeys, profile_text = @ProfileText,
               suggested_titles = @SuggestedTitles, "references" = @References::jsonb, preferences = preferences || @Preferences::jsonb, updated_at = now()
         where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string SaveAvailability = """
        update auth."user" set availability = (select coalesce(range_agg(r), '{}') from unnest(@Ranges::tstzrange[]) r), updated_at = now() where id = @Id
        """;

    [Sql(DatabaseRole.App)]
    private const string CountOwnFiles = "select count(*) from hiring.file where id = any (@Ids) and user_id = @User";

    [Sql(DatabaseRole.App)]
    private const string ListReadings = """
        select r.file_id, f.name as file_name, r.kind, r.reason, r.resume::text as resume, r.evidence::text as evidence, r.pages::text as pages, r.run_id, r.created_at
          from hiring.cv_reading r join hiring.file f on f.id = r.file_id
         where r.user_id = @User and (@File::uuid is null or r.file_id = @File)
         order by r.id desc
         limit 20
        """;

    public static void MapProfile(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/profile").WithTags("profile");
        group.MapGet("/", ReadAsync).WithSummary("The caller's profile");
        group.MapPatch("/", ChangeAsync).WithSummary("Change what the body names (JSON Merge Patch)").Accepts<ProfileDraft>("application/json");
        group.MapPost("/cv", ReadCvAsync).WithSummary("Read uploaded CVs and fill the profile from them");
        group.MapGet("/readings", ReadingsAsync).WithSummary("What was read from the caller's documents, newest first");
        group.MapGet("/availability", AvailabilityAsync).WithSummary("When the caller is free");
        group.MapPut("/availability", SetAvailabilityAsync).WithSummary("Replace when the caller is free; stretches that touch are joined");
    }

    private static async Task<Results<Ok<ProfileView>, ProblemResult>> ReadAsync(SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        return await LoadAsync(scope, me.UserId, cancellationToken) is { } profile ? TypedResults.Ok(profile) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<ProfileView>, ProblemResult>> ChangeAsync(
        JsonObject body, SignedIn me, WeftDatabase database, IOptions<JsonOptions> json, ChangeHub changes, CancellationToken cancellationToken)
    {
        var (user, _) = me.Person;
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        await scope.Connection.ExecuteAsync(new CommandDefinition(LockProfile, new { Id = user }, scope.Transaction, cancellationToken: cancellationToken));
        var current = await LoadAsync(scope, user, cancellationToken) ?? throw Problems.NotFound.Thrown();
        var check = new RequestCheck();
        var draft = MergePatch.Apply(new ProfileDraft
        {
            Headline = current.Headline,
            Location = current.Location,
            Skills = [.. current.Skills],
            ProfileText = current.ProfileText,
            SuggestedTitles = [.. current.SuggestedTitles],
            References = [.. current.References],
            Preferences = current.Preferences,
        }, body, json.Value.SerializerOptions).Checked(check);
        if (check.Problem is { } problem) return problem;

        await scope.Connection.ExecuteAsync(new CommandDefinition(SaveProfile, new
        {
            Id = user,
            draft.Headline,
            draft.Location,
            draft.Skills,
            SkillKeys = SkillName.Keys(draft.Skills!),
            draft.ProfileText,
            draft.SuggestedTitles,
            References = JsonSerializer.Serialize(draft.References, ProfileJson.Stored),
            Preferences = JsonSerializer.Serialize(draft.Preferences, ProfileJson.Stored),
        }, scope.Transaction, cancellationToken: cancellationToken));
        var saved = await LoadAsync(scope, user, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Profile, user);
        return TypedResults.Ok(saved!);
    }

    private static async Task<Results<Accepted<StartedRun>, ProblemResult>> ReadCvAsync(
        CvUpload body, SignedIn me, WeftDatabase database, FlowEngine engine, CancellationToken cancellationToken)
    {
        var (user, _) = me.Person;
        var files = (body.FileIds ?? []).Distinct().ToArray();
        var check = new RequestCheck();
        check.That(files.Length is > 0 and <= 10, "file_ids", "Name one to ten uploaded files.");
        if (check.Problem is null)
        {
            await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
            var own = await scope.Connection.ExecuteScalarAsync<long>(new CommandDefinition(CountOwnFiles, new { Ids = files, User = user }, scope.Transaction, cancellationToken: cancellationToken));
            check.That(own == files.Length, "file_ids", "One of these files is not there, or not yours: upload it to /api/files first.");
        }
        if (check.Problem is { } problem) return problem;

        var started = await engine.StartAsync(new StartRun
        {
            Namespace = "hiring",
            FlowId = "profiling",
            Inputs = FlowValue.Map(("user_id", user.ToString()), ("file_ids", files.Select(object? (f) => f.ToString()).ToList())),
            // A CV is its person's alone, whoever else belongs to their workspace.
            UserId = user,
            Trigger = "profile",
            // The files were found to be the caller's own above, and the profile is theirs.
            MayStartSystemFlow = true,
        }, cancellationToken);
        return TypedResults.Accepted($"/api/runs/{started.Id}", new StartedRun(started.Id));
    }

    private static async Task<Ok<Page<CvReadingView>>> ReadingsAsync(Guid? file, SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        var rows = await scope.Connection.QueryAsync<ReadingRow>(new CommandDefinition(ListReadings, new { User = me.UserId, File = file }, scope.Transaction, cancellationToken: cancellationToken));
        return TypedResults.Ok(new Page<CvReadingView>([.. rows.Select(r => r.ToView())], NextCursor: null));
    }

    private static async Task<Results<Ok<IReadOnlyList<FreeDays>>, ProblemResult>> AvailabilityAsync(SignedIn me, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        return await LoadAsync(scope, me.UserId, cancellationToken) is { } profile ? TypedResults.Ok(profile.Availability) : Problems.NotFound.With();
    }

    private static async Task<Results<Ok<IReadOnlyList<FreeDays>>, ProblemResult>> SetAvailabilityAsync(
        AvailabilityDraft[] body, SignedIn me, WeftDatabase database, ChangeHub changes, CancellationToken cancellationToken)
    {
        var (user, _) = me.Person;
        var check = new RequestCheck();
        var days = AvailabilityDraft.Checked(body, check);
        if (check.Problem is { } problem) return problem;
        await using var scope = await database.BeginAsync(me.Caller, cancellationToken);
        await using (var save = new NpgsqlCommand(SaveAvailability, scope.Connection, scope.Transaction))
        {
            save.Parameters.AddWithValue("Id", user);
            save.Parameters.Add(new NpgsqlParameter("Ranges", NpgsqlDbType.Array | NpgsqlDbType.TimestampTzRange) { Value = Availability.ToRanges(days) });
            await save.ExecuteNonQueryAsync(cancellationToken);
        }
        var saved = await LoadAsync(scope, user, cancellationToken);
        await scope.CommitAsync(cancellationToken);
        changes.Publish(MarketTopics.Profile, user);
        return TypedResults.Ok(saved!.Availability);
    }

    private static async Task<ProfileView?> LoadAsync(CallerScope scope, Guid user, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadProfile, scope.Connection, scope.Transaction);
        command.Parameters.AddWithValue("Id", user);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return new ProfileView
        {
            UserId = row.GetGuid(0),
            Name = row.GetString(1),
            Email = row.GetString(2),
            Headline = row.IsDBNull(3) ? null : row.GetString(3),
            Location = row.IsDBNull(4) ? null : row.GetString(4),
            Skills = row.GetFieldValue<string[]>(5),
            ProfileText = row.IsDBNull(6) ? null : row.GetString(6),
            SuggestedTitles = row.GetFieldValue<string[]>(7),
            References = JsonSerializer.Deserialize<Reference[]>(row.GetString(8), ProfileJson.Stored) ?? [],
            SourceFiles = row.GetFieldValue<Guid[]>(9),
            Availability = Availability.ToDays(row.GetFieldValue<NpgsqlRange<DateTime>[]>(10)),
            Preferences = JsonSerializer.Deserialize<ProfilePreferences>(row.GetString(11), ProfileJson.Stored) ?? new ProfilePreferences(),
            UpdatedAt = row.GetDateTime(12),
        };
    }

    private sealed class ReadingRow
    {
        public required Guid FileId { get; init; }
        public required string FileName { get; init; }
        public required string Kind { get; init; }
        public string? Reason { get; init; }
        public required string Resume { get; init; }
        public required string Evidence { get; init; }
        public required string Pages { get; init; }
        public Guid? RunId { get; init; }
        public required DateTime CreatedAt { get; init; }

        public CvReadingView ToView() => new(FileId, FileName, Kind, Reason, Json(Resume), Json(Evidence), Json(Pages), RunId, CreatedAt);

        private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
    }
}

/// <summary>How the profile's JSON columns are written: the same words as the API.</summary>
internal static class ProfileJson
{
    public static readonly JsonSerializerOptions Stored = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
