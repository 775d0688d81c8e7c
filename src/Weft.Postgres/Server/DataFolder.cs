namespace Weft.Postgres;

/// <summary>Where Weft keeps what must survive a restart, when nobody says otherwise.</summary>
public static class DataFolder
{
    /// <summary>
    /// <c>/var/lib/weft</c> for root (the server then runs as another user, who could not enter root's home), else the
    /// platform's folder for application data: <c>$XDG_DATA_HOME/weft</c> or <c>~/.local/share/weft</c> on Linux.
    /// </summary>
    public static string Default() => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows()
        ? "/var/lib/weft"
        : Path.Combine(Base(Environment.SpecialFolder.LocalApplicationData), "weft");

    /// <summary>Where a copy of the server's programs goes when they cannot run from where they are installed.</summary>
    internal static string Cache()
    {
        if (Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
            return "/var/cache/weft";
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache)
            return Path.Combine(cache, "weft");
        return OperatingSystem.IsLinux()
            ? Path.Combine(Base(Environment.SpecialFolder.UserProfile), ".cache", "weft")
            : Path.Combine(Base(Environment.SpecialFolder.LocalApplicationData), "weft", "cache");
    }

    private static string Base(Environment.SpecialFolder folder) =>
        Environment.GetFolderPath(folder, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } path
            ? path
            : throw new DatabaseException(
                "data_folder_unknown",
                "This user has no home folder, so there is no default place for Weft's data.",
                "Name one with --data-dir (or WEFT_DATA_DIR).");
}
