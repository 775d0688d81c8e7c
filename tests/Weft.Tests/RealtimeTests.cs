using Microsoft.Extensions.DependencyInjection;
using Weft.Hiring;
using Weft.Hiring.Realtime;

namespace Weft.Tests;

public sealed class RealtimeTests(TestHost host)
{
    [Fact]
    public async Task A_change_reaches_who_may_see_the_row_and_nobody_else()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        var run = (await person.RunsAsync("hiring/registration", r => r.Count == 1))[0].GetProperty("id").GetGuid();
        var other = (await stranger.RunsAsync("hiring/registration", r => r.Count == 1))[0].GetProperty("id").GetGuid();
        await using var mine = await Listener.OpenAsync(person, "/api/realtime?topics=runs");
        await using var theirs = await Listener.OpenAsync(stranger, "/api/realtime?topics=runs");

        var hub = host.Services.GetRequiredService<ChangeHub>();
        hub.Publish("runs", run);
        // What comes after it proves that the first was left out, not late.
        hub.Publish("runs", other);

        await mine.WaitForAsync($"\"id\":\"{run}\"");
        await theirs.WaitForAsync($"\"id\":\"{other}\"");
        theirs.Seen.ShouldNotContain(run.ToString());
        mine.Seen.ShouldNotContain(other.ToString());
    }

    [Fact]
    public async Task A_stream_goes_on_where_it_was_cut_and_says_so_when_it_cannot()
    {
        using var person = await host.SignUpAsync();
        var run = (await person.RunsAsync("hiring/registration", r => r.Count == 1))[0].GetProperty("id").GetGuid();
        string position;
        await using (var first = await Listener.OpenAsync(person, "/api/realtime?topics=runs"))
        {
            await first.WaitForAsync("id: ");
            position = first.Seen.Split("id: ")[^1].Split('\n')[0];
        }
        host.Services.GetRequiredService<ChangeHub>().Publish("runs", run);
        await using var second = await Listener.OpenAsync(person, "/api/realtime?topics=runs", position);
        await second.WaitForAsync($"\"id\":\"{run}\"");
        second.Seen.ShouldNotContain("event: reset");
        await using var lost = await Listener.OpenAsync(person, "/api/realtime?topics=runs", "another.5");
        await lost.WaitForAsync("event: reset");
    }

    [Fact]
    public async Task A_run_is_watched_to_its_end()
    {
        using var person = await host.SignUpAsync();
        var run = (await person.RunsAsync("hiring/registration", r => r.Count == 1))[0].GetProperty("id").GetGuid();
        await using var stream = await Listener.OpenAsync(person, $"/api/runs/{run}/events");
        await stream.WaitForAsync("event: end\ndata: {\"status\":\"completed\"}");
    }

    [Fact]
    public async Task An_unknown_topic_and_a_visitor_are_refused()
    {
        using var person = await host.SignUpAsync();
        using var visitor = host.Visitor();
        await (await person.GetAsync("/api/realtime?topics=runs,secrets")).ShouldBeAsync(Problems.MalformedRequest);
        await (await visitor.GetAsync("/api/realtime")).ShouldBeAsync(Problems.SignedOut);
    }

    private sealed class Listener : IAsyncDisposable
    {
        private readonly HttpResponseMessage _answer;
        private readonly Stream _stream;
        private readonly byte[] _buffer = new byte[16 * 1024];

        private Listener(HttpResponseMessage answer, Stream stream) => (_answer, _stream) = (answer, stream);

        public string Seen { get; private set; } = "";

        public static async Task<Listener> OpenAsync(Person person, string path, string? lastEventId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
            var answer = await person.SendAsync(request);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
            var listener = new Listener(answer, await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
            // The first bytes come once the subscription stands.
            await listener.WaitForAsync("retry: ");
            return listener;
        }

        public async Task WaitForAsync(string text)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(30));
            while (!Seen.Contains(text, StringComparison.Ordinal))
            {
                var read = await _stream.ReadAsync(_buffer, deadline.Token);
                if (read == 0) throw new InvalidOperationException($"The stream ended without '{text}': {Seen}");
                Seen += System.Text.Encoding.UTF8.GetString(_buffer, 0, read);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stream.DisposeAsync();
            _answer.Dispose();
        }
    }
}
