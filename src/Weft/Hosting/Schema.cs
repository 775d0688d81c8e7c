using Weft.Engine;
using Weft.Hiring;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Hosting;

/// <summary>The database as this program knows it: where it is, and the lines of migrations that make its schema.</summary>
internal static class Schema
{
    public static readonly IReadOnlyList<MigrationLine> Lines = [new("engine", typeof(FlowDefinition).Assembly), new("hiring", typeof(Problems).Assembly)];

    public static DatabaseOptions Options(WeftSettings settings, string? adminUrl) => new()
    {
        AdminUrl = adminUrl,
        EngineUrl = settings.Database.Engine,
        AppUrl = settings.Database.App,
        FlowUrl = settings.Database.Flow,
        DirectUrl = settings.Database.Direct,
        EnginePoolSize = settings.Database.EnginePool,
        AppPoolSize = settings.Database.AppPool,
        FlowPoolSize = settings.Database.FlowPool,
        ConnectTimeout = settings.Database.ConnectTimeout,
        DataDirectory = settings.DataDir,
    };

    /// <summary>Connects, and brings the schema forward where this node may.</summary>
    public static async Task<WeftDatabase> OpenAsync(WeftSettings settings, string? adminUrl, bool migrate, ILoggerFactory log, CancellationToken cancellationToken)
    {
        var database = await WeftDatabase.OpenAsync(Options(settings, adminUrl), log, cancellationToken);
        try
        {
            if (migrate && database.HasAdmin) await new Migrator(database, Lines, log).MigrateAsync(cancellationToken);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }
}
