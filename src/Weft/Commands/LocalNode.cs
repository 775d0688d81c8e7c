using System.Text.Json;

namespace Weft.Commands;

/// <summary>
/// The node that runs on a data folder: its address and its local key, in a file that only the folder's owner reads, held by
/// a lock for as long as the node lives. One node at a time starts and stops a folder's database.
/// </summary>
internal sealed class LocalNode : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _lock;
    private readonly string _file;

    private LocalNode(FileStream held, string file) => (_lock, _file) = (held, file);

    /// <summary>Takes the folder, or answers null when another node has it.</summary>
    private static LocalNode? TryTake(string dataDir)
    {
        CreateFolder(dataDir);
        try
        {
            var held = new FileStream(Path.Combine(dataDir, "node.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // What a killed node left says nothing any more.
            var file = Path.Combine(dataDir, "node.json");
            File.Delete(file);
            return new LocalNode(held, file);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    /// <summary>
    /// Takes the folder, or throws when a node has it that serves people. One that only runs a command, or has just begun, is
    /// waited for.
    /// </summary>
    public static async Task<LocalNode> TakeAsync(string dataDir, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += Between)
        {
            if (TryTake(dataDir) is { } taken) return taken;
            if (Find(dataDir) is { } node) throw new CommandException($"Weft is running already on the data folder {dataDir}, at {node.Address}. Stop it, or choose another folder with --data-dir.");
            if (waited > Patience) throw new CommandException($"The data folder {dataDir} is held by another weft that does not say where it is. Stop it, or choose another folder with --data-dir.");
            await Task.Delay(Between, cancellationToken);
        }
    }

    private static void CreateFolder(string dataDir)
    {
        try
        {
            Directory.CreateDirectory(dataDir);
            // Creating it proves nothing when it was there already.
            var probe = Path.Combine(dataDir, $".probe-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new CommandException($"The data folder {dataDir} cannot be written: {e.Message} Choose another with --data-dir (WEFT_DATA_DIR), or give {Environment.UserName} the right to write there.");
        }
    }

    /// <summary>Tells commands on this machine where the node is.</summary>
    public void Announce(string address, string key)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // A file left by a killed node keeps its mode when it is overwritten: it goes first.
        File.Delete(_file);
        using var file = new FileStream(_file, options);
        JsonSerializer.Serialize(file, new Announcement(address, key));
    }

    /// <summary>Where the node of the folder is, if one said so.</summary>
    public static Announcement? Find(string dataDir)
    {
        try
        {
            using var file = File.OpenRead(Path.Combine(dataDir, "node.json"));
            return JsonSerializer.Deserialize<Announcement>(file);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        File.Delete(_file);
        _lock.Dispose();
    }

    internal sealed record Announcement(string Address, string Key);
}
