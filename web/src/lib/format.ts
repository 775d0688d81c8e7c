const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
// The interface speaks English; day before month cannot be misread the way numbers can.
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
const whole = new Intl.NumberFormat("en");

/** "5 min. ago", "in 2 hr."; anything under a minute is "just now" or "in a moment", since seconds would only flicker. */
export function ago(at: string | Date, now: Date): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 5 ? "in a moment" : "just now";
}

export const exactTime = (at: string | Date) => exact.format(new Date(at));
export const clockTime = (at: string | Date) => clock.format(new Date(at));

/** A calendar day as `YYYY-MM-DD` has no zone: it is shown as that day everywhere. */
export const calendarDay = (at: string) => day.format(new Date(`${at.slice(0, 10)}T00:00:00Z`));

/** Compact: "0 ms", "840 ms", "1.2 s", "3 m 04 s", "2 h 05 m", "3 d 4 h". */
export function duration(milliseconds: number): string {
  if (milliseconds < 0) return "0 ms";
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const two = (value: number) => value.toString().padStart(2, "0");
  if (total < 3600) return `${Math.floor(total / 60)} m ${two(total % 60)} s`;
  if (total < 86_400) return `${Math.floor(total / 3600)} h ${two(Math.floor((total % 3600) / 60))} m`;
  return `${Math.floor(total / 86_400)} d ${Math.floor((total % 86_400) / 3600)} h`;
}

export function between(from: string | null | undefined, to: string | null | undefined, now: Date): string | null {
  if (!from) return null;
  return duration((to ? new Date(to).getTime() : now.getTime()) - new Date(from).getTime());
}

/** The random tail of a UUIDv7: its head is the clock and looks alike for everything made today. */
export const shortId = (id: string) => (id.length > 12 ? id.slice(-8) : id);

export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export const count = (n: number, one: string, many = `${one}s`) => `${whole.format(n)} ${n === 1 ? one : many}`;

export interface Salary {
  salary_min?: number | null;
  salary_max?: number | null;
  salary_currency?: string | null;
  salary_period?: string | null;
}

/** "EUR 60,000 – 75,000 a year", or null when nothing is said. */
export function salary({ salary_min: min, salary_max: max, salary_currency: currency, salary_period: period }: Salary): string | null {
  if (min == null && max == null) return null;
  const figures =
    min != null && max != null && min !== max
      ? `${whole.format(min)} – ${whole.format(max)}`
      : min != null
        ? `${max == null ? "from " : ""}${whole.format(min)}`
        : `up to ${whole.format(max ?? 0)}`;
  return [currency, figures, period && `${period === "hour" ? "an" : "a"} ${period}`].filter(Boolean).join(" ");
}

/** "2 Mar 2026 – 30 Jun 2026", open at either end. */
export function period(from: string | null | undefined, to: string | null | undefined): string | null {
  if (!from && !to) return null;
  if (!to) return `from ${calendarDay(from ?? "")}`;
  if (!from) return `until ${calendarDay(to)}`;
  return `${calendarDay(from)} – ${calendarDay(to)}`;
}
