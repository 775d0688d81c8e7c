import { expect, it } from "vitest";
import { csv } from "./csv";

it("quotes what must be quoted and nothing else", () => {
  expect(csv([["a", 'say "hi"', "x,y", "two\nlines"]])).toBe('a,"say ""hi""","x,y","two\nlines"\r\n');
});

it("a stranger's formula stays text, a number stays a number", () => {
  expect(csv([["=HYPERLINK(1)", "+49 30 1", "-12.5", "@x"]])).toBe("'=HYPERLINK(1),'+49 30 1,-12.5,'@x\r\n");
});
