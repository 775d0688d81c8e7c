import { queryOptions } from "@tanstack/react-query";
import { api, ApiError, body } from "@/lib/api";

/** The built-in mailbox is there only while no mail server is set, or where the operator switched it on: otherwise its address answers 404. */
export const mailboxExists = queryOptions({
  queryKey: ["mailbox", "exists"],
  queryFn: async ({ signal }) => {
    try {
      await body(api.GET("/api/mailbox", { params: { query: { limit: 1 } }, signal }));
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return false;
      throw error;
    }
  },
  staleTime: Infinity,
});
