using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Commands;
using Weft.Hiring.Accounts;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Hosting;

/// <summary>A node from its start to its end: the embedded server where there is one, the schema, the engine, the web.</summary>
internal sealed class RunningNode : IAsyncDisposable
{
    private readonly EmbeddedPostgres? _server;
    private readonly WeftDatabase _database;
    private readonly LocalNode? _folder;

    private RunningNode(EmbeddedPostgres? server, WeftDatabase database, WebApplication app, LocalNode? folder, string address)
    {
        (_server, _database, App, _folder, Address) = (server, database, app, folder, address);
    }

    public WebApplication App { get; }

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    /// <summary>The key that commands on this machine use.</summary>
    public string LocalKey => App.Services.GetRequiredService<LocalKey>().Value;

    /// <summary>Starts a node; announced, it is where commands on this machine turn to. Throws with a sentence and a remedy, and with nothing left running, when it cannot.</summary>
    public static async Task<RunningNode> StartAsync(WeftSettings settings, NodeRole role, bool announce, CancellationToken cancellationToken)
    {
        // Known before a database is started for nothing.
        if (settings.Http.Port != 0) CheckPort(settings.Http);
        var isEmbedded = settings.Database is { Admin: null, Engine: null, App: null, Flow: null };
        LocalNode? folder = null;
        EmbeddedPostgres? server = null;
        WeftDatabase? database = null;
        WebApplication? app = null;
        try
        {
            if (isEmbedded) folder = await LocalNode.TakeAsync(settings.DataDir, cancellationToken);
            var log = NullLoggerFactory.Instance;
            // The host's classes are loaded and compiled while the database starts.
            var warm = Task.Run(() => WebWarmUp.Run(), CancellationToken.None);
            if (isEmbedded) server = await EmbeddedPostgres.StartAsync(new EmbeddedOptions { DataDirectory = settings.DataDir }, log, cancellationToken);
            database = await Schema.OpenAsync(settings, server?.AdminUrl ?? settings.Database.Admin, migrate: true, log, cancellationToken);
            await warm;
            app = WeftHost.Build(settings, database, role, announce ? LogLevel.Information : LogLevel.Warning);
            await app.StartAsync(cancellationToken);
            var address = AddressOf(app);
            if (announce) folder?.Announce(address, app.Services.GetRequiredService<LocalKey>().Value);
            return new RunningNode(server, database, app, folder, address);
        }
        catch (Exception e)
        {
            if (app is not null) await app.DisposeAsync();
            if (database is not null) await database.DisposeAsync();
            if (server is not null) await server.StopAsync(CancellationToken.None);
            folder?.Dispose();
            if (e is IOException && e.InnerException is AddressInUseException) throw PortTaken(settings.Http);
            throw;
        }
    }

    /// <summary>Takes no more requests, lets what is in progress finish, then stops the database. Cancelled, it does not wait.</summary>
    public async Task StopAsync(CancellationToken atOnce)
    {
        try
        {
            await App.StopAsync(atOnce).WaitAsync(atOnce);
        }
        catch (OperationCanceledException)
        {
            // What was in progress goes on after the next start, from its last recorded step, as after a crash.
            if (_server is not null) await _server.StopAsync(CancellationToken.None);
            _folder?.Dispose();
            return;
        }
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _database.DisposeAsync();
        if (_server is not null) await _server.StopAsync(CancellationToken.None);
        _folder?.Dispose();
    }

    private static string AddressOf(WebApplication app)
    {
        var listening = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return listening.Replace("://0.0.0.0:", "://127.0.0.1:", StringComparison.Ordinal).Replace("://[::]:", "://[::1]:", StringComparison.Ordinal);
    }

    private static void CheckPort(HttpSettings http)
    {
        var address = http.Listen == "localhost" ? IPAddress.Loopback : IPAddress.Parse(http.Listen);
        try
        {
            using var probe = new TcpListener(address, http.Port);
            // As Kestrel binds: a socket that lingers after the last stop is no obstacle.
            probe.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            probe.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw PortTaken(http);
        }
        catch (SocketException e)
        {
            throw new CommandException($"Weft cannot listen on {http.Listen} port {http.Port}: {e.Message}. Choose another with --port (WEFT_HTTP__PORT) or http.listen.");
        }
    }

    private static CommandException PortTaken(HttpSettings http) =>
        new($"Port {http.Port} on {http.Listen} is in use. Stop what uses it, or choose another: weft up --port {(http.Port < 65535 ? http.Port + 1 : 8081)}");
}
