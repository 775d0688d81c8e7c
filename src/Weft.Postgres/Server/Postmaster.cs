using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weft.Postgres.Server;

/// <summary>What a running server writes into <c>postmaster.pid</c>, held against what really runs.</summary>
internal sealed partial record Postmaster(int Pid, int Port, string SocketDirectory, string Status)
{
    private const int FieldCount = 8;

    public bool IsReady => Status == "ready";

    public static string FileOf(string cluster) => Path.Combine(cluster, "postmaster.pid");

    /// <summary>The file's content; null when there is none. A file that is still being written has pid and nothing else.</summary>
    public static Postmaster? Read(string cluster)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(FileOf(cluster));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        if (lines.Length == 0 || !int.TryParse(lines[0], out var pid))
            return new Postmaster(0, 0, "", "");
        return lines.Length < FieldCount || !int.TryParse(lines[3], out var port)
            ? new Postmaster(pid, 0, "", "starting")
            : new Postmaster(pid, port, lines[4].Trim(), lines[7].Trim());
    }

    /// <summary>
    /// Whether the process still runs and is this cluster's server. A killed server stays a zombie until init reaps it, and
    /// its number may have gone to someone else: both count as gone.
    /// </summary>
    public bool IsAlive(string cluster)
    {
        if (Pid <= 0)
            return false;
        if (OperatingSystem.IsLinux())
            return State(Pid) is not (null or 'Z' or 'X') && WorkingDirectory(Pid) == RealPath(cluster);
        try
        {
            using var process = Process.GetProcessById(Pid);
            return !process.HasExited && process.ProcessName.StartsWith("postgres", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Processes of this cluster: the server and its children all stand in the cluster's folder.</summary>
    public static IReadOnlyList<int> ProcessesIn(string cluster)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var real = RealPath(cluster);
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && WorkingDirectory(pid) == real && State(pid) is not (null or 'Z' or 'X'))];
    }

    private static char? State(int pid)
    {
        try
        {
            // pid (name) state …, where the name may itself contain parentheses.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? WorkingDirectory(int pid)
    {
        try
        {
            return new DirectoryInfo($"/proc/{pid}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that has just ended.
            return null;
        }
    }

    private static string RealPath(string path)
    {
        var real = ResolvePath(path, 0);
        if (real == 0)
            return Path.GetFullPath(path);
        var text = Marshal.PtrToStringUTF8(real)!;
        Free(real);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ResolvePath(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint pointer);
}
