import { describe, expect, it } from "vitest";
import type { Attempt, Run, Step } from "@/lib/model";
import { runSentence } from "./sentence";
import { tickDistance, timelineOf } from "./timeline";

const at = (seconds: number) => new Date(Date.UTC(2026, 2, 1, 12, 0, 0) + seconds * 1000).toISOString();
const now = new Date(at(10));

const attempt = (number: number, status: Attempt["status"], from: number, to: number | null, message?: string): Attempt => ({
  number,
  status,
  started_at: at(from),
  finished_at: to === null ? null : at(to),
  error: message ? { code: "x", message } : null,
});
const step = (path: string, status: Step["status"], attempts: Attempt[] = []): Step => ({
  id: path.split(".").at(-1) ?? path,
  path,
  type: "log",
  status,
  iteration: null,
  started_at: at(0),
  finished_at: null,
  attempts,
  input: null,
  output: null,
});
const run = (fields: Partial<Run>): Run => ({
  id: "019a8f3c-0000-7000-8000-000000000000",
  flow: "hiring/registration",
  flow_version: 1,
  status: "running",
  outcome: null,
  trigger: "api",
  user_id: null,
  workspace_id: null,
  parent_id: null,
  error: null,
  retry_count: 0,
  next_retry_at: null,
  created_at: at(0),
  started_at: at(1),
  finished_at: null,
  inputs: {},
  outputs: null,
  max_retries: 0,
  labels: null,
  current_step: null,
  has_more_steps: false,
  task_id: "019a8f3c-0000-7000-8000-000000000000",
  counters: {},
  delivery_triggered: false,
  steps: [],
  history: [],
  ...fields,
});

describe("the sentence of a run", () => {
  it("says which step runs, its attempt, and how far the run is", () => {
    const sentence = runSentence(
      run({
        steps: [
          step("read", "completed", [attempt(1, "completed", 1, 2)]),
          step("tell", "running", [attempt(1, "running", 2, null)]),
          step("tell.mail", "running", [attempt(1, "failed", 2, 3, "busy"), attempt(2, "running", 6, null)]),
            ],
      }),
      now,
    );
    expect(sentence).toBe("Running tell.mail, attempt 2 for 4.0 s; 1 step done.");
  });

  it("says when it tries again, and why it must", () => {
    const waiting = run({ status: "awaiting_retry", next_retry_at: at(51.5), steps: [step("mail", "waiting", [attempt(1, "failed", 2, 3, "421 busy")])] });
    expect(runSentence(waiting, now)).toBe("Trying mail again in 42.0 s, after: 421 busy");
    expect(runSentence({ ...waiting, next_retry_at: at(9) }, now)).toContain("again any moment");
  });

  it("says where and after how many attempts it failed", () => {
    const failed = run({
      status: "failed",
      finished_at: at(5),
      error: { code: "smtp", message: "550 no such user", step: "mail" },
      steps: [step("mail", "failed", [attempt(1, "failed", 1, 2), attempt(2, "failed", 3, 5)])],
    });
    expect(runSentence(failed, now)).toBe("Failed at mail after 2 attempts: 550 no such user");
  });

  it("has words for every other state", () => {
    expect(runSentence(run({ status: "pending", started_at: null }), now)).toBe("Waiting for a free worker for 10.0 s.");
    expect(runSentence(run({ status: "completed", outcome: "warning", finished_at: at(3), steps: [step("a", "completed")] }), now)).toBe(
      "Completed in 2.0 s: 1 step, with warnings.",
    );
    expect(runSentence(run({ status: "cancelled", finished_at: at(3), history: [{ at: at(3), from: "running", to: "cancelled", reason: "not wanted" }] }), now)).toBe(
      "Cancelled after 2.0 s: not wanted",
    );
    expect(runSentence(run({ status: "paused" }), now)).toBe("Paused until it is resumed.");
  });
});

describe("the timeline", () => {
  it("shows attempts as segments with the wait between them, on the axis of the run", () => {
    const { lanes, milliseconds } = timelineOf(
      run({
        status: "completed",
        finished_at: at(10),
        steps: [step("tell[0].mail", "completed", [attempt(1, "failed", 2, 4, "busy"), attempt(2, "completed", 7, 10)])],
      }),
      new Date(at(500)),
    );
    expect(milliseconds).toBe(10_000);
    expect(lanes[0]?.depth).toBe(1);
    expect(lanes[0]?.segments.map(({ kind, status, from, to }) => [kind, status, from, to])).toEqual([
      ["attempt", "failed", 0.2, 0.4],
      ["wait", "waiting", 0.4, 0.7],
      ["attempt", "completed", 0.7, 1],
    ]);
  });

  it("lets what still runs reach to now, and holds what a faster clock put after the end", () => {
    expect(timelineOf(run({ steps: [step("a", "running", [attempt(1, "running", 5, null)])] }), now).lanes[0]?.segments[0]).toMatchObject({ from: 0.5, to: 1 });
    expect(timelineOf(run({ finished_at: at(5), steps: [step("a", "completed", [attempt(1, "completed", 4, 8)])] }), now).milliseconds).toBe(8_000);
  });

  it("a run of no length still has an axis", () => {
    const { milliseconds, ticks } = timelineOf(run({ finished_at: at(0) }), now);
    expect(milliseconds).toBe(1);
    expect(ticks).toHaveLength(2);
  });

  it.each([7, 90, 999, 12_345, 3_600_000, 40 * 86_400_000])("an axis of %d ms has a handful of marks", (length) => {
    const marks = length / tickDistance(length);
    expect(marks).toBeGreaterThan(1);
    expect(marks).toBeLessThanOrEqual(8);
  });
});
