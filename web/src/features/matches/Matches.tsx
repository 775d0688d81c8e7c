import { Button, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { infiniteQueryOptions, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useActions } from "@/lib/actions";
import { api, body } from "@/lib/api";
import { count, period } from "@/lib/format";
import type { Match } from "@/lib/model";
import { pollWhenNotLive } from "@/lib/realtime";
import { useUndoable } from "@/lib/undoable";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { ExplainedScore } from "@/ui/Score";
import { Empty, Failure, LoadingRows, Stale } from "@/ui/States";
import { When } from "@/ui/When";
import classes from "./Matches.module.css";

export const matchesQuery = infiniteQueryOptions({
  queryKey: ["matches", "mine"],
  queryFn: ({ pageParam, signal }) => body(api.GET("/api/matches", { params: { query: { limit: 50, cursor: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page) => page.next_cursor ?? undefined,
  refetchInterval: pollWhenNotLive,
});

/** Positions that fit me, best first, each with the reasons. */
export function Matches() {
  const query = useInfiniteQuery(matchesQuery);
  const client = useQueryClient();
  const dismiss = useMutation({
    mutationFn: (id: string) => body(api.POST("/api/matches/{id}/dismiss", { params: { path: { id } } })),
    onError: (error, id) => {
      undoable.undo(id);
      notifications.show({ color: "red", title: "The match was not dismissed", message: error.message });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["matches"] }),
  });
  const undoable = useUndoable((id) => dismiss.mutate(id));
  const all = query.data?.pages.flatMap((page) => page.items);
  const shown = all?.filter((match) => match.status !== "dismissed" && !undoable.hidden.has(match.id));

  const hide = (match: Match) => {
    undoable.start(match.id);
    const toast = `dismissed-${match.id}`;
    notifications.show({
      id: toast,
      message: (
        <div className={classes.toast}>
          <span>Dismissed: {match.position?.title}</span>
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => {
              undoable.undo(match.id);
              notifications.hide(toast);
            }}
          >
            Undo
          </Button>
        </div>
      ),
      autoClose: 6000,
    });
  };
  const links = () => [...document.querySelectorAll<HTMLAnchorElement>(`.${classes.title}`)];
  const move = (by: number) => {
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLAnchorElement);
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  useActions([
    { id: "next-match", label: "Next match", group: "This page", keys: "j", keyOnly: true, run: () => move(1) },
    { id: "previous-match", label: "Previous match", group: "This page", keys: "k", keyOnly: true, run: () => move(-1) },
  ]);

  return (
    <Page title="Matches" state={shown && shown.length > 0 ? `${count(shown.length, "position")} ${shown.length === 1 ? "fits" : "fit"} your profile.` : null}>
      {!shown ? (
        query.isError ? (
          <Failure error={query.error} retry={() => void query.refetch()} />
        ) : (
          <LoadingRows label="Loading matches" />
        )
      ) : (
        <>
          {query.isError && <Stale error={query.error} since={<When at={new Date(query.dataUpdatedAt)} />} retry={() => void query.refetch()} />}
          {shown.length === 0 ? (
            <Empty
              action={
                <LinkButton to="/profile">
                  Open your profile
                </LinkButton>
              }
              sample={<Text>Backend engineer · very good 74 · C# and PostgreSQL are in your CV</Text>}
            >
              No position fits yet. Matches come by themselves when your skills and your dates fit an open position: the more your profile says, the more are found.
            </Empty>
          ) : (
            <ul className={classes.matches} aria-label="Matched positions">
              {shown.map(
                (match) =>
                  match.position && (
                    <li key={match.id} className={classes.match}>
                      <div className={classes.what}>
                        <Link to="/positions/$id" params={{ id: match.position.id }} className={classes.title}>
                          {match.position.title}
                        </Link>
                        <Text c="dimmed">
                          {[match.position.company_name, match.position.location, match.position.remote === "unknown" ? null : match.position.remote, period(match.position.starts_on, match.position.ends_on)]
                            .filter(Boolean)
                            .join(" · ")}
                        </Text>
                      </div>
                      <ExplainedScore score={match.score} reasons={match.reasons} />
                      <div className={classes.actions}>
                        <LinkButton to="/positions/$id" params={{ id: match.position.id }} size="xs" variant="default">
                          Apply
                        </LinkButton>
                        <Button size="xs" variant="subtle" color="gray" onClick={() => hide(match)} aria-label={`Dismiss ${match.position.title}`}>
                          Dismiss
                        </Button>
                      </div>
                    </li>
                  ),
              )}
            </ul>
          )}
          {query.hasNextPage && (
            <Button variant="default" size="xs" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Load more
            </Button>
          )}
        </>
      )}
    </Page>
  );
}
