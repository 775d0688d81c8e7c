using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Weft.Testing;

namespace Weft.Postgres.Tests;

public sealed class ListenHubTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Delivers_to_every_subscriber_of_the_channel_and_to_no_other()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var hub = new ListenHub(test.Database.DirectConnectionString, TimeProvider.System, NullLoggerFactory.Instance);
        using var one = hub.Subscribe("news");
        using var two = hub.Subscribe("news");
        using var other = hub.Subscribe("other");
        await Task.WhenAll(one.Ready, two.Ready, other.Ready).WaitAsync(Patience, Stop);

        await NotifyAsync(test, "news", "hello");
        await NotifyAsync(test, "other", "there");

        (await NextAsync(one)).ShouldBe(new Notice("hello", IsGap: false));
        (await NextAsync(two)).ShouldBe(new Notice("hello", IsGap: false));
        (await NextAsync(other)).ShouldBe(new Notice("there", IsGap: false));
    }

    [Fact]
    public async Task A_subscription_made_while_others_listen_is_heard_too()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var hub = new ListenHub(test.Database.DirectConnectionString, TimeProvider.System, NullLoggerFactory.Instance);
        using var early = hub.Subscribe("early");
        await early.Ready.WaitAsync(Patience, Stop);
        using var late = hub.Subscribe("Late \"quoted\"");
        await late.Ready.WaitAsync(Patience, Stop);

        await NotifyAsync(test, "Late \"quoted\"", "1");
        await NotifyAsync(test, "early", "2");

        (await NextAsync(late)).Payload.ShouldBe("1");
        (await NextAsync(early)).Payload.ShouldBe("2");
    }

    [Fact]
    public async Task After_a_lost_connection_subscribers_are_told_of_the_gap_and_hear_again()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var hub = new ListenHub(test.Database.DirectConnectionString, TimeProvider.System, NullLoggerFactory.Instance);
        using var news = hub.Subscribe("news");
        await news.Ready.WaitAsync(Patience, Stop);

        await using (var command = test.Superuser.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%direct'"))
            await command.ExecuteNonQueryAsync(Stop);

        (await NextAsync(news)).IsGap.ShouldBeTrue();
        await NotifyAsync(test, "news", "again");
        (await NextAsync(news)).ShouldBe(new Notice("again", IsGap: false));
    }

    [Fact]
    public async Task A_subscriber_that_falls_behind_is_told_that_it_missed_something()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var hub = new ListenHub(test.Database.DirectConnectionString, TimeProvider.System, NullLoggerFactory.Instance);
        using var slow = hub.Subscribe("news");
        using var marker = hub.Subscribe("marker");
        await Task.WhenAll(slow.Ready, marker.Ready).WaitAsync(Patience, Stop);

        await using (var command = test.Superuser.CreateCommand("select pg_notify('news', i::text) from generate_series(1, 3000) i"))
            await command.ExecuteNonQueryAsync(Stop);
        await NotifyAsync(test, "marker", "all sent");
        (await NextAsync(marker)).Payload.ShouldBe("all sent");

        (await NextAsync(slow)).IsGap.ShouldBeTrue();
        await NotifyAsync(test, "news", "fresh");
        (await NextAsync(slow)).ShouldBe(new Notice("fresh", IsGap: false));
    }

    [Fact]
    public async Task Disposing_the_hub_ends_every_subscription()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        var hub = new ListenHub(test.Database.DirectConnectionString, TimeProvider.System, NullLoggerFactory.Instance);
        using var news = hub.Subscribe("news");
        await news.Ready.WaitAsync(Patience, Stop);

        await hub.DisposeAsync();

        await foreach (var notice in news.ReadAllAsync(Stop))
            Assert.Fail($"unexpected {notice}");
        Should.Throw<ObjectDisposedException>(() => hub.Subscribe("news"));
    }

    private static async Task<Notice> NextAsync(ListenSubscription subscription)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(Patience);
        return await subscription.ReadAsync(deadline.Token);
    }

    private static async Task NotifyAsync(TestDatabase test, string channel, string payload)
    {
        await using var command = test.Superuser.CreateCommand("select pg_notify($1, $2)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = channel });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = payload });
        await command.ExecuteNonQueryAsync(Stop);
    }
}
