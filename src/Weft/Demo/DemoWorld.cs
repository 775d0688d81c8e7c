using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weft.Commands;

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

    /// <summary>Makes the world, unless it is there already. Answers who is in it, and the password of them all.</summary>
    public async Task<DemoAccess> LoadAsync(CancellationToken cancellationToken)
    {
        var world = JsonSerializer.Deserialize<World>(Resource("world.json"), Json)!;
        var access = new DemoAccess(world.Recruiters[0].Email, world.People[0].Email, world.Password);
        using var first = NewClient();
        if (!await SignUpAsync(first, world.Recruiters[0].Name, world.Recruiters[0].Email, world.Password, "recruiter", cancellationToken))
        {
            await MustBeWholeAsync(world, cancellationToken);
            return access;
        }

        // Some people find positions that are there, and some positions find people that are there.
        var positions = new Dictionary<string, Guid>(StringComparer.Ordinal);
        await PublishAsync(first, world.Recruiters[0], positions, cancellationToken);
        var browsers = new List<(HttpClient Client, Person Person)>();
        try
        {
            foreach (var person in world.People) browsers.Add((await ArriveAsync(person, world.Password, cancellationToken), person));
            foreach (var recruiter in world.Recruiters.Skip(1))
            {
                using var client = NewClient();
                await SignUpAsync(client, recruiter.Name, recruiter.Email, world.Password, "recruiter", cancellationToken);
                await PublishAsync(client, recruiter, positions, cancellationToken);
            }
            foreach (var (client, person) in browsers)
            {
                foreach (var letter in person.Applies)
                    await PostAsync(client, "/api/applications", new JsonObject { ["position_id"] = positions[letter.To], ["message"] = letter.Message }, cancellationToken);
            }
        }
        finally
        {
            foreach (var (client, _) in browsers) client.Dispose();
        }
        return access;
    }

    private async Task PublishAsync(HttpClient client, Recruiter recruiter, Dictionary<string, Guid> positions, CancellationToken cancellationToken)
    {
        var today = Today();
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
        Arrived(log, recruiter.Name);
    }

    private async Task<HttpClient> ArriveAsync(Person person, string password, CancellationToken cancellationToken)
    {
        var today = Today();
        var client = NewClient();
        await SignUpAsync(client, person.Name, person.Email, password, "job_seeker", cancellationToken);
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
        Arrived(log, person.Name);
        return client;
    }

    /// <summary>A world that was left half made is better made anew than filled up: nobody could say what of it is missing.</summary>
    private async Task MustBeWholeAsync(World world, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        var last = world.Recruiters[^1];
        using var answer = await client.PostAsJsonAsync("/api/auth/sign-in", new { last.Email, world.Password }, Json, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new CommandException("A part of the demonstration is there already, from a start that was interrupted or with passwords that were changed. Remove it with `weft demo remove`, then start with --demo again.");
    }

    private DateOnly Today() => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

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
            if (time.GetElapsedTime(started) > RunLimit) throw new CommandException($"The run {run} of the demonstration did not end within {RunLimit.TotalSeconds} seconds; see it at {server}runs/{run}.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private static async Task MustSucceedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode) return;
        var problem = await answer.Content.ReadAsStringAsync(cancellationToken);
        throw new CommandException($"Making the demonstration failed at {answer.RequestMessage?.RequestUri?.AbsolutePath}: {(int)answer.StatusCode} {problem}");
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

    /// <summary>How to look at the world: one of each kind, and the password of all.</summary>
    public sealed record DemoAccess(string Recruiter, string JobSeeker, string Password);

    private sealed record World(string Password, IReadOnlyList<Recruiter> Recruiters, IReadOnlyList<Person> People);

    private sealed record Recruiter(string Name, string Email, JsonObject Company, IReadOnlyList<JsonObject> Positions);

    private sealed record Person(string Name, string Email, string Cv, IReadOnlyList<Stretch> Free, IReadOnlyList<Letter> Applies);

    private sealed record Stretch(int In, int? Lasts);

    private sealed record Letter(string To, string Message);
}
