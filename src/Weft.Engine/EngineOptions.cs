using System.ComponentModel.DataAnnotations;

namespace Weft.Engine;

/// <summary>How the engine of this process works. Every default is meant for production.</summary>
public sealed class EngineOptions
{
    /// <summary>Whether this process runs flows. A process that does not can still start, watch, cancel and retry runs.</summary>
    public bool Works { get; set; } = true;

    /// <summary>The node's name for operators. Default: the machine's name.</summary>
    [StringLength(100, MinimumLength = 1)]
    public string NodeName { get; set; } = Environment.MachineName;

    /// <summary>How many runs the node keeps in memory at once; what is beyond waits in the queue table.</summary>
    [Range(1, 100_000)]
    public int MaxRunsInMemory { get; set; } = 4_000;

    /// <summary>How often the node renews its lease.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:30")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a node may be silent before others take its work. A process that died is noticed sooner: the database releases
    /// its lock.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often an idle node looks for work that nobody announced, and for row changes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A wait longer than this leaves memory; a shorter one stays.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ParkAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long running steps may take to finish when the node stops, before they are cancelled (and run again elsewhere).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit of a step attempt that names none.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan StepTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>For how long the same idempotency key answers with the same run.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "400.00:00:00")]
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The most items a loop may have.</summary>
    [Range(1, 1_000_000)]
    public int MaxLoopItems { get; set; } = 50_000;

    /// <summary>The largest output of a step or a run, and the largest inputs of a run, as bytes of JSON.</summary>
    [Range(1_024, 256 * 1_024 * 1_024)]
    public int MaxValueBytes { get; set; } = 4 * 1_024 * 1_024;

    /// <summary>How deep flows may start flows.</summary>
    [Range(1, 100)]
    public int MaxDepth { get; set; } = 16;

    /// <summary>What templates see as <c>env.NAME</c> (and <c>envs.name</c>): only what the operator hands over, never the process's environment.</summary>
    public IDictionary<string, string> FlowEnvironment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What <c>secret('NAME')</c> answers in the product's own flows.</summary>
    public IDictionary<string, string> FlowSecrets { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Throws with everything that is wrong.</summary>
    public void Validate()
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true);
        if (Lease < Heartbeat * 2) problems.Add(new ValidationResult("Lease must be at least twice Heartbeat, or one late heartbeat loses it."));
        if (problems.Count > 0)
            throw new ValidationException($"The engine's options are not valid: {string.Join(" ", problems.Select(p => p.ErrorMessage))}");
    }
}
