import type { Position } from "@/lib/model";

const words: Record<string, string> = {
  onsite: "on site",
  unknown: "not said",
  full_time: "full time",
  part_time: "part time",
};

/** "part_time" as people say it. */
export const inWords = (value: string) => words[value] ?? value.replaceAll("_", " ");

export const employmentTypes = ["full_time", "part_time", "contract", "internship", "temporary"];
export const salaryPeriods = ["hour", "day", "week", "month", "year"];

/** "Lisbon, Portugal · hybrid", leaving out what is not known. */
export const place = (position: Pick<Position, "location" | "remote">) =>
  [position.location, position.remote === "unknown" ? null : inWords(position.remote)].filter(Boolean).join(" · ");
