using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Weft.Documents;

namespace Weft.Commands;

/// <summary><c>weft cv parse</c>: the CV reader alone, without a database.</summary>
internal static class CvCommand
{
    public static Command Create()
    {
        var files = new Argument<FileInfo[]>("file") { Description = "CVs as PDF, DOCX or text", Arity = ArgumentArity.OneOrMore };
        var json = new Option<bool>("--json") { Description = "One line of JSON per file: {file, resume, document, meta}" };
        var parse = new Command("parse", "Read CVs and print what stands in them") { files, json };
        parse.SetAction((parsed, cancellationToken) => ParseAsync(parsed.GetRequiredValue(files), parsed.GetValue(json), cancellationToken));
        return new Command("cv", "Read CVs") { parse };
    }

    private static async Task<int> ParseAsync(FileInfo[] files, bool json, CancellationToken cancellationToken)
    {
        if (Array.Find(files, f => !f.Exists) is { } missing) throw new CommandException($"There is no file {missing}.", ExitCode.WrongUsage);
        await using var reader = new CvReader(new DocumentOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        foreach (var file in files)
        {
            try
            {
                var reading = await reader.ReadAsync(await File.ReadAllBytesAsync(file.FullName, cancellationToken), file.Name, cancellationToken);
                if (json) Console.WriteLine(CvJson.Write(file.ToString(), reading));
                else Print(file, reading);
            }
            catch (ExtractorUnavailableException e)
            {
                throw new CommandException($"{file}: {e.Message}", ExitCode.Failed);
            }
        }
        return ExitCode.Done;
    }

    private static void Print(FileInfo file, CvReading reading)
    {
        Console.WriteLine($"{file}: {CvJson.KindName(reading.Document.Kind)}{(reading.Document.Reason is { } reason ? $" ({reason})" : "")}");
        var basics = reading.Resume.Basics;
        foreach (var (name, value) in new[] { ("name", basics.Name), ("label", basics.Label), ("e-mail", basics.Email), ("phone", basics.Phone), ("url", basics.Url) })
        {
            if (value is not null) Console.WriteLine($"  {name}: {value}");
        }
        foreach (var work in reading.Resume.Work) Console.WriteLine($"  work: {work.Position} at {work.Name}, {work.StartDate} to {work.EndDate ?? "now"}");
        foreach (var school in reading.Resume.Education) Console.WriteLine($"  education: {school.StudyType} {school.Area} at {school.Institution}, {school.StartDate} to {school.EndDate}");
        if (reading.Resume.Skills.Count > 0) Console.WriteLine($"  skills: {string.Join(", ", reading.Resume.Skills.Select(s => s.Name))}");
        if (reading.Resume.Languages.Count > 0) Console.WriteLine($"  languages: {string.Join(", ", reading.Resume.Languages.Select(l => l.Language))}");
    }
}
