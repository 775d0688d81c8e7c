import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

// One stream for all tabs: browsers allow six connections to a host, and each stream holds one for good. The tab that holds the
// lock reads the stream and tells the others; when it closes, the lock goes to the next tab.

export const topics = ["runs", "flows", "profile", "positions", "matches", "applications", "mailbox"] as const;
export type Topic = (typeof topics)[number];

/** "live": changes arrive by themselves. "polling": the stream is down, lists ask every few seconds. "paused": the person stopped both. */
export type LiveState = "connecting" | "live" | "polling" | "paused";

interface Change {
  topic: Topic;
  id?: string;
}

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

export function parseChange(type: string, data: string): Change | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const topic = topics.find((known) => known === (fields.topic ?? type));
  return topic ? { topic, id: typeof fields.id === "string" ? fields.id : undefined } : null;
}

/** Follows changes for the signed-in person. Returns the function that stops. */
export function follow(client: QueryClient): () => void {
  const channel = new BroadcastChannel("weft-changes");
  const abort = new AbortController();
  const waiting = new Set<Topic>();
  let timer: number | null = null;
  let source: EventSource | null = null;
  let retry: number | null = null;

  // A burst of a hundred steps is one reload of the list, not a hundred.
  const flush = () => {
    timer = null;
    if (paused) return;
    for (const topic of waiting) void client.invalidateQueries({ queryKey: [topic] });
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
    source = new EventSource(`/api/realtime?topics=${topics.join(",")}`);
    const onChange = (event: MessageEvent<string>) => {
      const change = parseChange(event.type, event.data);
      if (!change) return;
      changed(change);
      channel.postMessage({ change });
    };
    source.onmessage = onChange;
    for (const topic of topics) source.addEventListener(topic, onChange);
    source.onopen = () => {
      report("live");
      // Whatever changed while nobody listened.
      for (const topic of topics) waiting.add(topic);
      flush();
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
