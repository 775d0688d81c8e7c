using Microsoft.Extensions.Logging;
using Weft.Engine.Tasks;
using Weft.Testing;

namespace Weft.Engine.Tests.Tasks;

public sealed class LeafTaskTests
{
    [Fact]
    public async Task Log_writes_each_line_of_a_list_with_its_level()
    {
        var step = new TestStep(new LogTask(), FlowValue.Map(("message", new List<object?> { "one", 2L, true }), ("level", "warn")));

        (await step.RunAsync()).ShouldBe(StepOutcome.Done());

        step.Lines.ShouldBe([(LogLevel.Warning, "one"), (LogLevel.Warning, "2"), (LogLevel.Warning, "true")]);
    }

    [Fact]
    public async Task Log_writes_a_map_as_one_line_of_JSON()
    {
        var step = new TestStep(new LogTask(), FlowValue.Map(("message", FlowValue.Map(("a", 1L)))));

        await step.RunAsync();

        step.Lines.ShouldBe([(LogLevel.Information, """{"a":1}""")]);
    }

    [Fact]
    public async Task Log_names_the_levels_when_a_template_gives_another() =>
        (await Should.ThrowAsync<FlowException>(() => new TestStep(new LogTask(), FlowValue.Map(("message", "x"), ("level", "LOUD"))).RunAsync()))
            .Message.ShouldContain("TRACE, DEBUG, INFO, WARN or ERROR");

    [Fact]
    public async Task Return_keeps_the_type_of_its_value()
    {
        var list = new List<object?> { 1L, null };

        var outcome = await new TestStep(new ReturnTask(), FlowValue.Map(("value", list))).RunAsync();

        outcome.Output()["value"].ShouldBeSameAs(list);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData("true", true)]
    [InlineData("anything", true)]
    [InlineData(1L, true)]
    [InlineData(false, false)]
    [InlineData("false", false)]
    [InlineData(" ", false)]
    [InlineData("0", false)]
    [InlineData(0L, false)]
    public async Task Fail_fails_where_its_condition_holds(object condition, bool fails)
    {
        var outcome = await new TestStep(new FailTask(), FlowValue.Map(("condition", condition), ("message", "too bad"))).RunAsync();

        if (fails) outcome.ShouldBeOfType<StepOutcome.FailOutcome>().Message.ShouldBe("too bad");
        else outcome.ShouldBe(StepOutcome.Done());
    }

    [Fact]
    public async Task Fail_without_a_condition_always_fails_and_says_something()
    {
        var failure = (await new TestStep(new FailTask()).RunAsync()).ShouldBeOfType<StepOutcome.FailOutcome>();

        failure.Code.ShouldBe("failed_by_flow");
        failure.Message.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task Set_gives_its_values_by_name()
    {
        var outcome = await new TestStep(new SetTask(), FlowValue.Map(("values", FlowValue.Map(("a", 1L), ("b", "x"))))).RunAsync();

        outcome.Output().ShouldBe(FlowValue.Map(("a", 1L), ("b", "x")));
    }

    [Theory]
    [InlineData("PT2S", 2)]
    [InlineData("PT1M30S", 90)]
    [InlineData("P1DT1H", 90_000)]
    public async Task Sleep_waits_until_the_duration_has_passed(string duration, int seconds)
    {
        var clock = new ManualClock();

        var outcome = await new TestStep(new SleepTask(), FlowValue.Map(("duration", duration))) { Clock = clock }.RunAsync();

        outcome.ShouldBe(StepOutcome.WaitUntil(clock.GetUtcNow().AddSeconds(seconds)));
    }

    [Theory]
    [InlineData("2 seconds")]
    [InlineData("-PT1S")]
    [InlineData("P100Y")]
    [InlineData("5")]
    public async Task Sleep_refuses_what_is_no_sensible_duration(string duration) =>
        (await Should.ThrowAsync<FlowException>(() => new TestStep(new SleepTask(), FlowValue.Map(("duration", duration))).RunAsync()))
            .Code.ShouldBe("step_property_invalid");
}
