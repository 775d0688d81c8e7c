using Weft.Documents.Fields;

namespace Weft.Documents.Tests;

public sealed class DateReaderTests
{
    [Theory]
    [InlineData("May 2019 – Aug. 2020", "2019-05", "2020-08")]
    [InlineData("Oct. 2021 - Current", "2021-10", "now")]
    [InlineData("2016 / 09 - 2018 / 01", "2016-09", "2018-01")]
    [InlineData("Apr ’12 – Sept '14", "2012-04", "2014-09")]
    [InlineData("Summer 2012 and 2013", "2012", "2013")]
    [InlineData("Summer 2013, 2014", "2013", "2014")]
    [InlineData("09/2016–03/2018", "2016-09", "2018-03")]
    [InlineData("03.05.2019 bis heute", "2019-05-03", "now")]
    [InlineData("März 2018 – Dezember 2020", "2018-03", "2020-12")]
    [InlineData("janv. 2015 à juillet 2016", "2015-01", "2016-07")]
    [InlineData("enero de 2015 a la actualidad", "2015-01", "now")]
    [InlineData("1 de mayo de 2010 - 30 de junio de 2011", "2010-05-01", "2011-06-30")]
    [InlineData("mrt 2020 - heden", "2020-03", "now")]
    [InlineData("2004-2005", "2004", "2005")]
    [InlineData("2018–21", "2018", "2021")]
    [InlineData("2019 - Present", "2019", "now")]
    [InlineData("2019 –", "2019", "now")]
    [InlineData("since 2019", "2019", "now")]
    [InlineData("seit 03/2020", "2020-03", "now")]
    [InlineData("from March 2015 to June 2016", "2015-03", "2016-06")]
    [InlineData("Sep - Dec 2019", "2019-09", "2019-12")]
    [InlineData("Month 20XX – Ongoing", null, "now")]
    [InlineData("2016-09 – 2017-02", "2016-09", "2017-02")]
    [InlineData("May 3, 2019 - June 4, 2020", "2019-05-03", "2020-06-04")]
    [InlineData("13/05/2019 - 05/13/2020", "2019-05-13", "2020-05-13")]
    [InlineData("03/05/2019 - 04/05/2020", "2019", "2020")]
    [InlineData("Fall 2013 – Spring 2014", "2013", "2014")]
    public void A_range_is_read_as_exactly_as_it_is_written(string text, string? from, string to)
    {
        var found = DateReader.Find("Engineer, " + text).ShouldHaveSingleItem();
        found.From?.ToString().ShouldBe(from);
        (found.Goes ? "now" : found.To?.ToString()).ShouldBe(to);
        found.IsRange.ShouldBeTrue();
    }

    [Theory]
    [InlineData("Graduation: June 2016", "2016-06")]
    [InlineData("Stanford University, 2020", "2020")]
    [InlineData("31 Feb 2019", "2019-02")]
    [InlineData("2020 Sep", "2020-09")]
    public void A_single_date_is_no_range(string text, string date)
    {
        var found = DateReader.Find(text).ShouldHaveSingleItem();
        found.From?.ToString().ShouldBe(date);
        found.IsRange.ShouldBeFalse();
    }

    [Theory]
    [InlineData("Saved $2000 a year")]
    [InlineData("(555) 987-6543")]
    [InlineData("0000-0000-0000-0000")]
    [InlineData("grew sales by 2015% and 1,500+ users")]
    [InlineData("ISO 27001, Windows 95, 24/7")]
    [InlineData("me@2019.example")]
    [InlineData("may have marched in december")]
    public void What_is_no_date_is_not_taken_for_one(string text) => DateReader.Find(text).ShouldBeEmpty();

    [Fact]
    public void Any_text_is_read_in_little_time_and_spans_lie_within_it()
    {
        var random = new Random(7);
        string[] pieces = ["2019", "-", "–", "May", " ", ",", "'", "12", "to", "present", "20XX", "/", ".", "since", "3rd", "de", "Ünï", "9999999", "Summer", "and"];
        for (var i = 0; i < 3000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)] + (random.Next(2) == 0 ? " " : "")));
            foreach (var date in DateReader.Find(text))
            {
                date.Start.ShouldBeGreaterThanOrEqualTo(0);
                date.Length.ShouldBePositive();
                date.End.ShouldBeLessThanOrEqualTo(text.Length);
            }
        }
    }
}
