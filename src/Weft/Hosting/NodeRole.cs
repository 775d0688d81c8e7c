namespace Weft.Hosting;

/// <summary>What a node does: serve people, run flows, or both.</summary>
internal enum NodeRole
{
    All,
    Web,
    Worker,
}
