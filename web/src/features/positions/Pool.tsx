import { Button, Text } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { Match } from "@/lib/model";
import { Chips } from "@/ui/Chips";
import type { KeysetPage } from "@/ui/List";
import { ExplainedScore } from "@/ui/Score";
import { Empty, Failure, LoadingRows } from "@/ui/States";
import { When } from "@/ui/When";
import classes from "./Pool.module.css";

/** The people found for a position, best first, each with the reasons. */
export function Pool({ query }: { query: UseInfiniteQueryResult<InfiniteData<KeysetPage<Match>>> }) {
  const matches = query.data?.pages.flatMap((page) => page.items);
  if (!matches) return query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <LoadingRows label="Loading candidates" />;
  if (matches.length === 0) return <Empty>Nobody fits by skills and dates yet. Whoever does later, with a new or a changed profile, appears here.</Empty>;
  return (
    <>
      <ul className={classes.people} aria-label="Candidates">
        {matches.map(
          (match) =>
            match.person && (
              <li key={match.id} className={classes.person}>
                <div className={classes.who}>
                  <Text component="h3" fw={600}>
                    {match.person.name}
                  </Text>
                  <Text c="dimmed">
                    {[match.person.headline, match.person.location].filter(Boolean).join(" · ")}
                    {match.person.email && (
                      <>
                        {" · "}
                        <a href={`mailto:${match.person.email}`}>{match.person.email}</a>
                      </>
                    )}
                  </Text>
                  <Chips label={`Skills of ${match.person.name}`} words={match.person.skills.slice(0, 12)} />
                </div>
                <div className={classes.why}>
                  <ExplainedScore score={match.score} reasons={match.reasons} />
                </div>
                <Text size="sm" c="dimmed" className={classes.when}>
                  found <When at={match.matched_at} />
                </Text>
              </li>
            ),
        )}
      </ul>
      {query.hasNextPage && (
        <Button variant="default" size="xs" mt="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}
