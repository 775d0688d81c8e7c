// Search parameters come from an address that anyone may have typed: each reader takes what it knows and drops the rest.

export type RawSearch = Record<string, unknown>;

/** The router parses search values as JSON, so that `?q=12` arrives as a number. */
export function text(value: unknown): string | undefined {
  const words = typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  return words === "" ? undefined : words;
}

export function oneOf<const T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((candidate) => candidate === value);
}

/** Where to go after signing in: a path of this app only, never another site. */
export function ownPath(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/")) return undefined;
  const url = new URL(value, window.location.origin);
  return url.origin === window.location.origin && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : undefined;
}
