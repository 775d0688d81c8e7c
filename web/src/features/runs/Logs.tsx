import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { clockTime, exactTime } from "@/lib/format";
import { Failure, LoadingRows } from "@/ui/States";
import classes from "./Logs.module.css";
import { runLogsQuery } from "./queries";

/** What the steps of a run wrote, oldest first. */
export function Logs({ runId, step }: { runId: string; step?: string }) {
  const query = useInfiniteQuery(runLogsQuery(runId));
  const lines = query.data?.pages.flatMap((page) => page.items).filter((line) => !step || line.step === step);
  if (!lines) return query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : <LoadingRows rows={4} label="Loading logs" />;
  if (lines.length === 0 && !query.hasNextPage) return <Text c="dimmed">Nothing was logged.</Text>;
  return (
    <>
      <ol className={classes.lines} aria-label="Logs">
        {lines.map((line) => (
          <li key={line.id} data-level={line.level.toLowerCase()}>
            <time dateTime={line.at} title={exactTime(line.at)}>
              {clockTime(line.at)}
            </time>
            <span className={classes.level}>{line.level.toLowerCase()}</span>
            {!step && <span className={classes.step}>{line.step}</span>}
            <span className={classes.message}>{line.message}</span>
          </li>
        ))}
      </ol>
      {query.hasNextPage && (
        <Button variant="default" size="xs" mt="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </>
  );
}
