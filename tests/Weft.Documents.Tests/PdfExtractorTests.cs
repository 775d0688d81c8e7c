using System.Diagnostics;
using Weft.Documents.Pdf;
using Weft.Documents.Tests.Fixtures;

namespace Weft.Documents.Tests;

public sealed class PdfExtractorTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static PdfExtractor Extractor(DocumentOptions? options = null) => new(options ?? InstalledExtractor.Options, TimeProvider.System);

    private static string TextOf(PdfExtraction extraction) =>
        string.Concat(extraction.Pages.SelectMany(page => page.Characters).Select(c => char.ConvertFromUtf32(c.Code)));

    [Fact]
    public async Task A_character_has_its_place_from_the_top_left_its_size_and_its_weight()
    {
        await using var extractor = Extractor();
        var read = await extractor.ExtractAsync(new PdfWriter().Text(100, 200, "Ada", 14, bold: true).Bytes(), Cancelled);
        var first = read.Pages.ShouldHaveSingleItem().Characters[0];
        ((char)first.Code).ShouldBe('A');
        first.Left.ShouldBe(100, 1);
        first.Baseline.ShouldBe(200, 0.5);
        first.Top.ShouldBeLessThan(200);
        read.Styles[first.Style].Size.ShouldBe(14);
        read.Styles[first.Style].Font.ShouldContain("Bold");
    }

    [Fact]
    public async Task What_does_not_show_is_marked_and_what_shows_is_not()
    {
        await using var extractor = Extractor();
        var read = await extractor.ExtractAsync(
            new PdfWriter()
                .Text(50, 50, "seen")
                .Text(50, 80, "white", color: "1 1 1")
                .Text(50, 110, "norender", mode: 3)
                .Text(50, 140, "covered").Rectangle(45, 125, 100, 25, "1 1 1")
                .Rectangle(45, 165, 100, 25, "0.2 0.2 0.2").Text(50, 180, "inverse", color: "1 1 1")
                .Text(5000, 200, "outside")
                .Bytes(), Cancelled);
        var characters = read.Pages[0].Characters.Where(c => c.Code > 32 && !c.Flags.HasFlag(PdfCharacterFlags.Generated)).ToList();
        string.Concat(characters.Where(c => !c.Flags.HasFlag(PdfCharacterFlags.Invisible)).Select(c => (char)c.Code)).ShouldBe("seeninverse");
        string.Concat(characters.Where(c => c.Flags.HasFlag(PdfCharacterFlags.Invisible)).Select(c => (char)c.Code)).ShouldStartWith("whitenorendercovered");
    }

    [Fact]
    public async Task A_link_has_its_target_and_its_place()
    {
        await using var extractor = Extractor();
        var read = await extractor.ExtractAsync(new PdfWriter().Text(50, 50, "code").Link(50, 40, 30, 12, "https://example.org/ada").Bytes(), Cancelled);
        var link = read.Links.ShouldHaveSingleItem();
        link.Uri.ShouldBe("https://example.org/ada");
        link.Box[0].ShouldBe(50, 0.5);
        link.Box[1].ShouldBe(40, 0.5);
    }

    [Fact]
    public async Task A_document_that_asks_for_a_password_is_refused_as_encrypted()
    {
        await using var extractor = Extractor();
        var refused = await Should.ThrowAsync<DocumentRefusedException>(() => extractor.ExtractAsync(new PdfWriter().Text(1, 9, "x").Bytes(encrypted: true), Cancelled));
        refused.Refusal.ShouldBe(DocumentRefusal.Encrypted);
    }

    [Fact]
    public async Task Rubbish_is_refused_as_damaged_and_the_next_document_is_read()
    {
        await using var extractor = Extractor();
        var refused = await Should.ThrowAsync<DocumentRefusedException>(() => extractor.ExtractAsync("%PDF-1.7 and nothing else"u8.ToArray(), Cancelled));
        refused.Refusal.ShouldBe(DocumentRefusal.Damaged);
        TextOf(await extractor.ExtractAsync(new PdfWriter().Text(50, 50, "next").Bytes(), Cancelled)).ShouldBe("next");
    }

    [Fact]
    public async Task Pages_and_characters_beyond_the_limits_are_left_out_and_counted()
    {
        var writer = new PdfWriter();
        for (var i = 0; i < 199; i++)
            writer.Text(50, 50, "page").Page();
        await using var extractor = Extractor(InstalledExtractor.Options with { MaxPages = 3, MaxCharacters = 10 });
        var read = await extractor.ExtractAsync(writer.Text(50, 50, "last").Bytes(), Cancelled);
        read.PageCount.ShouldBe(200);
        read.Cut.ShouldBeTrue();
        TextOf(read).ShouldBe("pagepagepa");
    }

    [Fact]
    public async Task An_extractor_that_was_killed_is_started_anew_for_the_next_document()
    {
        await using var extractor = Extractor();
        var document = new PdfWriter().Text(50, 50, "again").Bytes();
        await extractor.ExtractAsync(document, Cancelled);
        using (var first = Process.GetProcessById(extractor.ProcessId!.Value))
        {
            first.Kill();
            await first.WaitForExitAsync(Cancelled);
        }

        TextOf(await extractor.ExtractAsync(document, Cancelled)).ShouldBe("again");
    }

    [Fact]
    public async Task A_document_that_overstays_is_refused_and_its_process_ended()
    {
        await using var extractor = Extractor(InstalledExtractor.Options with { DocumentTimeout = TimeSpan.FromMilliseconds(150) });
        // Each repetition is cheap to write and dear to paint: a page-sized pattern of overlapping text.
        var writer = new PdfWriter();
        for (var page = 0; page < 20; page++)
        {
            for (var i = 0; i < 8000; i++)
                writer.Text(10, 10 + (i % 800), new string('W', 60), 300);
            writer.Page();
        }

        var refused = await Should.ThrowAsync<DocumentRefusedException>(() => extractor.ExtractAsync(writer.Bytes(), Cancelled));
        refused.Refusal.ShouldBe(DocumentRefusal.TimedOut);
        extractor.ProcessId.ShouldBeNull();
    }

    [Fact]
    public async Task An_extractor_over_its_memory_is_ended()
    {
        await using var extractor = Extractor(InstalledExtractor.Options with { MemoryLimit = 1024 * 1024 });
        var writer = new PdfWriter();
        for (var i = 0; i < 60_000; i++)
            writer.Text(10, 10 + (i % 800), "WWWWWWWWWW", 300);
        var refused = await Should.ThrowAsync<DocumentRefusedException>(() => extractor.ExtractAsync(writer.Bytes(), Cancelled));
        refused.Refusal.ShouldBe(DocumentRefusal.TooHeavy);
        extractor.ProcessId.ShouldBeNull();
    }

    [Fact]
    public async Task More_waiting_documents_than_the_queue_holds_are_refused_as_busy()
    {
        await using var extractor = Extractor(InstalledExtractor.Options with { QueueLimit = 2 });
        var document = new PdfWriter().Text(50, 50, "many").Bytes();
        var asked = Enumerable.Range(0, 6).Select(_ => extractor.ExtractAsync(document, Cancelled)).ToList();
        var busy = 0;
        foreach (var one in asked)
        {
            try
            {
                TextOf(await one).ShouldBe("many");
            }
            catch (ExtractorUnavailableException e)
            {
                e.Retryable.ShouldBeTrue();
                busy++;
            }
        }

        busy.ShouldBe(4);
    }

    [Fact]
    public async Task A_missing_installation_says_where_it_looked_and_what_to_do()
    {
        var empty = Directory.CreateTempSubdirectory("weft-extractor-");
        try
        {
            await using var nowhere = Extractor(new DocumentOptions { ExtractorDirectory = empty.FullName });
            var missing = await Should.ThrowAsync<ExtractorUnavailableException>(() => nowhere.ExtractAsync(new PdfWriter().Bytes(), Cancelled));
            missing.Message.ShouldContain(empty.FullName);
            missing.Retryable.ShouldBeFalse();
            await File.WriteAllTextAsync(Path.Combine(empty.FullName, "extractor.mjs"), "", Cancelled);
            missing = await Should.ThrowAsync<ExtractorUnavailableException>(() => nowhere.ExtractAsync(new PdfWriter().Bytes(), Cancelled));
            missing.Message.ShouldContain("npm ci");
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }
}
