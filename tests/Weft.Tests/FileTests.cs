using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Weft.Hiring;

namespace Weft.Tests;

public sealed class FileTests(TestHost host)
{
    private static readonly byte[] Pdf = Encoding.ASCII.GetBytes("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n");

    [Fact]
    public async Task A_file_comes_back_as_it_was_given_with_a_harmless_name()
    {
        using var person = await host.SignUpAsync();
        var stored = await (await person.UploadAsync("../../etc/CV of \"Ann\" – 2026.pdf", Pdf)).JsonAsync();
        stored.GetProperty("content_type").GetString().ShouldBe("application/pdf");
        stored.GetProperty("size").GetInt32().ShouldBe(Pdf.Length);
        stored.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Pdf)));
        stored.GetProperty("name").GetString().ShouldBe("CV of Ann – 2026.pdf");

        var answer = await person.GetAsync($"/api/files/{stored.GetProperty("id").GetGuid()}");
        (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(Pdf);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/pdf");
        answer.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("inline");
        answer.Content.Headers.ContentDisposition.FileNameStar.ShouldBe("CV of Ann – 2026.pdf");
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'");
    }

    [Fact]
    public async Task The_content_decides_and_not_the_name()
    {
        using var person = await host.SignUpAsync();
        await (await person.UploadAsync("cv.pdf", Zip("notes.txt"))).ShouldBeAsync(Problems.FileKindRefused);
        await (await person.UploadAsync("cv.pdf", [0x7F, 0x45, 0x4C, 0x46, 0, 0, 0, 1])).ShouldBeAsync(Problems.FileKindRefused);
        await (await person.UploadAsync("cv.pdf", [])).ShouldBeAsync(Problems.FileEmpty);
        var docx = await (await person.UploadAsync("cv.pdf", Zip("[Content_Types].xml", "word/document.xml"))).JsonAsync();
        docx.GetProperty("content_type").GetString().ShouldBe("application/vnd.openxmlformats-officedocument.wordprocessingml.document");
        var html = await (await person.UploadAsync("cv.html", Encoding.UTF8.GetBytes("<script>alert(1)</script>"))).JsonAsync();
        html.GetProperty("content_type").GetString().ShouldBe("text/plain; charset=utf-8");
    }

    [Fact]
    public async Task A_file_over_the_limit_is_refused()
    {
        using var person = await host.SignUpAsync();
        await (await person.UploadAsync("cv.txt", Enumerable.Repeat((byte)'a', 15 * 1024 * 1024 + 1).ToArray())).ShouldBeAsync(Problems.FileTooLarge);
        (await person.UploadAsync("cv.txt", Enumerable.Repeat((byte)'a', 15 * 1024 * 1024).ToArray())).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Another_persons_file_does_not_exist()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        var id = (await (await person.UploadAsync("cv.pdf", Pdf)).JsonAsync()).GetProperty("id").GetGuid();
        await (await stranger.GetAsync($"/api/files/{id}")).ShouldBeAsync(Problems.NotFound);
        await (await stranger.DeleteAsync($"/api/files/{id}")).ShouldBeAsync(Problems.NotFound);
        (await stranger.ReadAsync("/api/files")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await person.DeleteAsync($"/api/files/{id}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await person.GetAsync($"/api/files/{id}")).ShouldBeAsync(Problems.NotFound);
    }

    [Fact]
    public async Task A_form_without_a_file_says_so()
    {
        using var person = await host.SignUpAsync();
        await (await person.PostTextAsync("/api/files", "x", "text/plain")).ShouldBeAsync(Problems.UnsupportedMediaType);
        using var form = new MultipartFormDataContent { { new StringContent("x"), "other" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/files") { Content = form };
        (await (await person.SendAsync(request)).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["file"]);
    }

    private static byte[] Zip(params string[] names)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            foreach (var name in names)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write("<x/>"u8);
            }
        }
        return bytes.ToArray();
    }
}
