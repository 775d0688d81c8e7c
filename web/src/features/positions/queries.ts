import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { pollWhenNotLive } from "@/lib/realtime";

export interface PositionFilter {
  q?: string;
  location?: string;
  remote?: string;
  status?: string;
}

const nextPage = { initialPageParam: undefined as string | undefined, getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined };

export const positionsQuery = (filter: PositionFilter & { ours?: true }) =>
  infiniteQueryOptions({
    queryKey: ["positions", "list", filter],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/positions", { params: { query: { ...filter, limit: 50, cursor: pageParam } }, signal })),
    ...nextPage,
    refetchInterval: pollWhenNotLive,
  });

export const positionQuery = (id: string) =>
  queryOptions({
    queryKey: ["positions", "one", id],
    queryFn: ({ signal }) => body(api.GET("/api/positions/{id}", { params: { path: { id } }, signal })),
  });

/** The candidate pool of a position. Its key begins with "matches", since it changes when they do. */
export const poolQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["matches", "pool", id],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET("/api/positions/{id}/candidates", { params: { path: { id }, query: { limit: 50, cursor: pageParam } }, signal })),
    ...nextPage,
    refetchInterval: pollWhenNotLive,
  });

export const applicationsToQuery = (positionId: string) =>
  infiniteQueryOptions({
    queryKey: ["applications", "to", positionId],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/applications", { params: { query: { position: positionId, limit: 50, cursor: pageParam } }, signal })),
    ...nextPage,
    refetchInterval: pollWhenNotLive,
  });
