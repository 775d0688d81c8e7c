import { Button, Menu, Tabs, Text } from "@mantine/core";
import { IconDots, IconEdit, IconLock } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useActions } from "@/lib/actions";
import { api, body } from "@/lib/api";
import { period, salary } from "@/lib/format";
import type { Position } from "@/lib/model";
import { useUser } from "@/lib/session";
import { Async } from "@/ui/Async";
import { Chips } from "@/ui/Chips";
import { Facts } from "@/ui/Facts";
import { Page, Section } from "@/ui/Page";
import { Failure } from "@/ui/States";
import { PositionState } from "@/ui/Status";
import { When } from "@/ui/When";
import { Applications } from "./Applications";
import { Apply } from "./Apply";
import { Description } from "./Description";
import { Pool } from "./Pool";
import { applicationsToQuery, poolQuery, positionQuery } from "./queries";
import { positionViews, type PositionView } from "./views";
import { inWords, place } from "./words";

interface PositionPageProps {
  id: string;
  view: PositionView;
  onView: (view: PositionView) => void;
}

export function PositionPage({ id, view, onView }: PositionPageProps) {
  const query = useQuery(positionQuery(id));
  const user = useUser();
  return (
    <Async query={query}>
      {(position) => {
        return position.is_ours && user.role === "recruiter" ? <OwnPosition position={position} view={view} onView={onView} /> : <OpenPosition position={position} />;
      }}
    </Async>
  );
}

/** What anyone sees: the posting, and for a job seeker the way to apply. */
function OpenPosition({ position }: { position: Position }) {
  const user = useUser();
  return (
    <Page title={position.title} above={<Link to="/positions">Positions</Link>} state={position.company_name}>
      <PositionFacts position={position} />
      <Section title="Required skills">
        <Skills position={position} />
      </Section>
      <Section title="Description">
        <Description text={position.description} />
      </Section>
      {user.role === "job_seeker" && <Apply position={position} />}
    </Page>
  );
}

/** What its workspace sees: the pool, the applications, and the posting itself. */
function OwnPosition({ position, view, onView }: { position: Position; view: PositionView; onView: (view: PositionView) => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const pool = useInfiniteQuery(poolQuery(position.id));
  const applications = useInfiniteQuery(applicationsToQuery(position.id));
  const close = useMutation({
    mutationFn: () => body(api.POST("/api/positions/{id}/close", { params: { path: { id: position.id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["positions"] }),
  });
  const edit = () => void navigate({ to: "/positions/$id/edit", params: { id: position.id } });
  useActions([
    { id: "edit-position", label: "Edit this position", group: "This page", keys: "e", run: edit },
    ...positionViews.map((name, index) => ({ id: `view-${name}`, label: `Show: ${name}`, group: "This page" as const, keys: String(index + 1), run: () => onView(name) })),
  ]);
  const badge = (query: typeof pool | typeof applications) => {
    const known = query.data?.pages.reduce((sum, page) => sum + page.items.length, 0);
    return known === undefined ? "" : ` (${known}${query.hasNextPage ? "+" : ""})`;
  };
  return (
    <Page
      title={position.title}
      above={<Link to="/positions">Positions</Link>}
      state={<PositionState status={position.status} />}
      actions={
        <>
          <Button variant="default" leftSection={<IconEdit size={16} />} onClick={edit}>
            Edit
          </Button>
          {position.status === "open" && (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" px={8} aria-label="More for this position" loading={close.isPending}>
                  <IconDots size={16} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconLock size={16} />} onClick={() => close.mutate()}>
                  Close the position
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      {close.isError && <Failure error={close.error} />}
      <PositionFacts position={position} />
      <Tabs value={view} onChange={(value) => onView(positionViews.find((name) => name === value) ?? "candidates")} mt="md" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="candidates">Candidates{badge(pool)}</Tabs.Tab>
          <Tabs.Tab value="applications">Applications{badge(applications)}</Tabs.Tab>
          <Tabs.Tab value="posting">Posting</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="candidates">
          <Pool query={pool} />
        </Tabs.Panel>
        <Tabs.Panel value="applications">
          <Applications query={applications} />
        </Tabs.Panel>
        <Tabs.Panel value="posting">
          <Section title="Required skills">
            <Skills position={position} />
          </Section>
          <Section title="Description">
            <Description text={position.description} />
          </Section>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Skills({ position }: { position: Position }) {
  return position.required_skills.length > 0 ? <Chips label="Required skills" words={position.required_skills} /> : <Text c="dimmed">None are named.</Text>;
}

function PositionFacts({ position }: { position: Position }) {
  return (
    <Facts
      facts={[
        ["Place", place(position)],
        ["Employment", position.employment_type && inWords(position.employment_type)],
        ["Department", position.department],
        ["Salary", salary(position)],
        ["Period", period(position.starts_on, position.ends_on)],
        ["Posted", <When key="posted" at={position.first_seen_at} />],
      ]}
    />
  );
}
