using Weft.Testing;

namespace Weft.Postgres.Tests;

/// <summary>The tools that all other tests stand on.</summary>
public sealed class TestingToolsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_left_open_fails_the_test_that_left_it()
    {
        var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using var forgotten = await test.Database.App.OpenConnectionAsync(Stop);

        var complaint = await Should.ThrowAsync<InvalidOperationException>(() => test.DisposeAsync().AsTask());
        complaint.Message.ShouldContain("left 1 database session(s) open");
    }

    [Fact]
    public async Task Two_tests_do_not_see_each_other()
    {
        await using var one = await TestDatabase.CreateAsync(Stop);
        await using var two = await TestDatabase.CreateAsync(Stop);
        await using var make = one.Superuser.CreateCommand("create table only_here (id int)");
        await make.ExecuteNonQueryAsync(Stop);

        await using var look = two.Superuser.CreateCommand("select to_regclass('only_here') is null");
        (await look.ExecuteScalarAsync(Stop)).ShouldBe(true);
    }

    [Theory]
    [InlineData("select * from shop.thing where id = @id and name = any(@names) and tags @> array[@id::text]", null)]
    [InlineData("select 'an @quoted; text', $$ @dollar; $$ -- @comment;\n from shop.thing; select 1;", null)]
    [InlineData("copy shop.thing (id, name) from stdin (format binary)", null)]
    [InlineData("select nothing from shop.thing", "42703")]
    [InlineData("delete from shop.thing where id = @id", "42501")]
    [InlineData("select 1; selec 2", "42601")]
    public async Task A_statement_is_checked_for_names_and_privileges_without_running(string sql, string? state)
    {
        await using var test = await TestDatabase.CreateEmptyAsync(Stop);
        await using (var make = test.Database.Admin.CreateCommand("create schema shop; grant usage on schema shop to weft_app; create table shop.thing (id int, name text, tags text[]); grant select, insert on shop.thing to weft_app"))
            await make.ExecuteNonQueryAsync(Stop);

        var complaint = await SqlStatements.ExplainAsync(test.Database, new SqlStatement("Test", DatabaseRole.App, sql), Stop);
        if (state is null)
            complaint.ShouldBeNull();
        else
            complaint.ShouldStartWith(state);
    }

    [Fact]
    public async Task A_manual_clock_fires_timers_in_order_as_it_moves()
    {
        var clock = new ManualClock();
        var start = clock.GetUtcNow();
        var fired = new List<(string, TimeSpan)>();
        await using var late = clock.CreateTimer(_ => fired.Add(("late", clock.GetUtcNow() - start)), null, TimeSpan.FromMinutes(3), Timeout.InfiniteTimeSpan);
        await using var often = clock.CreateTimer(_ => fired.Add(("often", clock.GetUtcNow() - start)), null, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2));

        clock.Advance(TimeSpan.FromMinutes(5));

        fired.ShouldBe([("often", TimeSpan.FromMinutes(2)), ("late", TimeSpan.FromMinutes(3)), ("often", TimeSpan.FromMinutes(4))]);
        (clock.GetUtcNow() - start).ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_delay_on_a_manual_clock_ends_when_its_time_comes()
    {
        var clock = new ManualClock();
        var delay = Task.Delay(TimeSpan.FromHours(1), clock, Stop);
        await clock.WaitForTimerAsync(Stop);

        clock.Advance(TimeSpan.FromMinutes(59));
        delay.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMinutes(1));
        await delay.WaitAsync(TimeSpan.FromSeconds(20), Stop);
    }
}
