using System.Reflection;
using System.Text.Json.Serialization;

namespace Weft.Hiring;

/// <summary>
/// Everything a request can be refused for, in one place: the stable code a client may switch on, the status, what it
/// means and what to do about it. <c>docs/reference/errors.md</c> is printed from this list.
/// </summary>
public static class Problems
{
    // Requests
    public static readonly ProblemKind MalformedBody = new("malformed_body", 400, "The body is not what this address reads", "Send JSON of the documented shape; `errors` names the place.");
    public static readonly ProblemKind MalformedRequest = new("malformed_request", 400, "The request cannot be read", "Check the address, the query parameters and the headers against the API document.");
    public static readonly ProblemKind Invalid = new("invalid", 422, "Some fields are not valid", "Correct the fields named in `errors` and send the request again.");
    public static readonly ProblemKind CursorInvalid = new("cursor_invalid", 400, "The cursor is not one that this list gave out", "Start from the first page.");
    public static readonly ProblemKind NotFound = new("not_found", 404, "There is nothing here that you may see", "Check the id; what belongs to somebody else answers the same.");
    public static readonly ProblemKind NoSuchAddress = new("no_such_address", 404, "The API has no such address", "The API document at /openapi/v1.json lists every address.");
    public static readonly ProblemKind MethodNotAllowed = new("method_not_allowed", 405, "The address does not take this method", "The `Allow` header lists the methods it takes.");
    public static readonly ProblemKind BodyTooLarge = new("body_too_large", 413, "The body is larger than this address takes", "Send less; the limits are in docs/reference/settings.md.");
    public static readonly ProblemKind UnsupportedMediaType = new("unsupported_media_type", 415, "The body's type is not one that this address reads", "Set Content-Type: application/json, or what the API document names.");
    public static readonly ProblemKind TooManyRequests = new("too_many_requests", 429, "Too many requests from this address", "Wait for the seconds that `Retry-After` names.");
    public static readonly ProblemKind Conflict = new("conflict", 409, "The change conflicts with what is stored", "Read the current state and try again.");

    // Accounts
    public static readonly ProblemKind SignedOut = new("signed_out", 401, "This needs somebody signed in", "Sign in, or send an API key as `Authorization: Bearer` or `X-API-Key`.");
    public static readonly ProblemKind WrongCredentials = new("wrong_credentials", 401, "The e-mail address or the password is wrong", "Check both; an operator can reset a password with `weft user reset-password`.");
    public static readonly ProblemKind AccountLocked = new("account_locked", 429, "Too many wrong passwords for this account", "Wait for the seconds that `Retry-After` names, then try again.");
    public static readonly ProblemKind Forbidden = new("forbidden", 403, "You do not have the right to do this", "Ask an operator or an owner of the workspace.");
    public static readonly ProblemKind CrossSite = new("cross_site", 403, "The request may come from another site", "Send the header `X-Weft-Csrf: 1` with requests that change something.");
    public static readonly ProblemKind EmailTaken = new("email_taken", 409, "There is an account with this e-mail address already", "Sign in with it, or use another address.");

    // Flows and runs
    public static readonly ProblemKind FlowInvalid = new("flow_invalid", 422, "The flow is not valid", "Correct what `errors` names, with line and column, and save again.");
    public static readonly ProblemKind FlowNotFound = new("flow_not_found", 404, "There is no such flow", "`GET /api/flows` lists the flows; deploy one with `weft flow deploy`.");
    public static readonly ProblemKind FlowIsShipped = new("flow_is_shipped", 409, "The flow is part of the product and cannot be deleted", "Save a flow of the same namespace and id in your workspace to override it.");
    public static readonly ProblemKind FlowNotStartable = new("flow_not_startable", 403, "The flow is one of the product's own and starts by what happens in the product", "Do what it is for in the product, or save a flow of your own in your workspace and start that.");
    public static readonly ProblemKind InputsInvalid = new("inputs_invalid", 422, "The inputs do not fit the flow", "Correct the inputs that `errors` names.");
    public static readonly ProblemKind FlowDisabled = new("flow_disabled", 409, "The flow is disabled and starts no runs", "Remove `disabled: true` from the flow and save it.");
    public static readonly ProblemKind RunNotFailed = new("run_not_failed", 409, "Only a run that failed or was cancelled can be retried", "Wait until the run ended, or start a new one.");
    public static readonly ProblemKind RunEnded = new("run_ended", 409, "The run has ended already", "There is nothing left to cancel.");
    public static readonly ProblemKind IdempotencyKeyInvalid = new("idempotency_key_invalid", 422, "The idempotency key is not usable", "Send 1 to 256 characters.");
    public static readonly ProblemKind IdempotencyConflict = new("idempotency_conflict", 409, "The idempotency key belongs to a start with other inputs", "Use a new key for a new start.");
    public static readonly ProblemKind TriggerConditionFalse = new("trigger_condition_false", 409, "The trigger's condition is not true for this call", "Send what the flow's `when` asks for.");
    public static readonly ProblemKind ValueTooLarge = new("value_too_large", 413, "A value is larger than a run may hold", "Upload it as a file and pass the file's id.");
    public static readonly ProblemKind ValueNotStorable = new("value_not_storable", 422, "A value holds what the database cannot store", "Remove null characters and broken surrogates from texts.");
    public static readonly ProblemKind FlowRefused = new("flow_refused", 422, "The engine refused the request", "The detail says what to change.");
    public static readonly ProblemKind WebhookNotFound = new("webhook_not_found", 404, "No flow listens here", "Check namespace, flow and key; a wrong key answers the same as an unknown flow.");
    public static readonly ProblemKind MailboxOff = new("mailbox_off", 404, "There is no built-in mailbox here", "It exists while no SMTP server is set and the server listens on loopback only, or with http.mailbox on.");

