import { Table, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useActions } from "@/lib/actions";
import { between } from "@/lib/format";
import type { Flow } from "@/lib/model";
import { Async } from "@/ui/Async";
import { Code } from "@/ui/Code";
import { Facts } from "@/ui/Facts";
import { LinkButton } from "@/ui/LinkButton";
import { Page, Section } from "@/ui/Page";
import { LoadingRows } from "@/ui/States";
import { RunState } from "@/ui/Status";
import { When } from "@/ui/When";
import classes from "./FlowPage.module.css";
import { flowQuery, lastRunsQuery, versionsQuery } from "./queries";
import { flowViews, type FlowView } from "./views";

const viewLabels: Record<FlowView, string> = { source: "Source", runs: "Last runs", versions: "Versions" };

interface FlowPageProps {
  namespace: string;
  id: string;
  view: FlowView;
  onView: (view: FlowView) => void;
}

export function FlowPage({ namespace, id, view, onView }: FlowPageProps) {
  const query = useQuery(flowQuery(namespace, id));
  useActions(
    flowViews.map((name, index) => ({
      id: `view-${name}`,
      label: `Show: ${viewLabels[name].toLowerCase()}`,
      group: "This page",
      keys: String(index + 1),
      run: () => onView(name),
    })),
  );
  return (
    <Async query={query}>
      {(flow) => (
        <Page title={`${flow.namespace}/${flow.id}`} above={<Link to="/flows">Flows</Link>} state={flow.description}>
          <Facts
            facts={[
              ["Version", flow.version],
              ["Saved", <When key="saved" at={flow.updated_at} />],
              ["Belongs to", flow.workspace_id ? "your workspace" : "the product"],
              ["State", flow.disabled ? "disabled" : "enabled"],
            ]}
          />
          <div className={classes.pair}>
            <Inputs flow={flow} />
            <Triggers flow={flow} />
          </div>
          <Tabs value={view} onChange={(value) => onView(flowViews.find((name) => name === value) ?? "source")} mt="lg" keepMounted={false}>
            <Tabs.List mb="sm">
              {flowViews.map((name) => (
                <Tabs.Tab key={name} value={name}>
                  {viewLabels[name]}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="source">
              <Code label={`source of ${flow.namespace}/${flow.id}`} source={flow.source.trimEnd()} language={flow.source.trimStart().startsWith("{") ? "json" : "yaml"} numbered />
            </Tabs.Panel>
            <Tabs.Panel value="runs">
              <LastRuns flow={`${flow.namespace}/${flow.id}`} />
            </Tabs.Panel>
            <Tabs.Panel value="versions">
              <Versions flow={flow} />
            </Tabs.Panel>
          </Tabs>
        </Page>
      )}
    </Async>
  );
}

function Inputs({ flow }: { flow: Flow }) {
  return (
    <Section title="Inputs">
      {flow.inputs.length === 0 ? (
        <Text c="dimmed">This flow takes no inputs.</Text>
      ) : (
        <ul className={classes.items}>
          {flow.inputs.map((input) => (
            <li key={input.id}>
              <b className="mono">{input.id}</b> <span className={classes.type}>{input.type.replaceAll("_", " ")}</span>
              {input.required && <span className={classes.type}>, required</span>}
              {input.description && <div className={classes.words}>{input.description}</div>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Triggers({ flow }: { flow: Flow }) {
  return (
    <Section title="Triggers">
      {flow.triggers.length === 0 ? (
        <Text c="dimmed">Nothing starts this flow by itself.</Text>
      ) : (
        <ul className={classes.items}>
          {flow.triggers.map((trigger) => (
            <li key={trigger.id}>
              <b className="mono">{trigger.id}</b> <span className={classes.type}>{trigger.type}</span>
              {trigger.summary && <div className={classes.words}>{trigger.summary}</div>}
              {trigger.last_fired_at && (
                <div className={classes.words}>
                  last fired <When at={trigger.last_fired_at} />
                </div>
              )}
              {trigger.last_error && (
                <div className={classes.words}>
                  last error{trigger.last_error_at && <> <When at={trigger.last_error_at} /></>}: {trigger.last_error}
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function LastRuns({ flow }: { flow: string }) {
  const query = useQuery(lastRunsQuery(flow));
  return (
    <Async query={query} loading={<LoadingRows rows={5} />}>
      {({ items }) =>
        items.length === 0 ? (
          <Text c="dimmed">This flow has not run yet, or its runs are not yours to see.</Text>
        ) : (
          <>
            <Table aria-label="Last runs" verticalSpacing={6} highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Created</Table.Th>
                  <Table.Th>Status</Table.Th>
                  <Table.Th ta="right">Took</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((run) => (
                  <Table.Tr key={run.id}>
                    <Table.Td>
                      <Link to="/runs/$id" params={{ id: run.id }}>
                        <When at={run.created_at} />
                      </Link>
                    </Table.Td>
                    <Table.Td>
                      <RunState status={run.status} />
                    </Table.Td>
                    <Table.Td ta="right">{between(run.started_at, run.finished_at, new Date(run.finished_at ?? run.created_at)) ?? "–"}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            <LinkButton to="/runs" search={{ flow }} variant="default" size="xs" mt="sm">
              All runs of this flow
            </LinkButton>
          </>
        )
      }
    </Async>
  );
}

function Versions({ flow }: { flow: Flow }) {
  const query = useQuery(versionsQuery(flow.namespace, flow.id));
  return (
    <Async query={query} loading={<LoadingRows rows={3} />}>
      {({ items }) => (
        <Table aria-label="Versions" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={90}>Version</Table.Th>
              <Table.Th>Saved</Table.Th>
              <Table.Th>Content</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((version) => (
              <Table.Tr key={version.version}>
                <Table.Td>{version.version}</Table.Td>
                <Table.Td>
                  <When at={version.created_at} />
                </Table.Td>
                <Table.Td className="mono">{version.content_hash.slice(0, 12)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Async>
  );
}
