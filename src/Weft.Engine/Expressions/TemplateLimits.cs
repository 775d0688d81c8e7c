namespace Weft.Engine.Expressions;

/// <summary>What a template may cost. Templates come from people who may be careless or hostile, and run inside the engine's process.</summary>
public sealed record TemplateLimits
{
    /// <summary>The limits that hold unless others are given.</summary>
    public static readonly TemplateLimits Default = new();

    /// <summary>Longest source, in characters.</summary>
    public int MaxSource { get; init; } = 1024 * 1024;

    /// <summary>Deepest nesting of brackets and tags in the source.</summary>
    public int MaxNesting { get; init; } = 100;

    /// <summary>Longest chain of operators, filters or attributes in one expression.</summary>
    public int MaxChain { get; init; } = 250;

    /// <summary>Longest text that an evaluation may produce, also as an intermediate value, in characters.</summary>
    public int MaxOutput { get; init; } = 4 * 1024 * 1024;

    /// <summary>Sum of all texts made during one evaluation, in characters: what bounds the memory of a loop that collects long texts.</summary>
    public long MaxVolume { get; init; } = 32L * 1024 * 1024;

    /// <summary>Loop rounds, list elements and calls of one evaluation, together.</summary>
    public int MaxSteps { get; init; } = 1_000_000;

    /// <summary>Longest time of one evaluation.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How deep macros and <c>render()</c> may call each other.</summary>
    public int MaxCalls { get; init; } = 24;
}
