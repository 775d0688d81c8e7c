import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api";

/** The name of the query that holds who is signed in; null means nobody. */
export const sessionKey = ["session"] as const;

export function createQueryClient(): QueryClient {
  // A session that ended elsewhere shows itself as a 401 of whatever is asked next.
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) client.setQueryData(sessionKey, null);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // Long enough that what was read stays readable offline (see offline.ts).
        gcTime: 24 * 3_600_000,
        // Asking again helps only when the server was away; a refusal stays a refusal.
        retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.isOffline || error.status >= 500),
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return client;
}
