import { CloseButton } from "@mantine/core";
import { IconArrowUpRight } from "@tabler/icons-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import classes from "./Peek.module.css";

interface PeekProps {
  title: string;
  link: Pick<LinkProps, "to" | "params" | "search">;
  close: () => void;
  children: ReactNode;
}

/** Shows a row beside its list, without leaving the list: the focus stays on the row, so that `j k` move on. */
export function Peek({ title, link, close, children }: PeekProps) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [close]);
  return (
    <aside className={classes.peek} aria-label={`Peek: ${title}`}>
      <div className={classes.head}>
        <Link {...link} className={classes.title}>
          {title} <IconArrowUpRight size={14} aria-hidden />
        </Link>
        <CloseButton size="sm" aria-label="Close the peek" onClick={close} />
      </div>
      <div className={classes.body}>{children}</div>
    </aside>
  );
}
