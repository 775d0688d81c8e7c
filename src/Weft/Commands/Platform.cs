using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Weft.Hiring;
using Weft.Hosting;
using Weft.Settings;

namespace Weft.Commands;

/// <summary>
/// The platform that a command talks to, always over HTTP: the one named by --server and --key, else the node that runs on the
/// local data folder, else a node started for this command alone.
/// </summary>
internal sealed class Platform : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static readonly JsonSerializerOptions Json = MakeJson();

    private readonly HttpClient _client;
    private readonly RunningNode? _node;

    private Platform(string address, string key, RunningNode? node)
    {
        _node = node;
        _client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) }) { BaseAddress = new Uri(address.TrimEnd('/') + "/"), Timeout = Patience };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public static async Task<Platform> ConnectAsync(WeftSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Server is { } server)
        {
            if (!Uri.TryCreate(server, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                throw new CommandException($"'{server}' is not the address of a server: it looks like http://host:8080.", ExitCode.WrongUsage);
            return new Platform(server, settings.ApiKey ?? throw new CommandException("--server needs an API key: give --key (WEFT_API_KEY); `weft key create` makes one.", ExitCode.WrongUsage), null);
        }
        if (LocalNode.Find(settings.DataDir) is { } running)
        {
            var platform = new Platform(running.Address, running.Key, null);
            if (await platform.AnswersAsync(cancellationToken)) return platform;
            await platform.DisposeAsync();
        }
        var alone = new WeftSettings
        {
            DataDir = settings.DataDir,
            Http = new HttpSettings { Port = 0, PublicUrl = settings.Http.PublicUrl, WebRoot = settings.Http.WebRoot },
            Database = settings.Database,
            Mail = settings.Mail,
            Accounts = settings.Accounts,
            Files = settings.Files,
            Engine = settings.Engine,
            FlowEnv = settings.FlowEnv,
        };
        var node = await RunningNode.StartAsync(alone, NodeRole.All, announce: false, cancellationToken);
        return new Platform(node.Address, node.LocalKey, node);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.GetAsync("health/live", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    public Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body is null ? null : JsonContent.Create(body, options: Json), cancellationToken);

    /// <summary>Sends one request. A problem becomes a <see cref="CommandException"/> with its sentences.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/')) { Content = content };
        using var answer = await _client.SendAsync(request, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!answer.IsSuccessStatusCode) throw Failure(answer.StatusCode, text);
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>All items of a paged list, up to a number.</summary>
    public async Task<List<JsonElement>> ListAsync(string path, int limit, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await GetAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit={Math.Min(limit - items.Count, PageQuery.MaxLimit)}{(cursor is null ? "" : $"&cursor={cursor}")}", cancellationToken);
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null && items.Count < limit);
        return items;
    }

    private static CommandException Failure(HttpStatusCode status, string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<ProblemBody>(text, Json)!;
            var lines = new List<string> { problem.Detail is null ? $"{problem.Title}." : $"{problem.Title}: {problem.Detail}" };
            foreach (var error in problem.Errors ?? []) lines.Add($"  {(error.Line is { } line ? $"{line}:{error.Column}: " : "")}{error.Path}: {error.Message}");
            lines.Add(problem.Remedy);
            return new CommandException(string.Join('\n', lines), problem.Status == 503 ? ExitCode.Unreachable : ExitCode.Failed);
        }
        catch (JsonException)
        {
            return new CommandException($"The server answered {(int)status}, and not as Weft does. Check --server.", ExitCode.Unreachable);
        }
    }

    private static JsonSerializerOptions MakeJson()
    {
        var json = new JsonSerializerOptions();
        WeftHost.ConfigureJson(json);
        return json;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_node is not null) await _node.StopAsync(CancellationToken.None);
    }
}
