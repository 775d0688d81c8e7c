import { Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNow } from "@/lib/time";
import { Async } from "@/ui/Async";
import { Json } from "@/ui/Code";
import { RunState, StepState } from "@/ui/Status";
import { runQuery } from "./queries";
import { runSentence } from "./sentence";
import classes from "./RunPeek.module.css";

export function RunPeek({ id }: { id: string }) {
  const query = useQuery(runQuery(id));
  const now = useNow();
  return (
    <Async query={query}>
      {(run) => (
        <Stack gap="sm">
          <RunState status={run.status} />
          <Text style={{ overflowWrap: "anywhere" }}>{runSentence(run, now)}</Text>
          <ul className={classes.steps}>
            {run.steps.slice(0, 12).map((step) => (
              <li key={step.path}>
                <span className={classes.path}>{step.path}</span>
                <StepState status={step.status} />
              </li>
            ))}
          </ul>
          {run.steps.length > 12 && <Text c="dimmed">and {run.steps.length - 12} more</Text>}
          <Text fw={600}>Inputs</Text>
          <Json label="inputs of the run" value={run.inputs} />
        </Stack>
      )}
    </Async>
  );
}
