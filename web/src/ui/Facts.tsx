import type { ReactNode } from "react";
import classes from "./Facts.module.css";

type Fact = readonly [label: string, value: ReactNode];

/** Small facts in one wrapping row; what is not known is left out. */
export function Facts({ facts }: { facts: readonly (Fact | null | undefined | false | "")[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(
        (fact) =>
          fact &&
          fact[1] != null &&
          fact[1] !== "" && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
