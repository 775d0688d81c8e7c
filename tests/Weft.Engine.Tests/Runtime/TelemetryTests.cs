using System.Reflection;
using Microsoft.Extensions.Logging;
using Weft.Engine.Runtime;

namespace Weft.Engine.Tests.Runtime;

public sealed class TelemetryTests
{
    [Fact]
    public void Every_log_event_has_a_number_of_its_own_and_stands_in_the_reference()
    {
        var events = typeof(EngineLog).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(m => m.GetCustomAttribute<LoggerMessageAttribute>()).Where(a => a is not null).Select(a => a!).ToList();
        var reference = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "reference", "telemetry.md"));

        events.Count.ShouldBeGreaterThan(15);
        events.Select(e => e.EventId).ShouldBeUnique();
        foreach (var entry in events) reference.ShouldContain($"| {entry.EventId} | {entry.Level} | {entry.Message} |");
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
