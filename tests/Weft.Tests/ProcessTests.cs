using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Weft.Tests;

/// <summary>The built program as a process of its own, on a data folder of its own.</summary>
public sealed class ProcessTests
{
    [Fact(Timeout = 300_000)]
    public async Task Killed_in_the_middle_of_a_hundred_sign_ups_it_completes_each_accepted_one_exactly_once()
    {
        using var folder = new DataFolder();
        var accepted = new List<string>();
        using (var first = await WeftProcess.UpAsync(folder.Path))
        {
            using var killed = new CancellationTokenSource();
            var gate = new SemaphoreSlim(8);
            var attempts = Enumerable.Range(0, 100).Select(async i =>
            {
                await gate.WaitAsync(TestContext.Current.CancellationToken);
                try
                {
                    using var person = new Person(first.Address, $"applicant{i}@example.org");
                    if (!killed.IsCancellationRequested && (await person.SignUpAsync()).StatusCode == HttpStatusCode.Created)
                    {
                        lock (accepted) accepted.Add(person.Email);
                        // Past the middle, with runs in flight behind the answers.
                        if (accepted.Count == 50)
                        {
                            await killed.CancelAsync();
                            first.Kill();
                        }
                    }
                }
                catch (HttpRequestException)
                {
                    // Cut off by the kill: not accepted, or accepted without our knowing.
                }
                finally
                {
                    gate.Release();
                }
            });
            await Task.WhenAll(attempts);
        }
        accepted.Count.ShouldBeGreaterThanOrEqualTo(50);

        using var second = await WeftProcess.UpAsync(folder.Path);
        var runs = await Eventually.ShouldBeAsync(
            async () => JsonSerializer.Deserialize<List<JsonElement>>((await second.CommandAsync("runs", "list", "--flow", "hiring/registration", "--limit", "1000", "--json")).Output)!,
            all => all.Count >= accepted.Count && all.TrueForAll(r => r.GetProperty("status").GetString() == "completed"), "registrations");
        using var machine = second.Operator();
        var people = (await AllAsync(machine, "/api/users")).ToDictionary(u => u.GetProperty("email").GetString()!, u => u.GetProperty("id").GetString()!);
        var mail = (await AllAsync(machine, "/api/mailbox")).Select(m => m.GetProperty("to").EnumerateArray().Single().GetString()!).ToList();
        foreach (var email in accepted)
        {
            runs.Count(r => r.GetProperty("labels").GetProperty("person").GetString() == people[email]).ShouldBe(1, email);
            mail.Count(to => to == email).ShouldBe(1, email);
        }
        // Nor was anybody registered or told whose answer was cut off in a half-done way.
        runs.Count.ShouldBe(people.Count);
        mail.Count.ShouldBe(people.Count);
        var (exit, _, _) = await second.StopAsync();
        exit.ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task It_says_what_is_wrong_and_how_to_mend_it()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;
        using var folder = new DataFolder();

        var (exit, _, error) = await WeftProcess.RunAsync(["up", "--port", $"{port}", "--data-dir", folder.Path]);
        exit.ShouldBe(1);
        error.ShouldContain($"Port {port} on 127.0.0.1 is in use");
        error.ShouldContain("--port");

        var file = Path.Combine(folder.Path, "a-file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (exit, _, error) = await WeftProcess.RunAsync(["up", "--port", "0", "--data-dir", Path.Combine(file, "below")]);
        exit.ShouldBe(1);
        error.ShouldContain("--data-dir");

        (exit, _, error) = await WeftProcess.RunAsync(["up", "--port", "0", "--database-url", $"postgres://nobody@127.0.0.1:{FreePort()}/weft"]);
        exit.ShouldBe(3);
        error.ShouldContain("cannot be reached");

        (exit, _, error) = await WeftProcess.RunAsync(["flow", "list", "--server", $"http://127.0.0.1:{FreePort()}", "--key", "k"]);
        exit.ShouldBe(3);
        error.ShouldContain("cannot be reached");

        (exit, _, error) = await WeftProcess.RunAsync(["runs", "show", "nonsense"]);
        exit.ShouldBe(2);
        error.ShouldContain("weft runs show --help");
    }

    [Fact(Timeout = 120_000)]
    public async Task Flows_are_checked_without_a_database_each_mistake_with_its_place()
    {
        using var folder = new DataFolder();
        var good = Path.Combine(folder.Path, "good.yaml");
        var bad = Path.Combine(folder.Path, "bad.yaml");
        await File.WriteAllTextAsync(good, "id: a\nnamespace: b\ntasks:\n  - { id: c, type: log, message: hi }\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(bad, "id: a\nnamespace: b\ntasks:\n  - { id: c, type: lug, message: hi }\n", TestContext.Current.CancellationToken);

        (await WeftProcess.RunAsync(["flow", "validate", good])).Exit.ShouldBe(0);
        var (exit, _, error) = await WeftProcess.RunAsync(["flow", "validate", good, bad]);
        exit.ShouldBe(1);
        error.ShouldStartWith($"{bad}:4:");
        (await WeftProcess.RunAsync(["flow", "validate", Path.Combine(folder.Path, "none.yaml")])).Exit.ShouldBe(2);
    }

    private static async Task<List<JsonElement>> AllAsync(Person machine, string path)
    {
        var items = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await machine.ReadAsync($"{path}?limit=100&cursor={cursor}");
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        return items;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A folder for one test, which the unprivileged user of the database may enter.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("weft");

    public DataFolder()
    {
        if (!OperatingSystem.IsWindows()) _folder.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    }

    public string Path => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>The program running as a child.</summary>
internal sealed class WeftProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly string _dataDir;
    private readonly Task<string> _error;

    private WeftProcess(Process process, string dataDir, Uri address, Task<string> error) => (_process, _dataDir, Address, _error) = (process, dataDir, address, error);

    public Uri Address { get; }

    /// <summary>Starts <c>weft up</c> and waits until it says where it is.</summary>
    public static async Task<WeftProcess> UpAsync(string dataDir)
    {
        var process = Start(["up", "--port", "0", "--data-dir", dataDir]);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith("Weft is ready at ", StringComparison.Ordinal)) return new WeftProcess(process, dataDir, new Uri(line.Split(' ')[4]), error);
        }
        throw new InvalidOperationException($"weft up ended: {await error}");
    }

    /// <summary>Whoever owns the data folder, as the command line beside it does.</summary>
    public Person Operator()
    {
        using var node = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_dataDir, "node.json")));
        return new Person(Address, "", node.RootElement.GetProperty("Key").GetString());
    }

    /// <summary>Runs another command on the same data folder.</summary>
    public Task<(int Exit, string Output, string Error)> CommandAsync(params string[] arguments) => RunAsync([.. arguments, "--data-dir", _dataDir]);

    public static async Task<(int Exit, string Output, string Error)> RunAsync(IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        return await EndAsync(process, process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>As a power cut would: nothing gets a chance to finish.</summary>
    public void Kill() => _process.Kill();

    /// <summary>As Ctrl-C does.</summary>
    public async Task<(int Exit, string Output, string Error)> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        return await EndAsync(_process, _error);
    }

    private static Process Start(IReadOnlyList<string> arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "weft.dll");
        var info = new ProcessStartInfo("dotnet", [program, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var name in info.Environment.Keys.Where(k => k.StartsWith("WEFT_", StringComparison.Ordinal)).ToList()) info.Environment.Remove(name);
        return Process.Start(info)!;
    }

    private static async Task<(int Exit, string Output, string Error)> EndAsync(Process process, Task<string> error)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, output, await error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: false);
            _process.WaitForExit();
        }
        _process.Dispose();
    }
}
