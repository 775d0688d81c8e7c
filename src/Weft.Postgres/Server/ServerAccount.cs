using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weft.Postgres.Server;

/// <summary>The system user that the server's programs run as: ourselves, or an unprivileged user when we are root.</summary>
internal sealed partial record ServerAccount(string? Name, uint UserId, uint GroupId)
{
    private static readonly string[] PreferredUsers = ["weft", "postgres", "nobody"];

    /// <summary>True when the programs run as somebody else.</summary>
    public bool IsOther => Name is not null;

    public static ServerAccount Choose(string? wanted, string? recorded)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            if (recorded is not null && recorded != Environment.UserName)
                throw new DatabaseException(
                    "data_folder_of_another_user",
                    $"This data folder's database belongs to the user '{recorded}', and this is '{Environment.UserName}'.",
                    $"Start Weft as '{recorded}' or root, or choose another folder with --data-dir.");
            return new ServerAccount(null, 0, 0);
        }

        if (wanted is not null || recorded is not null)
        {
            var name = wanted ?? recorded!;
            return Find(name) ?? throw new DatabaseException(
                "server_user_unknown", $"The system user '{name}' that should run the database does not exist.", "Create it, or name another one.");
        }

        return PreferredUsers.Select(Find).FirstOrDefault(account => account is not null) ?? throw new DatabaseException(
            "server_user_unknown",
            "Weft runs as root, which PostgreSQL refuses to run as, and there is no other system user to run it.",
            "Create one (useradd --system weft), or start Weft as an ordinary user.");
    }

    public void Give(string path)
    {
        if (IsOther && Chown(path, UserId, GroupId) != 0)
            throw new DatabaseException(
                "data_folder_unusable",
                $"'{path}' cannot be given to the user '{Name}' who runs the database: {Marshal.GetLastPInvokeErrorMessage()}.",
                "Choose a folder on a local disk with --data-dir.");
    }

    /// <summary>Whether the account may enter the folder, which every folder above it has to allow.</summary>
    public async Task<bool> CanEnterAsync(string directory, CancellationToken cancellationToken)
    {
        if (!IsOther)
            return true;
        var (exit, _) = await RunAsync("/bin/sh", ["-c", "cd \"$0\"", directory], cancellationToken);
        return exit == 0;
    }

    /// <summary>Runs a program as this account and returns its exit code with what it printed.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            // Our own current folder may be one that the account cannot enter.
            WorkingDirectory = Path.GetPathRoot(Environment.SystemDirectory) is { Length: > 0 } root ? root : "/",
        };
        // Settings meant for a client of some other server must not reach ours.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal) || name.StartsWith("LC_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        if (IsOther && !OperatingSystem.IsWindows())
            start.UserName = Name!;
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, (await errors + await output).Trim());
        }
        catch (Win32Exception e)
        {
            return (-1, e.Message);
        }
    }

    private static ServerAccount? Find(string name)
    {
        var entry = GetPasswordEntry(name);
        if (entry == 0)
            return null;
        // struct passwd begins with two pointers (name, password), then uid and gid, on Linux and macOS alike.
        return new ServerAccount(
            name, (uint)Marshal.ReadInt32(entry, 2 * nint.Size), (uint)Marshal.ReadInt32(entry, (2 * nint.Size) + sizeof(int)));
    }

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetPasswordEntry(string name);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Chown(string path, uint user, uint group);
}
