using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;

namespace Weft.Engine.Outbound;

/// <summary>A request to an address that a flow or a person gave.</summary>
/// <param name="Method">The method.</param>
/// <param name="Uri">Absolute, http or https.</param>
public sealed record OutboundRequest(HttpMethod Method, Uri Uri)
{
    /// <summary>Header names and values, in order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The body, if any.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>The body's Content-Type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The whole exchange's limit; <see cref="OutboundOptions.Timeout"/> when absent.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The largest body that is read; <see cref="OutboundOptions.MaxResponseBytes"/> when absent.</summary>
    public long? MaxResponseBytes { get; init; }

    /// <summary>Follow up to five redirects.</summary>
    public bool FollowRedirects { get; init; } = true;
}

/// <summary>An answer, read whole.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Uri">Where it came from, after redirects.</param>
/// <param name="Headers">All headers by lower-case name.</param>
/// <param name="Body">The body, decompressed.</param>
public sealed record OutboundResponse(int Status, Uri Uri, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, byte[] Body);

/// <summary>
/// The one place that speaks HTTP to addresses which flows and people give: connections go to checked addresses only,
/// redirects are followed here and checked again, bodies and time are bounded, and no proxy, cookie or credential of the
/// process is used.
/// </summary>
public sealed class GuardedHttp : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly OutboundGuard _guard;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;

    /// <summary>A client behind the guard. <paramref name="tls"/> is given where a test or an operator trusts a certificate of his own.</summary>
    public GuardedHttp(OutboundGuard guard, TimeProvider time, SslClientAuthenticationOptions? tls = null)
    {
        _guard = guard;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            // A proxy would resolve the name itself, behind the guard's back.
            UseProxy = false,
            UseCookies = false,
            PreAuthenticate = false,
            MaxConnectionsPerServer = 32,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ActivityHeadersPropagator = null,
            ConnectCallback = async (context, token) =>
                new NetworkStream(await guard.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, token), ownsSocket: true),
        };
        if (tls is not null) handler.SslOptions = tls;
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>
    /// Sends the request and reads the whole answer, whatever its status. Throws <see cref="FlowException"/>:
    /// <c>outbound_refused</c>, <c>outbound_too_large</c>, and retryable <c>outbound_unreachable</c>, <c>outbound_timeout</c>.
    /// </summary>
    public async Task<OutboundResponse> SendAsync(OutboundRequest request, CancellationToken cancellationToken)
    {
        var timeout = request.Timeout ?? _guard.Options.Timeout;
        using var limit = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await FollowAsync(request, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FlowException("outbound_timeout", $"{Shown(request.Uri)} did not answer within {timeout.TotalSeconds:0.###} s.", retryable: true, e);
        }
        catch (HttpRequestException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Explain(request, timeout, limit.IsCancellationRequested, e);
        }
        catch (IOException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new FlowException("outbound_unreachable", $"{Shown(request.Uri)} broke off its answer: {e.Message}", retryable: true, e);
        }
    }

    private async Task<OutboundResponse> FollowAsync(OutboundRequest request, CancellationToken cancellationToken)
    {
        var (method, uri, body, headers) = (request.Method, request.Uri, request.Body, request.Headers);
        for (var hop = 0; ; hop++)
        {
            RequireHttp(uri);
            using var message = new HttpRequestMessage(method, uri);
            if (body is { } bytes)
            {
                message.Content = new ReadOnlyMemoryContent(bytes);
                if (request.ContentType is { } type) message.Content.Headers.ContentType = ReadContentType(type);
            }
            foreach (var (name, value) in headers) AddHeader(message, name, value);

            using var response = await _http.SendAsync(message, cancellationToken);
            if (!request.FollowRedirects || Target(response, uri) is not { } next)
            {
                var limit = request.MaxResponseBytes ?? _guard.Options.MaxResponseBytes;
                return new OutboundResponse((int)response.StatusCode, uri, ReadHeaders(response), await ReadBodyAsync(response, uri, limit, cancellationToken));
            }
            if (hop == MaxRedirects) throw new FlowException("outbound_refused", $"{Shown(request.Uri)} redirects more than {MaxRedirects} times.");
            if (string.Equals(uri.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal) && string.Equals(next.Scheme, Uri.UriSchemeHttp, StringComparison.Ordinal))
            {
                throw new FlowException("outbound_refused", $"{Shown(uri)} redirects from https to http.");
            }
            // Fetch's rule: 303 always becomes GET, 301 and 302 do for POST, 307 and 308 keep method and body.
            var code = (int)response.StatusCode;
            if ((code == 303 && method != HttpMethod.Head) || (code is 301 or 302 && method == HttpMethod.Post))
            {
                (method, body) = (HttpMethod.Get, null);
            }
            // Another origin gets nothing that was meant for the first one: a token in a header of any name is one too.
            if (!SameOrigin(uri, next))
            {
                headers = [.. headers.Where(h => ForeignSafe.Contains(h.Name))];
                if (body is not null) throw new FlowException("outbound_refused", $"{Shown(uri)} redirects a request with a body to another origin.");
            }
            uri = next;
        }
    }

    private static readonly HashSet<string> ForeignSafe =
        new(["accept", "accept-language", "accept-encoding", "user-agent", "range"], StringComparer.OrdinalIgnoreCase);

    private static Uri? Target(HttpResponseMessage response, Uri from) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location
            ? new Uri(from, location)
            : null;

    private static bool SameOrigin(Uri a, Uri b) =>
        string.Equals(a.Scheme, b.Scheme, StringComparison.OrdinalIgnoreCase) && a.Port == b.Port
        && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    private static void RequireHttp(Uri uri)
    {
        if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new FlowException("outbound_refused", $"Only http and https addresses can be asked, not {(uri.IsAbsoluteUri ? uri.Scheme : "relative ones")}.");
        }
        // A name in the address would travel in logs and referrers; the header is the place for it.
        if (uri.UserInfo.Length > 0) throw new FlowException("outbound_refused", $"{Shown(uri)} carries a user name; give it as a header instead.");
    }

    private static void AddHeader(HttpRequestMessage message, string name, string value)
    {
        if (name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) || name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
        {
            throw new FlowException("outbound_refused", $"The header {name} is set by the connection itself.");
        }
        if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new FlowException("outbound_refused", $"The header {name} holds a line break.");
        if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            if (message.Content is not null) message.Content.Headers.ContentType = ReadContentType(value);
            return;
        }
        if (!message.Headers.TryAddWithoutValidation(name, value) && message.Content?.Headers.TryAddWithoutValidation(name, value) != true)
        {
            throw new FlowException("outbound_refused", $"'{name}' is not a name for a header of this request.");
        }
    }

    private static MediaTypeHeaderValue ReadContentType(string text) =>
        MediaTypeHeaderValue.TryParse(text, out var type) ? type : throw new FlowException("outbound_refused", $"'{text}' is not a content type.");

    private static Dictionary<string, IReadOnlyList<string>> ReadHeaders(HttpResponseMessage response)
    {
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            headers[name.ToLowerInvariant()] = [.. values];
        }
        return headers;
    }

    private static async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, Uri uri, long limit, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await stream.ReadAsync(buffer.GetMemory(16 * 1024), cancellationToken);
            if (read == 0) return buffer.WrittenSpan.ToArray();
            buffer.Advance(read);
            // Counted after decompression: a small answer may unpack to a large one.
            if (buffer.WrittenCount > limit) throw new FlowException("outbound_too_large", $"{Shown(uri)} answered with more than {limit} bytes.");
        }
    }

    private static FlowException Explain(OutboundRequest request, TimeSpan timeout, bool timedOut, HttpRequestException e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is FlowException refused) return refused;
        }
        if (timedOut) return new FlowException("outbound_timeout", $"{Shown(request.Uri)} did not answer within {timeout.TotalSeconds:0.###} s.", retryable: true, e);
        return e.HttpRequestError == HttpRequestError.SecureConnectionError
            ? new FlowException("outbound_tls", $"{Shown(request.Uri)}: no trusted TLS connection: {e.InnerException?.Message ?? e.Message}", inner: e)
            : new FlowException("outbound_unreachable", $"{Shown(request.Uri)}: {e.Message}", retryable: true, e);
    }

    // Queries often hold keys; messages are stored and shown.
    private static string Shown(Uri uri) => uri.IsAbsoluteUri ? $"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}" : uri.OriginalString;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
