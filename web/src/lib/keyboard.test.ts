import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { register } from "./actions";
import { listenForShortcuts } from "./keyboard";

const press = (key: string, options: KeyboardEventInit = {}, target: EventTarget = document.body) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  target.dispatchEvent(event);
  return event;
};

describe("shortcuts", () => {
  const stop: (() => void)[] = [];
  beforeEach(() => {
    stop.push(listenForShortcuts());
  });
  afterEach(() => {
    for (const each of stop.splice(0)) each();
    document.body.replaceChildren();
  });
  const action = (id: string, keys: string) => {
    const run = vi.fn();
    stop.push(register([{ id, label: id, group: "Go to", keys, run }]));
    return run;
  };

  it("a sequence of two keys runs its action, and the second key alone does not", () => {
    const runs = action("runs", "g r");
    press("r");
    expect(runs).not.toHaveBeenCalled();
    press("g");
    press("r");
    expect(runs).toHaveBeenCalledOnce();
  });

  it("what the page registered last wins a key", () => {
    const shell = action("shell", "e");
    const page = action("page", "e");
    press("e");
    expect(page).toHaveBeenCalledOnce();
    expect(shell).not.toHaveBeenCalled();
  });

  it("letters typed into a field stay in the field, combinations work there", () => {
    const edit = action("edit", "e");
    const palette = action("palette", "mod+k");
    const field = document.body.appendChild(document.createElement("input"));
    expect(press("e", {}, field).defaultPrevented).toBe(false);
    press("k", { ctrlKey: true }, field);
    expect(edit).not.toHaveBeenCalled();
    expect(palette).toHaveBeenCalledOnce();
  });

  it("an action that is gone answers no more", () => {
    const run = vi.fn();
    const remove = register([{ id: "x", label: "x", group: "Go to", keys: "x", run }]);
    remove();
    expect(press("x").defaultPrevented).toBe(false);
    expect(run).not.toHaveBeenCalled();
  });
});
