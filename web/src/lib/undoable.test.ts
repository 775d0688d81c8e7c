import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useUndoable } from "./undoable";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("hides at once, and does it only after the time to take it back", () => {
  const commit = vi.fn();
  const { result } = renderHook(() => useUndoable(commit));
  act(() => void result.current.start("a"));
  expect(result.current.hidden.has("a")).toBe(true);
  act(() => void vi.advanceTimersByTime(5_000));
  expect(commit).not.toHaveBeenCalled();
  act(() => void vi.advanceTimersByTime(2_000));
  expect(commit).toHaveBeenCalledExactlyOnceWith("a");
});

it("what is taken back comes back and never happens", () => {
  const commit = vi.fn();
  const { result, unmount } = renderHook(() => useUndoable(commit));
  act(() => void result.current.start("a"));
  act(() => void result.current.undo("a"));
  expect(result.current.hidden.has("a")).toBe(false);
  act(() => void vi.advanceTimersByTime(60_000));
  unmount();
  expect(commit).not.toHaveBeenCalled();
});

it("leaving the page does what is still open, once", () => {
  const commit = vi.fn();
  const { result, unmount } = renderHook(() => useUndoable(commit));
  act(() => void result.current.start("a"));
  unmount();
  act(() => void vi.advanceTimersByTime(60_000));
  expect(commit).toHaveBeenCalledExactlyOnceWith("a");
});
