using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Weft.Documents;
using Weft.Engine;
using Weft.Hiring.Matching;
using Weft.Hiring.Realtime;
using Weft.Postgres;

namespace Weft.Hiring.Profiles;

/// <summary>
/// <c>cv.read</c>: reads one uploaded document and keeps what was read, with the document's pages, to be shown beside the profile.
/// A document that cannot be read is a result too (kind <c>unreadable</c> with the reason), not a failed step.
/// </summary>
public sealed partial class CvReadTask(WeftDatabase database, CvReader reader) : ITaskType
{
    [Sql(DatabaseRole.Engine)]
    private const string ReadFile = "select name, content from hiring.file where id = $1 and user_id = $2";

    [Sql(DatabaseRole.Engine)]
    private const string KeepReading = """
        insert into hiring.cv_reading (id, user_id, file_id, run_id, kind, reason, resume, evidence, pages, text)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (file_id) do update
           set run_id = excluded.run_id, kind = excluded.kind, reason = excluded.reason, resume = excluded.resume, evidence = excluded.evidence,
               pages = excluded.pages, text = excluded.text, created_at = now()
        """;

    public TaskTypeInfo Info { get; } = new()
    {
        Name = "cv.read",
        Description = "Reads an uploaded CV (PDF, DOCX or text) and keeps what it says, with where each value was read.",
        Properties =
        [
            new TaskProperty("file", PropertyType.String, "The uploaded file's id.") { Required = true },
            new TaskProperty("user", PropertyType.String, "Whose file it is.") { Required = true },
        ],
    };

    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(step.RequiredText("file"), out var file) || !Guid.TryParse(step.RequiredText("user"), out var user))
            return StepOutcome.Fail("id_invalid", "'file' and 'user' are ids.");
        // A workspace's own flow reads its own user's documents only.
        if (!step.IsSystemFlow && user != step.UserId) return StepOutcome.Fail("file_not_found", $"The person has no file {file}.");
        if (await LoadAsync(file, user, cancellationToken) is not { } document)
            return StepOutcome.Fail("file_not_found", $"The person has no file {file}.");

        CvReading reading;
        try
        {
            reading = await reader.ReadAsync(document.Content, document.Name, cancellationToken);
        }
        catch (ExtractorUnavailableException e)
        {
            return StepOutcome.Fail("cv_reader_unavailable", e.Message, e.Retryable);
        }
        var kind = CvJson.KindName(reading.Document.Kind);
        if (reading.Document.Reason is { } reason) step.Log(LogLevel.Warning, $"{document.Name}: {reason}");

        await using var connection = await database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var keep = new NpgsqlCommand(KeepReading, connection, transaction))
        {
            keep.Parameters.AddRange(
            (NpgsqlParameter[])[
                new() { Value = Guid.CreateVersion7(step.Time.GetUtcNow()) }, new() { Value = user }, new() { Value = file }, new() { Value = step.RunId },
                new() { Value = kind }, new() { Value = (object?)reading.Document.Reason ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                Json(CvJson.WriteResume(reading.Resume)), Json(CvJson.WriteEvidence(reading.Evidence)), Json(PagesAsJson(reading.Pages)),
                new() { Value = WithoutNul(reading.Text) },
            ]);
            await keep.ExecuteNonQueryAsync(cancellationToken);
        }
        var output = FlowValue.Map(
            ("file", file.ToString()), ("name", document.Name), ("kind", kind), ("reason", reading.Document.Reason), ("pages", (long)reading.Pages.Count),
            ("resume", FlowValue.Parse(CvJson.WriteResume(reading.Resume))));
        await step.RecordAsync(transaction, output, cancellationToken);
        // Not to be interrupted: a commit that was asked for and not awaited may have happened.
        await transaction.CommitAsync(CancellationToken.None);
        return StepOutcome.Recorded(output);
    }

    private async Task<(string Name, byte[] Content)?> LoadAsync(Guid file, Guid user, CancellationToken cancellationToken)
    {
        await using var command = database.Engine.CreateCommand(ReadFile);
        command.Parameters.AddRange((NpgsqlParameter[])[new() { Value = file }, new() { Value = user }]);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetString(0), row.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>The pages as the web app draws them: their size in points, and each line with its text, number and box.</summary>
    private static string PagesAsJson(IReadOnlyList<TextPage> pages)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var page in pages)
            {
                json.WriteStartObject();
                json.WriteNumber("number", page.Number);
                json.WriteNumber("width", Math.Round(page.Width, 1));
                json.WriteNumber("height", Math.Round(page.Height, 1));
                json.WriteStartArray("lines");
                foreach (var line in page.Lines)
                {
                    json.WriteStartObject();
                    json.WriteNumber("number", line.Number);
                    json.WriteString("text", WithoutNul(line.Text));
                    json.WriteNumber("size", Math.Round(line.Size, 1));
                    json.WriteBoolean("bold", line.Bold);
                    if (line.Box is { } box)
                    {
                        json.WriteStartArray("box");
                        foreach (var edge in (ReadOnlySpan<double>)[box.Left, box.Top, box.Right, box.Bottom]) json.WriteNumberValue(Math.Round(edge, 1));
                        json.WriteEndArray();
                    }
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static NpgsqlParameter Json(string text) => new() { Value = EscapedNul().Replace(text, "${before}"), NpgsqlDbType = NpgsqlDbType.Jsonb };

    // An escape, and not the six characters of one that a document may hold: those follow an escaped backslash.
    [GeneratedRegex(@"(?<!\\)(?<before>(\\\\)*)\\u0000", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex EscapedNul();

    // PostgreSQL's text holds every character but this one.
    private static string WithoutNul(string text) => text.Replace("\0", "", StringComparison.Ordinal);
}

/// <summary>
/// <c>profile.fill</c>: puts what was read from CVs where the profile is still empty, and adds skills it does not have yet. What the
/// person wrote stays as it is.
/// </summary>
public sealed class ProfileFillTask(WeftDatabase database, ChangeHub changes) : ITaskType
{
    private const int MostTitles = 5;
    private const int MostSkills = 100;

    [Sql(DatabaseRole.Engine)]
    private const string LockProfile = """
        select headline, location, skills, profile_text, suggested_titles, source_files from auth."user" where id = $1 for no key update
        """;

    [Sql(DatabaseRole.Engine)]
    private const string ReadReadings = """
        select r.file_id, f.name, r.kind, r.reason, r.resume::text
          from hiring.cv_reading r join hiring.file f on f.id = r.file_id
         where r.user_id = $1 and r.file_id = any ($2)
         order by array_position($2, r.file_id) desc
        """;

    [Sql(DatabaseRole.Engine)]
    private const string SaveProfile = """
        update auth."user"
           set headline = $2, location = $3, skills = $4, skill_keys = $5, profile_text = $6, suggested_titles = $7, source_files = $8, updated_at = now()
         where id = $1
        """;

    public TaskTypeInfo Info { get; } = new()
    {
        Name = "profile.fill",
        Description = "Fills a profile from CVs that were read: only what is empty, and skills that are missing.",
        Properties =
        [
            new TaskProperty("user", PropertyType.String, "Whose profile.") { Required = true },
            new TaskProperty("files", PropertyType.List, "The files that were read; a later one counts more.") { Required = true },
        ],
    };

    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(step.RequiredText("user"), out var user)) return StepOutcome.Fail("id_invalid", "'user' is an id.");
        if (!step.IsSystemFlow && user != step.UserId) return StepOutcome.Fail("user_not_found", "A workspace's flow may fill its own user's profile only.");
        var files = new List<Guid>();
        foreach (var item in step.Properties["files"] as List<object?> ?? [])
        {
            if (!Guid.TryParse(FlowValue.ToText(item), out var file)) return StepOutcome.Fail("id_invalid", "'files' is a list of ids.");
            files.Add(file);
        }

        await using var connection = await database.Engine.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(connection, user, cancellationToken) is not { } profile) return StepOutcome.Fail("user_not_found", $"There is no person {user}.");
        var documents = await DocumentsAsync(connection, user, files, cancellationToken);
        var filled = new List<object?>();
        foreach (var document in documents.Where(d => d.Kind == "cv")) profile.TakeFrom(document, filled);

        await using (var save = new NpgsqlCommand(SaveProfile, connection, transaction))
        {
            save.Parameters.AddRange(
            (NpgsqlParameter[])[
                new() { Value = user }, Text(profile.Headline), Text(profile.Location), new() { Value = profile.Skills.ToArray() },
                new() { Value = SkillName.Keys(profile.Skills) }, Text(profile.ProfileText), new() { Value = profile.SuggestedTitles.ToArray() },
                new() { Value = profile.SourceFiles.ToArray() },
            ]);
            await save.ExecuteNonQueryAsync(cancellationToken);
        }
        var output = FlowValue.Map(
            ("filled", filled.Distinct().ToList()),
            ("documents", documents.Select(object? (d) => FlowValue.Map(("file", d.File.ToString()), ("name", d.Name), ("kind", d.Kind), ("reason", d.Reason))).ToList()));
        await step.RecordAsync(transaction, output, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        changes.Publish(MarketTopics.Profile, user);
        return StepOutcome.Recorded(output);
    }

    private static async Task<Draft?> LockAsync(NpgsqlConnection connection, Guid user, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockProfile, connection) { Parameters = { new() { Value = user } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return null;
        return new Draft
        {
            Headline = row.IsDBNull(0) ? null : row.GetString(0),
            Location = row.IsDBNull(1) ? null : row.GetString(1),
            Skills = [.. row.GetFieldValue<string[]>(2)],
            ProfileText = row.IsDBNull(3) ? null : row.GetString(3),
            SuggestedTitles = [.. row.GetFieldValue<string[]>(4)],
            SourceFiles = [.. row.GetFieldValue<Guid[]>(5)],
        };
    }

    private static async Task<List<ReadDocument>> DocumentsAsync(NpgsqlConnection connection, Guid user, List<Guid> files, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadReadings, connection) { Parameters = { new() { Value = user }, new() { Value = files.ToArray() } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var documents = new List<ReadDocument>();
        while (await row.ReadAsync(cancellationToken))
        {
            documents.Add(new ReadDocument(
                row.GetGuid(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
                JsonSerializer.Deserialize<JsonResume>(row.GetString(4), JsonSerializerOptions.Web) ?? new JsonResume()));
        }
        return documents;
    }

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private sealed record ReadDocument(Guid File, string Name, string Kind, string? Reason, JsonResume Resume);

    private sealed class Draft
    {
        public string? Headline { get; set; }
        public string? Location { get; set; }
        public required List<string> Skills { get; init; }
        public string? ProfileText { get; set; }
        public required List<string> SuggestedTitles { get; init; }
        public required List<Guid> SourceFiles { get; init; }

        /// <summary>Takes over what is missing, and notes the fields that it filled.</summary>
        public void TakeFrom(ReadDocument document, List<object?> filled)
        {
            var resume = document.Resume;
            Headline = Fill(Headline, resume.Basics.Label ?? resume.Work.FirstOrDefault(w => w.EndDate is null)?.Position, 300, "headline", filled);
            Location = Fill(Location, resume.Basics.Location is { } place ? place.Address ?? Join(place.City, place.Region) : null, 200, "location", filled);
            ProfileText = Fill(ProfileText, resume.Basics.Summary, 20_000, "profile_text", filled);

            // A labelled list ("Databases: PostgreSQL, Redis") names its skills in its keywords; the label is none.
            var skills = resume.Skills.SelectMany(s => s.Keywords.Count > 0 ? s.Keywords : [s.Name]);
            if (Add(Skills, skills, MostSkills)) filled.Add("skills");
            if (Add(SuggestedTitles, resume.Work.Select(w => w.Position), MostTitles)) filled.Add("suggested_titles");
            if (!SourceFiles.Contains(document.File)) SourceFiles.Add(document.File);
        }

        private static string? Fill(string? current, string? read, int longest, string field, List<object?> filled)
        {
            if (!string.IsNullOrWhiteSpace(current) || string.IsNullOrWhiteSpace(read)) return current;
            filled.Add(field);
            var text = read.Replace("\0", "", StringComparison.Ordinal).Trim();
            return text.Length <= longest ? text : text[..longest];
        }

        private static bool Add(List<string> names, IEnumerable<string?> read, int most)
        {
            var known = names.Select(SkillName.Key).ToHashSet(StringComparer.Ordinal);
            var before = names.Count;
            foreach (var name in read)
            {
                var text = name?.Replace("\0", "", StringComparison.Ordinal).Trim() ?? "";
                if (names.Count < most && text.Length is > 0 and <= 100 && known.Add(SkillName.Key(text))) names.Add(text);
            }
            return names.Count > before;
        }

        private static string? Join(string? city, string? region) => city is null ? region : region is null ? city : $"{city}, {region}";
    }
}
