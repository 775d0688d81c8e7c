using System.Data;
using System.Security.Cryptography;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Npgsql;
using Weft.Hiring.Accounts;
using Weft.Postgres;

namespace Weft.Hiring.Files;

/// <summary>Uploaded documents: taken by content, kept in the database, given back to who may see them.</summary>
public static class FileEndpoints
{
    // Boundaries, part headers and small fields beside the file.
    private const int MultipartOverhead = 64 * 1024;

    [Sql(DatabaseRole.App)]
    private const string AddFile = """
        insert into hiring.file (id, workspace_id, user_id, name, media_type, size, sha256, content)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        returning created_at
        """;

    [Sql(DatabaseRole.App)]
    private const string ListFiles = """
        select id, name, media_type as content_type, size, encode(sha256, 'hex') as sha256, created_at
        from hiring.file where @After::uuid is null or id < @After order by id desc limit @Limit
        """;

    [Sql(DatabaseRole.App)]
    private const string ReadFile = "select name, media_type, sha256, content from hiring.file where id = $1";

    [Sql(DatabaseRole.App)]
    private const string DeleteFile = "delete from hiring.file where id = @Id";

    public static void MapFiles(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/api/files").WithTags("files");
        var limit = routes.ServiceProvider.GetRequiredService<IOptions<UploadOptions>>().Value.MaxBytes + MultipartOverhead;
        files.MapPost("", UploadAsync).WithMetadata(new RequestSizeLimitAttribute(limit)).WithSummary("Upload one file (multipart/form-data, part `file`)")
            .Accepts<FileUpload>("multipart/form-data").DisableAntiforgery();
        files.MapGet("", ListAsync).WithSummary("Files one may see, newest first");
        files.MapGet("/{id:guid}", DownloadAsync).WithSummary("A file's content").Produces<byte[]>(contentType: "application/octet-stream");
        files.MapDelete("/{id:guid}", DeleteAsync).WithSummary("Delete one of one's own files");
    }

    private static async Task<Results<Created<FileView>, ProblemResult>> UploadAsync(
        HttpContext context, SignedIn caller, WeftDatabase database, IOptions<UploadOptions> options, CancellationToken cancellationToken)
    {
        var (userId, workspaceId) = caller.Person;
        var limit = options.Value.MaxBytes;
        var (name, content, problem) = await ReadPartAsync(context.Request, limit, cancellationToken);
        if (problem is not null) return problem;
        if (content!.Length == 0) return Problems.FileEmpty.With();
        if (FileKind.Sniff(content) is not { } kind) return Problems.FileKindRefused.With();

        var view = new FileView(
            Guid.CreateVersion7(), kind.CleanName(name), kind.MediaType, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)), default);
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        await using var add = new NpgsqlCommand(AddFile, scope.Connection, scope.Transaction)
        {
            Parameters =
            {
                new() { Value = view.Id },
                new() { Value = workspaceId },
                new() { Value = userId },
                new() { Value = view.Name },
                new() { Value = view.ContentType },
                new() { Value = view.Size },
                new() { Value = Convert.FromHexString(view.Sha256) },
                new() { Value = content },
            },
        };
        var createdAt = (DateTime)(await add.ExecuteScalarAsync(cancellationToken))!;
        await scope.CommitAsync(cancellationToken);
        return TypedResults.Created($"/api/files/{view.Id}", view with { CreatedAt = createdAt });
    }

    // Reads the part named `file` (or the first that has a file name) and never more than the limit, whatever the headers say.
    private static async Task<(string? Name, byte[]? Content, ProblemResult? Problem)> ReadPartAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= 200 } boundary)
        {
            return (null, null, Problems.UnsupportedMediaType.With("Send multipart/form-data with the file in a part named `file`."));
        }
        try
        {
            var reader = new MultipartReader(boundary.Value!, request.Body);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)) continue;
                var fileName = disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.RemoveQuotes(disposition.FileName).Value;
                if (fileName is null) continue;
                using var content = new MemoryStream();
                var buffer = new byte[64 * 1024];
                int read;
                while ((read = await section.Body.ReadAsync(buffer, cancellationToken)) > 0)
                {
                    if (content.Length + read > limit) return (null, null, TooLarge(limit));
                    content.Write(buffer, 0, read);
                }
                return (fileName, content.ToArray(), null);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            return (null, null, Problems.MalformedBody.With("The multipart body ends too early or is not well formed."));
        }
        return (null, null, Problems.Invalid.With(errors: [new FieldError("file", "This is required: the document to upload.")]));
    }

    private static ProblemResult TooLarge(int limit) => Problems.FileTooLarge.With($"The limit is {limit / (1024.0 * 1024.0):0.#} MiB.");

    private static async Task<Ok<Page<FileView>>> ListAsync([AsParameters] PageQuery page, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var rows = (await scope.Connection.QueryAsync<FileView>(new CommandDefinition(
            ListFiles, new { After = Cursor.ReadId(page.Cursor), Limit = page.Size + 1 }, scope.Transaction, cancellationToken: cancellationToken))).AsList();
        return TypedResults.Ok(Page.Of(rows, page.Size, f => [f.Id]));
    }

    private static async Task<IResult> DownloadAsync(Guid id, HttpContext context, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        await using var read = new NpgsqlCommand(ReadFile, scope.Connection, scope.Transaction) { Parameters = { new() { Value = id } } };
        await using var row = await read.ExecuteReaderAsync(CommandBehavior.SequentialAccess | CommandBehavior.SingleRow, cancellationToken);
        if (!await row.ReadAsync(cancellationToken)) return Problems.NotFound.With();

        var name = row.GetString(0);
        var mediaType = row.GetString(1);
        var etag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2))}\"");
        var headers = context.Response.GetTypedHeaders();
        var disposition = new ContentDispositionHeaderValue(FileKind.ByMediaType(mediaType) is { Inline: true } ? "inline" : "attachment");
        disposition.SetHttpFileName(name);
        headers.ContentDisposition = disposition;
        // The document of one person must not stay in a shared cache, nor run anything in this site's name.
        context.Response.Headers.CacheControl = "private, no-cache";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; img-src 'self'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";
        return Results.Bytes(row.GetFieldValue<byte[]>(3), mediaType, entityTag: etag);
    }

    private static async Task<Results<NoContent, ProblemResult>> DeleteAsync(Guid id, SignedIn caller, WeftDatabase database, CancellationToken cancellationToken)
    {
        await using var scope = await database.BeginAsync(caller.Caller, cancellationToken);
        var deleted = await scope.Connection.ExecuteAsync(new CommandDefinition(DeleteFile, new { Id = id }, scope.Transaction, cancellationToken: cancellationToken));
        await scope.CommitAsync(cancellationToken);
        return deleted == 0 ? Problems.NotFound.With() : TypedResults.NoContent();
    }
}

/// <summary>The form of an upload, for the API document.</summary>
public sealed record FileUpload(IFormFile File);

/// <summary>A stored file without its content.</summary>
public sealed record FileView(Guid Id, string Name, string ContentType, int Size, string Sha256, DateTime CreatedAt);
