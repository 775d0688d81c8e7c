import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { count } from "@/lib/format";
import { highlight } from "@/lib/highlight";
import classes from "./Code.module.css";
import { Copy } from "./ShortId";

interface CodeProps {
  label: string;
  source: string;
  language: "yaml" | "json";
  numbered?: boolean;
}

const linesAtFirst = 400;

export function Code({ label, source, language, numbered = false }: CodeProps) {
  const lines = useMemo(() => highlight(source, language), [source, language]);
  const [whole, setWhole] = useState(false);
  const shown = whole ? lines : lines.slice(0, linesAtFirst);
  return (
    <div className={classes.box}>
      <div className={classes.copy}>
        <Copy value={source} label={`Copy ${label}`} />
      </div>
      {/* A region that scrolls sideways must be reachable without a mouse. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.code} data-numbered={numbered || undefined} tabIndex={0} role="region" aria-label={label}>
        {shown.map((line, index) => (
          <span key={index} className={classes.line}>
            {line.map((token, at) => (token.kind === "plain" ? token.text : <span key={at} data-kind={token.kind}>{token.text}</span>))}
            {"\n"}
          </span>
        ))}
      </pre>
      {shown.length < lines.length && (
        <Button variant="subtle" size="compact-xs" onClick={() => setWhole(true)}>
          Show {count(lines.length - shown.length, "more line", "more lines")}
        </Button>
      )}
    </div>
  );
}

/** A value of a run as formatted JSON; nothing at all is said in a word. */
export function Json({ label, value }: { label: string; value: unknown }) {
  const source = useMemo(() => JSON.stringify(value, null, 2), [value]);
  if (value === null || value === undefined || source === "{}") return <p className={classes.none}>none</p>;
  return <Code label={label} source={source} language="json" />;
}
