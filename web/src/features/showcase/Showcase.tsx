import { Button, Stack } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { ApiError } from "@/lib/api";
import { applicationStatuses, positionStatuses, runStatuses, type Reason } from "@/lib/model";
import { Chips } from "@/ui/Chips";
import { Code, Json } from "@/ui/Code";
import { DataTable, type Column } from "@/ui/DataTable";
import { Facts } from "@/ui/Facts";
import { FilterBar } from "@/ui/FilterBar";
import { Mark } from "@/ui/Mark";
import { Page, Section } from "@/ui/Page";
import { ExplainedScore, ReasonChips, Reasons, Score } from "@/ui/Score";
import { Copy, ShortId } from "@/ui/ShortId";
import { Empty, Failure, LoadingPage, LoadingRows, Stale } from "@/ui/States";
import { ApplicationState, PositionState, RunState, StepState } from "@/ui/Status";
import { Day, When } from "@/ui/When";

const reasons: Reason[] = [
  { kind: "skill", points: 30, text: "C# is required and on the profile", evidence: "Built the ledger service in C#" },
  { kind: "missing_skill", points: 0, text: "Kubernetes is required and not on the profile", evidence: null },
  { kind: "availability", points: 20, text: "Free in the whole period", evidence: "1 Mar 2026 – 31 Dec 2026" },
];

interface Thread {
  id: string;
  name: string;
  length: number;
}
const threads: Thread[] = Array.from({ length: 400 }, (_, index) => ({ id: `thread-${index}`, name: `Thread ${index + 1}`, length: ((index * 37) % 90) + 10 }));
const columns: Column<Thread>[] = [
  { id: "name", header: "Name", cell: (thread) => thread.name, text: (thread) => thread.name },
  { id: "length", header: "Length", align: "right", width: 120, cell: (thread) => `${thread.length} m`, text: (thread) => String(thread.length) },
  { id: "note", header: "Note", secondary: true, cell: () => "left out on a phone", text: () => "" },
];

const day = 86_400_000;

/** Every shared piece in its states. In development only: it is how one sees at once what a change of the theme does. */
export function Showcase() {
  const [text, setText] = useState<string>();
  const [selected, setSelected] = useState(0);
  const now = new Date();
  return (
    <main>
      <Page title="Pieces" state="Every shared piece in its states." actions={<Button>Primary action</Button>} above="Above">
        <Row title="Mark">
          <Mark size={16} />
          <Mark size={24} />
          <Mark size={48} />
        </Row>
        <Row title="Status: runs">{runStatuses.map((status) => <RunState key={status} status={status} />)}</Row>
        <Row title="Status: steps">
          {["pending", "running", "waiting", "completed", "failed", "skipped", "cancelled", "a new word"].map((status) => (
            <StepState key={status} status={status} />
          ))}
        </Row>
        <Row title="Status: applications">{applicationStatuses.map((status) => <ApplicationState key={status} status={status} />)}</Row>
        <Row title="Status: positions">{positionStatuses.map((status) => <PositionState key={status} status={status} />)}</Row>
        <Row title="Scores">{[8, 31, 52, 74, 93].map((score) => <Score key={score} score={score} />)}</Row>
        <Section title="Reasons">
          <Stack>
            <ReasonChips reasons={reasons} />
            <ExplainedScore score={61} reasons={reasons} />
            <Reasons reasons={reasons} />
            <Reasons reasons={[]} />
          </Stack>
        </Section>
        <Row title="Times">
          {[0, 5 * 60_000, day, 40 * day, -2 * day].map((before) => (
            <When key={before} at={new Date(now.getTime() - before)} />
          ))}
          <Day at="2026-03-01" />
        </Row>
        <Row title="Ids">
          <ShortId id="019a8f3c-1111-7abc-8def-0123456789ab" />
          <Copy value="copied" label="Copy a value" />
        </Row>
        <Section title="Facts">
          <Facts facts={[["Flow", "hiring/registration"], ["Took", "1.2 s"], ["Nothing", null]]} />
        </Section>
        <Section title="Chips">
          <Chips label="Skills" words={["C#", "PostgreSQL", "Go"]} marked={["c#"]} />
        </Section>
        <Section title="Loading">
          <LoadingRows rows={3} />
          <LoadingPage />
        </Section>
        <Section title="Empty">
          <Empty action={<Button>The next action</Button>} sample="A sample of what will stand here">
            Nothing is here yet, and this sentence says what would be.
          </Empty>
        </Section>
        <Section title="Failures">
          <Failure error={new ApiError(0, "unreachable", "The server cannot be reached.")} retry={() => undefined} />
          <Failure error={new ApiError(429, "too_many_requests", "Too many requests.", [], 30, "Wait a moment.")} retry={() => undefined} />
          <Failure error={new Error("A mistake in this page")} />
          <Stale error={new ApiError(0, "unreachable", "The server cannot be reached.")} since={<When at={new Date(now.getTime() - day)} />} retry={() => undefined} />
        </Section>
        <Section title="List">
          <FilterBar label="Search threads" text={text} onText={setText} onClear={text ? () => setText(undefined) : undefined} />
          <p aria-live="polite">{selected} were acted on.</p>
          <DataTable
            name="threads"
            columns={columns}
            rows={threads.filter((thread) => !text || thread.name.includes(text))}
            rowId={(thread) => thread.id}
            rowLabel={(thread) => thread.name}
            link={() => ({ to: "/dev/ui" })}
            peek={(thread) => <p>{thread.name} is {thread.length} m long.</p>}
            bulk={(rows, clear) => (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => {
                  setSelected(rows.length);
                  clear();
                }}
              >
                Act on {rows.length}
              </Button>
            )}
          />
        </Section>
        <Section title="Code">
          <Code label="a flow" language="yaml" numbered source={'id: hello # a remark\ntasks:\n  - { id: say, type: log, message: "Hello {{ inputs.name }}" }\n  - { id: wait, type: sleep, seconds: 3 }'} />
          <Json label="a value" value={{ text: "words", number: 1.5, yes: true, nothing: null, list: [1, 2] }} />
          <Json label="nothing" value={null} />
        </Section>
      </Page>
    </main>
  );
}

function Row({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Section title={title}>
      <div style={{ display: "flex", flexWrap: "wrap", alignItems: "center", gap: "8px 24px" }}>{children}</div>
    </Section>
  );
}
