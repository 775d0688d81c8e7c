import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { pollWhenNotLive } from "@/lib/realtime";

export interface RunFilter {
  status?: string;
  flow?: string;
  q?: string;
}

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", filter],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/runs", { params: { query: { ...filter, limit: 100, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: pollWhenNotLive,
  });

const ended = new Set(["completed", "failed", "cancelled"]);
export const isOver = (status: string) => ended.has(status);

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data && isOver(query.state.data.status) ? false : pollWhenNotLive()),
  });

export const runLogsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["runs", "logs", id],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET("/api/runs/{id}/logs", { params: { path: { id }, query: { limit: 200, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: pollWhenNotLive,
  });
