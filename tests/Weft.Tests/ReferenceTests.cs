using System.Text;
using Weft.Hiring;
using Weft.Settings;

namespace Weft.Tests;

/// <summary>What is printed from the code is what is committed. WEFT_UPDATE=1 writes the files anew.</summary>
public sealed class ReferenceTests(TestHost host)
{
    [Fact]
    public Task The_error_reference_lists_the_catalogue() => ShouldBeCommittedAsync("docs/reference/errors.md", PrintErrors());

    [Fact]
    public Task The_settings_reference_lists_every_setting() => ShouldBeCommittedAsync("docs/reference/settings.md", SettingsSchema.PrintReference());

    [Fact]
    public async Task The_API_document_is_the_committed_one()
    {
        using var visitor = host.Visitor();
        var document = await (await visitor.GetAsync("/openapi/v1.json")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        document.ShouldStartWith("{\n  \"openapi\": \"3.1");
        await ShouldBeCommittedAsync("web/openapi.json", document.TrimEnd() + "\n");
    }

    [Fact]
    public void Every_code_of_the_catalogue_is_its_own_and_has_a_remedy()
    {
        Problems.All.Select(p => p.Code).ShouldBeUnique();
        Problems.All.ShouldAllBe(p => p.Status >= 400 && p.Status < 600 && p.Meaning.Length > 0 && p.Remedy.EndsWith('.'));
    }

    private static string PrintErrors()
    {
        var text = new StringBuilder("""
            # Errors

            Every error of the API is a problem document (RFC 9457, `application/problem+json`) with `code` and `remedy`; `errors`
            lists what is wrong with fields as `{path, message}`. Programs should look at `code`, which never changes its meaning.

            | code | status | meaning | what to do |
            |---|---|---|---|

            """);
        foreach (var problem in Problems.All) text.Append($"| `{problem.Code}` | {problem.Status} | {problem.Meaning} | {problem.Remedy} |\n");
        return text.ToString();
    }

    private static async Task ShouldBeCommittedAsync(string path, string expected)
    {
        var file = Path.Combine(Repository.Root, path);
        if (Environment.GetEnvironmentVariable("WEFT_UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, expected, TestContext.Current.CancellationToken);
        }
        File.Exists(file).ShouldBeTrue($"{path} is missing: run the tests with WEFT_UPDATE=1 and commit it");
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldBe(expected, $"{path} is stale: run the tests with WEFT_UPDATE=1 and commit it");
    }
}

/// <summary>Where the source tree is.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException($"The tests do not stand in the source tree: {AppContext.BaseDirectory}");
    }
}
