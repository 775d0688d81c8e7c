import { Table } from "@mantine/core";
import type { Run } from "@/lib/model";
import { Section } from "@/ui/Page";
import { RunState, runStatusWord } from "@/ui/Status";
import { When } from "@/ui/When";

/** Every change of state with its reason. */
export function History({ run }: { run: Run }) {
  if (run.history.length === 0) return null;
  return (
    <Section title="History">
      <Table aria-label="History" verticalSpacing={5} horizontalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={120}>When</Table.Th>
            <Table.Th w={140}>Became</Table.Th>
            <Table.Th w={110}>Was</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {run.history.map((change, index) => (
              <Table.Tr key={index}>
                <Table.Td>
                  <When at={change.at} />
                </Table.Td>
                <Table.Td>
                  <RunState status={change.to} />
                </Table.Td>
                <Table.Td>{change.from && runStatusWord(change.from)}</Table.Td>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{change.reason}</Table.Td>
              </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
