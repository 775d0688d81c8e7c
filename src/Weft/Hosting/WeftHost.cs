using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Weft.Postgres;
using Weft.Settings;

namespace Weft.Hosting;

/// <summary>Puts a node together: services, then the way of a request, then the addresses.</summary>
internal static class WeftHost
{
    public static WebApplication Build(WeftSettings settings, WeftDatabase database, NodeRole role, LogLevel logLevel = LogLevel.Information)
    {
        // Columns are snake_case, records are not.
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        // The empty builder reads no files and no variables of its own: every setting comes from WeftSettings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "weft", ContentRootPath = AppContext.BaseDirectory });
        builder.AddLogging(logLevel);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.Http.MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            Listen(kestrel, settings.Http);
        });

        var services = builder.Services;
        services.Configure<HostOptions>(o => o.ShutdownTimeout = settings.Http.DrainTime + TimeSpan.FromSeconds(10));
        services.AddSingleton(database);
        services.AddSingleton<MetricsText>();
        services.AddRoutingCore();
        services.ConfigureHttpJsonOptions(o => ConfigureJson(o.SerializerOptions));
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.Configure<ForwardedHeadersOptions>(o => o.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto);
        services.AddWebAppFiles();
        services.AddRateLimits();
        services.AddApiDocument();
        services.AddProduct(settings, role);

        var app = builder.Build();
        // It counts from the first request on, not from the first reader.
        app.Services.GetRequiredService<MetricsText>();
        var webRoot = WebAppFiles.FindRoot(settings.Http.WebRoot);
        app.UseForwardedHeaders();
        app.Use(SecurityHeaders.InvokeAsync);
        app.UseMiddleware<ProblemMiddleware>();
        app.UseWebAppFiles(webRoot);
        app.UseRouting();
        app.Use(WebAppFiles.Fallback(webRoot));
        app.Use(ProblemMiddleware.RefuseLargeBodies);
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHealth();
        if (role != NodeRole.Worker) app.MapProduct();
        return app;
    }

    internal static void ConfigureJson(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.DictionaryKeyPolicy = null;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.MaxDepth = 64;
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        json.Converters.Add(new UtcTimeConverter());
    }

    private static void Listen(KestrelServerOptions kestrel, HttpSettings http)
    {
        if (http.Listen == "localhost") kestrel.ListenLocalhost(http.Port);
        else kestrel.Listen(IPAddress.Parse(http.Listen), http.Port);
    }

    // Lines go to standard error: standard output is for what a command answers.
    private static void AddLogging(this WebApplicationBuilder builder, LogLevel level)
    {
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "HH:mm:ss ";
            o.UseUtcTimestamp = true;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(level);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning);
        // A request without a session is no news.
        builder.Logging.AddFilter("Weft.Hiring.Accounts.WeftAuthentication", LogLevel.Warning);
        // Reported as a problem of the catalogue, or by name when the port is taken.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }
}
