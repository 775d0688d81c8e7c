// Colours for flow sources and JSON: enough to find keys, text, numbers and templates at a glance. The text itself is never changed.

export type TokenKind = "key" | "string" | "number" | "comment" | "template" | "plain";

export interface Token {
  kind: TokenKind;
  text: string;
}

const yaml = /(?<comment>(?:^|(?<=\s))#.*$)|(?<template>\{\{.*?\}\}|\{%.*?%\})|(?<key>[\w.$/-]+(?=:(?:\s|$)))|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<number>(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.])|\b(?:true|false|null)\b)/g;
const json = /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\btrue\b|\bfalse\b|\bnull\b)/g;

/** Very long lines are left plain: nobody reads colours there, and the patterns would take their time. */
const longestLine = 2_000;

function tokens(line: string, pattern: RegExp): Token[] {
  if (line.length > longestLine) return [{ kind: "plain", text: line }];
  const found: Token[] = [];
  let at = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > at) found.push({ kind: "plain", text: line.slice(at, match.index) });
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] as TokenKind;
    // A template inside quotes is what one looks for there.
    if (kind === "string" && match[0].includes("{{")) found.push(...quoted(match[0]));
    else found.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push({ kind: "plain", text: line.slice(at) });
  return found;
}

const quoted = (text: string): Token[] =>
  text
    .split(/(\{\{.*?\}\})/)
    .filter((part) => part !== "")
    .map((part) => ({ kind: part.startsWith("{{") ? ("template" as const) : ("string" as const), text: part }));

export const highlight = (source: string, language: "yaml" | "json"): Token[][] =>
  source.split("\n").map((line) => tokens(line, language === "yaml" ? yaml : json));
