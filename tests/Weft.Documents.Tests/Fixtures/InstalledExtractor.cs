using System.Diagnostics;
using System.Runtime.CompilerServices;

[assembly: AssemblyFixture(typeof(Weft.Documents.Tests.Fixtures.InstalledExtractor))]

namespace Weft.Documents.Tests.Fixtures;

/// <summary>The extractor's directory in the source tree, its packages installed, for all tests.</summary>
public sealed class InstalledExtractor : IAsyncLifetime
{
    public static string Directory { get; } = Path.GetFullPath(Path.Combine(SourceDirectory(), "..", "..", "..", "src", "Weft.Documents", "extractor"));

    public static DocumentOptions Options => new() { ExtractorDirectory = Directory };

    public async ValueTask InitializeAsync()
    {
        if (System.IO.Directory.Exists(Path.Combine(Directory, "node_modules", "@embedpdf")))
            return;
        using var npm = Process.Start(new ProcessStartInfo("npm", ["ci"]) { WorkingDirectory = Directory })!;
        await npm.WaitForExitAsync();
        npm.ExitCode.ShouldBe(0, "npm ci in the extractor's directory");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string SourceDirectory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
