using Weft.Engine.Runtime;
using Weft.Engine.Store;
using Weft.Testing;

namespace Weft.Engine.Tests.Runtime;

public sealed class RuntimeUnitTests
{
    [Fact]
    public void Ids_only_grow_also_when_the_clock_is_set_back()
    {
        var clock = new ManualClock();
        var ids = new RunIds(clock);
        var made = new List<Guid>();
        for (var i = 0; i < 10_000; i++) made.Add(ids.Next(i % 16));
        clock.Advance(TimeSpan.FromSeconds(1));
        made.Add(ids.Next(3));
        var back = new RunIds(new ManualClock(clock.GetUtcNow() - TimeSpan.FromDays(1)));
        back.Next(0).CompareTo(made[0]).ShouldBeLessThan(0);

        made.Zip(made.Skip(1)).ShouldAllBe(pair => pair.First.CompareTo(pair.Second) < 0);
        made.ShouldAllBe(id => id.Version == 7 && id.Variant >= 8 && id.Variant <= 11);
        made.Select((id, i) => (id, i)).Take(10_000).ShouldAllBe(x => RunIds.SlotOf(x.id) == x.i % 16);
        RunIds.At(clock.GetUtcNow()).CompareTo(made[^1]).ShouldBeLessThanOrEqualTo(0);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(3, 8)]
    [InlineData(10, 60)]
    [InlineData(1_000, 60)]
    public void Exponential_delays_double_up_to_the_longest(int failures, int seconds)
    {
        var policy = new RetryPolicy { Kind = RetryKind.Exponential, Interval = TimeSpan.FromSeconds(2), MaxInterval = TimeSpan.FromSeconds(60) };

        Retries.Delay(policy, failures, 0.5).ShouldBe(TimeSpan.FromSeconds(seconds));
        Retries.Delay(policy with { Jitter = true }, failures, 0).ShouldBe(TimeSpan.FromSeconds(seconds / 2.0));
        Retries.Delay(policy with { Jitter = true }, failures, 0.999_999).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void Attempts_end_by_number_and_by_time()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var policy = new RetryPolicy { Kind = RetryKind.Constant, Interval = TimeSpan.FromSeconds(10), MaxAttempts = 3, MaxDuration = TimeSpan.FromSeconds(25) };

        Retries.Next(null, 1, start, start, 0).ShouldBeNull();
        Retries.Next(policy, 1, start, start, 0).ShouldBe(start.AddSeconds(10));
        Retries.Next(policy, 2, start, start.AddSeconds(15), 0).ShouldBe(start.AddSeconds(25));
        Retries.Next(policy, 2, start, start.AddSeconds(16), 0).ShouldBeNull();
        Retries.Next(policy, 3, start, start, 0).ShouldBeNull();
        Retries.Delay(policy with { Kind = RetryKind.Random, MaxInterval = TimeSpan.FromSeconds(20) }, 1, 0.5).ShouldBe(TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData("plain", true)]
    [InlineData("a\0b", false)]
    [InlineData("\\u0000 as text", true)]
    [InlineData("\\\0", false)]
    public void A_nul_character_is_found_and_text_that_only_looks_like_one_is_not(string text, bool storable)
    {
        if (storable) Json.Write(text, 1_000, "It").ShouldBe(FlowValue.ToJson(text));
        else Should.Throw<FlowException>(() => Json.Write(text, 1_000, "It")).Code.ShouldBe("value_not_storable");
    }

    [Fact]
    public void A_run_enters_once_leaves_once_and_is_not_let_in_again_by_a_reading_that_began_before()
    {
        var live = new LiveRuns(2);
        var ids = new RunIds(TimeProvider.System);
        var (a, b, c) = (ids.Next(1), ids.Next(1), ids.Next(1));
        live.Enter(a, 1).ShouldBe(EntryKind.NotOurs);
        live.Open([1]);
        live.BeginRead();
        live.Enter(a, 1).ShouldBe(EntryKind.Entered);
        live.Enter(a, 1).ShouldBe(EntryKind.Known);
        live.Enter(b, 1).ShouldBe(EntryKind.Entered);
        live.Enter(c, 1).ShouldBe(EntryKind.Full);
        live.Leave(a);
        live.Enter(a, 1).ShouldBe(EntryKind.Known);
        live.Close([1]);
        live.Emptied([1]).ShouldBeEmpty();
        live.Leave(b);
        live.Emptied([1]).ShouldBe([(short)1]);
        live.Open([1]);
        live.BeginRead();
        live.Enter(a, 1).ShouldBe(EntryKind.Entered);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        var options = new EngineOptions { MaxRunsInMemory = 0, Lease = TimeSpan.FromSeconds(1) };

        var refused = Should.Throw<System.ComponentModel.DataAnnotations.ValidationException>(options.Validate);

        refused.Message.ShouldContain(nameof(EngineOptions.MaxRunsInMemory));
        refused.Message.ShouldContain(nameof(EngineOptions.Lease));
    }
}
