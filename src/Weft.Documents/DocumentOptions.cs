namespace Weft.Documents;

/// <summary>Where the PDF extractor lives and how much a document may cost. The defaults suit CVs, not books.</summary>
public sealed record DocumentOptions
{
    /// <summary>The environment variable that names the extractor's directory when <see cref="ExtractorDirectory"/> is not set.</summary>
    public const string ExtractorVariable = "WEFT_PDF_EXTRACTOR";

    private const string SourceFolder = "src/Weft.Documents/extractor";

    /// <summary>
    /// The directory with <c>extractor.mjs</c> and its installed <c>node_modules</c> (<c>npm ci</c> makes them).
    /// Default: the variable <see cref="ExtractorVariable"/>, else <c>extractor</c> beside the program, else the one in the source tree
    /// that the program was built in.
    /// </summary>
    public string? ExtractorDirectory { get; init; }

    /// <summary>The Node.js program (20 or later). Default: <c>node</c> on the search path.</summary>
    public string? NodePath { get; init; }

    /// <summary>The largest document read at all, in bytes. Default 10 MiB.</summary>
    public int MaxBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many pages are read; later ones are left out with a warning. Default 30.</summary>
    public int MaxPages { get; init; } = 30;

    /// <summary>How many characters are read; later ones are left out with a warning. Default 200,000.</summary>
    public int MaxCharacters { get; init; } = 200_000;

    /// <summary>How long one PDF may keep the extractor busy before it is ended. Default 10 s.</summary>
    public TimeSpan DocumentTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the extractor may take to start. Default 20 s.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The extractor's whole memory, in bytes; it is ended beyond. Default 768 MiB.</summary>
    public long MemoryLimit { get; init; } = 768L * 1024 * 1024;

    /// <summary>How many PDFs may wait for the extractor; further ones are refused as busy. Default 64.</summary>
    public int QueueLimit { get; init; } = 64;

    internal string ResolveExtractorDirectory()
    {
        if (ExtractorDirectory is { Length: > 0 } set)
            return Path.GetFullPath(set);
        if (Environment.GetEnvironmentVariable(ExtractorVariable) is { Length: > 0 } named)
            return Path.GetFullPath(named);

        var beside = Path.Combine(AppContext.BaseDirectory, "extractor");
        if (Directory.Exists(Path.Combine(beside, "node_modules")))
            return beside;
        // A program run from its source tree: the packages stay where npm installed them.
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var source = Path.Combine(folder.FullName, SourceFolder);
            if (Directory.Exists(source))
                return source;
        }

        return beside;
    }
}
