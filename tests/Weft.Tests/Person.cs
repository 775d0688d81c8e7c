using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Weft.Tests;

/// <summary>Somebody at a browser (with its cookies) or a program with a key, and what they do.</summary>
public sealed class Person : IDisposable
{
    public const string Password = "correct horse battery";

    private readonly HttpClient _client;

    public Person(Uri address, string email, string? apiKey = null)
    {
        (Address, Email) = (address, email);
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, UseCookies = apiKey is null }) { BaseAddress = address };
        // What this site's own pages send with every request.
        if (apiKey is null) _client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        else _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Uri Address { get; }

    public string Email { get; }

    public CookieContainer Cookies { get; } = new();

    public Person WithKey(string key) => new(Address, Email, key);

    /// <summary>The same person at another browser.</summary>
    public Person AtAnotherBrowser() => new(Address, Email);

    public Task<HttpResponseMessage> SignUpAsync(string role = "job_seeker", string? password = null, string? name = null) =>
        PostAsync("/api/auth/sign-up", new { email = Email, password = password ?? Password, name = name ?? "Ann Example", role });

    public Task<HttpResponseMessage> SignInAsync(string? password = null) => PostAsync("/api/auth/sign-in", new { email = Email, password = password ?? Password });

    public Task<HttpResponseMessage> GetAsync(string path) => _client.GetAsync(path, Cancelled);

    public Task<HttpResponseMessage> PostAsync(string path, object? body) => _client.PostAsJsonAsync(path, body, Cancelled);

    public Task<HttpResponseMessage> PostTextAsync(string path, string body, string type = "application/json") =>
        _client.PostAsync(path, new StringContent(body, Encoding.UTF8, type), Cancelled);

    public Task<HttpResponseMessage> DeleteAsync(string path) => _client.DeleteAsync(path, Cancelled);

    public Task<HttpResponseMessage> PutTextAsync(string path, string body, string type) => _client.PutAsync(path, new StringContent(body, Encoding.UTF8, type), Cancelled);

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);

    public Task<HttpResponseMessage> UploadAsync(string fileName, byte[] content)
    {
        // As browsers write it: the name in quotes, with those of its own escaped by percent signs.
        var part = new ByteArrayContent(content);
        part.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"file\"; filename=\"{fileName.Replace("\"", "%22", StringComparison.Ordinal)}\"");
        var form = new MultipartFormDataContent { HeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        form.Add(part);
        return _client.PostAsync("/api/files", form, Cancelled);
    }

    /// <summary>The body of an answer that must have succeeded.</summary>
    public async Task<JsonElement> ReadAsync(string path)
    {
        using var answer = await GetAsync(path);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        answer.IsSuccessStatusCode.ShouldBeTrue($"GET {path}: {(int)answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    public async Task<Guid> IdAsync() => (await ReadAsync("/api/auth/me")).GetProperty("id").GetGuid();

    /// <summary>The mail that the person finds in the mailbox.</summary>
    public async Task<List<JsonElement>> MailAsync() => [.. (await ReadAsync("/api/mailbox")).GetProperty("items").EnumerateArray()];

    /// <summary>Waits until the person's runs of the flow are as told.</summary>
    public Task<List<JsonElement>> RunsAsync(string flow, Predicate<List<JsonElement>> until) => Eventually.ShouldBeAsync(
        async () => (await ReadAsync($"/api/runs?flow={Uri.EscapeDataString(flow)}")).GetProperty("items").EnumerateArray().ToList(), until, $"runs of {flow} for {Email}");

    public void Dispose() => _client.Dispose();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;
}

/// <summary>Answers as tests read them.</summary>
internal static class Answers
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    /// <summary>The answer is this problem of the catalogue, in full form.</summary>
    public static async Task<JsonElement> ShouldBeAsync(this HttpResponseMessage answer, Hiring.ProblemKind kind)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)answer.StatusCode).ShouldBe(kind.Status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonSerializer.Deserialize<JsonElement>(text);
        problem.GetProperty("code").GetString().ShouldBe(kind.Code);
        problem.GetProperty("status").GetInt32().ShouldBe(kind.Status);
        problem.GetProperty("remedy").GetString().ShouldNotBeNullOrWhiteSpace();
        text.ShouldNotContain("   at ");
        return problem;
    }

    public static string[] ErrorPaths(this JsonElement problem) => [.. problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("path").GetString()!)];
}

/// <summary>Waits for what happens by itself, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(25);

    public static async Task<T> ShouldBeAsync<T>(Func<Task<T>> read, Predicate<T> until, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (until(value)) return value;
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(Deadline, $"{what}: the last seen was {System.Text.Json.JsonSerializer.Serialize(value)}");
            await Task.Delay(Between, TestContext.Current.CancellationToken);
        }
    }
}
