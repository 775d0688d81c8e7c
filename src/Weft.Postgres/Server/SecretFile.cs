using System.Text;

namespace Weft.Postgres.Server;

/// <summary>Files that only their owner may read.</summary>
internal static class SecretFile
{
    /// <summary>Replaces the file in one step: a crash leaves the old content or the new, never half of either.</summary>
    public static void Write(string path, string content)
    {
        var building = path + ".new";
        File.Delete(building);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(building, options))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
            file.Flush(flushToDisk: true);
        }

        File.Move(building, path, overwrite: true);
    }
}
