using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Weft.Tests;

/// <summary>What people of the market do, in a line each. Every test uses crafts of its own, so that nobody else's people match its positions.</summary>
internal static class Market
{
    public static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private static int _crafts;

    /// <summary>A skill that nobody else has.</summary>
    public static string Craft() => $"Craft{Interlocked.Increment(ref _crafts)}y";

    public static string Day(int inDays) => Today.AddDays(inDays).ToString("yyyy-MM-dd");

    public static async Task<HttpResponseMessage> PatchAsync(this Person person, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, path) { Content = JsonContent.Create(body) };
        return await person.SendAsync(request);
    }

    public static async Task<HttpResponseMessage> PutAsync(this Person person, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = JsonContent.Create(body) };
        return await person.SendAsync(request);
    }

    /// <summary>The body of an answer that must have this status.</summary>
    public static async Task<JsonElement> OkAsync(this Task<HttpResponseMessage> sent, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var answer = await sent;
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(status, text);
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Posts a position for the next hundred days; <paramref name="more"/> overrides and adds fields.</summary>
    public static async Task<JsonElement> PostPositionAsync(this Person recruiter, string title, string[] skills, object? more = null)
    {
        var body = new Dictionary<string, object?>
        {
            ["title"] = title, ["required_skills"] = skills, ["starts_on"] = Day(0), ["ends_on"] = Day(99), ["remote"] = "remote",
        };
        foreach (var property in more?.GetType().GetProperties() ?? []) body[property.Name] = property.GetValue(more);
        return await recruiter.PostAsync("/api/positions", body).OkAsync(HttpStatusCode.Created);
    }

    /// <summary>A job seeker with these skills who is free from <paramref name="from"/> days on, for good.</summary>
    public static async Task<Person> JobSeekerAsync(this TestHost host, string[] skills, int? from = 0)
    {
        var person = await host.SignUpAsync();
        await person.PatchAsync("/api/profile", new { skills }).OkAsync();
        if (from is { } days) await person.FreeAsync((days, null));
        // Otherwise a position that is posted next could be found by the person before it finds them.
        await person.EndedAsync("hiring/profile-updated", from is null ? 1 : 2);
        return person;
    }

    public static Task<JsonElement> FreeAsync(this Person person, params (int From, int? To)[] stretches) =>
        person.PutAsync("/api/profile/availability", stretches.Select(s => new { from = Day(s.From), to = s.To is { } to ? Day(to) : null }).ToArray()).OkAsync();

    public static Guid Id(this JsonElement row) => row.GetProperty("id").GetGuid();

    public static async Task<List<JsonElement>> ItemsAsync(this Person person, string path) => [.. (await person.ReadAsync(path)).GetProperty("items").EnumerateArray()];

    public static Task<List<JsonElement>> PoolAsync(this Person recruiter, Guid position) => recruiter.ItemsAsync($"/api/positions/{position}/candidates");

    public static Task<List<JsonElement>> PoolAsync(this Person recruiter, Guid position, Predicate<List<JsonElement>> until) =>
        Eventually.ShouldBeAsync(() => recruiter.PoolAsync(position), until, $"the pool of {position}");

    public static Task<List<JsonElement>> MatchesAsync(this Person person, Predicate<List<JsonElement>> until) =>
        Eventually.ShouldBeAsync(() => person.ItemsAsync("/api/matches"), until, $"the matches of {person.Email}");

    /// <summary>Waits until the person has this many mails about something.</summary>
    public static Task<List<JsonElement>> MailAboutAsync(this Person person, string subject, int count = 1) => Eventually.ShouldBeAsync(
        async () => (await person.MailAsync()).FindAll(m => m.GetProperty("subject").GetString()!.Contains(subject, StringComparison.Ordinal)),
        mails => mails.Count >= count, $"mail about '{subject}' to {person.Email}");

    /// <summary>Waits until all of the person's runs of the flow have ended, and there are this many.</summary>
    public static async Task<List<JsonElement>> EndedAsync(this Person person, string flow, int count)
    {
        var runs = await person.RunsAsync(flow, runs => runs.Count >= count && runs.TrueForAll(r => r.GetProperty("finished_at").ValueKind != JsonValueKind.Null));
        runs.Count.ShouldBe(count);
        runs.ShouldAllBe(r => r.GetProperty("status").GetString() == "completed");
        return runs;
    }
}
