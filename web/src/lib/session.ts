import { queryOptions, useMutation, useQuery, type QueryClient } from "@tanstack/react-query";
import { api, ApiError, body } from "./api";
import type { User } from "./model";
import { forgetEverything, saveFor } from "./offline";
import { sessionKey } from "./query";

export const sessionQuery = queryOptions({
  queryKey: sessionKey,
  queryFn: async ({ signal }): Promise<User | null> => {
    try {
      return await body(api.GET("/api/auth/me", { signal }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** Who is signed in. Only screens behind the sign-in guard use it, so there is somebody. */
export function useUser(): User {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new ApiError(401, "signed_out", "You are signed out. Sign in again to go on.");
  return data;
}

export function begin(client: QueryClient, user: User) {
  client.setQueryData(sessionKey, user);
  saveFor(user.id);
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => body(api.POST("/api/auth/sign-out")),
    // On a shared computer the next person must find nothing of this one's, on disk or in memory: hence the load from scratch.
    onSuccess: async () => {
      await forgetEverything();
      window.location.assign("/sign-in");
    },
  });
}