    // Files
    public static readonly ProblemKind FileTooLarge = new("file_too_large", 413, "The file is larger than this installation takes", "Upload a smaller file; files.max_bytes sets the limit.");
    public static readonly ProblemKind FileKindRefused = new("file_kind_refused", 415, "The content is not of a kind that is taken", "Upload a PDF, DOCX, plain text, PNG or JPEG; the content counts, not the name.");
    public static readonly ProblemKind FileEmpty = new("file_empty", 422, "The file is empty", "Choose another file.");

    // Companies, positions and applications
    public static readonly ProblemKind CompanyExists = new("company_exists", 409, "Your workspace has a company of this name", "Use the one that is there, or give this one another name.");
    public static readonly ProblemKind PositionNotOpen = new("position_not_open", 409, "The position takes no applications", "Only an open position can be applied to; look for another one.");
    public static readonly ProblemKind AlreadyApplied = new("already_applied", 409, "You applied to this position already", "See /api/applications for the application you sent.");
    public static readonly ProblemKind ApplicationMoveRefused = new("application_move_refused", 409, "The application cannot move to this status", "The person who applied may withdraw; the position's workspace sets every other status.");

    // The platform
    public static readonly ProblemKind DatabaseUnavailable = new("database_unavailable", 503, "The database cannot be reached at the moment", "Try again after the seconds that `Retry-After` names; the server reconnects by itself.");
    public static readonly ProblemKind Busy = new("busy", 503, "The platform is busy or stopping", "Try again after the seconds that `Retry-After` names.");
    public static readonly ProblemKind Internal = new("internal", 500, "Something went wrong on our side", "Try again; the log holds the details under the `trace_id` of this answer.");

    /// <summary>Every problem, in the order of this file.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
        [.. typeof(Problems).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.GetValue(null)).OfType<ProblemKind>()];

    /// <summary>The problem with this code: the engine's errors carry codes of the same catalogue.</summary>
    public static ProblemKind? Find(string code) => All.FirstOrDefault(p => p.Code == code);
}

/// <summary>One entry of the catalogue.</summary>
public sealed record ProblemKind(string Code, int Status, string Meaning, string Remedy)
{
    /// <summary>The answer to a request, with what is special about this case.</summary>
    public ProblemResult With(string? detail = null, IReadOnlyList<FieldError>? errors = null, TimeSpan? retryAfter = null) =>
        new(this) { Detail = detail, Errors = errors, RetryAfter = retryAfter };

    /// <summary>The same answer, thrown from where no result can be returned.</summary>
    public ProblemException Thrown(string? detail = null, IReadOnlyList<FieldError>? errors = null, TimeSpan? retryAfter = null) =>
        new(With(detail, errors, retryAfter));
}

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Path">Where in the body: <c>email</c>, <c>skills[2]</c>.</param>
/// <param name="Message">What is wrong and what was expected.</param>
public sealed record FieldError(string Path, string Message)
{
    /// <summary>1-based line, where the body is a document with lines (a flow's source).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Line { get; init; }

    /// <summary>1-based column.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Column { get; init; }
}

/// <summary>Carries a problem out of code that cannot return one; the host answers with it.</summary>
public sealed class ProblemException(ProblemResult problem) : Exception(problem.Detail ?? problem.Kind.Meaning)
{
    public ProblemResult Problem { get; } = problem;
}
