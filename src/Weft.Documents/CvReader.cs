using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Documents.Fields;
using Weft.Documents.Pdf;
using Weft.Documents.Sections;

namespace Weft.Documents;

/// <summary>
/// Reads CVs: bytes in, a record out. Works offline and invents nothing: what is not in the document is not in the record.
/// One instance serves a whole program and is safe to use from many threads; the process that reads PDFs starts with the first.
/// </summary>
/// <param name="options">Limits and where the PDF extractor lives.</param>
/// <param name="loggerFactory">For the extractor's start, end and failures; documents' contents are never logged.</param>
/// <param name="time">The clock of the time limits.</param>
public sealed partial class CvReader(DocumentOptions options, ILoggerFactory? loggerFactory, TimeProvider time) : IAsyncDisposable
{
    private readonly PdfExtractor _pdf = new(options, time, loggerFactory);
    private readonly ILogger _log = (ILogger?)loggerFactory?.CreateLogger<CvReader>() ?? NullLogger.Instance;

    /// <summary>Reads one document. A document that cannot be read gives a reading of kind <see cref="CvKind.Unreadable"/> with the reason, not an exception.</summary>
    /// <param name="bytes">The document; what it is, is found by looking at it.</param>
    /// <param name="fileName">A name never decides how bytes are read; its ending only helps to say what is wrong with a file that holds no CV.</param>
    /// <param name="cancellationToken">Ends the reading; a PDF being read loses its process.</param>
    /// <exception cref="ExtractorUnavailableException">PDFs cannot be read at present: a matter of the installation or of load.</exception>
    public async Task<CvReading> ReadAsync(ReadOnlyMemory<byte> bytes, string fileName, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        TextDocument document;
        try
        {
            document = await DocumentText.ReadAsync(bytes, _pdf, options, cancellationToken);
        }
        catch (DocumentRefusedException e)
        {
            LogRefused(_log, e.Refusal, bytes.Length);
            return Nothing(new CvDocument(CvKind.Unreadable, e.Message) { Refusal = e.Refusal });
        }

        CvReading reading;
        try
        {
            reading = Read(document);
        }
        catch (RegexMatchTimeoutException)
        {
            LogRefused(_log, DocumentRefusal.TimedOut, bytes.Length);
            return Nothing(new CvDocument(CvKind.Unreadable, "The document takes too long to read. Export it anew, or fill the profile by hand.") { Refusal = DocumentRefusal.TimedOut });
        }

        // Text under the name of another format, and no CV in it: what is left of a damaged file, or an error page saved in its place.
        if (reading.Document.Kind == CvKind.Other && document.Format == DocumentFormat.Text && Path.GetExtension(fileName).ToLowerInvariant() is ".pdf" or ".docx")
        {
            LogRefused(_log, DocumentRefusal.Damaged, bytes.Length);
            return Nothing(new CvDocument(CvKind.Unreadable, $"The file is named {Path.GetExtension(fileName)} and holds something else. Export the CV anew and upload that file.") { Refusal = DocumentRefusal.Damaged });
        }

        LogRead(_log, reading.Document.Kind, document.Format, Path.GetExtension(fileName), bytes.Length, time.GetElapsedTime(started).TotalMilliseconds);
        return reading;
    }

    /// <summary>Ends the PDF extractor.</summary>
    public ValueTask DisposeAsync() => _pdf.DisposeAsync();

