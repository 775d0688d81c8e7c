import { useEffect, useRef, useSyncExternalStore } from "react";

/** One thing a person can do. The palette, the shortcuts and the help sheet all read the same registry. */
export interface Action {
  id: string;
  label: string;
  group: "Go to" | "This page" | "You" | "Appearance";
  /** One key ("e", "/", "?"), a modifier combination ("mod+k"), or a sequence of two keys ("g r"). */
  keys?: string;
  /** More words that find it in the palette. */
  words?: string;
  /** Acts on where the focus is, which the palette would take away: a shortcut only. */
  keyOnly?: boolean;
  run: () => void;
}

const registered = new Map<symbol, readonly Action[]>();
const listeners = new Set<() => void>();
let snapshot: readonly Action[] = [];

function publish() {
  // Whatever was registered last wins a shortcut: a page's own action beats the shell's.
  const byId = new Map<string, Action>();
  for (const actions of registered.values()) for (const action of actions) byId.set(action.id, action);
  snapshot = [...byId.values()];
  for (const listener of listeners) listener();
}

export function register(actions: readonly Action[]): () => void {
  const key = Symbol("actions");
  registered.set(key, actions);
  publish();
  return () => {
    registered.delete(key);
    publish();
  };
}

export const allActions = () => snapshot;

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useAllActions = () => useSyncExternalStore(subscribe, allActions);

/** Offers actions while the calling component is shown. Labels and keys decide about registering anew; `run` is always the latest. */
export function useActions(actions: readonly Action[]) {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const shape = JSON.stringify(actions.map(({ id, label, group, keys, words, keyOnly }) => [id, label, group, keys, words, keyOnly]));
  useEffect(
    () =>
      register(
        latest.current.map((action) => ({
          ...action,
          run: () => latest.current.find((candidate) => candidate.id === action.id)?.run(),
        })),
      ),
    [shape],
  );
}
