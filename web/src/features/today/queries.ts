import { queryOptions } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import { pollWhenNotLive } from "@/lib/realtime";

// Each key begins with the topic that changes it, so that Today renews itself.

export const failedRuns = queryOptions({
  queryKey: ["runs", "today", "failed"],
  queryFn: ({ signal }) => body(api.GET("/api/runs", { params: { query: { status: "failed", limit: 5 } }, signal })),
  refetchInterval: pollWhenNotLive,
});

export const profileNow = queryOptions({
  queryKey: ["profile", "mine"],
  queryFn: ({ signal }) => body(api.GET("/api/profile", { signal })),
});

export const newMatches = queryOptions({
  queryKey: ["matches", "today"],
  queryFn: ({ signal }) => body(api.GET("/api/matches", { params: { query: { limit: 5 } }, signal })),
  refetchInterval: pollWhenNotLive,
});

export const applicationsIn = (status: string) =>
  queryOptions({
    queryKey: ["applications", "today", status],
    queryFn: ({ signal }) => body(api.GET("/api/applications", { params: { query: { status, limit: 5 } }, signal })),
    refetchInterval: pollWhenNotLive,
  });

export const myPositions = queryOptions({
  queryKey: ["positions", "today"],
  queryFn: ({ signal }) => body(api.GET("/api/positions", { params: { query: { ours: true, limit: 1 } }, signal })),
});
