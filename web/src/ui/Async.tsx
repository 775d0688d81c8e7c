import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure, LoadingPage, Stale } from "./States";
import { When } from "./When";

interface AsyncProps<T> {
  query: UseQueryResult<T>;
  loading?: ReactNode;
  children: (data: T) => ReactNode;
}

/** The states of a view in one place: loading, failed, shown, and shown though it could not be renewed. */
export function Async<T>({ query, loading = <LoadingPage />, children }: AsyncProps<T>) {
  const retry = () => void query.refetch();
  if (query.data === undefined) return query.isError ? <Failure error={query.error} retry={retry} /> : loading;
  return (
    <>
      {query.isError && <Stale error={query.error} since={<When at={new Date(query.dataUpdatedAt)} />} retry={retry} />}
      {children(query.data)}
    </>
  );
}
