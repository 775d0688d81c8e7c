using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Weft.Documents;

/// <summary>Writes readings as JSON: the line that <c>weft cv parse --json</c> prints, and its parts.</summary>
public static class CvJson
{
    // The output goes to terminals, files and JSON columns, never into HTML: letters stay letters.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line <c>{file, resume, document, meta}</c>; <c>meta.evidence</c> says by JSON pointer where each value was read and how sure the reader is.</summary>
    public static string Write(string file, CvReading reading)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("file", file);
            json.WritePropertyName("resume");
            JsonSerializer.Serialize(json, reading.Resume, ResumeJson.Default.JsonResume);
            json.WriteStartObject("document");
            json.WriteString("kind", KindName(reading.Document.Kind));
            if (reading.Document.Reason is { } reason)
                json.WriteString("reason", reason);
            json.WriteEndObject();
            json.WriteStartObject("meta");
            if (reading.Format is { } format)
                json.WriteString("format", format switch { DocumentFormat.Pdf => "pdf", DocumentFormat.Docx => "docx", _ => "text" });
            json.WriteNumber("pages", reading.Pages.Count);
            json.WriteStartArray("warnings");
            foreach (var warning in reading.Warnings)
                JsonSerializer.Serialize(json, warning, ResumeJson.Default.DocumentWarning);
            json.WriteEndArray();
            json.WritePropertyName("evidence");
            WriteEvidence(json, reading.Evidence);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The resume alone, in the JSON Resume schema.</summary>
    public static string WriteResume(JsonResume resume)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
            JsonSerializer.Serialize(json, resume, ResumeJson.Default.JsonResume);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The evidence alone, an object by JSON pointer.</summary>
    public static string WriteEvidence(IReadOnlyDictionary<string, CvEvidence> evidence)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
            WriteEvidence(json, evidence);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The kind's name in JSON: <c>cv</c>, <c>cover_letter</c>, <c>other</c>, <c>unreadable</c>.</summary>
    public static string KindName(CvKind kind) => kind switch
    {
        CvKind.Cv => "cv",
        CvKind.CoverLetter => "cover_letter",
        CvKind.Other => "other",
        _ => "unreadable",
    };

    private static void WriteEvidence(Utf8JsonWriter json, IReadOnlyDictionary<string, CvEvidence> evidence)
    {
        json.WriteStartObject();
        foreach (var (pointer, one) in evidence)
        {
            json.WritePropertyName(pointer);
            JsonSerializer.Serialize(json, one, ResumeJson.Default.CvEvidence);
        }

        json.WriteEndObject();
    }
}
