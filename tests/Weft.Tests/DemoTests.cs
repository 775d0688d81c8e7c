using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weft.Demo;
using Weft.Hiring;
using Weft.Postgres;

namespace Weft.Tests;

/// <summary>The demonstration world comes through the product's own API, and goes without a trace.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_world_comes_once_is_believable_and_goes_without_a_trace()
    {
        await using var host = new TestHost();
        await host.InitializeAsync();
        using var passerBy = await host.JobSeekerAsync(["Technical writing", "Markdown"]);
        var before = await MentionsAsync(host);
        before.ShouldBeEmpty();

        var began = TimeProvider.System.GetTimestamp();
        var access = await LoadAsync(host);
        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(60));

        using var recruiter = new Person(host.Address, access.Recruiter);
        await recruiter.SignInAsync(access.Password).OkAsync();
        (await recruiter.ReadAsync("/api/auth/me")).GetProperty("is_operator").GetBoolean().ShouldBeFalse();
        var positions = await recruiter.ItemsAsync("/api/positions?limit=100");
        positions.Count.ShouldBe(12);
        positions.ShouldAllBe(p => p.GetProperty("company_name").GetString()!.Length > 0 && p.GetProperty("description").GetString()!.Length > 20);
        var pools = 0;
        foreach (var position in await recruiter.ItemsAsync("/api/positions?ours=true&limit=100")) pools += (await recruiter.PoolAsync(position.Id())).Count;
        pools.ShouldBeGreaterThan(2);
        (await recruiter.ItemsAsync("/api/applications")).Count.ShouldBe(3);
        await recruiter.MailAboutAsync("applied for", 3);
        using var seeker = new Person(host.Address, access.JobSeeker);
        await seeker.SignInAsync(access.Password).OkAsync();
        (await seeker.ReadAsync("/api/profile")).GetProperty("skills").GetArrayLength().ShouldBeGreaterThan(3);
        (await seeker.ItemsAsync("/api/matches")).ShouldNotBeEmpty();

        // Again does nothing.
        await LoadAsync(host);
        (await recruiter.ItemsAsync("/api/positions?limit=100")).Count.ShouldBe(12);

        using var refused = new HttpRequestMessage(HttpMethod.Delete, "/api/demo");
        await (await recruiter.SendAsync(refused)).ShouldBeAsync(Problems.Forbidden);
        await Eventually.ShouldBeAsync(() => CountAsync(host, "select count(*) from weft.queue") , n => n == 0, "runs in progress");
        await Eventually.ShouldBeAsync(() => CountAsync(host, "select count(*) from weft.outbox") , n => n == 0, "row changes in progress");
        (await MentionsAsync(host)).ShouldNotBeEmpty("the search below would find nothing either");
        (await host.Operator.DeleteAsync("/api/demo").OkAsync()).GetProperty("people").GetInt32().ShouldBe(8);
        (await MentionsAsync(host)).ShouldBeEmpty();
        (await host.Operator.DeleteAsync("/api/demo").OkAsync()).GetProperty("people").GetInt32().ShouldBe(0);
        (await host.Operator.ReadAsync("/api/auth/me")).GetProperty("is_operator").GetBoolean().ShouldBeTrue();
        (await passerBy.ReadAsync("/api/profile")).GetProperty("skills").GetArrayLength().ShouldBe(2);
        (await passerBy.MailAsync()).Count.ShouldBe(1, "the welcome stays");
    }

    private static Task<DemoWorld.DemoAccess> LoadAsync(TestHost host) =>
        new DemoWorld(host.Address, TimeProvider.System, host.Services.GetRequiredService<ILogger<DemoWorld>>()).LoadAsync(TestContext.Current.CancellationToken);

    // Every row of every table, as text, in which somebody or something of the demonstration is named.
    private static async Task<List<string>> MentionsAsync(TestHost host)
    {
        var admin = host.Database.Database.Admin;
        var stop = TestContext.Current.CancellationToken;
        var tables = new List<string>();
        await using (var list = admin.CreateCommand("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('auth', 'hiring', 'weft')"))
        await using (var reader = await list.ExecuteReaderAsync(stop))
            while (await reader.ReadAsync(stop)) tables.Add(reader.GetString(0));
        var mentions = new List<string>();
        foreach (var table in tables)
        {
            await using var search = admin.CreateCommand($"select '{table}: ' || left(t::text, 300) from {table} t where t::text ~* 'demo\\.example|Nordlicht|Harbour Analytics|Lindqvist'");
            await using var reader = await search.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop)) mentions.Add(reader.GetString(0));
        }
        return mentions;
    }

    private static async Task<long> CountAsync(TestHost host, string sql)
    {
        await using var count = host.Database.Database.Admin.CreateCommand(sql);
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
