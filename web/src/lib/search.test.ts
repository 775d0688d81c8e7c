import { expect, it } from "vitest";
import { oneOf, ownPath, text } from "./search";

it.each(["https://evil.example/", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "runs", 5, undefined])(
  "after signing in nobody is sent to %s",
  (target) => {
    expect(ownPath(target)).toBeUndefined();
  },
);

it("after signing in one goes back to the page with its search and place", () => {
  expect(ownPath("/runs?status=failed#log")).toBe("/runs?status=failed#log");
});

it("search values are read leniently and never trusted", () => {
  expect(text(12)).toBe("12");
  expect(text("")).toBeUndefined();
  expect(text({ a: 1 })).toBeUndefined();
  expect(oneOf("failed", ["failed", "completed"])).toBe("failed");
  expect(oneOf("toString", ["failed"])).toBeUndefined();
});
