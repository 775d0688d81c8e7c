import { Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { Mark } from "@/ui/Mark";
import classes from "./Doorway.module.css";

interface DoorwayProps {
  title: string;
  other: ReactNode;
  children: ReactNode;
}

/** What stands before the app: one form in the middle. */
export function Doorway({ title, other, children }: DoorwayProps) {
  useEffect(() => {
    document.title = `${title} · Weft`;
  }, [title]);
  return (
    <main className={classes.doorway}>
      <div className={classes.box}>
        <div className={classes.brand}>
          <Mark size={26} />
          <span>Weft</span>
        </div>
        <Title order={1} mb="md">
          {title}
        </Title>
        {children}
        <Text mt="md" c="dimmed">
          {other}
        </Text>
      </div>
    </main>
  );
}
