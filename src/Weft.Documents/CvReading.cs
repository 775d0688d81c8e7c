using System.Text.Json.Serialization;

namespace Weft.Documents;

/// <summary>What kind of document was handed in.</summary>
public enum CvKind
{
    /// <summary>A CV.</summary>
    Cv,

    /// <summary>A letter of application.</summary>
    CoverLetter,

    /// <summary>Text, but neither.</summary>
    Other,

    /// <summary>Nothing that can be read; the reason says why and what to do.</summary>
    Unreadable,
}

/// <summary>The kind of document, and for all but a CV the reason in words for the person who sent it.</summary>
public sealed record CvDocument(CvKind Kind, string? Reason)
{
    /// <summary>Why it is unreadable, for programs.</summary>
    public DocumentRefusal? Refusal { get; init; }
}

/// <summary>Where a value was read, and how sure the reader is.</summary>
/// <param name="Confidence">From 0 to 1.</param>
/// <param name="Page">The page, from 1.</param>
/// <param name="Line">The line's number in reading order, from 1.</param>
/// <param name="Box">Where on the page; null where the format has no pages.</param>
/// <param name="Text">The words it was read from.</param>
public sealed record CvEvidence(double Confidence, int Page, int Line, TextBox? Box, string Text);

/// <summary>A CV as read. Every string of <see cref="Resume"/> stands in the document; every date comes from a cited span of it.</summary>
public sealed record CvReading
{
    /// <summary>What kind of document it is.</summary>
    public required CvDocument Document { get; init; }

    /// <summary>The CV in the JSON Resume schema; empty where the document is none.</summary>
    public required JsonResume Resume { get; init; }

    /// <summary>By JSON pointer into <see cref="Resume"/> (as <c>/work/0/position</c>): where each value was read.</summary>
    public required IReadOnlyDictionary<string, CvEvidence> Evidence { get; init; }

    /// <summary>The plain text in reading order.</summary>
    public required string Text { get; init; }

    /// <summary>The pages with their lines and places, to show beside the profile.</summary>
    public required IReadOnlyList<TextPage> Pages { get; init; }

    /// <summary>What a person should know about the reading: hidden text, pages left out.</summary>
    public required IReadOnlyList<DocumentWarning> Warnings { get; init; }

    /// <summary>The format found in the bytes; null where none was.</summary>
    public DocumentFormat? Format { get; init; }
}

/// <summary>A CV in the JSON Resume schema (https://jsonresume.org/schema), the fields this reader fills.</summary>
public sealed record JsonResume
{
    /// <summary>The person.</summary>
    public JsonResumeBasics Basics { get; init; } = new();

    /// <summary>Positions held, volunteering included, in the document's order.</summary>
    public IReadOnlyList<JsonResumeWork> Work { get; init; } = [];

    /// <summary>Courses of study, in the document's order.</summary>
    public IReadOnlyList<JsonResumeEducation> Education { get; init; } = [];

    /// <summary>Skills as listed; a labelled list is one entry with keywords.</summary>
    public IReadOnlyList<JsonResumeSkill> Skills { get; init; } = [];

    /// <summary>Spoken languages.</summary>
    public IReadOnlyList<JsonResumeLanguage> Languages { get; init; } = [];

    /// <summary>Certificates.</summary>
    public IReadOnlyList<JsonResumeCertificate> Certificates { get; init; } = [];
}

/// <summary>The person of a CV.</summary>
public sealed record JsonResumeBasics
{
    /// <summary>The name as written.</summary>
    public string? Name { get; init; }

    /// <summary>What the person calls themselves, as "Web Developer".</summary>
    public string? Label { get; init; }

    /// <summary>E-mail address.</summary>
    public string? Email { get; init; }

    /// <summary>Phone number as written.</summary>
    public string? Phone { get; init; }

    /// <summary>The person's own page.</summary>
    public string? Url { get; init; }

    /// <summary>The profile text.</summary>
    public string? Summary { get; init; }

    /// <summary>Where the person lives; null where the document does not say.</summary>
    public JsonResumeLocation? Location { get; init; }

    /// <summary>Accounts elsewhere.</summary>
    public IReadOnlyList<JsonResumeProfile> Profiles { get; init; } = [];
}

/// <summary>A place: the whole as written where it is more than city and region.</summary>
public sealed record JsonResumeLocation(string? Address, string? City, string? Region);

/// <summary>An account elsewhere.</summary>
public sealed record JsonResumeProfile(string Network, string? Username, string? Url);

/// <summary>A position held. Dates are YYYY, YYYY-MM or YYYY-MM-DD; no end date means current.</summary>
public sealed record JsonResumeWork
{
    /// <summary>The employer.</summary>
    public string? Name { get; init; }

    /// <summary>The position.</summary>
    public string? Position { get; init; }

    /// <summary>The place.</summary>
    public string? Location { get; init; }

    /// <summary>The beginning.</summary>
    public string? StartDate { get; init; }

    /// <summary>The end; none means current.</summary>
    public string? EndDate { get; init; }

    /// <summary>What is said about it in sentences.</summary>
    public string? Summary { get; init; }

    /// <summary>What is said about it in bullet points.</summary>
    public IReadOnlyList<string> Highlights { get; init; } = [];
}

/// <summary>A course of study.</summary>
public sealed record JsonResumeEducation
{
    /// <summary>The school.</summary>
    public string? Institution { get; init; }

    /// <summary>The subject.</summary>
    public string? Area { get; init; }

    /// <summary>The degree.</summary>
    public string? StudyType { get; init; }

    /// <summary>The beginning.</summary>
    public string? StartDate { get; init; }

    /// <summary>The end.</summary>
    public string? EndDate { get; init; }

    /// <summary>The grade as written.</summary>
    public string? Score { get; init; }
}

/// <summary>A skill, or a label and its skills.</summary>
public sealed record JsonResumeSkill(string Name, IReadOnlyList<string> Keywords);

/// <summary>A spoken language and how well, in the document's words.</summary>
public sealed record JsonResumeLanguage(string Language, string? Fluency);

/// <summary>A certificate.</summary>
public sealed record JsonResumeCertificate(string Name, string? Date, string? Issuer);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = false)]
[JsonSerializable(typeof(JsonResume))]
[JsonSerializable(typeof(CvEvidence))]
[JsonSerializable(typeof(TextBox))]
[JsonSerializable(typeof(DocumentWarning))]
internal sealed partial class ResumeJson : JsonSerializerContext;
