using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Weft.Architecture.Tests;

/// <summary>Dependencies point one way, and each room holds only its own things (docs/decisions/001-one-way-dependencies.md).</summary>
public sealed partial class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Weft.Postgres"] = [],
        ["Weft.Engine"] = ["Weft.Postgres"],
        ["Weft.Documents"] = [],
        ["Weft.Hiring"] = ["Weft.Engine", "Weft.Documents"],
        ["Weft"] = ["Weft.Hiring"],
    };

    [Fact]
    public void Each_project_refers_only_to_the_projects_below_it()
    {
        foreach (var (project, allowed) in Allowed)
        {
            var file = Path.Combine(Root, "src", project, project + ".csproj");
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))
                .ToArray();
            references.Except(allowed).ShouldBeEmpty($"{project} may refer to [{string.Join(", ", allowed)}] only");
        }
    }

    [Fact]
    public void The_source_folder_holds_exactly_the_known_projects()
    {
        Directory.GetDirectories(Path.Combine(Root, "src")).Select(Path.GetFileName).Order().ShouldBe(Allowed.Keys.Order());
    }

    [Fact]
    public void The_engine_never_names_a_hiring_table_or_word()
    {
        foreach (var file in SourceFiles("Weft.Engine").Concat(SourceFiles("Weft.Postgres")))
        {
            var match = HiringWord().Match(File.ReadAllText(file));
            match.Success.ShouldBeFalse($"{Path.GetRelativePath(Root, file)} says '{match.Value}': the engine knows nothing of hiring");
        }
    }

    [Fact]
    public void Documents_knows_no_database()
    {
        var names = Assembly.Load("Weft.Documents").GetReferencedAssemblies().Select(a => a.Name!);
        names.ShouldNotContain(name => name.StartsWith("Npgsql", StringComparison.Ordinal) || name.StartsWith("Dapper", StringComparison.Ordinal));
    }

    [Fact]
    public void No_folder_is_a_drawer_for_odds_and_ends()
    {
        string[] drawers = ["Common", "Helpers", "Utils", "Shared", "Misc", "Interfaces", "Models", "Services", "Repositories"];
        var found = Directory.EnumerateDirectories(Path.Combine(Root, "src"), "*", SearchOption.AllDirectories)
            .Where(d => !d.Contains("node_modules", StringComparison.Ordinal) && drawers.Contains(Path.GetFileName(d), StringComparer.OrdinalIgnoreCase))
            .Select(d => Path.GetRelativePath(Root, d));
        found.ShouldBeEmpty();
    }

    [Fact]
    public void Classes_are_sealed_static_or_abstract()
    {
        foreach (var project in Allowed.Keys)
        {
            var open = Assembly.Load(project == "Weft" ? "weft" : project).GetTypes()
                .Where(t => t.IsClass && !t.IsSealed && !t.IsAbstract && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
                .Where(t => t.Assembly.GetTypes().All(other => other.BaseType != t) && t.Namespace?.StartsWith("Weft", StringComparison.Ordinal) == true)
                .Select(t => t.FullName);
            open.ShouldBeEmpty($"{project}: sealed by default; a class without a subclass is sealed");
        }
    }

    private static IEnumerable<string> SourceFiles(string project) =>
        Directory.EnumerateFiles(Path.Combine(Root, "src", project), "*", SearchOption.AllDirectories)
            .Where(f => !f.Contains("node_modules", StringComparison.Ordinal) && (f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".sql", StringComparison.Ordinal)));

    private static string Root { get; } = FindRoot();

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex(@"\bhiring\.|\b(recruiter|job.?seeker|candidate pool|résumé|applicants?)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex HiringWord();
}
