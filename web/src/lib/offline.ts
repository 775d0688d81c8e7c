import { dehydrate, hydrate, type DehydratedState, type QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { forgetDrafts } from "./draft";

// What the signed-in person read stays readable without a connection: the query cache is kept in IndexedDB under the person's id.
const database = "weft";
const store = "cache";
const current = "current-person";
const keepMilliseconds = 7 * 86_400_000;
const saveEveryMilliseconds = 2_000;

interface Saved {
  at: number;
  build: string;
  state: DehydratedState;
}

let person: string | null = null;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB is not available."));
  });
}

async function inStore<T>(mode: IDBTransactionMode, act: (objects: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const connection = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = act(connection.transaction(store, mode).objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("IndexedDB refused the request."));
    });
  } finally {
    connection.close();
  }
}

/** Brings back what the last signed-in person read. Never throws: without storage the app simply starts empty. */
export async function restore(client: QueryClient): Promise<void> {
  try {
    const id = await inStore<unknown>("readonly", (objects) => objects.get(current));
    if (typeof id !== "string") return;
    const saved = (await inStore<unknown>("readonly", (objects) => objects.get(id))) as Saved | undefined;
    if (!saved || saved.build !== __BUILD__ || Date.now() - saved.at > keepMilliseconds) return;
    hydrate(client, saved.state);
    // Read from disk is old by definition: everything shown asks again as soon as it can.
    void client.invalidateQueries({ refetchType: "none" });
    person = id;
  } catch {
    // Private windows and full disks have no storage.
  }
}

export function saveFor(id: string) {
  person = id;
}

/** Saves the cache for the person signed in, at most every two seconds, and only after something changed. */
export function keepSaving(client: QueryClient): () => void {
  let timer: number | null = null;
  const save = async () => {
    timer = null;
    const id = person;
    if (id === null) return;
    const state = dehydrate(client, { shouldDehydrateQuery: (query) => query.state.status === "success" && query.meta?.volatile !== true });
    const saved: Saved = { at: Date.now(), build: __BUILD__, state };
    try {
      await inStore("readwrite", (objects) => objects.put(saved, id));
      await inStore("readwrite", (objects) => objects.put(id, current));
    } catch {
      person = null;
    }
  };
  const stop = client.getQueryCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "success") timer ??= window.setTimeout(() => void save(), saveEveryMilliseconds);
  });
  return () => {
    stop();
    if (timer !== null) window.clearTimeout(timer);
  };
}

export async function forgetEverything(): Promise<void> {
  person = null;
  forgetDrafts();
  try {
    await inStore("readwrite", (objects) => objects.clear());
  } catch {
    // Nothing was stored either.
  }
}

const onlineEvents = ["online", "offline"] as const;

export function useOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      for (const name of onlineEvents) window.addEventListener(name, changed);
      return () => {
        for (const name of onlineEvents) window.removeEventListener(name, changed);
      };
    },
    () => navigator.onLine,
  );
}
