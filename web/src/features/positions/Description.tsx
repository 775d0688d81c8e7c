import classes from "./Description.module.css";

/** A posting's text: blank lines part paragraphs, lines that begin with a dash are a list. Nothing in it is taken for markup. */
export function Description({ text }: { text: string }) {
  const blocks = text.trim().split(/\n\s*\n/);
  return (
    <div className={classes.text}>
      {blocks.map((block, index) => {
        const lines = block.split("\n");
        const isList = lines.every((line) => /^\s*[-*•]\s+/.test(line));
        return isList ? (
          <ul key={index}>
            {lines.map((line, at) => (
              <li key={at}>{line.replace(/^\s*[-*•]\s+/, "")}</li>
            ))}
          </ul>
        ) : (
          <p key={index}>{block}</p>
        );
      })}
    </div>
  );
}
