import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { pollWhenNotLive } from "@/lib/realtime";

export const profileQuery = queryOptions({
  queryKey: ["profile", "mine"],
  queryFn: ({ signal }) => body(api.GET("/api/profile", { signal })),
});

/** What was read from the person's documents, newest first. */
export const readingsQuery = queryOptions({
  queryKey: ["profile", "readings"],
  queryFn: ({ signal }) => body(api.GET("/api/profile/readings", { signal })),
});

/** The run that reads a CV. Its key begins with "runs", so that it moves by itself. */
export const profilingRunQuery = (id: string) =>
  queryOptions({
    queryKey: ["runs", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/runs/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.finished_at ? false : (pollWhenNotLive() || 2_000)),
  });
