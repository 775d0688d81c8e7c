import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { SignUp } from "@/features/session/SignUp";
import { ownPath, type RawSearch } from "@/lib/search";
import { sessionQuery } from "@/lib/session";

export const Route = createFileRoute("/sign-up")({
  validateSearch: (search: RawSearch): { redirect?: string } => ({ redirect: ownPath(search.redirect) }),
  beforeLoad: async ({ context, search }) => {
    const user = await context.queryClient.ensureQueryData(sessionQuery).catch(() => null);
    if (user) throw redirect({ to: search.redirect ?? "/" });
  },
  component: function SignUpRoute() {
    const router = useRouter();
    const { redirect: back } = Route.useSearch();
    return <SignUp redirect={back} onSignedUp={() => router.history.push(back ?? "/")} />;
  },
});
