import { useCallback, useEffect, useRef, useState } from "react";

const undoMilliseconds = 6_000;

/**
 * Things that disappear at once and are done a little later, unless the person takes them back. What is still open is done when the
 * page is left, so that closing a tab does not undo anything.
 */
export function useUndoable(commit: (id: string) => void): { hidden: ReadonlySet<string>; start: (id: string) => void; undo: (id: string) => void } {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const timers = useRef(new Map<string, number>());
  const latest = useRef(commit);
  useEffect(() => {
    latest.current = commit;
  });

  const start = useCallback((id: string) => {
    setHidden((current) => new Set(current).add(id));
    timers.current.set(
      id,
      window.setTimeout(() => {
        timers.current.delete(id);
        latest.current(id);
      }, undoMilliseconds),
    );
  }, []);
  const undo = useCallback((id: string) => {
    window.clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    setHidden((current) => {
      const rest = new Set(current);
      rest.delete(id);
      return rest;
    });
  }, []);

  useEffect(() => {
    const waiting = timers.current;
    const doNow = () => {
      for (const [id, timer] of waiting) {
        window.clearTimeout(timer);
        latest.current(id);
      }
      waiting.clear();
    };
    window.addEventListener("pagehide", doNow);
    return () => {
      window.removeEventListener("pagehide", doNow);
      doNow();
    };
  }, []);
  return { hidden, start, undo };
}
