import { useEffect, useState } from "react";

const prefix = "weft-draft-";

function read<T>(key: string): T | null {
  try {
    const stored = sessionStorage.getItem(prefix + key);
    return stored === null ? null : (JSON.parse(stored) as T);
  } catch {
    // Storage is off, or holds what another build wrote.
    return null;
  }
}

/** What was written but not sent survives a reload and a look elsewhere; it ends with the tab, or when it is sent. */
export function useDraft<T>(key: string): { draft: T | null; keep: (value: T | null) => void } {
  const [draft] = useState(() => read<T>(key));
  const [value, keep] = useState<T | null>(draft);
  useEffect(() => {
    try {
      if (value === null) sessionStorage.removeItem(prefix + key);
      else sessionStorage.setItem(prefix + key, JSON.stringify(value));
    } catch {
      // Without storage there is no draft; the form still works.
    }
  }, [key, value]);
  return { draft, keep };
}

/** On signing out: the next person on this computer must not find half a letter of somebody else. */
export function forgetDrafts() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key);
}
