using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Weft.Documents.Tests.Fixtures;

namespace Weft.Documents.Tests;

public sealed class CvReaderTests : IAsyncLifetime
{
    private readonly CvReader _reader = new(InstalledExtractor.Options, null, TimeProvider.System);

    private static readonly string[] PlainCv =
    [
        "Ada Nováková", "Software Engineer", "ada.novakova@example.org | +420 601 234 567 | Prague, Czech Republic", "github.com/adan", "",
        "SUMMARY", "Engineer who likes looms and compilers.", "",
        "EXPERIENCE", "", "Senior Engineer | Loom Works GmbH | Berlin, Germany | Mar 2021 - Present", "- Wove a scheduler", "- Cut the build", "",
        "Engineer | Thread Ltd | Jul 2018 - Feb 2021", "- Span threads", "",
        "EDUCATION", "", "Master of Science in Informatics | Charles University | 2018", "",
        "SKILLS", "Languages: Czech (native), English (C1)", "Backend: C#, PostgreSQL, F#", "", "CERTIFICATIONS", "- Certified Weaver - Loom Institute (2022)",
    ];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    private Task<CvReading> Read(byte[] bytes, string name = "cv") => _reader.ReadAsync(bytes, name, TestContext.Current.CancellationToken);

    private static byte[] Utf8(params string[] lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines));

    [Fact]
    public async Task A_plain_text_CV_becomes_a_record_with_every_field()
    {
        var reading = await Read(Utf8(PlainCv));
        reading.Document.Kind.ShouldBe(CvKind.Cv);
        var basics = reading.Resume.Basics;
        (basics.Name, basics.Label, basics.Email, basics.Phone).ShouldBe(("Ada Nováková", "Software Engineer", "ada.novakova@example.org", "+420 601 234 567"));
        basics.Location.ShouldBe(new JsonResumeLocation(null, "Prague", "Czech Republic"));
        basics.Profiles.ShouldBe([new JsonResumeProfile("GitHub", "adan", "github.com/adan")]);
        basics.Summary.ShouldBe("Engineer who likes looms and compilers.");
        reading.Resume.Work.Select(work => (work.Name, work.Position, work.Location, work.StartDate, work.EndDate, work.Highlights.Count)).ShouldBe(
        [
            ("Loom Works GmbH", "Senior Engineer", "Berlin, Germany", "2021-03", null, 2),
            ("Thread Ltd", "Engineer", null, "2018-07", "2021-02", 1),
        ]);
        var study = reading.Resume.Education.ShouldHaveSingleItem();
        (study.Institution, study.StudyType, study.Area, study.EndDate).ShouldBe(("Charles University", "Master of Science", "Informatics", "2018"));
        var skills = reading.Resume.Skills.ShouldHaveSingleItem();
        skills.Name.ShouldBe("Backend");
        skills.Keywords.ShouldBe(["C#", "PostgreSQL", "F#"]);
        reading.Resume.Languages.ShouldBe([new JsonResumeLanguage("Czech", "native"), new JsonResumeLanguage("English", "C1")]);
        reading.Resume.Certificates.ShouldBe([new JsonResumeCertificate("Certified Weaver", "2022", "Loom Institute")]);
    }

    [Fact]
    public async Task Every_value_says_where_it_was_read()
    {
        var reading = await Read(new PdfWriter().Lines(50, 60, 16, "# Grace Poe", "grace@example.org", "# Experience", "Analyst | Acme Inc | Jan 2019 - May 2020", "# Education", "BSc Mathematics, Example University, 2018").Bytes());
        var email = reading.Evidence["/basics/email"];
        email.Page.ShouldBe(1);
        email.Text.ShouldBe("grace@example.org");
        email.Box.ShouldNotBeNull().Left.ShouldBe(50, 1);
        reading.Evidence["/work/0/startDate"].Text.ShouldBe("Jan 2019 - May 2020");
        foreach (var (pointer, evidence) in reading.Evidence)
        {
            evidence.Confidence.ShouldBeInRange(0.01, 1, pointer);
            reading.Pages.SelectMany(page => page.Lines).ShouldContain(line => line.Number == evidence.Line && line.Text.Contains(evidence.Text), pointer);
        }
    }

    [Fact]
    public async Task Two_columns_are_read_one_after_the_other_and_dates_at_the_margin_stay_with_their_lines()
    {
        var pdf = new PdfWriter().Text(50, 50, "Nora Quist", 24, bold: true);
        pdf.Lines(50, 100, 15, "# Contact", "nora@example.org", "+47 22 33 44 55", "Oslo, Norway", "# Skills", "Weaving", "Dyeing", "Knitting", "# Languages", "Norwegian - native", "English - C2");
        pdf.Lines(230, 107, 17, "# Experience", "Head Weaver", "Nordic Looms AS", "• Ran the loom of the whole northern house", "• Taught two apprentices a year", "Weaver", "Fjord Textiles AS", "• Wove what the fjord asked for in winter", "# Education", "Diploma in Textile Design", "Oslo School of Crafts");
        pdf.Text(480, 124, "2019 – Present").Text(480, 192, "2015 – 2019").Text(480, 260, "2012 – 2015");
        var reading = await Read(pdf.Bytes());
        reading.Resume.Basics.Name.ShouldBe("Nora Quist");
        reading.Resume.Basics.Phone.ShouldBe("+47 22 33 44 55");
        reading.Resume.Work.Select(work => (work.Position, work.Name, work.StartDate, work.EndDate, work.Highlights.Count)).ShouldBe(
        [
            ("Head Weaver", "Nordic Looms AS", "2019", null, 2),
            ("Weaver", "Fjord Textiles AS", "2015", "2019", 1),
        ]);
        reading.Resume.Education.Select(one => (one.StudyType, one.Area, one.Institution, one.StartDate, one.EndDate)).ShouldBe([("Diploma", "Textile Design", "Oslo School of Crafts", "2012", "2015")]);
        reading.Resume.Skills.Select(skill => skill.Name).ShouldBe(["Weaving", "Dyeing", "Knitting"]);
        reading.Resume.Languages.Select(language => language.Language).ShouldBe(["Norwegian", "English"]);
        reading.Text.IndexOf("Knitting", StringComparison.Ordinal).ShouldBeLessThan(reading.Text.IndexOf("Head Weaver", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Text_nobody_can_see_gives_no_facts_and_is_reported()
    {
        var reading = await Read(new PdfWriter().Lines(50, 60, 16, "# Ivo Clear", "ivo@example.org", "# Skills", "Honesty, Weaving", "# Education", "BSc Mathematics, Example University, 2018")
            .Text(50, 400, "Kubernetes, Quantum, Leadership", color: "1 1 1").Text(50, 420, "tiny@example.org", size: 1).Bytes());
        reading.Resume.Skills.Select(skill => skill.Name).ShouldBe(["Honesty", "Weaving"]);
        reading.Text.ShouldNotContain("Kubernetes");
        reading.Text.ShouldNotContain("tiny@");
        reading.Warnings.ShouldHaveSingleItem().Code.ShouldBe("hidden_text");
    }

    [Fact]
    public async Task A_letter_spaced_name_and_turned_text_are_read_as_a_person_reads_them()
    {
        var reading = await Read(new PdfWriter().Text(50, 60, "J A R E D   W E B B", 22, bold: true).Text(560, 700, "SIDEWAYS", angle: 90)
            .Lines(50, 90, 16, "jared.webb@example.org", "# E X P E R I E N C E", "Driver | Haul Ltd | 2016 / 09 - 2018 / 01", "# Skills", "Driving, Loading").Bytes());
        reading.Resume.Basics.Name.ShouldBe("JARED WEBB");
        reading.Resume.Work.ShouldHaveSingleItem().StartDate.ShouldBe("2016-09");
    }

    [Fact]
    public async Task A_DOCX_with_table_header_link_and_hidden_text_is_read()
    {
        var reading = await Read(DocxWriter.Bytes(
            ["# Lena Braun", "Entwicklerin", "# Berufserfahrung", "Softwareentwicklerin || Faden GmbH || seit 03/2020", "- Webstuhl gebaut", "# Ausbildung", "Bachelor of Science Informatik, Technische Universität Berlin, 2019", "# Kenntnisse", "C#, SQL", "[white]Rust, Go", "# Sprachen", "Deutsch (Muttersprache), Englisch (C1)"],
            header: "lena.braun@example.org", link: ("mein GitHub", "https://github.com/lenabraun")));
        reading.Resume.Basics.Name.ShouldBe("Lena Braun");
        reading.Resume.Basics.Email.ShouldBe("lena.braun@example.org");
        reading.Resume.Basics.Profiles.ShouldHaveSingleItem().Username.ShouldBe("lenabraun");
        var work = reading.Resume.Work.ShouldHaveSingleItem();
        (work.Position, work.Name, work.StartDate, work.EndDate).ShouldBe(("Softwareentwicklerin", "Faden GmbH", "2020-03", null));
        reading.Resume.Skills.Select(skill => skill.Name).ShouldBe(["C#", "SQL"]);
        reading.Resume.Languages.Select(language => language.Language).ShouldBe(["Deutsch", "Englisch"]);
        reading.Warnings.ShouldContain(warning => warning.Code == "hidden_text");
    }

    [Theory]
    [InlineData("utf-8-bom")]
    [InlineData("utf-16")]
    [InlineData("utf-16be")]
    [InlineData("windows-1252")]
    public async Task Text_is_read_in_whatever_encoding_it_comes(string encoding)
    {
        var text = string.Join("\r\n", PlainCv).Replace("Nováková", "Müller", StringComparison.Ordinal);
        byte[] bytes = encoding switch
        {
            "utf-8-bom" => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)],
            "utf-16" => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)],
            "utf-16be" => Encoding.BigEndianUnicode.GetBytes(text),
            _ => Encoding.Latin1.GetBytes(text),
        };
        (await Read(bytes)).Resume.Basics.Name.ShouldBe("Ada Müller");
    }

    [Fact]
    public async Task Referees_addresses_are_not_the_persons()
    {
        var reading = await Read(Utf8("Tom Bell", "", "EXPERIENCE", "Clerk, Office Ltd, 2010 - 2012", "", "SKILLS", "Typing, Filing", "", "REFERENCES", "Prof. Gamma Delta", "g.delta@university.example", "+1 202 555 0100"));
        reading.Resume.Basics.Name.ShouldBe("Tom Bell");
        reading.Resume.Basics.Email.ShouldBeNull();
        reading.Resume.Basics.Phone.ShouldBeNull();
    }

    [Fact]
    public async Task Several_roles_under_one_employer_keep_the_employer()
    {
        var reading = await Read(Utf8("Mia Stone", "mia@example.org", "", "EXPERIENCE", "", "Granite Ltd    2015 - 2022", "Senior Mason    2019 - 2022", "- Led masons", "", "Mason    2015 - 2019", "- Cut stone", "", "EDUCATION", "Diploma in Masonry, Stone College, 2015"));
        reading.Resume.Work.Select(work => (work.Name, work.Position, work.StartDate, work.EndDate)).ShouldBe([("Granite Ltd", "Senior Mason", "2019", "2022"), ("Granite Ltd", "Mason", "2015", "2019")]);
    }

    [Fact]
    public async Task Letters_and_other_texts_are_told_from_CVs()
    {
        var letter = await Read(Utf8("Dear hiring team,", "", "I write to apply for the position of weaver, which I have long admired.", "", "Yours sincerely", "Ada"));
        letter.Document.Kind.ShouldBe(CvKind.CoverLetter);
        letter.Resume.Basics.Name.ShouldBeNull();
        var recipe = await Read(Utf8("Take two eggs", "and a spoon of flour", "then stir."));
        recipe.Document.Kind.ShouldBe(CvKind.Other);
        recipe.Document.Reason.ShouldNotBeNullOrEmpty();
    }

    public static TheoryData<string, byte[], DocumentRefusal> Unreadable() => new()
    {
        { "nothing", [], DocumentRefusal.Empty },
        { "blank text", "  \n \n"u8.ToArray(), DocumentRefusal.Empty },
        { "a broken PDF", "%PDF-1.7\nrubbish"u8.ToArray(), DocumentRefusal.Damaged },
        { "a PDF with a password", new PdfWriter().Text(10, 10, "x").Bytes(encrypted: true), DocumentRefusal.Encrypted },
        { "a PDF without text", new PdfWriter().Bytes(), DocumentRefusal.Empty },
        { "half a PDF", new PdfWriter().Text(10, 10, "x").Bytes()[..60], DocumentRefusal.Damaged },
        { "a zip", Zip(("readme.txt", "hello")), DocumentRefusal.UnknownFormat },
        { "half a zip", Zip(("word/document.xml", "<a/>"), ("[Content_Types].xml", "<a/>"))[..40], DocumentRefusal.Damaged },
        { "a DOCX of other parts", Zip(("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"), ("word/document.xml", "<a/>")), DocumentRefusal.Damaged },
        { "an old Word file", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0], DocumentRefusal.UnknownFormat },
        { "random bytes", Enumerable.Range(0, 500).Select(i => (byte)(i * 37)).ToArray(), DocumentRefusal.UnknownFormat },
        { "a bomb", Zip(("[Content_Types].xml", "<a/>"), ("word/document.xml", "<a>" + new string(' ', 7_000_000) + "</a>")), DocumentRefusal.TooHeavy },
        { "deep XML", Zip(("[Content_Types].xml", "<a/>"), ("word/document.xml", string.Concat(Enumerable.Repeat("<a>", 100_000)) + string.Concat(Enumerable.Repeat("</a>", 100_000)))), DocumentRefusal.TooHeavy },
        { "an external entity", Zip(("[Content_Types].xml", "<a/>"), ("word/document.xml", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a>&x;</a>")), DocumentRefusal.Damaged },
        { "too large", new byte[(10 * 1024 * 1024) + 1], DocumentRefusal.TooLarge },
    };

    [Theory]
    [MemberData(nameof(Unreadable), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_be_read_is_refused_with_a_reason(string what, byte[] bytes, DocumentRefusal refusal)
    {
        // The name lies on purpose: bytes decide.
        var reading = await Read(bytes, "cv.pdf");
        reading.Document.Kind.ShouldBe(CvKind.Unreadable, what);
        reading.Document.Refusal.ShouldBe(refusal, what);
        reading.Document.Reason.ShouldNotBeNullOrWhiteSpace();
        reading.Resume.Work.ShouldBeEmpty();
    }

    private static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return stream.ToArray();
    }

    [Fact]
    public async Task Files_with_random_bytes_changed_are_answered_and_never_break_the_reader()
    {
        var random = new Random(42);
        byte[][] originals =
        [
            new PdfWriter().Lines(50, 60, 16, PlainCv.Where(line => line.Length > 0).ToArray()).Bytes(),
            DocxWriter.Bytes(PlainCv.Where(line => line.Length > 0).ToArray()),
            Utf8(PlainCv),
        ];
        foreach (var original in originals)
        {
            for (var i = 0; i < 60; i++)
            {
                var broken = original.ToArray();
                for (var flips = random.Next(1, 30); flips > 0; flips--)
                    broken[random.Next(broken.Length)] = (byte)random.Next(256);
                if (random.Next(4) == 0)
                    broken = broken[..random.Next(broken.Length)];
                var reading = await Read(broken);
                if (reading.Document.Kind == CvKind.Unreadable)
                    reading.Document.Reason.ShouldNotBeNullOrWhiteSpace();
                Invention.ShouldBeNone(reading);
            }
        }
    }

    [Fact]
    public async Task The_JSON_line_has_the_shape_of_the_contract()
    {
        var json = CvJson.Write("ada.txt", await Read(Utf8(PlainCv)));
        json.ShouldNotContain('\n');
        using var line = JsonDocument.Parse(json);
        line.RootElement.EnumerateObject().Select(one => one.Name).ShouldBe(["file", "resume", "document", "meta"]);
        line.RootElement.GetProperty("document").GetProperty("kind").GetString().ShouldBe("cv");
        line.RootElement.GetProperty("resume").GetProperty("basics").GetProperty("name").GetString().ShouldBe("Ada Nováková");
        line.RootElement.GetProperty("resume").GetProperty("work")[0].TryGetProperty("endDate", out _).ShouldBeFalse();
        line.RootElement.GetProperty("meta").GetProperty("evidence").GetProperty("/basics/name").GetProperty("line").GetInt32().ShouldBe(1);
        using var refused = JsonDocument.Parse(CvJson.Write("x.pdf", await Read([])));
        refused.RootElement.GetProperty("document").GetProperty("reason").GetString().ShouldNotBeNullOrEmpty();
    }
}
