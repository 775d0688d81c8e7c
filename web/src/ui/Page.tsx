import { Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  /** Where this page hangs: a link to its list. */
  above?: ReactNode;
  /** One sentence: how things stand. */
  state?: ReactNode;
  actions?: ReactNode;
  /** Runs to the edges: tables and split views bring their own padding. */
  children: ReactNode;
}

/** One line of header: title, state, primary action. */
export function Page({ title, above, state, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Weft`;
  }, [title]);
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <div className={classes.words}>
          {above && <div className={classes.above}>{above}</div>}
          <div className={classes.line}>
            <Title order={1} className={classes.title}>
              {title}
            </Title>
            {state && <div className={classes.state}>{state}</div>}
          </div>
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <Title order={2}>{title}</Title>
        {aside}
      </div>
      {children}
    </section>
  );
}
