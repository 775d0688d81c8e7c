using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Weft.Demo;

/// <summary>
/// A believable small world: two companies, a dozen positions, six people with CVs made for the purpose. It is made through the
/// product's own API, as those people would, so that every run, match and mail of it is real. What it makes can be told by the
/// domain of its mail addresses, and <c>weft demo remove</c> removes it whole.
/// </summary>
internal sealed partial class DemoWorld(Uri server, TimeProvider time, ILogger<DemoWorld> log)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(60);

    /// <summary>Makes the world, unless it is there already. Answers the password of all its people.</summary>
    public async Task<string> LoadAsync(CancellationToken cancellationToken)
    {
        var world = JsonSerializer.Deserialize<World>(Resource("world.json"), Json)!;
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var positions = new Dictionary<string, Guid>(StringComparer.Ordinal);

        foreach (var recruiter in world.Recruiters)
        {
            using var client = NewClient();
            if (!await SignUpAsync(client, recruiter.Name, recruiter.Email, world.Password, "recruiter", cancellationToken)) return world.Password;
            var company = await PostAsync(client, "/api/companies", recruiter.Company, cancellationToken);
            foreach (var position in recruiter.Positions)
            {
                var first = today.AddDays(position["starts_in"]!.GetValue<int>());
                var draft = position.DeepClone().AsObject();
                draft.Remove("starts_in");
                draft.Remove("lasts");
                draft["company_id"] = company["id"]!.DeepClone();
                draft["starts_on"] = Day(first);
                draft["ends_on"] = Day(first.AddDays(position["lasts"]!.GetValue<int>()));
                var posted = await PostAsync(client, "/api/positions", draft, cancellationToken);
                positions[posted["title"]!.GetValue<string>()] = posted["id"]!.GetValue<Guid>();
            }
        }

        foreach (var person in world.People)
        {
            using var client = NewClient();
            await SignUpAsync(client, person.Name, person.Email, world.Password, "job_seeker", cancellationToken);
            var file = await UploadAsync(client, person.Cv, cancellationToken);
            var run = await PostAsync(client, "/api/profile/cv", new JsonObject { ["file_ids"] = new JsonArray(file) }, cancellationToken);
            await WaitForRunAsync(client, run["run_id"]!.GetValue<Guid>(), cancellationToken);
            var free = person.Free.Select(f => new JsonObject
            {
                ["from"] = Day(today.AddDays(f.In)),
                ["to"] = f.Lasts is { } days ? Day(today.AddDays(f.In + days)) : null,
            });
            using var saved = await client.PutAsJsonAsync("/api/profile/availability", new JsonArray([.. free]), cancellationToken);
            await MustSucceedAsync(saved, cancellationToken);
            foreach (var application in person.Applies)
                await PostAsync(client, "/api/applications", new JsonObject { ["position_id"] = positions[application.To], ["message"] = application.Message }, cancellationToken);
            Arrived(log, person.Name);
        }
        return world.Password;
    }

    private HttpClient NewClient()
    {
        var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer(), UseProxy = false }) { BaseAddress = server };
        client.DefaultRequestHeaders.Add("X-Weft-Csrf", "1");
        return client;
    }

    /// <summary>False when the person is there already.</summary>
    private static async Task<bool> SignUpAsync(HttpClient client, string name, string email, string password, string role, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsJsonAsync("/api/auth/sign-up", new { name, email, password, role }, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.Conflict) return false;
        await MustSucceedAsync(answer, cancellationToken);
        return true;
    }

    private static async Task<JsonObject> PostAsync(HttpClient client, string path, JsonObject body, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsJsonAsync(path, body, cancellationToken);
        await MustSucceedAsync(answer, cancellationToken);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!;
    }

    private static async Task<string> UploadAsync(HttpClient client, string cv, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(Resource($"cv.{cv}"));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/pdf");
        using var form = new MultipartFormDataContent { { content, "file", cv } };
        using var answer = await client.PostAsync("/api/files", form, cancellationToken);
        await MustSucceedAsync(answer, cancellationToken);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["id"]!.GetValue<string>();
    }

    private async Task WaitForRunAsync(HttpClient client, Guid run, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var state = await client.GetFromJsonAsync<JsonObject>($"/api/runs/{run}", cancellationToken);
            if (state!["status"]!.GetValue<string>() is "completed" or "failed" or "cancelled") return;
            if (time.GetElapsedTime(started) > RunLimit) throw new TimeoutException($"The run {run} of the demonstration did not end within {RunLimit.TotalSeconds} seconds; see it at {server}runs/{run}.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private static async Task MustSucceedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode) return;
        var problem = await answer.Content.ReadAsStringAsync(cancellationToken);
        throw new InvalidOperationException($"Making the demonstration failed at {answer.RequestMessage?.RequestUri?.AbsolutePath}: {(int)answer.StatusCode} {problem}");
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd");

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Weft.Demo.{name}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    [LoggerMessage(EventId = 1700, Level = LogLevel.Information, Message = "Demonstration: {Name} is here")]
    private static partial void Arrived(ILogger log, string name);

    private sealed record World(string Password, IReadOnlyList<Recruiter> Recruiters, IReadOnlyList<Person> People);

    private sealed record Recruiter(string Name, string Email, JsonObject Company, IReadOnlyList<JsonObject> Positions);

    private sealed record Person(string Name, string Email, string Cv, IReadOnlyList<Stretch> Free, IReadOnlyList<Letter> Applies);

    private sealed record Stretch(int In, int? Lasts);

    private sealed record Letter(string To, string Message);
}
