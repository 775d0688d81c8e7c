using System.Text.Json;
using System.Text.Json.Nodes;

namespace Weft.Hiring;

/// <summary>
/// JSON Merge Patch (RFC 7396) over a record: what the body leaves out stays, null empties. Lets a form send only what changed.
/// </summary>
public static class MergePatch
{
    /// <summary>The record with the patch applied. A field of the wrong type, or one that is not there, is a problem that names it.</summary>
    public static T Apply<T>(T current, JsonObject patch, JsonSerializerOptions json) where T : class
    {
        var merged = JsonSerializer.SerializeToNode(current, json)!.AsObject();
        foreach (var (name, value) in patch)
        {
            if (!merged.ContainsKey(name)) throw Problems.Invalid.Thrown(errors: [new FieldError(name, "There is no such field to change here.")]);
            merged[name] = value?.DeepClone();
        }
        try
        {
            return merged.Deserialize<T>(json)!;
        }
        catch (JsonException wrong)
        {
            var path = wrong.Path is { Length: > 2 } at ? at[2..] : "";
            throw Problems.Invalid.Thrown(errors: [new FieldError(path, "This is not of the type that belongs here.")]);
        }
    }
}
