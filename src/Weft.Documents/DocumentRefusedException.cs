namespace Weft.Documents;

/// <summary>Why a document cannot be read as text.</summary>
public enum DocumentRefusal
{
    /// <summary>Nothing in it.</summary>
    Empty,

    /// <summary>Larger than <see cref="DocumentOptions.MaxBytes"/>.</summary>
    TooLarge,

    /// <summary>Neither PDF, DOCX nor plain text.</summary>
    UnknownFormat,

    /// <summary>Begins like its format and then breaks off or contradicts itself.</summary>
    Damaged,

    /// <summary>Asks for a password.</summary>
    Encrypted,

    /// <summary>Only pictures of text: a scan.</summary>
    ImageOnly,

    /// <summary>Took longer than <see cref="DocumentOptions.DocumentTimeout"/>.</summary>
    TimedOut,

    /// <summary>Wanted more memory than it may have, or unpacks to more than a document does.</summary>
    TooHeavy,
}

/// <summary>A document that cannot be read, with the reason in words for the person who sent it. The document's fault, not the machine's.</summary>
public sealed class DocumentRefusedException(DocumentRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason, for programs.</summary>
    public DocumentRefusal Refusal { get; } = refusal;
}

/// <summary>The PDF extractor cannot work at present: not installed, not startable, or too many documents waiting. The machine's fault, not the document's.</summary>
public sealed class ExtractorUnavailableException(string message, bool retryable, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the same document may succeed a little later without anybody doing anything.</summary>
    public bool Retryable { get; } = retryable;
}
