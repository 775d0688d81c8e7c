using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Weft.Hiring;

/// <summary>A problem of the catalogue as an answer: RFC 9457 with <c>code</c>, <c>remedy</c> and, for validation, <c>errors</c>.</summary>
public sealed class ProblemResult(ProblemKind kind) : IResult, IStatusCodeHttpResult, IEndpointMetadataProvider
{
    public ProblemKind Kind { get; } = kind;

    public string? Detail { get; init; }

    public IReadOnlyList<FieldError>? Errors { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    int? IStatusCodeHttpResult.StatusCode => Kind.Status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Kind.Status;
        if (RetryAfter is { } after) response.Headers[HeaderNames.RetryAfter] = Math.Max(1, (long)Math.Ceiling(after.TotalSeconds)).ToString();
        if (Kind.Status == StatusCodes.Status401Unauthorized) response.Headers.WWWAuthenticate = "Bearer";
        return response.WriteAsJsonAsync(
            new ProblemBody(
                $"urn:weft:problem:{Kind.Code}", Kind.Meaning, Kind.Status, Kind.Code, Detail, Kind.Remedy, Errors,
                Kind.Status >= 500 ? Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier : null),
            options: null,
            contentType: "application/problem+json",
            httpContext.RequestAborted);
    }

    /// <summary>Tells the API document that every address may answer with a problem.</summary>
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemBody), ["application/problem+json"]));
}

/// <summary>The body of a problem.</summary>
public sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    string Remedy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Errors,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TraceId);
