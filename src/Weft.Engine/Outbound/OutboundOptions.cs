using Weft.Postgres;

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

    /// <summary>
    /// The same with the hosts of these values opened: whatever the operator hands to flows as an address (<c>env.DB_URL</c>)
    /// is meant to be reached. Values that are no address change nothing.
    /// </summary>
    public OutboundOptions Opening(IEnumerable<string> values) => this with { Allow = [.. Allow, .. values.Select(HostOf).OfType<string>()] };

    private static string? HostOf(string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") {
            return $"{(uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost)}:{uri.Port}";
        }
        if (!value.StartsWith("jdbc:postgresql:", StringComparison.OrdinalIgnoreCase) && !value.StartsWith("postgres", StringComparison.OrdinalIgnoreCase)
            && !value.Contains("Host=", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        try
        {
            var connection = ConnectionText.Parse(value);
            var host = connection.Host ?? "";
            return host.Length == 0 || host.AsSpan().ContainsAny('/', ',') ? null : host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{connection.Port}" : $"{host}:{connection.Port}";
        }
        catch (DatabaseException)
        {
            return null;
        }
    }
}
