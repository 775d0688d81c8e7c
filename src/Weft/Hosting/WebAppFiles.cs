using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Weft.Hosting;

/// <summary>Serves the built web app: hashed assets for ever, everything else checked each time, its own routes by index.html.</summary>
internal static class WebAppFiles
{
    private static readonly string[] ApiPrefixes = ["/api", "/openapi", "/health", "/metrics", "/workflows", "/workflow", "/jobs"];

    private const string NotBuilt = """
        <!doctype html><meta charset="utf-8"><title>Weft</title>
        <p>Weft is running, but its web app is not built. Run <code>npm ci &amp;&amp; npm run build</code> in the folder <code>web</code>,
        or start with <code>./weft up</code>, which does it. The API is described at <a href="/openapi/v1.json">/openapi/v1.json</a>.
        """;

    /// <summary>The folder of the built app: as set, beside the program, or in the source tree that the program was built from.</summary>
    public static string? FindRoot(string? configured)
    {
        if (configured is not null) return Path.GetFullPath(configured);
        var beside = Path.Combine(AppContext.BaseDirectory, "web");
        if (File.Exists(Path.Combine(beside, "index.html"))) return beside;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) continue;
            var built = Path.Combine(folder.FullName, "web", "dist");
            return Directory.Exists(built) ? built : null;
        }
        return null;
    }

    public static void AddWebAppFiles(this IServiceCollection services) =>
        services.AddResponseCompression(o =>
        {
            // Only the app's own files pass through here; nothing in them is secret, so compressing under TLS reveals nothing.
            o.EnableForHttps = true;
            o.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "image/svg+xml", "application/manifest+json"];
        });

    public static void UseWebAppFiles(this WebApplication app, string? root)
    {
        if (root is null) return;
        var files = new PhysicalFileProvider(root);
        app.Lifetime.ApplicationStopped.Register(files.Dispose);
        app.UseWhen(context => !IsApi(context.Request.Path) && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)), branch =>
        {
            branch.UseResponseCompression();
            branch.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = files,
                ContentTypeProvider = new FileExtensionContentTypeProvider { Mappings = { [".webmanifest"] = "application/manifest+json", [".mjs"] = "text/javascript" } },
                OnPrepareResponse = SetCaching,
            });
        });
    }

    /// <summary>The app's own routes (/runs/…, /positions) are pages of the one index.html; what has a file's ending is a missing file.</summary>
    public static Func<HttpContext, RequestDelegate, Task> Fallback(string? root) => (context, next) =>
    {
        var request = context.Request;
        if (context.GetEndpoint() is not null || IsApi(request.Path) || Path.HasExtension(request.Path)
            || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))) return next(context);
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        var index = root is null ? null : Path.Combine(root, "index.html");
        return index is null || !File.Exists(index) ? context.Response.WriteAsync(NotBuilt, context.RequestAborted) : context.Response.SendFileAsync(index, context.RequestAborted);
    };

    private static bool IsApi(PathString path) => Array.Exists(ApiPrefixes, p => path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase));

    // The build puts a hash of the content into the names under assets/: such a file never changes.
    private static void SetCaching(StaticFileResponseContext file) =>
        file.Context.Response.Headers[HeaderNames.CacheControl] =
            file.Context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : new StringValues("no-cache");
}
