import { expect, it } from "vitest";
import { edgesOf } from "./graph";

it("steps follow each other, and the rounds of a loop begin at the loop", () => {
  expect(edgesOf(["read", "each", "each[0].mail", "each[0].note", "each[1].mail", "end"])).toEqual([
    ["read", "each"],
    ["each", "each[0].mail"],
    ["each[0].mail", "each[0].note"],
    ["each", "each[1].mail"],
    ["each", "end"],
  ]);
});

it("no step, no arrow", () => {
  expect(edgesOf([])).toEqual([]);
  expect(edgesOf(["only"])).toEqual([]);
});
