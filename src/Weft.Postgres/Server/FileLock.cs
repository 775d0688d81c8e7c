using System.Diagnostics;

namespace Weft.Postgres.Server;

/// <summary>
/// A lock that the operating system takes back when its holder dies, however it dies. On Unix the runtime turns the share
/// mode into flock(2): Read is a shared lock, None an exclusive one.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    public static FileLock? TryExclusive(string path) => TryOpen(path, FileAccess.ReadWrite, FileShare.None);

    public static FileLock? TryShared(string path) => TryOpen(path, FileAccess.Read, FileShare.Read);

    /// <summary>Waits until nobody else holds the file; null when the time is up.</summary>
    public static async Task<FileLock?> ExclusiveAsync(string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (TryExclusive(path) is { } held)
                return held;
            if (waited.Elapsed > patience)
                return null;
            await Task.Delay(20, cancellationToken);
        }
    }

    public void Dispose() => stream.Dispose();

    private static FileLock? TryOpen(string path, FileAccess access, FileShare share)
    {
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, access, share));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }
}
