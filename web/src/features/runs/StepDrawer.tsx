import { Drawer, Stack, Table, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { between } from "@/lib/format";
import type { Run, Step } from "@/lib/model";
import { useNow } from "@/lib/time";
import { Json } from "@/ui/Code";
import { Facts } from "@/ui/Facts";
import { Section } from "@/ui/Page";
import { Copy } from "@/ui/ShortId";
import { StepState } from "@/ui/Status";
import { When } from "@/ui/When";
import { errorOf } from "./errors";
import { Logs } from "./Logs";
import classes from "./StepDrawer.module.css";

/** Everything about one step: what went in, what came out, every attempt, what it logged. */
export function StepDrawer({ run, step, close }: { run: Run; step: Step; close: () => void }) {
  const now = useNow();
  const error = step.status === "failed" || step.status === "waiting" ? errorOf(step.attempts.at(-1)?.error) : null;
  return (
    <Drawer opened onClose={close} position="right" size="lg" title={step.path} transitionProps={{ duration: 120 }} closeButtonProps={{ "aria-label": "Close the step" }}>
      <Stack gap={0}>
        <Facts
          facts={[
            ["Status", <StepState key="status" status={step.status} />],
            ["Type", <span key="type" className="mono">{step.type}</span>],
            ["Attempts", step.attempts.length],
            ["Took", between(step.attempts[0]?.started_at, step.attempts.at(-1)?.finished_at, now)],
          ]}
        />
        {error && (
          <div className={classes.error}>
            <IconAlertTriangle size={16} aria-hidden />
            <div>
              <Text style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{error.message}</Text>
              <Text size="sm" c="dimmed" className="mono">
                {error.code} <Copy value={`${error.code}: ${error.message}`} label="Copy the error" />
              </Text>
            </div>
          </div>
        )}
        <Section title="Input">
          <Json label="input of the step" value={step.input} />
        </Section>
        <Section title="Output">
          <Json label="output of the step" value={step.output} />
        </Section>
        {step.attempts.length > 0 && (
          <Section title="Attempts">
            <Table aria-label="Attempts" verticalSpacing={4} horizontalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={32}>No.</Table.Th>
                  <Table.Th w={110}>Status</Table.Th>
                  <Table.Th w={110}>Started</Table.Th>
                  <Table.Th w={70}>Took</Table.Th>
                  <Table.Th>Error</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {step.attempts.map((attempt) => (
                  <Table.Tr key={attempt.number}>
                    <Table.Td>{attempt.number}</Table.Td>
                    <Table.Td>
                      <StepState status={attempt.status} />
                    </Table.Td>
                    <Table.Td>{attempt.started_at && <When at={attempt.started_at} />}</Table.Td>
                    <Table.Td>{between(attempt.started_at, attempt.finished_at, now) ?? "–"}</Table.Td>
                    <Table.Td style={{ overflowWrap: "anywhere" }}>{errorOf(attempt.error)?.message}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Section>
        )}
        <Section title="Logs">
          <Logs runId={run.id} step={step.path} />
        </Section>
      </Stack>
    </Drawer>
  );
}
