import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { pollWhenNotLive } from "@/lib/realtime";

export const flowsQuery = (q?: string) =>
  infiniteQueryOptions({
    queryKey: ["flows", "list", q],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/flows", { params: { query: { q, limit: 100, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const flowQuery = (namespace: string, id: string) =>
  queryOptions({
    queryKey: ["flows", "one", namespace, id],
    queryFn: ({ signal }) => body(api.GET("/api/flows/{ns}/{id}", { params: { path: { ns: namespace, id } }, signal })),
  });

export const versionsQuery = (namespace: string, id: string) =>
  queryOptions({
    queryKey: ["flows", "versions", namespace, id],
    queryFn: ({ signal }) => body(api.GET("/api/flows/{ns}/{id}/versions", { params: { path: { ns: namespace, id } }, signal })),
  });

/** The last runs of one flow; its key begins with "runs", since it changes when they do. */
export const lastRunsQuery = (flow: string) =>
  queryOptions({
    queryKey: ["runs", "last", flow],
    queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { flow, limit: 10 } }, signal })),
    refetchInterval: pollWhenNotLive,
  });
