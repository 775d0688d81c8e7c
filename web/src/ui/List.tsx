import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { DataTable, type TableLook } from "./DataTable";
import { Failure, LoadingRows, Stale } from "./States";
import { When } from "./When";

export interface KeysetPage<T> {
  items: T[];
  next_cursor?: string | null;
}

interface ListProps<T> extends TableLook<T> {
  query: UseInfiniteQueryResult<InfiniteData<KeysetPage<T>>>;
  empty: ReactNode;
}

/** A keyset-paged query as a table, in all four states. */
export function List<T>({ query, empty, ...look }: ListProps<T>) {
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);
  const retry = () => void query.refetch();
  if (!rows) return query.isError ? <Failure error={query.error} retry={retry} /> : <LoadingRows label={`Loading ${look.name}`} />;
  return (
    <>
      {query.isError && <Stale error={query.error} since={<When at={new Date(query.dataUpdatedAt)} />} retry={retry} />}
      {rows.length === 0 ? (
        empty
      ) : (
        <DataTable
          {...look}
          rows={rows}
          hasMore={query.hasNextPage}
          loadingMore={query.isFetchingNextPage}
          loadMore={() => {
            if (!query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      )}
    </>
  );
}
