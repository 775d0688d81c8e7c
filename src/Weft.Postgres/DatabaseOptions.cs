namespace Weft.Postgres;

/// <summary>Where the database is and how many connections each role may hold.</summary>
public sealed record DatabaseOptions
{
    /// <summary>
    /// The administrator's connection: creates the four roles where they are missing and grants them the database. May be
    /// absent when <see cref="EngineUrl"/>, <see cref="AppUrl"/> and <see cref="FlowUrl"/> are all given; such a node cannot migrate.
    /// </summary>
    public string? AdminUrl { get; init; }

    /// <summary>The connection of <c>weft_engine</c>, or of a member of it. Default: the admin's, with the role's derived password.</summary>
    public string? EngineUrl { get; init; }

    /// <summary>The connection of <c>weft_app</c>, or of a member of it.</summary>
    public string? AppUrl { get; init; }

    /// <summary>The connection of <c>weft_flow</c>, or of a member of it.</summary>
    public string? FlowUrl { get; init; }

    /// <summary>
    /// A connection of <c>weft_engine</c> that no transaction pooler stands in front of, for LISTEN and session locks.
    /// Default: the engine's own.
    /// </summary>
    public string? DirectUrl { get; init; }

    /// <summary>
    /// The data folder. Holds the key that role passwords are derived from when <see cref="AdminUrl"/> carries no password
    /// (trust, peer or certificate); otherwise the admin's password is that key, so that all nodes agree without a shared folder.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>Most connections of the engine's pool on this node.</summary>
    public int EnginePoolSize { get; init; } = 16;

    /// <summary>Most connections of the request pool on this node.</summary>
    public int AppPoolSize { get; init; } = 24;

    /// <summary>Most connections for SQL steps of workspace flows on this node.</summary>
    public int FlowPoolSize { get; init; } = 8;

    /// <summary>Extra server settings of the engine's sessions, as libpq options: <c>-c enable_seqscan=off</c>.</summary>
    public string? EngineSettings { get; init; }

    /// <summary>How sessions name themselves in <c>pg_stat_activity</c>.</summary>
    public string ApplicationName { get; init; } = "weft";

    /// <summary>How long one connection attempt may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
