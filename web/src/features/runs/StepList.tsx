import { Table, Text, UnstyledButton } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import { between } from "@/lib/format";
import type { Run } from "@/lib/model";
import { useNow } from "@/lib/time";
import { StepState } from "@/ui/Status";
import { errorOf } from "./errors";
import classes from "./StepList.module.css";

interface StepListProps {
  run: Run;
  chosen: string | undefined;
  onStep: (path: string) => void;
}

const rowHeight = 37;

/** All steps in order, with what went wrong in words. */
export function StepList({ run, chosen, onStep }: StepListProps) {
  const now = useNow();
  const box = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    if (box.current) setOffset(box.current.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({ count: run.steps.length, estimateSize: () => rowHeight, overscan: 30, scrollMargin: offset });
  const items = virtualizer.getVirtualItems();
  const above = (items[0]?.start ?? offset) - offset;
  const below = virtualizer.getTotalSize() - ((items.at(-1)?.end ?? offset) - offset);
  if (run.steps.length === 0) return <Text c="dimmed">No step has begun yet.</Text>;
  return (
    <div ref={box} className={classes.scroll}>
      <Table className={classes.table} aria-label="Steps" aria-rowcount={run.steps.length + 1}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Step</Table.Th>
            <Table.Th w={130}>Status</Table.Th>
            <Table.Th w={150} className={classes.secondary}>
              Type
            </Table.Th>
            <Table.Th w={90} ta="right" className={classes.secondary}>
              Attempts
            </Table.Th>
            <Table.Th w={90} ta="right">
              Took
            </Table.Th>
            <Table.Th className={classes.secondary}>Error</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {items.map((item) => {
            const step = run.steps[item.index];
            if (!step) return null;
            const last = step.attempts.at(-1);
            return (
              <Table.Tr key={step.path} aria-rowindex={item.index + 2} data-chosen={chosen === step.path || undefined}>
                <Table.Td className={classes.path}>
                  <UnstyledButton className={classes.open} onClick={() => onStep(step.path)}>
                    {step.path}
                  </UnstyledButton>
                </Table.Td>
                <Table.Td>
                  <StepState status={step.status} />
                </Table.Td>
                <Table.Td className={classes.secondary}>
                  <span className="mono">{step.type}</span>
                </Table.Td>
                <Table.Td ta="right" className={classes.secondary}>
                  {step.attempts.length}
                </Table.Td>
                <Table.Td ta="right">{between(step.attempts[0]?.started_at, last?.finished_at, now) ?? "–"}</Table.Td>
                <Table.Td className={`${classes.error} ${classes.secondary}`}>{errorOf(last?.error)?.message}</Table.Td>
              </Table.Tr>
            );
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </Table.Tbody>
      </Table>
    </div>
  );
}
