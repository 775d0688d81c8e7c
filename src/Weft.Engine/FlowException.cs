namespace Weft.Engine;

/// <summary>A failure that a flow's author or caller can act on, with a stable code of docs/reference/errors.md.</summary>
public class FlowException(string code, string message, bool retryable = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The stable code.</summary>
    public string Code { get; } = code;

    /// <summary>Whether trying again may help.</summary>
    public bool Retryable { get; } = retryable;
}
