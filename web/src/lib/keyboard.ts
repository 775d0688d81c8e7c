import { allActions } from "./actions";

const sequenceMilliseconds = 1200;

/** Typing belongs to the field: no shortcut may eat a letter of it. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.closest("[role=combobox],[role=listbox],[role=menu]") !== null;
}

/** Space presses a button or ticks a box; on a link it does nothing, so that a list may use it. */
const pressesItself = (key: string, target: EventTarget | null) =>
  key === " " && target instanceof HTMLElement && target.closest("button, input, summary, [role=button], [role=tab], [role=switch], [role=radio]") !== null;

/** Listens for the shortcuts of all registered actions. Returns the function that stops listening. */
export function listenForShortcuts(target: Document = document): () => void {
  let first: { key: string; at: number } | null = null;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const modifier = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // A dialog has its own keys; only combinations with a modifier reach past it.
    if (!modifier && (isTyping(event.target) || target.querySelector("[role=dialog][aria-modal=true]") !== null)) return;

    if (pressesItself(key, event.target)) return;

    const now = event.timeStamp;
    const candidates = [modifier ? `mod+${key}` : key];
    if (!modifier && first !== null && now - first.at < sequenceMilliseconds) candidates.unshift(`${first.key} ${key}`);
    const actions = allActions();
    for (const wanted of candidates) {
      const action = actions.findLast((candidate) => candidate.keys === wanted);
      if (action) {
        event.preventDefault();
        first = null;
        action.run();
        return;
      }
    }
    first = !modifier && actions.some((action) => action.keys?.startsWith(`${key} `)) ? { key, at: now } : null;
  };

  target.addEventListener("keydown", onKeyDown);
  return () => target.removeEventListener("keydown", onKeyDown);
}
