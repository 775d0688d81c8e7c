using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Weft.Hiring;

namespace Weft.Hosting;

/// <summary>The OpenAPI 3.1 document, generated from the endpoints; web/openapi.json is its committed copy.</summary>
internal static class ApiDocument
{
    /// <summary>How the records that only travel towards the server are called.</summary>
    private static readonly string[] RequestNames = ["Request", "Draft", "Move", "Upload"];

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
                document.Security =
                [
                    new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("session", document)] = [] },
                    new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("api_key", document)] = [] },
                ];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer(AddProblem);
            options.AddOperationTransformer(AddMergePatchBody);
            options.AddSchemaTransformer(Complete);
        });

    // What an answer holds is always there, null or not; a request may leave out what it may set to null, unless it says [Required].
    private static Task Complete(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (Nullable.GetUnderlyingType(type) is { } inner) type = inner;
        // Our own converter writes these, so the generator does not know that they are text.
        if (type == typeof(DateTimeOffset))
        {
            schema.Type = type == context.JsonTypeInfo.Type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        if (context.JsonTypeInfo.Kind != JsonTypeInfoKind.Object || schema.Properties is not { Count: > 0 } properties) return Task.CompletedTask;
        var isRequest = Array.Exists(RequestNames, ending => type.Name.EndsWith(ending, StringComparison.Ordinal));
        schema.Required = context.JsonTypeInfo.Properties
            .Where(p => properties.ContainsKey(p.Name) && (isRequest ? !p.IsSetNullable || p.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) == true : p.ShouldSerialize is null))
            .Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        return Task.CompletedTask;
    }

    // A merge patch is taken as a JSON object, since what it leaves out must differ from null; Accepts<T> says what it may hold.
    private static async Task AddMergePatchBody(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var accepted = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAcceptsMetadata>()
            .LastOrDefault(m => m.RequestType is { } type && type != typeof(JsonObject))?.RequestType;
        if (accepted is null || operation.RequestBody?.Content is not { } body || !body.TryGetValue("application/json", out var content)
            || !context.Description.ParameterDescriptions.Any(p => p.Type == typeof(JsonObject))) return;
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(accepted.Name) != true)
            document.AddComponent(accepted.Name, await context.GetOrCreateSchemaAsync(accepted, null, cancellationToken));
        content.Schema = new OpenApiSchemaReference(accepted.Name, document);
    }

    // Every address may answer with a problem; saying so once for all statuses keeps the document readable.
    private static async Task AddProblem(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Responses ??= [];
        operation.Responses.Remove("400");
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(nameof(ProblemBody)) != true)
            document.AddComponent(nameof(ProblemBody), await context.GetOrCreateSchemaAsync(typeof(ProblemBody), null, cancellationToken));
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "A problem",
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), document) },
            },
        };
    }
}
