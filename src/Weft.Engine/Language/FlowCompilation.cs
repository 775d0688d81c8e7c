namespace Weft.Engine.Language;

/// <summary>What came of compiling a source: the flow, or everything that is wrong with it.</summary>
/// <param name="Flow">The compiled flow; null when there is a problem.</param>
/// <param name="Problems">All problems in the order of the source.</param>
/// <param name="ContentHash">SHA-256 of the source, hexadecimal; the same for texts that differ only in line breaks or a blank end.</param>
public sealed record FlowCompilation(FlowDefinition? Flow, IReadOnlyList<FlowProblem> Problems, string ContentHash);
