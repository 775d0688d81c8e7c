using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Weft.Hiring.Accounts;
using Weft.Hiring.Files;
using Weft.Postgres;

namespace Weft.Settings;

/// <summary>
/// Every setting of the program. A property is a key: <c>Http.Port</c> is <c>http.port</c> in weft.yaml and
/// <c>WEFT_HTTP__PORT</c> in the environment. docs/reference/settings.md is printed from here.
/// </summary>
public sealed class WeftSettings
{
    [Description("Where the embedded database and this node's files are kept. Default: the platform's data directory (`/var/lib/weft` for root).")]
    public string DataDir { get; init; } = DataFolder.Default();

    [Description("For commands: the address of a running Weft to talk to, instead of the local data folder.")]
    public string? Server { get; init; }

    [Description("For commands: the API key to use with `server`.")]
    [Secret]
    public string? ApiKey { get; init; }

    public HttpSettings Http { get; init; } = new();

    public DatabaseSettings Database { get; init; } = new();

    public MailSettings Mail { get; init; } = new();

    public AccountOptions Accounts { get; init; } = new();

    public UploadOptions Files { get; init; } = new();

    public EngineSettings Engine { get; init; } = new();

    [Description("What flows may read as `env.NAME`: the only part of the outside that reaches them.")]
    [Secret]
    public Dictionary<string, string> FlowEnv { get; init; } = new(StringComparer.Ordinal);
}

public sealed class HttpSettings
{
    [Description("The address to listen on. `0.0.0.0` or `::` listens on every interface.")]
    [RegularExpression(@"^[0-9a-fA-F:.]+$|^localhost$", ErrorMessage = "must be an IP address or localhost")]
    public string Listen { get; init; } = "127.0.0.1";

    [Description("The port to listen on; 0 takes a free one.")]
    [Range(0, 65535)]
    public int Port { get; init; } = 8080;

    [Description("The address under which people reach this installation, for links in mails. Default: the address listened on.")]
    [Url(ErrorMessage = "must be an absolute http(s) address")]
    public string? PublicUrl { get; init; }

    [Description("Largest request body in bytes, but for uploads of files, which have their own limit.")]
    [Range(1_024, 1024 * 1024 * 1024)]
    public int MaxBodyBytes { get; init; } = 4 * 1024 * 1024;

    [Description("Show sent mail at /api/mailbox although the server listens beyond loopback.")]
    public bool Mailbox { get; init; }

    [Description("How long requests and steps in progress may take to finish when the server is told to stop.")]
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(20);

    [Description("The folder of the built web app. Default: beside the program.")]
    public string? WebRoot { get; init; }
}

public sealed class DatabaseSettings
{
    [Description("The administrator's connection, as a URL. With none, `weft up` starts the embedded PostgreSQL.")]
    [Secret]
    public string? Admin { get; init; }

    [Description("The connection of weft_engine. Default: derived from the administrator's.")]
    [Secret]
    public string? Engine { get; init; }

    [Description("The connection of weft_app. Default: derived from the administrator's.")]
    [Secret]
    public string? App { get; init; }

    [Description("The connection of weft_flow. Default: derived from the administrator's.")]
    [Secret]
    public string? Flow { get; init; }

    [Description("A connection of weft_engine past any transaction pooler, for LISTEN and locks. Default: `database.engine`.")]
    [Secret]
    public string? Direct { get; init; }

    [Description("Most connections of the engine on this node.")]
    [Range(2, 500)]
    public int EnginePool { get; init; } = 16;

    [Description("Most connections of requests on this node.")]
    [Range(2, 500)]
    public int AppPool { get; init; } = 24;

    [Description("Most connections of workspace flows' SQL steps on this node.")]
    [Range(1, 500)]
    public int FlowPool { get; init; } = 8;

    [Description("How long one attempt to connect may take.")]
    [Range(typeof(TimeSpan), "00:00:01", "00:02:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

public sealed class MailSettings
{
    [Description("The mail server: `smtp://user:password@host:587?from=…` or `smtps://…:465`. With none, mail lands in the built-in mailbox.")]
    [Secret]
    public string? Url { get; init; }

    [Description("The sender of mails that name none.")]
    public string? From { get; init; }
}

public sealed class EngineSettings
{
    [Description("This node's name, for operators. Default: the machine's.")]
    public string? NodeName { get; init; }

    [Description("Runs that this node keeps in memory at once; more wait in the queue.")]
    [Range(1, 100_000)]
    public int MaxRuns { get; init; } = 4_000;

    [Description("The time limit of a step attempt whose flow names none.")]
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromHours(1);

    [Description("For how long the same idempotency key answers with the same run.")]
    [Range(typeof(TimeSpan), "00:01:00", "400.00:00:00")]
    public TimeSpan IdempotencyWindow { get; init; } = TimeSpan.FromDays(7);

    [Description("`host:port` pairs within private networks that flows may reach, such as a local model or database.")]
    public List<string> Allow { get; init; } = [];
}

/// <summary>Marks a setting that is masked wherever settings are shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
