import { describe, expect, it } from "vitest";
import type { CvReading } from "@/lib/model";
import { boxOf, isWhere, pagesOf, readGroups } from "./reading";

const reading = (fields: Partial<CvReading>): CvReading => ({
  file_id: "f",
  file_name: "cv.pdf",
  kind: "cv",
  reason: null,
  resume: {},
  evidence: {},
  pages: [],
  run_id: null,
  created_at: "2026-03-01T00:00:00Z",
  ...fields,
});

describe("a reading", () => {
  const cv = reading({
    resume: {
      basics: { name: "Ana Ferreira", email: " ", location: { city: "Lisbon", countryCode: "PT" } },
      work: [{ name: "Northwind", position: "Engineer", startDate: "2021-03" }],
      education: [{ institution: "Universidade", endDate: "2017" }],
      skills: [{ name: "C#" }],
    },
    evidence: {
      "/basics/name": { confidence: 0.9, page: 1, line: 1, box: { left: 10, top: 10, right: 90, bottom: 30 } },
      "/work/0/name": { confidence: 0.5, page: 1, line: 2, box: null },
    },
    pages: [{ number: 1, width: 100, height: 200, lines: [{ text: "Ana Ferreira", box: { left: 12, top: 11, right: 80, bottom: 29 } }, { text: "Northwind, Engineer", box: null }] }],
  });

  it("becomes short lines in groups, without what is empty", () => {
    expect(readGroups(cv).map((group) => [group.title, group.values.map((value) => value.text)])).toEqual([
      ["Person", ["Ana Ferreira", "Lisbon, PT"]],
      ["Work", ["Engineer, Northwind, 2021-03 – today"]],
      ["Education", ["Universidade, 2017"]],
      ["Skills", ["C#"]],
    ]);
  });

  it("knows where a value was read, by its own evidence or by that of its first part", () => {
    const [person, work, education] = readGroups(cv);
    const page = pagesOf(cv)[0]!;
    const at = (evidence: Parameters<typeof isWhere>[0]) => page.lines.map((line, index) => isWhere(evidence, page, line, index));
    expect(at(person!.values[0]!.evidence)).toEqual([true, false]);
    expect(at(work!.values[0]!.evidence)).toEqual([false, true]);
    expect(education!.values[0]!.evidence).toBeNull();
    expect(at(null)).toEqual([false, false]);
  });

  it("that is not as expected shows nothing and breaks nothing", () => {
    const odd = reading({ resume: { basics: "x", work: [null, 3, { position: 5 }], skills: { name: "C#" } }, evidence: null, pages: [{ lines: [{ text: 1, box: [1, 2] }, "plain"] }, null] });
    expect(readGroups(odd)).toEqual([]);
    expect(pagesOf(odd)[0]?.lines).toEqual([
      { text: "", box: null },
      { text: "plain", box: null },
    ]);
    expect(boxOf([1, 2, 3, "4"])).toBeNull();
  });
});
