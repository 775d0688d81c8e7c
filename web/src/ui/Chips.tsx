import classes from "./Chips.module.css";

/** Short words in a row, such as skills; those in `marked` stand out. */
export function Chips({ words, marked, label }: { words: readonly string[]; marked?: readonly string[]; label: string }) {
  const lit = new Set(marked?.map((word) => word.toLowerCase()));
  return (
    <ul className={classes.chips} aria-label={label}>
      {words.map((word) => (
        <li key={word} data-marked={lit.has(word.toLowerCase()) || undefined}>
          {word}
        </li>
      ))}
    </ul>
  );
}
