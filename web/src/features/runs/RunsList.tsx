import { Button, Select, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { between, count, exactTime } from "@/lib/format";
import { runStatuses, type RunSummary } from "@/lib/model";
import { useNow } from "@/lib/time";
import type { Column } from "@/ui/DataTable";
import { FilterBar } from "@/ui/FilterBar";
import { List } from "@/ui/List";
import { Page } from "@/ui/Page";
import { ShortId } from "@/ui/ShortId";
import { Empty } from "@/ui/States";
import { RunState, runStatusWord } from "@/ui/Status";
import { When } from "@/ui/When";
import { isOver, runsQuery, type RunFilter } from "./queries";
import { RunPeek } from "./RunPeek";


const columns: Column<RunSummary>[] = [
  { id: "flow", header: "Flow", cell: (run) => run.flow, text: (run) => run.flow },
  { id: "status", header: "Status", width: 130, cell: (run) => <RunState status={run.status} />, text: (run) => runStatusWord(run.status) },
  { id: "started", header: "Created", width: 110, secondary: true, cell: (run) => <When at={run.created_at} />, text: (run) => run.created_at },
  { id: "took", header: "Took", width: 96, align: "right", secondary: true, cell: (run) => <Took run={run} />, text: (run) => between(run.started_at, run.finished_at, new Date()) ?? "" },
  { id: "trigger", header: "Started by", width: 110, secondary: true, cell: (run) => run.trigger, text: (run) => run.trigger },
  { id: "error", header: "Error", secondary: true, cell: (run) => run.error?.message ?? "", text: (run) => run.error?.message ?? "" },
  { id: "id", header: "Id", width: 120, secondary: true, cell: (run) => <ShortId id={run.id} label="run id" />, text: (run) => run.id },
];

function Took({ run }: { run: RunSummary }) {
  const now = useNow();
  return <>{between(run.started_at, run.finished_at, now) ?? "–"}</>;
}

interface RunsListProps {
  filter: RunFilter;
  onFilter: (filter: RunFilter) => void;
}

export function RunsList({ filter, onFilter }: RunsListProps) {
  const query = useInfiniteQuery(runsQuery(filter));
  const filtered = Boolean(filter.status ?? filter.flow ?? filter.q);
  return (
    <Page title="Runs" state="Every process that ran, runs, or waits to run.">
      <FilterBar label="Search runs" text={filter.q} onText={(q) => onFilter({ ...filter, q })} onClear={filtered ? () => onFilter({}) : undefined}>
        <Select
          size="xs"
          w={150}
          aria-label="Status"
          placeholder="Any status"
          clearable
          data={runStatuses.map((status) => ({ value: status, label: runStatusWord(status) }))}
          value={filter.status ?? null}
          onChange={(status) => onFilter({ ...filter, status: status ?? undefined })}
        />
        {filter.flow && (
          <Button size="xs" variant="default" onClick={() => onFilter({ ...filter, flow: undefined })} aria-label={`Only ${filter.flow}: remove this filter`}>
            flow: {filter.flow} ×
          </Button>
        )}
      </FilterBar>
      <List
        query={query}
        name="runs"
        columns={columns}
        rowId={(run) => run.id}
        rowLabel={(run) => `run of ${run.flow} ${exactTime(run.created_at)}`}
        link={(run) => ({ to: "/runs/$id", params: { id: run.id } })}
        peek={(run) => <RunPeek id={run.id} />}
        bulk={(runs, clear) => <BulkActions runs={runs} done={clear} />}
        empty={
          filtered ? (
            <Empty action={<Button variant="default" onClick={() => onFilter({})}>Clear filters</Button>}>No run fits these filters.</Empty>
          ) : (
            <Empty sample={<Text>hiring/registration · completed · 1.2 s</Text>}>
              Nothing has run yet. Whatever you do here, from signing up to applying, runs as a flow and shows up in this list.
            </Empty>
          )
        }
      />
    </Page>
  );
}

/** Acts on several runs, one call each, and says in one message how it went. */
function BulkActions({ runs, done }: { runs: RunSummary[]; done: () => void }) {
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: async ({ verb, ids }: { verb: "cancel" | "retry"; ids: string[] }) => {
      const calls = ids.map((id) =>
        verb === "cancel"
          ? body(api.POST("/api/runs/{id}/cancel", { params: { path: { id } }, body: { reason: null } }))
          : body(api.POST("/api/runs/{id}/retry", { params: { path: { id } } })),
      );
      const results = await Promise.allSettled(calls);
      return results.filter((result) => result.status === "rejected").length;
    },
    onSuccess: (refused, { verb, ids }) => {
      const word = verb === "cancel" ? "cancelled" : "started again";
      notifications.show({
        message: `${count(ids.length - refused, "run")} ${word}${refused ? `, ${refused} refused` : ""}.`,
        color: refused ? "red" : "teal",
      });
      done();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
  const active = runs.filter((run) => !isOver(run.status)).map((run) => run.id);
  const failed = runs.filter((run) => run.status === "failed").map((run) => run.id);
  return (
    <>
      <Button size="compact-xs" variant="default" disabled={active.length === 0} loading={act.isPending} onClick={() => act.mutate({ verb: "cancel", ids: active })}>
        Cancel {count(active.length, "run")}
      </Button>
      <Button size="compact-xs" variant="default" disabled={failed.length === 0} loading={act.isPending} onClick={() => act.mutate({ verb: "retry", ids: failed })}>
        Retry {count(failed.length, "run")}
      </Button>
    </>
  );
}
