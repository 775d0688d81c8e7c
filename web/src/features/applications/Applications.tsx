import { Button, Select, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { infiniteQueryOptions, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { applicationStatuses, type Application } from "@/lib/model";
import { pollWhenNotLive } from "@/lib/realtime";
import { useUser } from "@/lib/session";
import type { Column } from "@/ui/DataTable";
import { LinkButton } from "@/ui/LinkButton";
import { List } from "@/ui/List";
import { Page } from "@/ui/Page";
import { Empty } from "@/ui/States";
import { ApplicationState, applicationStatusWord } from "@/ui/Status";
import { When } from "@/ui/When";

const applicationsQuery = (mine: boolean, status?: string) =>
  infiniteQueryOptions({
    queryKey: ["applications", "list", mine, status],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/applications", { params: { query: { mine, status, limit: 50, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: pollWhenNotLive,
  });

const person: Column<Application> = { id: "person", header: "Person", cell: (a) => a.person_name, text: (a) => a.person_name ?? "" };
const position: Column<Application> = { id: "position", header: "Position", cell: (a) => a.position_title, text: (a) => a.position_title };
const company: Column<Application> = { id: "company", header: "Company", secondary: true, cell: (a) => a.company_name, text: (a) => a.company_name ?? "" };
const status: Column<Application> = { id: "status", header: "Status", width: 140, cell: (a) => <ApplicationState status={a.status} />, text: (a) => applicationStatusWord(a.status) };
const applied: Column<Application> = { id: "applied", header: "Applied", width: 110, secondary: true, cell: (a) => <When at={a.applied_at} />, text: (a) => a.applied_at };
const message: Column<Application> = { id: "message", header: "Message", secondary: true, cell: (a) => a.message, text: (a) => a.message };

const received = [person, position, status, applied, message];
const sent = [position, company, status, applied, message];

interface ApplicationsProps {
  status: string | undefined;
  onStatus: (status: string | undefined) => void;
}

/** A job seeker's sent applications, or a recruiter's received ones. */
export function Applications({ status: wanted, onStatus }: ApplicationsProps) {
  const user = useUser();
  const hires = user.role === "recruiter";
  const query = useInfiniteQuery(applicationsQuery(!hires, wanted));
  return (
    <Page title="Applications" state={hires ? "What people sent to your positions." : "What you sent, and what became of it."}>
      <Select
        size="xs"
        w={160}
        mb={8}
        aria-label="Status"
        placeholder="Any status"
        clearable
        data={applicationStatuses.map((value) => ({ value, label: applicationStatusWord(value) }))}
        value={wanted ?? null}
        onChange={(value) => onStatus(applicationStatuses.find((known) => known === value))}
      />
      <List
        query={query}
        name="applications"
        columns={hires ? received : sent}
        rowId={(application) => application.id}
        rowLabel={(application) => (hires ? (application.person_name ?? "Application") : application.position_title)}
        link={(application) => ({ to: "/positions/$id", params: { id: application.position_id }, search: hires ? { view: "applications" } : {} })}
        peek={(application) => <ApplicationPeek application={application} mine={!hires} />}
        empty={
          wanted ? (
            <Empty action={<Button variant="default" onClick={() => onStatus(undefined)}>Show all</Button>}>No application is “{applicationStatusWord(wanted)}”.</Empty>
          ) : hires ? (
            <Empty>Nobody has applied to a position of yours yet. You get a mail when somebody does.</Empty>
          ) : (
            <Empty
              action={
                <LinkButton to="/matches">
                  See your matches
                </LinkButton>
              }
            >
              You have not applied anywhere yet.
            </Empty>
          )
        }
      />
    </Page>
  );
}

function ApplicationPeek({ application, mine }: { application: Application; mine: boolean }) {
  const client = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => body(api.PATCH("/api/applications/{id}", { params: { path: { id: application.id } }, body: { status: "withdrawn" } })),
    onError: (error) => notifications.show({ color: "red", title: "The application was not withdrawn", message: error.message }),
    onSettled: () => client.invalidateQueries({ queryKey: ["applications"] }),
  });
  const over = ["withdrawn", "rejected", "hired"].includes(application.status);
  return (
    <Stack gap="sm">
      <Text>
        {mine ? application.company_name : application.position_title}
        {!mine && application.person_email && ` · ${application.person_email}`}
      </Text>
      <ApplicationState status={application.status} />
      <Text style={{ whiteSpace: "pre-line", overflowWrap: "anywhere" }}>{application.message}</Text>
      {mine && !over && (
        <div>
          <Button variant="default" size="xs" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
            Withdraw this application
          </Button>
        </div>
      )}
    </Stack>
  );
}
