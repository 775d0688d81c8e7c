import type { FreeDays } from "@/lib/model";

const dayAfter = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

/** Ranges in order, with those that overlap or touch made one: as the server keeps them. */
export function joined(ranges: readonly FreeDays[]): FreeDays[] {
  const result: FreeDays[] = [];
  for (const range of [...ranges].sort((a, b) => a.from.localeCompare(b.from))) {
    const last = result.at(-1);
    if (last && (last.to === null || last.to === undefined || range.from <= dayAfter(last.to))) {
      if (last.to != null && (range.to == null || range.to > last.to)) last.to = range.to;
    } else result.push({ ...range });
  }
  return result;
}

/** How many days lie between the first and the last, both included. */
export const days = (range: FreeDays): number | null => (range.to ? Math.round((Date.parse(range.to) - Date.parse(range.from)) / 86_400_000) + 1 : null);
