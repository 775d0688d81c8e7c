using System.Collections;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Weft.Engine.Outbound;

namespace Weft.Engine.Tasks;

/// <summary><c>http.request</c>: one HTTP exchange with an outside service.</summary>
public sealed class HttpRequestTask(GuardedHttp http) : ITaskType
{
    // A server that asks to come back again and again is given up in the end.
    private const int MostDeferrals = 10;
    private static readonly TimeSpan ShortestDeferral = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDeferral = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10);
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public TaskTypeInfo Info { get; } = new()
    {
        Name = "http.request",
        Description = "Sends one HTTP request; the output has code, headers, body and uri.",
        Aliases = ["io.kestra.plugin.fs.http.Request", "io.kestra.plugin.core.http.Request", "io.kestra.core.tasks.http.Request"],
        Properties =
        [
            new("uri", PropertyType.String, "Where to, http or https.") { Required = true, Aliases = ["url"] },
            new("method", PropertyType.String, "GET when absent.") { Values = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] },
            new("params", PropertyType.Map, "Query parameters, escaped and added to the address."),
            new("headers", PropertyType.Map, "Headers; a value may be a list."),
            new("body", PropertyType.Any, "The body: text as it is, a map or a list as JSON."),
            new("contentType", PropertyType.String, "The body's type; application/json when absent."),
            new("formData", PropertyType.Map, "Form fields, sent URL-encoded (or as multipart/form-data when contentType says so)."),
            new("requestTimeout", PropertyType.Duration, "For the whole exchange; 30 s when absent, at most 10 minutes."),
            new("allowFailed", PropertyType.Boolean, "Any status counts as success."),
            new("options", PropertyType.Map, "Kestra's options: allowFailed, allowedResponseCodes, followRedirects, readTimeout, auth."),
        ],
    };

    /// <inheritdoc/>
    public async ValueTask<StepOutcome> ExecuteAsync(StepContext step, CancellationToken cancellationToken)
    {
        var options = step.MapOf("options") ?? FlowValue.Map();
        var request = BuildRequest(step, options);
        OutboundResponse response;
        try
        {
            response = await http.SendAsync(request, cancellationToken);
        }
        catch (FlowException e) when (e.Code.StartsWith("outbound_", StringComparison.Ordinal))
        {
            return StepOutcome.Fail(e.Code, e.Message, e.Retryable);
        }

        var output = Describe(response);
        if (response.Status < 400 || IsAllowed(step, options, response.Status)) return StepOutcome.Done(output);

        var message = $"{request.Method} {request.Uri.GetLeftPart(UriPartial.Path)} answered {response.Status}.";
        if (response.Status is 429 or 503 && step.Attempt < MostDeferrals && RetryAfter(response, step.Time.GetUtcNow()) is { } after)
        {
            return StepOutcome.RetryLater(after, $"{message} It asks to come back in {after.TotalSeconds:0} s.");
        }
        var retryable = response.Status is 408 or 425 or 429 or >= 500 and not 501 and not 505;
        return StepOutcome.Fail("http_status", message, retryable, output);
    }

    // Seconds or a date (RFC 9110, 10.2.3); at least one second, at most a quarter of an hour, whatever the server asks for.
    private static TimeSpan? RetryAfter(OutboundResponse response, DateTimeOffset now)
    {
        if (!response.Headers.TryGetValue("retry-after", out var values) || !RetryConditionHeaderValue.TryParse(values[0], out var retry)) return null;
        var after = retry.Delta ?? retry.Date - now;
        return after is { } asked ? TimeSpan.FromTicks(Math.Clamp(asked.Ticks, ShortestDeferral.Ticks, LongestDeferral.Ticks)) : null;
    }

    private static OutboundRequest BuildRequest(StepContext step, IReadOnlyDictionary<string, object?> options)
    {
        var method = new HttpMethod((step.Text("method") is { Length: > 0 } given ? given : "GET").ToUpperInvariant());
        var text = step.RequiredText("uri").Trim();
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new FlowException("step_property_invalid", "uri must be an absolute http or https address.");
        }
        if (step.MapOf("params") is { Count: > 0 } query) uri = AddQuery(uri, query);

        var headers = new List<(string, string)>();
        foreach (var (name, value) in step.MapOf("headers") ?? FlowValue.Map())
        {
            if (value is IEnumerable several and not string) headers.AddRange(several.Cast<object?>().Select(v => (name, FlowValue.ToText(v))));
            else headers.Add((name, FlowValue.ToText(value)));
        }
        // The same for every attempt of this step, so that the receiver can tell a repetition from a second order.
        if (!Has(headers, "Idempotency-Key")) headers.Add(("Idempotency-Key", step.IdempotencyKey));
        if (!Has(headers, "User-Agent")) headers.Add(("User-Agent", "Weft"));
        if (!Has(headers, "Authorization") && Authorization(options) is { } authorization) headers.Add(("Authorization", authorization));

        var (body, contentType) = Body(step, headers);
        var timeout = StepDuration.Read(step, "requestTimeout") ?? StepDuration.Parse(options.GetValueOrDefault("readTimeout"), "options.readTimeout");
        if (timeout > LongestTimeout) throw new FlowException("step_property_invalid", "requestTimeout can be at most PT10M.");
        return new OutboundRequest(method, uri)
        {
            Headers = headers,
            Body = body,
            ContentType = contentType,
            Timeout = timeout,
            FollowRedirects = !options.TryGetValue("followRedirects", out var follow) || follow is null || StepProperties.Flag(follow, "options.followRedirects"),
        };
    }

    private static bool Has(List<(string Name, string Value)> headers, string name) =>
        headers.Exists(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static Uri AddQuery(Uri uri, IReadOnlyDictionary<string, object?> query)
    {
        var added = string.Join('&', query.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(FlowValue.ToText(p.Value))}"));
        var builder = new UriBuilder(uri);
        builder.Query = builder.Query.Length > 1 ? $"{builder.Query[1..]}&{added}" : added;
        return builder.Uri;
    }

    private static string? Authorization(IReadOnlyDictionary<string, object?> options)
    {
        if (options.GetValueOrDefault("auth") is not IReadOnlyDictionary<string, object?> auth) return null;
        string Part(string name) => FlowValue.ToText(auth.GetValueOrDefault(name));
        return Part("type").ToUpperInvariant() switch
        {
            "BASIC" => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Part("username")}:{Part("password")}")),
            "BEARER" => "Bearer " + Part("token"),
            var other => throw new FlowException("step_property_invalid", $"options.auth.type is '{other}'; it can be BASIC or BEARER."),
        };
    }

    private static (ReadOnlyMemory<byte>? Body, string? ContentType) Body(StepContext step, List<(string Name, string Value)> headers)
    {
        var contentType = step.Text("contentType");
        if (string.IsNullOrWhiteSpace(contentType))
        {
            contentType = headers.Find(h => h.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value;
        }
        headers.RemoveAll(h => h.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase));

        if (step.MapOf("formData") is { } form)
        {
            if (contentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
            {
                // Made from the key, not by chance: a repeated attempt sends the same bytes.
                var boundary = "weft-" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(step.IdempotencyKey)))[..32];
                return (Multipart(form, boundary), $"multipart/form-data; boundary={boundary}");
            }
            var fields = string.Join('&', form.Select(p => $"{WebEncode(p.Key)}={WebEncode(FlowValue.ToText(p.Value))}"));
            return (Encoding.UTF8.GetBytes(fields), "application/x-www-form-urlencoded");
        }
        if (!step.Properties.TryGetValue("body", out var body) || body is null) return (null, null);
        contentType = string.IsNullOrWhiteSpace(contentType) ? "application/json" : contentType;
        return (body is string text ? Encoding.UTF8.GetBytes(text) : FlowValue.ToUtf8(body), contentType);
    }

    private static string WebEncode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private static byte[] Multipart(IReadOnlyDictionary<string, object?> form, string boundary)
    {
        using var bytes = new MemoryStream();
        void Text(string text) => bytes.Write(Encoding.UTF8.GetBytes(text));
        foreach (var (name, value) in form)
        {
            // A field that is a map is a file: { name, content, contentType }.
            var file = value as IReadOnlyDictionary<string, object?>;
            Text($"--{boundary}\r\nContent-Disposition: form-data; name=\"{Quoted(name)}\"");
            if (file is not null)
            {
                Text($"; filename=\"{Quoted(FlowValue.ToText(file.GetValueOrDefault("name")))}\"\r\nContent-Type: ");
                var type = FlowValue.ToText(file.GetValueOrDefault("contentType"));
                Text(MediaTypeHeaderValue.TryParse(type, out var parsed) ? parsed.ToString() : "application/octet-stream");
            }
            Text("\r\n\r\n");
            Text(FlowValue.ToText(file is null ? value : file.GetValueOrDefault("content")));
            Text("\r\n");
        }
        Text($"--{boundary}--\r\n");
        return bytes.ToArray();
    }

    // As browsers do it: a quote or a line break in a name cannot end the header.
    private static string Quoted(string name) => name.Replace("\"", "%22", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static bool IsAllowed(StepContext step, IReadOnlyDictionary<string, object?> options, int status)
    {
        if (step.Flag("allowFailed")) return true;
        if (options.TryGetValue("allowFailed", out var any) && any is not null && StepProperties.Flag(any, "options.allowFailed")) return true;
        return options.GetValueOrDefault("allowedResponseCodes") is IEnumerable codes and not string
            && codes.Cast<object?>().Any(c => FlowValue.ToText(c) == status.ToString(CultureInfo.InvariantCulture));
    }

    private static OrderedDictionary<string, object?> Describe(OutboundResponse response)
    {
        var headers = FlowValue.Map();
        foreach (var (name, values) in response.Headers) headers[name] = values.Select(object? (v) => v).ToList();
        var (body, encoding) = DecodeBody(response);
        return FlowValue.Map(("code", (long)response.Status), ("uri", response.Uri.AbsoluteUri), ("headers", headers), ("body", body), ("encoding", encoding));
    }

    // Text where the bytes are text, else base64: a run's record is JSON, and replacement characters would lose the bytes.
    private static (string Body, string Encoding) DecodeBody(OutboundResponse response)
    {
        var charset = response.Headers.TryGetValue("content-type", out var types) && MediaTypeHeaderValue.TryParse(types[0], out var type)
            ? type.CharSet?.Trim('"')
            : null;
        try
        {
            var encoding = charset is null or "utf-8" or "UTF-8"
                ? StrictUtf8
                : Encoding.GetEncoding(charset, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
            var text = encoding.GetString(response.Body);
            if (!text.Contains('\0', StringComparison.Ordinal)) return (text, "text");
        }
        catch (ArgumentException)
        {
            // An unknown charset, or bytes that are not what it says.
        }
        return (Convert.ToBase64String(response.Body), "base64");
    }
}
