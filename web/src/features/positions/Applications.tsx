import { Button, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation, useQueryClient, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import type { Application } from "@/lib/model";
import type { KeysetPage } from "@/ui/List";
import { Score } from "@/ui/Score";
import { Empty, Failure, LoadingRows } from "@/ui/States";
import { ApplicationState, applicationStatusWord } from "@/ui/Status";
import { When } from "@/ui/When";
import classes from "./Pool.module.css";

/** What the position's side may set; withdrawing is the person's. */
const settable = ["in_review", "interviewing", "offer", "hired", "rejected"];

export function Applications({ query }: { query: UseInfiniteQueryResult<InfiniteData<KeysetPage<Application>>> }) {
  const applications = query.data?.pages.flatMap((page) => page.items);
  if (!applications) return query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <LoadingRows label="Loading applications" />;
  if (applications.length === 0) return <Empty>Nobody has applied yet. You get a mail when somebody does.</Empty>;
  return (
    <>
      <ul className={classes.people} aria-label="Applications">
        {applications.map((application) => (
          <li key={application.id} className={classes.person}>
            <div className={classes.who}>
              <Text component="h3" fw={600}>
                {application.person_name}
              </Text>
              {application.person_email && <a href={`mailto:${application.person_email}`}>{application.person_email}</a>}
              {application.score != null && <Score score={application.score} />}
              <Text size="sm" c="dimmed">
                applied <When at={application.applied_at} />
              </Text>
            </div>
            <Text style={{ whiteSpace: "pre-line", overflowWrap: "anywhere" }}>{application.message}</Text>
            <StatusMenu application={application} />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button variant="default" size="xs" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}

function StatusMenu({ application }: { application: Application }) {
  const client = useQueryClient();
  const name = application.person_name ?? "the applicant";
  const change = useMutation({
    mutationFn: (status: string) => body(api.PATCH("/api/applications/{id}", { params: { path: { id: application.id } }, body: { status } })),
    onSuccess: (_, status) => notifications.show({ message: `${name}: ${applicationStatusWord(status)}. They are told by mail.` }),
    onError: (error) => notifications.show({ color: "red", title: "The status was not changed", message: error.message }),
    onSettled: () => client.invalidateQueries({ queryKey: ["applications"] }),
  });
  // Shown at once; the answer of the server confirms or corrects it.
  const status = change.isPending ? change.variables : application.status;
  if (status === "withdrawn") return <ApplicationState status={status} />;
  return (
    <Menu position="bottom-end" transitionProps={{ duration: 120 }}>
      <Menu.Target>
        <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} />} aria-label={`Status of ${name}: ${applicationStatusWord(status)}. Change`}>
          <ApplicationState status={status} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {settable.map((next) => (
          <Menu.Item key={next} disabled={next === status} onClick={() => change.mutate(next)}>
            <ApplicationState status={next} />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
