using System.Net;
using System.Text;
using System.Text.Json;
using Weft.Hiring;

namespace Weft.Tests;

/// <summary>From an uploaded document to a filled profile, through the profiling flow.</summary>
public sealed class CvTests(TestHost host)
{
    private const string Cv = """
        Ada Weaver
        Rotterdam, Netherlands
        ada.weaver@example.org | +31 10 555 0134

        Summary
        Weaver of threads, and of the programs that weave them.

        Experience
        Senior Weaver, Loom Works
        January 2021 - Present
        - Rewrote the pattern engine in C# and PostgreSQL

        Weaver, Old Mill
        March 2017 - December 2020
        - Kept forty looms running with Python

        Education
        BSc Textile Engineering, University of Twente
        2013 - 2016

        Skills
        C#, PostgreSQL, Python, Docker

        Languages
        Dutch (native), English (fluent)
        """;

    [Fact]
    public async Task A_cv_fills_what_the_person_left_open_and_keeps_what_they_wrote()
    {
        using var person = await host.SignUpAsync();
        await person.PatchAsync("/api/profile", new { location = "Delft", skills = new[] { "Welding", "c sharp" } }).OkAsync();
        var file = await UploadAsync(person, "ada.txt", Encoding.UTF8.GetBytes(Cv));
        var run = await ReadAsync(person, file);

        run.GetProperty("user_id").GetGuid().ShouldBe(await person.IdAsync());
        run.GetProperty("workspace_id").ValueKind.ShouldBe(JsonValueKind.Null);
        run.GetProperty("outputs").GetProperty("filled").EnumerateArray().Select(f => f.GetString()).ShouldContain("skills");
        var profile = await person.ReadAsync("/api/profile");
        profile.GetProperty("location").GetString().ShouldBe("Delft");
        var skills = profile.GetProperty("skills").EnumerateArray().Select(s => s.GetString()).ToList();
        skills[..2].ShouldBe(["Welding", "c sharp"]);
        skills.ShouldContain("PostgreSQL");
        skills.ShouldContain("Docker");
        skills.ShouldNotContain("C#", "it is on the profile in the person's own words");
        profile.GetProperty("source_files").EnumerateArray().Select(f => f.GetGuid()).ShouldBe([file]);

        var reading = (await person.ItemsAsync("/api/profile/readings")).Single();
        reading.GetProperty("kind").GetString().ShouldBe("cv");
        reading.GetProperty("resume").GetProperty("basics").GetProperty("email").GetString().ShouldBe("ada.weaver@example.org");
        reading.GetProperty("pages").GetArrayLength().ShouldBe(1);
        reading.GetProperty("pages")[0].GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("text").GetString()).ShouldContain("Ada Weaver");
        reading.GetProperty("run_id").GetGuid().ShouldBe(run.Id());

