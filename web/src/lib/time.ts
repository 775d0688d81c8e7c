import { useSyncExternalStore } from "react";

// One clock for all relative times of a page, so that they change together.
const listeners = new Set<() => void>();
let now = new Date();
let timer: number | null = null;

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === null) {
    now = new Date();
    timer = window.setInterval(() => {
      now = new Date();
      for (const each of listeners) each();
    }, 1_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      window.clearInterval(timer);
      timer = null;
    }
  };
}

/** The time of day, renewed every second while somebody looks. */
export const useNow = () => useSyncExternalStore(subscribe, () => now);
