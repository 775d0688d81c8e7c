using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Weft.Engine.Outbound;

/// <summary>Looks a name up. A delegate, so that a test can play a name server that changes its mind.</summary>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellationToken);

/// <summary>
/// Decides where a flow may connect to. Every name is resolved here and the connection goes to the very address that was
/// checked, so that a name server cannot answer once for the check and once for the connection.
/// </summary>
public sealed class OutboundGuard
{
    private readonly HashSet<string> _allowed;
    private readonly ResolveHost _resolve;
    private readonly TimeProvider _time;

    /// <summary>A guard with the operator's settings.</summary>
    public OutboundGuard(OutboundOptions options, TimeProvider time) : this(options, time, Dns.GetHostAddressesAsync) { }

    internal OutboundGuard(OutboundOptions options, TimeProvider time, ResolveHost resolve)
    {
        Options = options;
        _time = time;
        _resolve = resolve;
        _allowed = options.Allow.Select(ReadEntry).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The settings in force.</summary>
    public OutboundOptions Options { get; }

    /// <summary>
    /// The addresses of the host that may be connected to, never empty. Throws <see cref="FlowException"/>
    /// <c>outbound_refused</c> when there are addresses but none may be used, <c>outbound_unreachable</c> (retryable) when
    /// the name does not resolve.
    /// </summary>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (port is < 1 or > 65535) throw new FlowException("outbound_refused", $"{port} is not a port.");
        host = host.Trim('[', ']').TrimEnd('.');
        IPAddress[] found;
        if (IPAddress.TryParse(host, out var literal))
        {
            found = [literal];
        }
        else
        {
            try
            {
                found = await _resolve(host, cancellationToken);
            }
            catch (Exception e) when (e is SocketException or ArgumentException)
            {
                throw new FlowException("outbound_unreachable", $"The host name '{host}' does not resolve.", retryable: true, e);
            }
        }
        if (found.Length == 0) throw new FlowException("outbound_unreachable", $"The host name '{host}' has no address.", retryable: true);
        if (IsAllowed(host, port)) return found;

        var open = Array.FindAll(found, AddressRules.IsPublic);
        if (open.Length > 0) return open;
        // The address itself is not told: the answer would let a flow map the inner network.
        throw new FlowException("outbound_refused",
            $"{host}:{port} is not on the public Internet. An operator can open it by adding '{Entry(host, port)}' to the outbound allow-list.");
    }

    /// <summary>Connects to the first checked address that answers. The caller owns the socket.</summary>
    public async Task<Socket> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = await ResolveAsync(host, port, cancellationToken);
        Exception? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = new CancellationTokenSource(Options.ConnectTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), either.Token);
                return socket;
            }
            catch (Exception e)
            {
                socket.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                if (e is not (SocketException or OperationCanceledException)) throw;
                last = e;
            }
        }
        var reason = last is SocketException refused ? refused.SocketErrorCode.ToString() : $"no answer within {Options.ConnectTimeout.TotalSeconds:0} s";
        throw new FlowException("outbound_unreachable", $"{host}:{port} cannot be reached: {reason}.", retryable: true, last);
    }

    private bool IsAllowed(string host, int port) => _allowed.Contains(Entry(host, port)) || _allowed.Contains(Entry(host, null));

    private static string Entry(string host, int? port) =>
        (host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host) + ":" + (port?.ToString(CultureInfo.InvariantCulture) ?? "*");

    private static string ReadEntry(string entry)
    {
        var at = entry.LastIndexOf(':');
        var host = at > 0 ? entry[..at].Trim('[', ']').TrimEnd('.') : "";
        var port = at > 0 ? entry[(at + 1)..] : "";
        if (host.Length > 0 && port == "*") return Entry(host, null);
        return host.Length > 0 && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
            ? Entry(host, number)
            : throw new FlowException("outbound_allow_invalid", $"'{entry}' is not an entry of the outbound allow-list; write host:port, [v6]:port or host:*.");
    }
}
