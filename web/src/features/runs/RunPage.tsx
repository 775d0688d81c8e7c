import { Button, Modal, Stack, Tabs, Text, Textarea } from "@mantine/core";
import { IconBan, IconRotateClockwise } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useActions } from "@/lib/actions";
import { api, body } from "@/lib/api";
import { between } from "@/lib/format";
import type { Run } from "@/lib/model";
import { useNow } from "@/lib/time";
import { Async } from "@/ui/Async";
import { Code, Json } from "@/ui/Code";
import { Facts } from "@/ui/Facts";
import { Page, Section } from "@/ui/Page";
import { ShortId } from "@/ui/ShortId";
import { Failure, LoadingPage } from "@/ui/States";
import { RunState } from "@/ui/Status";
import { When } from "@/ui/When";
import { History } from "./History";
import { Logs } from "./Logs";
import { isOver, runQuery } from "./queries";
import classes from "./RunPage.module.css";
import { runSentence } from "./sentence";
import { StepDrawer } from "./StepDrawer";
import { StepList } from "./StepList";
import { StepTimeline } from "./StepTimeline";
import { runViews, type RunView } from "./views";

// The graph brings a drawing library that no other view of a run needs.
const StepGraph = lazy(() => import("./StepGraph"));

const viewLabels: Record<RunView, string> = { timeline: "Timeline", list: "List", graph: "Graph", logs: "Logs", raw: "Raw" };

export interface RunPageSearch {
  view?: RunView;
  step?: string;
}

interface RunPageProps {
  id: string;
  search: RunPageSearch;
  onSearch: (search: RunPageSearch) => void;
}

export function RunPage({ id, search, onSearch }: RunPageProps) {
  const query = useQuery(runQuery(id));
  return (
    <Async query={query}>{(run) => <LoadedRun run={run} search={search} onSearch={onSearch} />}</Async>
  );
}

function LoadedRun({ run, search, onSearch }: { run: Run } & Omit<RunPageProps, "id">) {
  const now = useNow();
  const client = useQueryClient();
  const [cancelling, setCancelling] = useState(false);
  const renew = () => client.invalidateQueries({ queryKey: ["runs"] });
  const retry = useMutation({ mutationFn: () => body(api.POST("/api/runs/{id}/retry", { params: { path: { id: run.id } } })), onSettled: renew });
  const active = !isOver(run.status);
  const view = search.view ?? "timeline";
  const openStep = (path: string) => onSearch({ ...search, step: path });
  const chosen = run.steps.find((step) => step.path === search.step);
  const [namespace = "", flowId = ""] = run.flow.split("/");

  useActions([
    ...(run.status === "failed" ? [{ id: "retry-run", label: "Retry this run from the failed step", group: "This page" as const, keys: "r", run: () => retry.mutate() }] : []),
    ...(active ? [{ id: "cancel-run", label: "Cancel this run", group: "This page" as const, keys: "c", run: () => setCancelling(true) }] : []),
    ...runViews.map((name, index) => ({
      id: `view-${name}`,
      label: `Show: ${viewLabels[name].toLowerCase()}`,
      group: "This page" as const,
      keys: String(index + 1),
      run: () => onSearch({ ...search, view: name }),
    })),
  ]);

  return (
    <Page
      title={run.flow}
      above={<Link to="/runs">Runs</Link>}
      state={<RunState status={run.status} />}
      actions={
        <>
          {run.status === "failed" && (
            <Button leftSection={<IconRotateClockwise size={16} />} loading={retry.isPending} onClick={() => retry.mutate()}>
              Retry from the failed step
            </Button>
          )}
          {active && (
            <Button variant="default" leftSection={<IconBan size={16} />} onClick={() => setCancelling(true)}>
              Cancel
            </Button>
          )}
        </>
      }
    >
      <p className={classes.sentence} data-status={run.status} aria-live="polite">
        {runSentence(run, now)}
      </p>
      {retry.isError && <Failure error={retry.error} />}
      <Facts
        facts={[
          ["Run", <ShortId key="id" id={run.id} label="run id" />],
          [
            "Flow",
            <Link key="flow" to="/flows/$namespace/$id" params={{ namespace, id: flowId }}>
              {run.flow}{run.flow_version && `, version ${run.flow_version}`}
            </Link>,
          ],
          ["Started by", run.trigger],
          ["Created", <When key="created" at={run.created_at} />],
          ["Took", between(run.started_at, run.finished_at, now)],
          ["Retries", run.retry_count ? `${run.retry_count}${run.max_retries ? ` of ${run.max_retries}` : ""}` : null],
          run.parent_id && [
            "Part of",
            <Link key="parent" to="/runs/$id" params={{ id: run.parent_id }}>
              another run
            </Link>,
          ],
        ]}
      />
      {run.has_more_steps && <Text mt="sm">Only the first {run.steps.length} steps are shown.</Text>}
      <Tabs value={view} onChange={(value) => onSearch({ ...search, view: runViews.find((name) => name === value) })} mt="md" keepMounted={false}>
        <Tabs.List mb="sm">
          {runViews.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {viewLabels[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="timeline">
          <StepTimeline run={run} onStep={openStep} chosen={search.step} />
          <div className={classes.pair}>
            <Section title="Inputs">
              <Json label="inputs of the run" value={run.inputs} />
            </Section>
            <Section title="Outputs">
              <Json label="outputs of the run" value={run.outputs} />
            </Section>
          </div>
          <History run={run} />
        </Tabs.Panel>
        <Tabs.Panel value="list">
          <StepList run={run} onStep={openStep} chosen={search.step} />
        </Tabs.Panel>
        <Tabs.Panel value="graph">
          <Suspense fallback={<LoadingPage />}>
            <StepGraph run={run} onStep={openStep} chosen={search.step} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="logs">
          <Logs runId={run.id} />
        </Tabs.Panel>
        <Tabs.Panel value="raw">
          <Code label="the run as JSON" source={JSON.stringify(run, null, 2)} language="json" numbered />
        </Tabs.Panel>
      </Tabs>
      {chosen && <StepDrawer run={run} step={chosen} close={() => onSearch({ ...search, step: undefined })} />}
      {cancelling && <CancelDialog run={run} close={() => setCancelling(false)} onDone={renew} />}
    </Page>
  );
}

function CancelDialog({ run, close, onDone }: { run: Run; close: () => void; onDone: () => Promise<void> }) {
  const [reason, setReason] = useState("");
  const cancel = useMutation({
    mutationFn: () => body(api.POST("/api/runs/{id}/cancel", { params: { path: { id: run.id } }, body: { reason: reason.trim() || null } })),
    onSuccess: async () => {
      await onDone();
      close();
    },
  });
  return (
    <Modal opened onClose={close} title="Cancel this run?">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          cancel.mutate();
        }}
      >
        <Stack>
          <Text>What is done stays done; what has not begun does not begin. A cancelled run does not go on by itself.</Text>
          <Textarea label="Why" description="Kept in the history of the run. May stay empty." value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} autosize minRows={2} data-autofocus />
          {cancel.isError && <Failure error={cancel.error} />}
          <div className={classes.buttons}>
            <Button variant="default" onClick={close}>
              Let it run
            </Button>
            <Button type="submit" color="red" loading={cancel.isPending}>
              Cancel the run
            </Button>
          </div>
        </Stack>
      </form>
    </Modal>
  );
}
