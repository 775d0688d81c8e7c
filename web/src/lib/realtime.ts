import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { sessionKey } from "./query";

// One stream for all tabs: browsers allow six connections to a host, and each stream holds one for good. The tab that holds the
// lock reads the stream and tells the others; when it closes, the lock goes to the next tab.

/** "live": changes arrive by themselves. "polling": the stream is down, lists ask every few seconds. "paused": the person stopped both. */
export type LiveState = "connecting" | "live" | "polling" | "paused";

/** What changed: a topic is the first part of the keys of the queries that show it ("runs", "matches" …). */
interface Change {
  topic: string;
  id?: string;
}

const everything = "*";
const retryMilliseconds = 20_000;
const settleMilliseconds = 200;
const pollMilliseconds = 5_000;

let stream: Exclude<LiveState, "paused"> = "connecting";
let paused = false;
const listeners = new Set<() => void>();

function notify() {
  for (const listener of listeners) listener();
}

function become(next: typeof stream) {
  if (next === stream) return;
  stream = next;
  notify();
}

const liveState = (): LiveState => (paused ? "paused" : stream);

export function parseChange(data: string): Change | null {
  try {
    const value = JSON.parse(data) as Partial<Record<keyof Change, unknown>> | null;
    if (typeof value?.topic !== "string") return null;
    return { topic: value.topic, id: typeof value.id === "string" ? value.id : undefined };
  } catch {
    return null;
  }
}

/** Follows changes for the signed-in person. Returns the function that stops. */
export function follow(client: QueryClient): () => void {
  const channel = new BroadcastChannel("weft-changes");
  const abort = new AbortController();
  const waiting = new Set<string>();
  let timer: number | null = null;
  let source: EventSource | null = null;
  let retry: number | null = null;
  let attempts = 0;

  // A burst of a hundred steps is one reload of the list, not a hundred.
  const flush = () => {
    timer = null;
    if (paused) return;
    if (waiting.has(everything)) void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] });
    else for (const topic of waiting) void client.invalidateQueries({ queryKey: [topic] });
    waiting.clear();
  };
  const changed = (change: Change) => {
    waiting.add(change.topic);
    timer ??= window.setTimeout(flush, settleMilliseconds);
  };
  const report = (next: typeof stream) => {
    become(next);
    channel.postMessage({ stream: next });
  };
  channel.onmessage = (event: MessageEvent<{ stream?: typeof stream; change?: Change; asking?: true }>) => {
    const { stream: theirs, change, asking } = event.data;
    if (change) changed(change);
    if (theirs) become(theirs);
    if (asking && source) channel.postMessage({ stream });
  };
  const connect = () => {
    attempts++;
    let opened = false;
    const tell = (change: Change) => {
      changed(change);
      channel.postMessage({ change });
    };
    source = new EventSource("/api/realtime");
    source.addEventListener("change", (event: MessageEvent<string>) => {
      const change = parseChange(event.data);
      if (change) tell(change);
    });
    // The server says so when it cannot tell what was missed.
    source.addEventListener("reset", () => tell({ topic: everything }));
    source.onopen = () => {
      // After a refusal the stream is a new one, and nobody listened in between.
      if (!opened && attempts > 1) tell({ topic: everything });
      opened = true;
      report("live");
    };
    source.onerror = () => {
      report("polling");
      // The browser reconnects after a cut by itself, but gives up for good on a refusal.
      if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(connect, retryMilliseconds);
    };
  };
  const resumed = () => {
    if (!paused && timer === null) flush();
  };
  listeners.add(resumed);
  channel.postMessage({ asking: true });
  void navigator.locks
    ?.request("weft-changes", { signal: abort.signal }, () => {
      connect();
      return new Promise<void>((done) => abort.signal.addEventListener("abort", () => done()));
    })
    .catch(() => undefined);
  // Without locks (plain http to another machine than this one) every tab polls.
  if (!("locks" in navigator)) become("polling");

  return () => {
    abort.abort();
    source?.close();
    channel.close();
    listeners.delete(resumed);
    if (timer !== null) window.clearTimeout(timer);
    if (retry !== null) window.clearTimeout(retry);
    stream = "connecting";
  };
}

/** Stops lists from moving while somebody reads; what changed meanwhile is loaded on resuming. */
export function setPaused(value: boolean) {
  paused = value;
  notify();
}

export const useLiveState = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    liveState,
  );

/** For `refetchInterval`: asks again only while the stream is down and nobody paused. */
export const pollWhenNotLive = () => (liveState() === "polling" ? pollMilliseconds : false);
