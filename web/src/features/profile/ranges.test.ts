import { expect, it } from "vitest";
import { days, joined } from "./ranges";

it("joins what overlaps or touches and keeps what is apart", () => {
  expect(
    joined([
      { from: "2027-03-01", to: "2027-03-31" },
      { from: "2027-01-01", to: "2027-01-31" },
      { from: "2027-02-01", to: "2027-02-10" },
      { from: "2027-01-05", to: "2027-01-06" },
    ]),
  ).toEqual([
    { from: "2027-01-01", to: "2027-02-10" },
    { from: "2027-03-01", to: "2027-03-31" },
  ]);
});

it("a range without end swallows all that follows", () => {
  expect(
    joined([
      { from: "2027-05-01", to: "2027-06-01" },
      { from: "2027-01-01", to: null },
    ]),
  ).toEqual([{ from: "2027-01-01", to: null }]);
  expect(
    joined([
      { from: "2027-01-01", to: "2027-01-31" },
      { from: "2027-01-10", to: null },
    ]),
  ).toEqual([{ from: "2027-01-01", to: null }]);
});

it("both ends count, across a change of the clocks as well", () => {
  expect(days({ from: "2027-03-27", to: "2027-03-29" })).toBe(3);
  expect(days({ from: "2027-03-27", to: null })).toBeNull();
});
