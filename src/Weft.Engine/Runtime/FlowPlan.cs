namespace Weft.Engine.Runtime;

/// <summary>One version of a flow, compiled, with what the store knows of it.</summary>
internal sealed record FlowPlan(long VersionId, int Version, Guid FlowKey, Guid? WorkspaceId, Guid? OwnerId, bool Disabled, FlowDefinition Flow)
{
    /// <summary>One of the product's own flows, not a workspace's.</summary>
    public bool IsSystem => WorkspaceId is null;

    public string Name { get; } = $"{Flow.Namespace}/{Flow.Id}";
}
