using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Weft.Hiring.Accounts;
using Weft.Hosting;
using Weft.Settings;
using Weft.Testing;

[assembly: AssemblyFixture(typeof(Weft.Tests.TestHost))]

namespace Weft.Tests;

/// <summary>The product as people meet it: the real host on a port of its own, over a database of its own, with its shipped flows.</summary>
public sealed class TestHost : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private WebApplication _app = null!;
    private int _people;

    /// <summary>The person whose account was the first; everybody else is an ordinary person.</summary>
    public Person Operator { get; private set; } = null!;

    internal Uri Address { get; private set; } = null!;

    internal TestDatabase Database => _database;

    internal IServiceProvider Services => _app.Services;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(CancellationToken.None);
        _app = WeftHost.Build(Settings(), _database.Database, NodeRole.All);
        await _app.StartAsync();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Operator = await SignUpAsync("recruiter");
    }

    internal static WeftSettings Settings(AccountOptions? accounts = null) => new()
    {
        DataDir = Path.GetTempPath(),
        Http = new HttpSettings { Port = 0, PublicUrl = "https://weft.example" },
        Accounts = accounts ?? new AccountOptions { SignInsPerMinute = 10_000, SignUpsPerMinute = 10_000 },
    };

    /// <summary>Somebody with a browser and no account.</summary>
    public Person Visitor() => new(Address, $"person{Interlocked.Increment(ref _people)}@example.org");

    /// <summary>Somebody who just signed up, with the session in their browser.</summary>
    public async Task<Person> SignUpAsync(string role = "job_seeker")
    {
        var person = Visitor();
        var answer = await person.SignUpAsync(role);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return person;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }
}
