namespace Weft.Engine.Outbound;

/// <summary>Where flows may connect to, and how much they may take from there.</summary>
public sealed record OutboundOptions
{
    /// <summary>
    /// Addresses that are open although they lie in a private network, each as <c>host:port</c>, <c>[v6]:port</c> or with
    /// <c>*</c> for any port. The host is compared as it is written in the flow's URL.
    /// </summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>The largest response body that is read, in bytes after decompression. 1 KiB to 256 MiB.</summary>
    public long MaxResponseBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>How long a whole exchange may take, with redirects and body, unless the step says otherwise.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long connecting to one address may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
