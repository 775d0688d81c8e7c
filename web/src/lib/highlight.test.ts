import { describe, expect, it } from "vitest";
import { highlight } from "./highlight";

const kinds = (source: string, language: "yaml" | "json") =>
  highlight(source, language).map((line) => line.filter((token) => token.kind !== "plain").map((token) => `${token.kind} ${token.text}`));

describe("highlighting", () => {
  it("finds keys, text, numbers, templates and comments of a flow", () => {
    expect(kinds('id: hello # a remark\nto: "{{ item.email }}"\nretry: { maxAttempts: 6 }\nurl: http://x/#top', "yaml")).toEqual([
      ["key id", "comment # a remark"],
      ["key to", 'string "', "template {{ item.email }}", 'string "'],
      ["key retry", "key maxAttempts", "number 6"],
      ["key url"],
    ]);
  });

  it("tells keys from text in JSON", () => {
    expect(kinds('{"a": "b", "n": -1.5e3, "t": true}', "json")).toEqual([['key "a"', 'string "b"', 'key "n"', "number -1.5e3", 'key "t"', "number true"]]);
  });

  it.each(["yaml", "json"] as const)("never loses or adds a letter of %s", (language) => {
    const source = `a: 'it''s'\n\t"unclosed {{ x\n${"x".repeat(3000)}: 1\n\n- {% if a %}#no{% endif %}`;
    expect(
      highlight(source, language)
        .map((line) => line.map((token) => token.text).join(""))
        .join("\n"),
    ).toBe(source);
  });
});
