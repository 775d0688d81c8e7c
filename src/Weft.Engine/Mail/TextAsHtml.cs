using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Engine.Mail;

/// <summary>
/// The HTML part of a mail whose flow gave only text: the same words in paragraphs, with addresses that can be clicked. All of
/// it is escaped, since texts hold what people wrote.
/// </summary>
internal static partial class TextAsHtml
{
    public static string Convert(string text)
    {
        var html = new StringBuilder("<!doctype html><html><head><meta charset=\"utf-8\"></head><body style=\"font-family: sans-serif; line-height: 1.5\">");
        foreach (var paragraph in BlankLines().Split(text.ReplaceLineEndings("\n").Trim('\n')))
        {
            html.Append("<p>");
            var lines = paragraph.Split('\n');
            for (var i = 0; i < lines.Length; i++)
            {
                if (i > 0) html.Append("<br>\n");
                AppendLine(html, lines[i]);
            }
            html.Append("</p>\n");
        }
        return html.Append("</body></html>").ToString();
    }

    private static void AppendLine(StringBuilder html, string line)
    {
        var done = 0;
        // What a text is indented by stays to be seen.
        while (done < line.Length && line[done] == ' ')
        {
            html.Append("&nbsp;");
            done++;
        }
        foreach (var address in Addresses().EnumerateMatches(line))
        {
            var url = WebUtility.HtmlEncode(line.AsSpan(address.Index, address.Length).ToString());
            html.Append(WebUtility.HtmlEncode(line[done..address.Index])).Append("<a href=\"").Append(url).Append("\">").Append(url).Append("</a>");
            done = address.Index + address.Length;
        }
        html.Append(WebUtility.HtmlEncode(line[done..]));
    }

    [GeneratedRegex(@"\n[ \t]*(?:\n[ \t]*)+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex BlankLines();

    // Without the full stop, comma or bracket that ends the sentence around it.
    [GeneratedRegex("""https?://[^\s<>"]*[^\s<>".,;:!?')\]]""", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Addresses();
}
