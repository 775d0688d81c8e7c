import { Kbd, Modal, Table, Text } from "@mantine/core";
import { useAllActions, type Action } from "@/lib/actions";
import { keyWords } from "./keyWords";

const order: Action["group"][] = ["This page", "Go to", "You", "Appearance"];

/** Keys that lists answer to; they belong to whatever list is shown and stand here once. */
const listKeys = [
  ["j", "Next row"],
  ["k", "Previous row"],
  ["Enter", "Open the row"],
  ["Space", "Peek at the row"],
  ["x", "Select the row"],
  ["/", "Search in the list"],
] as const;

export default function HelpSheet({ close }: { close: () => void }) {
  const actions = useAllActions().filter((action) => action.keys && !action.keyOnly);
  return (
    <Modal opened onClose={close} title="Keyboard shortcuts" size="md">
      {order.map((group) => {
        const mine = actions.filter((action) => action.group === group && action.keys !== "/");
        return mine.length === 0 ? null : <Keys key={group} title={group} rows={mine.map((action) => [keyWords(action.keys ?? ""), action.label] as const)} />;
      })}
      <Keys title="Lists" rows={listKeys} />
    </Modal>
  );
}

function Keys({ title, rows }: { title: string; rows: readonly (readonly [string, string])[] }) {
  return (
    <>
      <Text component="h2" size="sm" fw={600} mt="sm">
        {title}
      </Text>
      <Table verticalSpacing={4} horizontalSpacing={0} withRowBorders={false} aria-label={title}>
        <Table.Tbody>
          {rows.map(([keys, label]) => (
            <Table.Tr key={keys + label}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">
                <Kbd size="xs">{keys}</Kbd>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
