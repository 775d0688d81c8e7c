import type { Run, Step } from "@/lib/model";
import { errorOf } from "./errors";

/** A piece of a bar: an attempt, or the wait between two attempts. Positions are parts of the whole axis, 0–1. */
export interface Segment {
  kind: "attempt" | "wait";
  status: string;
  number: number;
  from: number;
  to: number;
  milliseconds: number;
  error: string | null;
}

export interface Lane {
  step: Step;
  depth: number;
  segments: Segment[];
}

export interface Timeline {
  lanes: Lane[];
  /** Of the whole axis. */
  milliseconds: number;
  ticks: { at: number; milliseconds: number }[];
}

const time = (at: string) => new Date(at).getTime();

/** Round distances that leave four to eight marks on the axis. */
export function tickDistance(milliseconds: number): number {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 1_800e3, 3_600e3, 7_200e3, 21_600e3, 43_200e3];
  return steps.find((step) => milliseconds / step <= 8) ?? Math.ceil(milliseconds / 8 / 86_400e3) * 86_400e3;
}

/** Lays a run out on a time axis that begins when it was created and ends when it did, or now. */
export function timelineOf(run: Run, now: Date): Timeline {
  const start = time(run.created_at);
  // Clocks of two machines may differ a little: the axis holds everything that happened.
  const moments = run.steps.flatMap((step) => step.attempts.flatMap((attempt) => [attempt.started_at, attempt.finished_at])).filter((at) => at != null);
  const end = Math.max(start + 1, run.finished_at ? time(run.finished_at) : now.getTime(), ...(moments.length < 50_000 ? moments.map(time) : []));
  const milliseconds = end - start;
  const part = (at: number) => Math.min(Math.max((at - start) / milliseconds, 0), 1);

  const lanes = run.steps.map((step): Lane => {
    const segments: Segment[] = [];
    let previousEnd: number | null = null;
    for (const attempt of step.attempts) {
      if (!attempt.started_at) continue;
      const from = time(attempt.started_at);
      const to = attempt.finished_at ? time(attempt.finished_at) : run.finished_at ? time(run.finished_at) : end;
      if (previousEnd !== null && from > previousEnd) {
        segments.push({ kind: "wait", status: "waiting", number: attempt.number, from: part(previousEnd), to: part(from), milliseconds: from - previousEnd, error: null });
      }
      segments.push({
        kind: "attempt",
        status: attempt.status,
        number: attempt.number,
        from: part(from),
        to: part(to),
        milliseconds: to - from,
        error: errorOf(attempt.error)?.message ?? null,
      });
      previousEnd = to;
    }
    // Waiting for the next attempt right now.
    if (previousEnd !== null && step.status === "waiting" && !run.finished_at && end > previousEnd) {
      segments.push({ kind: "wait", status: "waiting", number: step.attempts.length + 1, from: part(previousEnd), to: 1, milliseconds: end - previousEnd, error: null });
    }
    return { step, depth: step.path.split(".").length - 1, segments };
  });

  const distance = tickDistance(milliseconds);
  const ticks = Array.from({ length: Math.floor(milliseconds / distance) + 1 }, (_, index) => ({
    at: (index * distance) / milliseconds,
    milliseconds: index * distance,
  }));
  return { lanes, milliseconds, ticks };
}
