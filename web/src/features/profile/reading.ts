import type { CvReading } from "@/lib/model";

// A reading travels as open JSON: the résumé in the JSON Resume schema, evidence by JSON pointer into it, and the pages' lines.
// Here it becomes what the screen needs; whatever is not as expected is left out.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Line {
  text: string;
  box: Box | null;
}

export interface DocumentPage {
  number: number;
  width: number;
  height: number;
  lines: Line[];
}

export interface Evidence {
  confidence: number;
  page: number | null;
  /** Counted from 1 within the page. */
  line: number | null;
  box: Box | null;
}

/** One value that was read, with where it stands in the résumé. */
export interface ReadValue {
  pointer: string;
  text: string;
  evidence: Evidence | null;
}

export interface ReadGroup {
  title: string;
  values: ReadValue[];
}

type Fields = Record<string, unknown>;
const fields = (value: unknown): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const words = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value.trim() : null);
const figure = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

export function boxOf(value: unknown): Box | null {
  const sides = Array.isArray(value) ? value : ["left", "top", "right", "bottom"].map((side) => fields(value)[side]);
  const [left, top, right, bottom] = sides.map(figure);
  return left != null && top != null && right != null && bottom != null ? { left, top, right, bottom } : null;
}

export function pagesOf(reading: CvReading): DocumentPage[] {
  return list(reading.pages).map((page, index) => {
    const { number, width, height, lines } = fields(page);
    return {
      number: figure(number) ?? index + 1,
      width: figure(width) ?? 0,
      height: figure(height) ?? 0,
      lines: list(lines).map((line) => (typeof line === "string" ? { text: line, box: null } : { text: words(fields(line).text) ?? "", box: boxOf(fields(line).box) })),
    };
  });
}

function evidenceOf(value: unknown): Evidence {
  const { confidence, page, line, box } = fields(value);
  return { confidence: figure(confidence) ?? 0, page: figure(page), line: figure(line), box: boxOf(box) };
}

/** The evidence of a value, or of the first of its parts when only these were recorded. */
function lookUp(evidence: Fields, pointer: string): Evidence | null {
  if (pointer in evidence) return evidenceOf(evidence[pointer]);
  const part = Object.keys(evidence).find((key) => key.startsWith(`${pointer}/`));
  return part === undefined ? null : evidenceOf(evidence[part]);
}

const span = (entry: Fields) => {
  const start = words(entry.startDate);
  return start ? `${start} – ${words(entry.endDate) ?? "today"}` : words(entry.endDate);
};

/** Everything that was read, group by group, as short lines of text. */
export function readGroups(reading: CvReading): ReadGroup[] {
  const resume = fields(reading.resume);
  const evidence = fields(reading.evidence);
  const basics = fields(resume.basics);
  const value = (pointer: string, parts: (string | null)[]): ReadValue[] => {
    const text = parts.filter((part) => part !== null).join(", ");
    return text === "" ? [] : [{ pointer, text, evidence: lookUp(evidence, pointer) }];
  };
  const each = (section: string, read: (entry: Fields) => (string | null)[]) =>
    list(resume[section]).flatMap((entry, index) => value(`/${section}/${index}`, read(fields(entry))));
  const location = fields(basics.location);
  return [
    {
      title: "Person",
      values: [
        ...value("/basics/name", [words(basics.name)]),
        ...value("/basics/label", [words(basics.label)]),
        ...value("/basics/email", [words(basics.email)]),
        ...value("/basics/phone", [words(basics.phone)]),
        ...value("/basics/location", [words(location.address), words(location.city), words(location.region), words(location.countryCode)]),
        ...value("/basics/url", [words(basics.url)]),
        ...list(basics.profiles).flatMap((profile, index) => value(`/basics/profiles/${index}`, [words(fields(profile).url) ?? words(fields(profile).username)])),
      ],
    },
    { title: "Work", values: each("work", (entry) => [words(entry.position), words(entry.name), span(entry)]) },
    { title: "Education", values: each("education", (entry) => [words(entry.studyType), words(entry.area), words(entry.institution), span(entry)]) },
    { title: "Skills", values: each("skills", (entry) => [words(entry.name)]) },
    { title: "Languages", values: each("languages", (entry) => [words(entry.language), words(entry.fluency)]) },
    { title: "Certificates", values: each("certificates", (entry) => [words(entry.name), words(entry.issuer), words(entry.date)]) },
  ].filter((group) => group.values.length > 0);
}

const overlaps = (a: Box, b: Box) => a.left < b.right && b.left < a.right && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.4 * Math.min(a.bottom - a.top, b.bottom - b.top);

/** Whether a line of a page is where a value was read. */
export function isWhere(evidence: Evidence | null, page: DocumentPage, line: Line, index: number): boolean {
  if (!evidence || (evidence.page !== null && evidence.page !== page.number)) return false;
  if (evidence.box && line.box) return overlaps(evidence.box, line.box);
  return evidence.line === index + 1;
}
