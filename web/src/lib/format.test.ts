import { describe, expect, it } from "vitest";
import { ago, between, duration, fileSize, salary, shortId } from "./format";

const now = new Date("2026-03-01T12:00:00Z");

describe("relative times", () => {
  it.each([
    ["2026-03-01T11:59:40Z", "just now"],
    ["2026-03-01T12:00:20Z", "in a moment"],
    ["2026-03-01T11:55:00Z", "5 min. ago"],
    ["2026-03-01T10:00:00Z", "2 hr. ago"],
    ["2026-02-28T11:00:00Z", "yesterday"],
    ["2026-03-03T12:00:00Z", "in 2 days"],
    ["2024-03-01T12:00:00Z", "2 yr. ago"],
  ])("%s is %s", (at, words) => {
    expect(ago(at, now)).toBe(words);
  });
});

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [-20, "0 ms"],
    [999.4, "999 ms"],
    [999.9, "1.0 s"],
    [59_900, "59.9 s"],
    [59_960, "1 m 00 s"],
    [184_000, "3 m 04 s"],
    [3_600_000, "1 h 00 m"],
    [273_600_000, "3 d 4 h"],
  ])("%d ms is %s", (milliseconds, words) => {
    expect(duration(milliseconds)).toBe(words);
  });

  it("what has not begun has no duration, and what has not ended runs until now", () => {
    expect(between(null, null, now)).toBeNull();
    expect(between("2026-03-01T11:59:58Z", null, now)).toBe("2.0 s");
  });
});

describe("salaries", () => {
  it.each([
    [{ salary_min: 60000, salary_max: 75000, salary_currency: "EUR", salary_period: "year" }, "EUR 60,000 – 75,000 a year"],
    [{ salary_min: 80, salary_currency: "USD", salary_period: "hour" }, "USD from 80 an hour"],
    [{ salary_max: 5000, salary_currency: "CHF", salary_period: "month" }, "CHF up to 5,000 a month"],
    [{ salary_min: 100, salary_max: 100 }, "100"],
    [{}, null],
  ])("%j reads %s", (given, words) => {
    expect(salary(given)).toBe(words);
  });
});

it("short ids keep the part that differs", () => {
  expect(shortId("019a8f3c-1111-7abc-8def-0123456789ab")).toBe("456789ab");
  expect(shortId("hello")).toBe("hello");
});

it("file sizes are rounded to what a person reads", () => {
  expect([900, 2048, 3_500_000].map(fileSize)).toEqual(["900 B", "2 kB", "3.3 MB"]);
});