        // Again changes nothing.
        var before = (await person.ReadAsync("/api/profile")).GetProperty("skills").GetRawText();
        await ReadAsync(person, file);
        (await person.ReadAsync("/api/profile")).GetProperty("skills").GetRawText().ShouldBe(before);
        (await person.ItemsAsync("/api/profile/readings")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_pdf_fills_a_profile_and_its_skills_find_positions()
    {
        using var person = await host.SignUpAsync();
        var bytes = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "src/Weft/Demo/cv/mara-lindqvist.pdf"), TestContext.Current.CancellationToken);
        await ReadAsync(person, await UploadAsync(person, "mara.pdf", bytes));
        var profile = await person.ReadAsync("/api/profile");
        var skills = profile.GetProperty("skills").EnumerateArray().Select(s => s.GetString()!).ToArray();
        skills.Length.ShouldBeGreaterThan(3);
        profile.GetProperty("headline").ValueKind.ShouldBe(JsonValueKind.String);
        var page = (await person.ItemsAsync("/api/profile/readings")).Single().GetProperty("pages")[0];
        page.GetProperty("lines").EnumerateArray().ShouldAllBe(l => l.GetProperty("box").GetArrayLength() == 4);
        (await person.RunsAsync("hiring/profile-updated", r => r.Count == 1)).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("encrypted.pdf", "password")]
    [InlineData("broken.pdf", null)]
    [InlineData("empty.txt", null)]
    public async Task A_document_that_cannot_be_read_says_why_and_the_run_completes(string name, string? because)
    {
        var content = name switch
        {
            "encrypted.pdf" => Encrypted(),
            "broken.pdf" => "%PDF-1.7\nthis is no PDF"u8.ToArray(),
            _ => "   \n\n  "u8.ToArray(),
        };
        using var person = await host.SignUpAsync();
        var run = await ReadAsync(person, await UploadAsync(person, name, content));
        run.GetProperty("outputs").GetProperty("filled").GetArrayLength().ShouldBe(0);
        var document = run.GetProperty("outputs").GetProperty("documents")[0];
        document.GetProperty("kind").GetString().ShouldBe("unreadable");
        var reason = document.GetProperty("reason").GetString()!;
        reason.Length.ShouldBeGreaterThan(10);
        if (because is not null) reason.ShouldContain(because, Case.Insensitive);
        (await person.ItemsAsync("/api/profile/readings")).Single().GetProperty("reason").GetString().ShouldBe(reason);
    }

    [Fact]
    public async Task One_document_that_cannot_be_read_does_not_stop_the_others()
    {
        using var person = await host.SignUpAsync();
        var broken = await UploadAsync(person, "broken.pdf", "%PDF-1.7\nthis is no PDF"u8.ToArray());
        var whole = await UploadAsync(person, "ada.txt", Encoding.UTF8.GetBytes(Cv + "\n\\u0000 \\\\u0000 O'Brien'); DROP TABLE hiring.cv_reading;--"));
        var run = await ReadAsync(person, broken, whole);
        run.GetProperty("outputs").GetProperty("documents").EnumerateArray().Select(d => d.GetProperty("kind").GetString()).Order().ShouldBe(["cv", "unreadable"]);
        (await person.ReadAsync("/api/profile")).GetProperty("skills").GetArrayLength().ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task Only_ones_own_files_are_read()
    {
        using var person = await host.SignUpAsync();
        using var stranger = await host.SignUpAsync();
        var file = await UploadAsync(person, "ada.txt", Encoding.UTF8.GetBytes(Cv));
        (await (await stranger.PostAsync("/api/profile/cv", new { file_ids = new[] { file } })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["file_ids"]);
        (await (await person.PostAsync("/api/profile/cv", new { file_ids = Array.Empty<Guid>() })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["file_ids"]);
        (await (await person.PostAsync("/api/profile/cv", new { })).ShouldBeAsync(Problems.Invalid)).ErrorPaths().ShouldBe(["file_ids"]);
        (await stranger.ItemsAsync("/api/profile/readings")).ShouldBeEmpty();
        await ReadAsync(person, file);
        (await stranger.ItemsAsync($"/api/profile/readings?file={file}")).ShouldBeEmpty();
    }

    private static async Task<Guid> UploadAsync(Person person, string name, byte[] content) =>
        (await person.UploadAsync(name, content).OkAsync(HttpStatusCode.Created)).Id();

    private static async Task<JsonElement> ReadAsync(Person person, params Guid[] files)
    {
        var id = (await person.PostAsync("/api/profile/cv", new { file_ids = files }).OkAsync(HttpStatusCode.Accepted)).GetProperty("run_id").GetGuid();
        var run = await Eventually.ShouldBeAsync(
            () => person.ReadAsync($"/api/runs/{id}"), r => r.GetProperty("status").GetString() is "completed" or "failed" or "cancelled", $"the run {id}");
        run.GetProperty("status").GetString().ShouldBe("completed", run.GetProperty("error").GetRawText());
        return run;
    }

    // A PDF with a user's password: the keys are of no use to anybody, so any will do.
    private static byte[] Encrypted()
    {
        var key = new string('A', 64);
        string[] objects =
        [
            "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
            $"<</Filter/Standard/V 2/R 3/Length 128/P -44/O<{key}>/U<{key}>>>",
        ];
        var text = new StringBuilder("%PDF-1.4\n");
        var offsets = new List<int>();
        for (var i = 0; i < objects.Length; i++)
        {
            offsets.Add(text.Length);
            text.Append($"{i + 1} 0 obj{objects[i]}endobj\n");
        }
        var xref = text.Length;
        text.Append($"xref\n0 {objects.Length + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets) text.Append($"{offset:0000000000} 00000 n \n");
        text.Append($"trailer<</Size {objects.Length + 1}/Root 1 0 R/Encrypt 4 0 R/ID[<{key[..32]}><{key[..32]}>]>>\nstartxref\n{xref}\n%%EOF\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
