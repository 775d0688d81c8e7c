using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Weft.Hiring;

namespace Weft.Hosting;

/// <summary>The OpenAPI 3.1 document, generated from the endpoints; web/openapi.json is its committed copy.</summary>
internal static class ApiDocument
{
    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Weft",
                    Version = "1",
                    Description = "Lists are paged by `limit` and `cursor`. Errors are problem details (RFC 9457) with a stable `code`.",
                };
                // The address is the reader's own: a fixed one would be wrong behind every proxy.
                document.Servers = [];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                {
                    ["session"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Cookie, Name = "weft_session" },
                    ["api_key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key; `X-API-Key` is read too." },
                };
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(AddProblem);
            options.AddOperationTransformer(NameAsRead);
            options.AddOperationTransformer(AddMergePatchBody);
            options.AddSchemaTransformer(TypeTimes);
        });

    // The generator knows no type for what a converter of ours writes, and a client without a type cannot use the value.
    private static Task TypeTimes(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(DateTimeOffset))
            schema.Type = JsonSchemaType.String | (type == typeof(DateTimeOffset) ? 0 : JsonSchemaType.Null);
        return Task.CompletedTask;
    }

    // Query parameters are read without regard to case; the document spells them as the rest of the interface does.
    private static Task NameAsRead(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(p => p.In == ParameterLocation.Query))
            parameter.Name = parameter.Name?.ToLowerInvariant();
        return Task.CompletedTask;
    }

    // A merge patch is taken as a JSON object, since what it leaves out must differ from null; Accepts<T> says what it may hold.
    private static async Task AddMergePatchBody(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var accepted = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAcceptsMetadata>()
            .LastOrDefault(m => m.RequestType is { } type && type != typeof(JsonObject))?.RequestType;
        if (accepted is null || operation.RequestBody?.Content is not { } body || !body.TryGetValue("application/json", out var content)
            || !context.Description.ParameterDescriptions.Any(p => p.Type == typeof(JsonObject))) return;
        context.Document!.AddComponent(accepted.Name, await context.GetOrCreateSchemaAsync(accepted, null, cancellationToken));
        content.Schema = new OpenApiSchemaReference(accepted.Name, context.Document);
    }

    // Every address may answer with a problem; saying so once for all statuses keeps the document readable.
    private static async Task AddProblem(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        operation.Responses.Remove("400");
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "A problem",
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(ProblemBody), null, cancellationToken) },
            },
        };
    }
}
