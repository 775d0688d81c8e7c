import { Button, Select, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useActions } from "@/lib/actions";
import { salary } from "@/lib/format";
import { positionStatuses, remotes, type Position } from "@/lib/model";
import { useUser } from "@/lib/session";
import { Chips } from "@/ui/Chips";
import type { Column } from "@/ui/DataTable";
import { FilterBar } from "@/ui/FilterBar";
import { LinkButton } from "@/ui/LinkButton";
import { List } from "@/ui/List";
import { Page } from "@/ui/Page";
import { Empty } from "@/ui/States";
import { PositionState } from "@/ui/Status";
import { When } from "@/ui/When";
import { Description } from "./Description";
import { positionsQuery, type PositionFilter } from "./queries";
import { inWords, place } from "./words";

const title: Column<Position> = { id: "title", header: "Title", cell: (position) => position.title, text: (position) => position.title };
const company: Column<Position> = { id: "company", header: "Company", secondary: true, cell: (position) => position.company_name, text: (position) => position.company_name ?? "" };
const where: Column<Position> = { id: "place", header: "Place", secondary: true, cell: place, text: place };
const pay: Column<Position> = { id: "pay", header: "Pay", secondary: true, cell: (position) => salary(position) ?? "–", text: (position) => salary(position) ?? "" };
const status: Column<Position> = { id: "status", header: "Status", width: 110, cell: (position) => <PositionState status={position.status} />, text: (position) => position.status };
const posted: Column<Position> = { id: "posted", header: "Posted", width: 110, cell: (position) => <When at={position.first_seen_at} />, text: (position) => position.first_seen_at };

const seekerColumns = [title, company, where, pay, posted];
const recruiterColumns = [title, status, where, pay, posted];

interface PositionsListProps {
  filter: PositionFilter;
  onFilter: (filter: PositionFilter) => void;
}

/** A recruiter sees what the workspace posted, a job seeker what is open. */
export function PositionsList({ filter, onFilter }: PositionsListProps) {
  const user = useUser();
  const navigate = useNavigate();
  const hires = user.role === "recruiter";
  const query = useInfiniteQuery(positionsQuery(hires ? { ...filter, ours: true } : filter));
  const filtered = Object.values(filter).some((value) => value !== undefined);
  useActions(hires ? [{ id: "new-position", label: "Post a position", group: "This page", keys: "n", run: () => void navigate({ to: "/positions/new" }) }] : []);
  return (
    <Page
      title="Positions"
      state={hires ? "What you posted." : "What is open now."}
      actions={
        hires && (
          <LinkButton to="/positions/new" leftSection={<IconPlus size={16} />}>
            Post a position
          </LinkButton>
        )
      }
    >
      <FilterBar label="Search positions" text={filter.q} onText={(q) => onFilter({ ...filter, q })} onClear={filtered ? () => onFilter({}) : undefined}>
        <Select
          size="xs"
          w={140}
          aria-label="Place of work"
          placeholder="Any place"
          clearable
          data={remotes.filter((remote) => remote !== "unknown").map((remote) => ({ value: remote, label: inWords(remote) }))}
          value={filter.remote ?? null}
          onChange={(remote) => onFilter({ ...filter, remote: remotes.find((known) => known === remote) })}
        />
        {hires && (
          <Select
            size="xs"
            w={130}
            aria-label="Status"
            placeholder="Any status"
            clearable
            data={positionStatuses.map((value) => ({ value, label: value }))}
            value={filter.status ?? null}
            onChange={(value) => onFilter({ ...filter, status: positionStatuses.find((known) => known === value) })}
          />
        )}
      </FilterBar>
      <List
        query={query}
        name="positions"
        columns={hires ? recruiterColumns : seekerColumns}
        rowId={(position) => position.id}
        rowLabel={(position) => position.title}
        link={(position) => ({ to: "/positions/$id", params: { id: position.id } })}
        peek={(position) => (
          <Stack gap="sm">
            <Text c="dimmed">{[position.company_name, place(position), salary(position)].filter(Boolean).join(" · ")}</Text>
            <Chips label="Required skills" words={position.required_skills} />
            <Description text={position.description} />
          </Stack>
        )}
        empty={
          filtered ? (
            <Empty action={<Button variant="default" onClick={() => onFilter({})}>Clear filters</Button>}>No position fits these filters.</Empty>
          ) : hires ? (
            <Empty
              action={
                <LinkButton to="/positions/new">
                  Post a position
                </LinkButton>
              }
              sample={<Text>Backend engineer · Lisbon, Portugal · hybrid · 4 candidates</Text>}
            >
              You have not posted a position yet. When you do, people whose skills and dates fit are found and told.
            </Empty>
          ) : (
            <Empty>No position is open at the moment. You get a mail when one that fits your profile appears.</Empty>
          )
        }
      />
    </Page>
  );
}
