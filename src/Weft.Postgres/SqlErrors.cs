using System.Net.Sockets;
using Npgsql;

namespace Weft.Postgres;

/// <summary>What a failed statement means to whoever asked for it.</summary>
public enum SqlErrorKind
{
    /// <summary>The statement or its data is wrong in a way that only its author can mend.</summary>
    Invalid,

    /// <summary>The row exists already, is still referred to, or refers to nothing.</summary>
    Conflict,

    /// <summary>A value breaks a rule of the schema (check, not null, length, format).</summary>
    Constraint,

    /// <summary>Row-level security or a missing privilege.</summary>
    Forbidden,

    /// <summary>Lost against a concurrent transaction: the same again may succeed.</summary>
    Contention,

    /// <summary>Cancelled, by a timeout or on request.</summary>
    Cancelled,

    /// <summary>The database cannot be reached or is not ready.</summary>
    Unavailable,

    /// <summary>Disk, memory or connections have run out.</summary>
    Exhausted,

    /// <summary>A defect of the server or of Weft.</summary>
    Internal,
}

/// <param name="Kind">What happened.</param>
/// <param name="SqlState">PostgreSQL's five characters, or null when no server answered.</param>
/// <param name="HttpStatus">The status that a request which ends in it gets.</param>
/// <param name="IsRetryable">Whether the same transaction may succeed when it is run again.</param>
/// <param name="Constraint">The violated constraint, where there is one: features map it to a sentence.</param>
public sealed record SqlError(SqlErrorKind Kind, string? SqlState, int HttpStatus, bool IsRetryable, string? Constraint);

/// <summary>Maps what PostgreSQL and its driver throw; one table for requests, steps and the engine itself.</summary>
public static class SqlErrors
{
    /// <summary>The error's meaning; null when the exception does not come from the database.</summary>
    public static SqlError? Find(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is PostgresException answer)
                return Classify(answer.SqlState, answer.ConstraintName);
        }

        return exception switch
        {
            // The driver's own: the connection broke, or none could be had in time.
            NpgsqlException { InnerException: TimeoutException } => new SqlError(SqlErrorKind.Cancelled, null, 503, true, null),
            NpgsqlException or SocketException => new SqlError(SqlErrorKind.Unavailable, null, 503, true, null),
            _ => null,
        };
    }

    /// <summary>The meaning of an SQLSTATE.</summary>
    public static SqlError Classify(string sqlState, string? constraint = null)
    {
        var (kind, status, retryable) = sqlState switch
        {
            "23505" or "23503" or "23P01" or "23001" => (SqlErrorKind.Conflict, 409, false),
            "40001" or "40P01" or "55P03" or "55006" => (SqlErrorKind.Contention, 409, true),
            "42501" or "28000" or "28P01" => (SqlErrorKind.Forbidden, 403, false),
            "57014" or "25P03" or "25P04" => (SqlErrorKind.Cancelled, 503, true),
            // 57P01..57P05: the server is shutting down, starting up, or closed an idle session.
            "57P01" or "57P02" or "57P03" or "57P05" => (SqlErrorKind.Unavailable, 503, true),
            "53300" or "53400" => (SqlErrorKind.Exhausted, 503, true),
            "25006" => (SqlErrorKind.Unavailable, 503, true),
            _ => sqlState[..2] switch
            {
                "08" => (SqlErrorKind.Unavailable, 503, true),
                "53" => (SqlErrorKind.Exhausted, 507, false),
                "22" or "23" => (SqlErrorKind.Constraint, 422, false),
                "40" => (SqlErrorKind.Contention, 409, true),
                "XX" or "58" or "F0" => (SqlErrorKind.Internal, 500, false),
                _ => (SqlErrorKind.Invalid, 500, false),
            },
        };
        return new SqlError(kind, sqlState, status, retryable, constraint);
    }

    /// <summary>Whether the same transaction may succeed when it is run again.</summary>
    public static bool IsRetryable(Exception exception) => Find(exception)?.IsRetryable == true;

    /// <summary>Whether the error is a violation of the named constraint.</summary>
    public static bool Violates(Exception exception, string constraint) => Find(exception)?.Constraint == constraint;
}
