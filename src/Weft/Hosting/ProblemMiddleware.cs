using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;
using Weft.Api;
using Weft.Engine;
using Weft.Hiring;
using Weft.Postgres;

namespace Weft.Hosting;

/// <summary>
/// Turns whatever goes wrong into a problem of the catalogue: no stack trace and no empty error ever leaves. Bodies over the
/// limit are refused by their announced length, before a byte is read.
/// </summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away: nobody is there to answer to.
            return;
        }
        catch (Exception e)
        {
            var problem = ToProblem(e);
            if (problem.Kind == Problems.Internal) RequestFailed(log, e, context.Request.Method, context.Request.Path);
            else if (problem.Kind.Status == StatusCodes.Status503ServiceUnavailable) RequestUnavailable(log, context.Request.Method, context.Request.Path, e.Message);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }
            context.Response.Clear();
            SecurityHeaders.Set(context);
            await problem.ExecuteAsync(context);
            return;
        }

        if (context.Response is { HasStarted: false, ContentType: null, ContentLength: null } response && Empty(response.StatusCode) is { } kind)
            await kind.With().ExecuteAsync(context);
    }

    /// <summary>Refuses a body that announces more than the address takes; runs once the address is known.</summary>
    public static Task RefuseLargeBodies(HttpContext context, RequestDelegate next) =>
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit && context.Request.ContentLength > limit
            ? Problems.BodyTooLarge.With($"The limit here is {limit} bytes.").ExecuteAsync(context)
            : next(context);

    private static ProblemKind? Empty(int status) => status switch
    {
        StatusCodes.Status400BadRequest => Problems.MalformedRequest,
        StatusCodes.Status404NotFound => Problems.NoSuchAddress,
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => Problems.BodyTooLarge,
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedMediaType,
        _ => null,
    };

    internal static ProblemResult ToProblem(Exception exception) => exception switch
    {
        ProblemException e => e.Problem,
        BadHttpRequestException e => Bad(e),
        FlowInvalidException e => Problems.FlowInvalid.With(errors: e.Problems.ToFieldErrors()),
        InputsInvalidException e => Problems.InputsInvalid.With(errors: e.Problems.ToFieldErrors()),
        // The engine's codes are the catalogue's; one that no client should meet by itself still says its sentence.
        FlowException { Code: "engine_stopped" } => Problems.Busy.With(retryAfter: SoonAgain),
        FlowException e => (Problems.Find(e.Code) ?? Problems.FlowRefused).With(e.Message),
        DatabaseException e => Problems.DatabaseUnavailable.With(e.Problem, retryAfter: SoonAgain),
        _ when SqlErrors.Find(exception) is { } error => Database(error),
        TimeoutException => Problems.Busy.With(retryAfter: SoonAgain),
        OperationCanceledException => Problems.Busy.With(retryAfter: SoonAgain),
        _ => Problems.Internal.With(),
    };

    private static ProblemResult Bad(BadHttpRequestException e) => e.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => Problems.BodyTooLarge.With(),
        StatusCodes.Status415UnsupportedMediaType => Problems.UnsupportedMediaType.With(),
        _ when e.InnerException is JsonException json => Problems.MalformedBody.With(errors: [new FieldError(BodyPath(json.Path), JsonMessage(json))
        {
            Line = (int?)json.LineNumber + 1,
            Column = (int?)json.BytePositionInLine + 1,
        }]),
        _ when Unbound().Match(e.Message) is { Success: true } match => Problems.MalformedRequest.With(
            errors: [new FieldError(JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value), $"'{match.Groups["value"].Value}' is not of the type that belongs here.")]),
        _ when e.Message.Contains("no body was provided", StringComparison.Ordinal) || e.Message.EndsWith("from body.", StringComparison.Ordinal) => Problems.MalformedBody.With(errors: [new FieldError("", "The body is empty.")]),
        _ => Problems.MalformedRequest.With(),
    };

    // The framework's own sentence names a class of C#, which is nothing to a client.
    [GeneratedRegex("""^Failed to bind parameter ".* (?<name>\w+)" from "(?<value>.*)"\.$""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.Singleline)]
    private static partial Regex Unbound();

    // The reader's own message ends with path, line and position, and may name a class of ours.
    private static string JsonMessage(JsonException e)
    {
        var message = e.Message.Split(" Path: ", 2)[0];
        return message.Contains("could not be converted", StringComparison.Ordinal) ? "The value is not of the type that belongs here." : message;
    }

    private static string BodyPath(string? path) => path is null or "$" ? "" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;

    private static ProblemResult Database(SqlError error) => error.Kind switch
    {
        SqlErrorKind.Unavailable or SqlErrorKind.Exhausted => Problems.DatabaseUnavailable.With(retryAfter: SoonAgain),
        SqlErrorKind.Cancelled or SqlErrorKind.Contention => Problems.Busy.With(retryAfter: SoonAgain),
        SqlErrorKind.Conflict => Problems.Conflict.With(),
        SqlErrorKind.Forbidden => Problems.Forbidden.With(),
        SqlErrorKind.Constraint => Problems.Invalid.With(),
        _ => Problems.Internal.With(),
    };

    [LoggerMessage(2001, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void RequestFailed(ILogger log, Exception exception, string method, string path);

    [LoggerMessage(2002, LogLevel.Warning, "{Method} {Path} answered 503: {Reason}")]
    private static partial void RequestUnavailable(ILogger log, string method, string path, string reason);
}
