import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { FlowSummary } from "@/lib/model";
import type { Column } from "@/ui/DataTable";
import { FilterBar } from "@/ui/FilterBar";
import { List } from "@/ui/List";
import { Page } from "@/ui/Page";
import { Empty } from "@/ui/States";
import { When } from "@/ui/When";
import { flowsQuery } from "./queries";

const name = (flow: FlowSummary) => `${flow.namespace}/${flow.id}`;

const owner = (flow: FlowSummary) => (flow.workspace_id ? "your workspace" : "the product");

const columns: Column<FlowSummary>[] = [
  { id: "flow", header: "Flow", cell: name, text: name },
  { id: "description", header: "What it does", secondary: true, width: "40%", cell: (flow) => flow.description, text: (flow) => flow.description ?? "" },
  { id: "owner", header: "Belongs to", width: 130, cell: owner, text: owner },
  { id: "saved", header: "Saved", width: 110, secondary: true, cell: (flow) => <When at={flow.updated_at} />, text: (flow) => flow.updated_at },
  { id: "version", header: "Version", width: 80, align: "right", secondary: true, cell: (flow) => flow.version, text: (flow) => String(flow.version) },
];

export function FlowsList({ q, onSearch }: { q: string | undefined; onSearch: (q: string | undefined) => void }) {
  const query = useInfiniteQuery(flowsQuery(q));
  return (
    <Page title="Flows" state="The processes of this platform, each a text that anyone can read.">
      <FilterBar label="Search flows" text={q} onText={onSearch} />
      <List
        query={query}
        name="flows"
        columns={columns}
        rowId={name}
        rowLabel={name}
        link={(flow) => ({ to: "/flows/$namespace/$id", params: { namespace: flow.namespace, id: flow.id } })}
        peek={(flow) => flow.description ?? "No description."}
        empty={
          q ? (
            <Empty action={<Button variant="default" onClick={() => onSearch(undefined)}>Clear the search</Button>}>No flow fits “{q}”.</Empty>
          ) : (
            <Empty>No flow is deployed. The flows of the product are deployed when the server starts; “weft flow deploy FILE” adds your own.</Empty>
          )
        }
      />
    </Page>
  );
}
