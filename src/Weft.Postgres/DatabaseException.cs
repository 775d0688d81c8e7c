namespace Weft.Postgres;

/// <summary>Something about the database that whoever runs Weft can put right; the remedy says how.</summary>
public sealed class DatabaseException(string code, string message, string remedy, Exception? inner = null) : Exception($"{message} {remedy}", inner)
{
    /// <summary>A stable word for the error, such as <c>database_unreachable</c>.</summary>
    public string Code { get; } = code;

    /// <summary>What is wrong, in one sentence.</summary>
    public string Problem { get; } = message;

    /// <summary>What to do about it.</summary>
    public string Remedy { get; } = remedy;
}
