using Weft.Engine.Mail;

namespace Weft.Engine.Tests.Mail;

public sealed class TextAsHtmlTests
{
    [Fact]
    public void Paragraphs_lines_and_indents_stay() =>
        Body("Hi Ann,\r\n\r\none\n  two\n \n\nthree\n").ShouldBe("<p>Hi Ann,</p>\n<p>one<br>\n&nbsp;&nbsp;two</p>\n<p>three</p>\n");

    [Fact]
    public void What_people_wrote_is_text_and_never_markup() =>
        Body("<script>alert('1')</script> & \"x\"").ShouldBe("<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;</p>\n");

    [Theory]
    [InlineData("See https://weft.example/positions/1.", "See <a href=\"https://weft.example/positions/1\">https://weft.example/positions/1</a>.")]
    [InlineData("(http://a.example/?x=1&y=2)", "(<a href=\"http://a.example/?x=1&amp;y=2\">http://a.example/?x=1&amp;y=2</a>)")]
    [InlineData("https://a.example/\"onmouseover=alert(1)", "<a href=\"https://a.example/\">https://a.example/</a>&quot;onmouseover=alert(1)")]
    [InlineData("https://a.example/<b>", "<a href=\"https://a.example/\">https://a.example/</a>&lt;b&gt;")]
    [InlineData("javascript:alert(1) data:text/html,x", "javascript:alert(1) data:text/html,x")]
    [InlineData("https:// nothing", "https:// nothing")]
    public void Web_addresses_and_nothing_else_can_be_clicked(string line, string html) => Body(line).ShouldBe($"<p>{html}</p>\n");

    private static string Body(string text)
    {
        var html = TextAsHtml.Convert(text);
        html.ShouldStartWith("<!doctype html>");
        html.ShouldEndWith("</body></html>");
        return html[(html.IndexOf("1.5\">", StringComparison.Ordinal) + 5)..^"</body></html>".Length];
    }
}
