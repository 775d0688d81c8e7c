import { expect, it } from "vitest";
import { ApiError } from "./api";
import { fieldErrors } from "./forms";
import { parseChange } from "./realtime";
import { confidenceWord, scoreWord } from "./scale";

it.each([
  [-5, "poor"],
  [0, "poor"],
  [20, "fair"],
  [59.9, "good"],
  [79, "very good"],
  [80, "excellent"],
  [100, "excellent"],
])("a score of %d is %s", (score, word) => {
  expect(scoreWord(score)).toBe(word);
});

it("confidence has three words", () => {
  expect([1, 0.85, 0.84, 0.6, 0.1].map(confidenceWord)).toEqual(["sure", "sure", "likely", "likely", "doubtful"]);
});

it("a refusal's messages reach the fields they are about, in every notation of a path", () => {
  const refusal = new ApiError(422, "invalid", "No.", [
    { path: "email", message: "taken" },
    { path: "/password", message: "short" },
    { path: "$.availability[0].from", message: "before today" },
    { path: "captcha", message: "missing" },
  ]);
  expect(fieldErrors(refusal, ["email", "password", "availability"])).toEqual({
    byField: { email: "taken", password: "short", availability: "before today" },
    others: ["captcha: missing"],
  });
  expect(fieldErrors(new Error("x"), ["email"])).toEqual({ byField: {}, others: [] });
});

it("a change names its topic, and anything else is ignored", () => {
  expect(parseChange('{"topic":"runs","id":"1"}')).toEqual({ topic: "runs", id: "1" });
  expect(parseChange('{"topic":"runs"}')).toEqual({ topic: "runs", id: undefined });
  expect(parseChange("null")).toBeNull();
  expect(parseChange('{"topic":3}')).toBeNull();
  expect(parseChange("not json")).toBeNull();
});
