import { between, count, duration } from "@/lib/format";
import type { Run, Step } from "@/lib/model";
import { errorOf } from "./errors";

const isLeaf = (step: Step, steps: readonly Step[]) => !steps.some((other) => other.path.startsWith(`${step.path}.`) || other.path.startsWith(`${step.path}[`));
const last = <T,>(items: readonly T[]) => items[items.length - 1];

/** What is happening now, in one sentence: the first thing anyone wants to know of a run. */
export function runSentence(run: Run, now: Date): string {
  const leaves = run.steps.filter((step) => isLeaf(step, run.steps));
  const done = leaves.filter((step) => step.status === "completed" || step.status === "skipped").length;
  const took = between(run.started_at ?? run.created_at, run.finished_at, now) ?? "no time";
  switch (run.status) {
    case "pending":
      return `Waiting for a free worker for ${between(run.created_at, null, now)}.`;
    case "running": {
      const busy = leaves.filter((step) => step.status === "running");
      const first = busy[0];
      if (!first) return `Running for ${took}, between two steps.`;
      const attempt = last(first.attempts);
      const again = attempt && attempt.number > 1 ? `, attempt ${attempt.number}` : "";
      const others = busy.length > 1 ? ` and ${count(busy.length - 1, "other step")}` : "";
      return `Running ${first.path}${again}${others} for ${between(attempt?.started_at ?? run.started_at, null, now) ?? took}; ${count(done, "step")} done.`;
    }
    case "awaiting_retry": {
      const waits = leaves.find((step) => step.status === "waiting" || step.status === "failed");
      const reason = errorOf(last(waits?.attempts ?? [])?.error)?.message ?? run.error?.message;
      const at = run.next_retry_at ? new Date(run.next_retry_at).getTime() - now.getTime() : 0;
      return `Trying ${waits?.path ?? "again"} again ${at > 0 ? `in ${duration(Math.ceil(at / 1000) * 1000)}` : "any moment"}${reason ? `, after: ${reason}` : "."}`;
    }
    case "paused": {
      const at = leaves.find((step) => step.status === "waiting");
      return at ? `Paused at ${at.path} until it is resumed.` : "Paused until it is resumed.";
    }
    case "completed":
      return `Completed in ${took}: ${count(done, "step")}${run.outcome === "warning" ? ", with warnings" : ""}.`;
    case "failed": {
      const step = run.error?.step ?? leaves.find((candidate) => candidate.status === "failed")?.path;
      const attempts = leaves.find((candidate) => candidate.path === step || candidate.id === step)?.attempts.length ?? 0;
      return `Failed${step ? ` at ${step}` : ""}${attempts > 1 ? ` after ${count(attempts, "attempt")}` : ""}: ${run.error?.message ?? "no reason was recorded"}`;
    }
    case "cancelled": {
      const reason = last(run.history.filter((change) => change.to === "cancelled"))?.reason;
      return `Cancelled after ${took}${reason ? `: ${reason}` : "."}`;
    }
    default:
      return `The run is ${run.status}.`;
  }
}
