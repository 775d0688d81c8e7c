/** The step that holds a step: "tell" for "tell[3].mail". */
const parentOf = (path: string, paths: ReadonlySet<string>): string | null => {
  for (let at = path.lastIndexOf("."); at > 0; at = path.lastIndexOf(".", at - 1)) {
    const candidate = path.slice(0, at).replace(/\[\d+\]$/, "");
    if (paths.has(candidate)) return candidate;
  }
  return null;
};

/**
 * The arrows between the steps of a run: each follows the one before it on its level, and the first of an inner level follows the
 * step that holds it. The rounds of a loop each begin at their loop.
 */
export function edgesOf(paths: readonly string[]): [from: string, to: string][] {
  const all = new Set(paths);
  const lastOfLevel = new Map<string, string>();
  const edges: [string, string][] = [];
  for (const path of paths) {
    const parent = parentOf(path, all);
    // Two rounds of a loop are two levels: "each[0]" and "each[1]".
    const level = path.slice(0, Math.max(path.lastIndexOf("."), 0));
    const before = lastOfLevel.get(level) ?? parent;
    if (before) edges.push([before, path]);
    lastOfLevel.set(level, path);
  }
  return edges;
}
