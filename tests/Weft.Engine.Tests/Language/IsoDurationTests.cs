using Weft.Engine.Language;

namespace Weft.Engine.Tests.Language;

public sealed class IsoDurationTests
{
    [Theory]
    [InlineData("PT2S", "PT2S")]
    [InlineData("P1D", "P1D")]
    [InlineData("P2W", "P14D")]
    [InlineData("PT90M", "PT1H30M")]
    [InlineData("P1DT2H3M4.5S", "P1DT2H3M4.5S")]
    [InlineData("pt0.25s", "PT0.25S")]
    [InlineData("PT0S", "PT0S")]
    [InlineData("PT86400S", "P1D")]
    public void A_duration_is_read_and_written_in_its_shortest_form(string text, string expected)
    {
        IsoDuration.TryParse(text, out var duration).ShouldBeTrue();
        IsoDuration.Format(duration).ShouldBe(expected);
        IsoDuration.Parse(expected).ShouldBe(duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("5S")]
    [InlineData("P5S")]
    [InlineData("PT5D")]
    [InlineData("P1Y")]
    [InlineData("P1M")]
    [InlineData("PT1S2M")]
    [InlineData("PT1S1S")]
    [InlineData("PT1.5M")]
    [InlineData("PT-5S")]
    [InlineData("-PT5S")]
    [InlineData("PT1.2.3S")]
    [InlineData("PTS")]
    [InlineData("PT999999999999999999S")]
    [InlineData("P36526D")]
    [InlineData("PT٣S")]
    public void What_is_no_duration_is_refused(string text) => IsoDuration.TryParse(text, out _).ShouldBeFalse();
}