    internal static CvReading Read(TextDocument document)
    {
        var sections = SectionFinder.Find(document);
        var kind = KindOf(document, sections);
        if (kind.Kind != CvKind.Cv)
            return Nothing(kind) with { Text = document.PlainText(), Pages = document.Pages, Warnings = document.Warnings, Format = document.Format };

        var contact = ContactFields.Read(document, sections);
        var work = WorkFields.Read(sections);
        var education = EducationFields.Read(sections);
        var (skills, skillLanguages) = ListFields.ReadSkills(sections);
        var languages = ListFields.ReadLanguages(sections);
        foreach (var language in skillLanguages)
        {
            if (!languages.Exists(other => HeadingVocabulary.Fold(other.Language.Text) == HeadingVocabulary.Fold(language.Language.Text)))
                languages.Add(language);
        }

        var certificates = ListFields.ReadCertificates(sections);
        var evidence = new SortedDictionary<string, CvEvidence>(StringComparer.Ordinal);
        string? Cite(string pointer, Value? value)
        {
            if (value is null)
                return null;
            var from = value.From;
            evidence[pointer] = new CvEvidence(Math.Round(value.Confidence, 2), from.Line.Page, from.Line.Number, from.Box, from.Text);
            return value.Text;
        }

        var resume = new JsonResume
        {
            Basics = new JsonResumeBasics
            {
                Name = Cite("/basics/name", contact.Name),
                Label = Cite("/basics/label", contact.Label),
                Email = Cite("/basics/email", contact.Email),
                Phone = Cite("/basics/phone", contact.Phone),
                Url = Cite("/basics/url", contact.Url),
                Summary = Cite("/basics/summary", contact.Summary),
                Location = contact.City is null && contact.Address is null
                    ? null
                    : new JsonResumeLocation(Cite("/basics/location/address", contact.Address), Cite("/basics/location/city", contact.City), Cite("/basics/location/region", contact.Region)),
                Profiles = contact.Profiles.Select((one, i) => new JsonResumeProfile(
                    one.Network, Cite($"/basics/profiles/{i}/username", one.Username), Cite($"/basics/profiles/{i}/url", one.Url))).ToList(),
            },
            Work = work.Select((one, i) => new JsonResumeWork
            {
                Name = Cite($"/work/{i}/name", one.Name),
                Position = Cite($"/work/{i}/position", one.Position),
                Location = Cite($"/work/{i}/location", one.Location),
                StartDate = Cite($"/work/{i}/startDate", one.StartDate),
                EndDate = Cite($"/work/{i}/endDate", one.EndDate),
                Summary = Cite($"/work/{i}/summary", one.Summary),
                Highlights = one.Highlights.Select((highlight, h) => Cite($"/work/{i}/highlights/{h}", highlight)!).ToList(),
            }).ToList(),
            Education = education.Select((one, i) => new JsonResumeEducation
            {
                Institution = Cite($"/education/{i}/institution", one.Institution),
                Area = Cite($"/education/{i}/area", one.Area),
                StudyType = Cite($"/education/{i}/studyType", one.StudyType),
                StartDate = Cite($"/education/{i}/startDate", one.StartDate),
                EndDate = Cite($"/education/{i}/endDate", one.EndDate),
                Score = Cite($"/education/{i}/score", one.Score),
            }).ToList(),
            Skills = skills.Select((one, i) => new JsonResumeSkill(
                Cite($"/skills/{i}/name", one.Name)!, one.Keywords.Select((keyword, k) => Cite($"/skills/{i}/keywords/{k}", keyword)!).ToList())).ToList(),
            Languages = languages.Select((one, i) => new JsonResumeLanguage(
                Cite($"/languages/{i}/language", one.Language)!, Cite($"/languages/{i}/fluency", one.Fluency))).ToList(),
            Certificates = certificates.Select((one, i) => new JsonResumeCertificate(
                Cite($"/certificates/{i}/name", one.Name)!, Cite($"/certificates/{i}/date", one.Date), Cite($"/certificates/{i}/issuer", one.Issuer))).ToList(),
        };
        return new CvReading
        {
            Document = kind, Resume = resume, Evidence = evidence, Text = document.PlainText(), Pages = document.Pages, Warnings = document.Warnings, Format = document.Format,
        };
    }

    private static CvReading Nothing(CvDocument document) => new()
    {
        Document = document, Resume = new JsonResume(), Evidence = new Dictionary<string, CvEvidence>(), Text = "", Pages = [], Warnings = [],
    };

    [GeneratedRegex(@"^(?:dear\s|to\swhom\sit\smay\sconcern|sehr\sgeehrte|liebe[rs]?\s|guten\stag|madame|monsieur|bonjour|estimad[oa]s?|a\squien\scorresponda|geachte|beste\s)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Salutation();

    [GeneratedRegex(@"^(?:(?:yours\s)?(?:sincerely|faithfully|truly)|(?:kind|best|warm)\sregards|mit\sfreundlichen\sgrüßen|freundliche\sgrüße|cordialement|(?:veuillez|je\svous\sprie)\s|atentamente|saludos|met\svriendelijke\sgroet|hoogachtend)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Closing();

    private static CvDocument KindOf(TextDocument document, IReadOnlyList<Section> sections)
    {
        var kinds = sections.Where(section => section.Heading is not null && section.Lines.Count > 0).Select(section => section.Kind)
            .Where(kind => kind is SectionKind.Work or SectionKind.Education or SectionKind.Skills or SectionKind.Languages or SectionKind.Certificates).Distinct().Count();
        var lines = document.Lines.ToList();
        var letter = lines.Exists(line => Salutation().IsMatch(line.Text)) && lines.Exists(line => Closing().IsMatch(line.Text));
        if (kinds >= 2 || (kinds == 1 && !letter))
            return new CvDocument(CvKind.Cv, null);
        return letter
            ? new CvDocument(CvKind.CoverLetter, "This is a letter, not a CV. Upload the CV itself.")
            : new CvDocument(CvKind.Other, "No section of a CV (experience, education, skills …) was found in it. Upload a CV with headings, or fill the profile by hand.");
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Read a document as {Kind}: {Format} ({Extension}), {Bytes} bytes, {Milliseconds:0} ms")]
    private static partial void LogRead(ILogger logger, CvKind kind, DocumentFormat format, string extension, int bytes, double milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Refused a document: {Refusal}, {Bytes} bytes")]
    private static partial void LogRefused(ILogger logger, DocumentRefusal refusal, int bytes);
}
