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
        });

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
