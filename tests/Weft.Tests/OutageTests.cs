using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Hiring;
using Weft.Hosting;
using Weft.Postgres;
using Weft.Testing;

namespace Weft.Tests;

public sealed class OutageTests
{
    [Fact(Timeout = 120_000)]
    public async Task A_database_that_goes_away_is_a_503_and_everything_goes_on_when_it_is_back()
    {
        await using var test = await TestDatabase.CreateAsync(TestContext.Current.CancellationToken);
        var server = ConnectionText.Parse(test.TcpUrl);
        await using var wire = new Wire(server.Port);
        server.Port = wire.Port;
        await using var database = await WeftDatabase.OpenAsync(
            new DatabaseOptions { AdminUrl = ConnectionText.ToUrl(server), ConnectTimeout = TimeSpan.FromSeconds(2) }, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
        await using var app = WeftHost.Build(TestHost.Settings(), database, NodeRole.All);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var person = new Person(new Uri(app.Urls.Single()), "outage@example.org");
        (await person.SignUpAsync()).EnsureSuccessStatusCode();

        wire.Cut();
        foreach (var path in new[] { "/api/auth/me", "/api/runs", "/health/ready" })
        {
            var answer = await person.GetAsync(path);
            await answer.ShouldBeAsync(Problems.DatabaseUnavailable);
            answer.Headers.RetryAfter.ShouldNotBeNull();
        }
        (await person.GetAsync("/health/live")).StatusCode.ShouldBe(HttpStatusCode.OK);

        wire.Mend();
        await Eventually.ShouldBeAsync(async () => (await person.GetAsync("/health/ready")).StatusCode, s => s == HttpStatusCode.OK, "readiness");
        (await person.GetAsync("/api/auth/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        // The registration that may have been under way ends too.
        var runs = await person.RunsAsync("hiring/registration", r => r.Count == 1 && r[0].GetProperty("status").GetString() == "completed");
        runs.ShouldHaveSingleItem();
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The wire to the database, which can be cut: what goes through breaks, and nobody gets through any more.</summary>
    private sealed class Wire : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly int _target;
        private readonly Task _accepting;
        private readonly List<TcpClient> _open = [];
        private volatile bool _cut;

        public Wire(int target)
        {
            _target = target;
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Cut()
        {
            _cut = true;
            lock (_open)
            {
                foreach (var client in _open) client.Dispose();
                _open.Clear();
            }
        }

        public void Mend() => _cut = false;

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptTcpClientAsync(_end.Token);
                    if (_cut) client.Dispose();
                    else _ = PassAsync(client);
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        private async Task PassAsync(TcpClient client)
        {
            var server = new TcpClient();
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, _end.Token);
                lock (_open)
                {
                    _open.Add(client);
                    _open.Add(server);
                }
                await Task.WhenAny(client.GetStream().CopyToAsync(server.GetStream(), _end.Token), server.GetStream().CopyToAsync(client.GetStream(), _end.Token));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Cut, or over.
            }
            finally
            {
                client.Dispose();
                server.Dispose();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _accepting;
            Cut();
            _listener.Dispose();
            _end.Dispose();
        }
    }
}
