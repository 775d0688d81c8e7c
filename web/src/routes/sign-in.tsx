import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { SignIn } from "@/features/session/SignIn";
import { ownPath, type RawSearch } from "@/lib/search";
import { sessionQuery } from "@/lib/session";

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: RawSearch): { redirect?: string } => ({ redirect: ownPath(search.redirect) }),
  beforeLoad: async ({ context, search }) => {
    // Without the server nobody can be recognised; the form then says what is wrong.
    const user = await context.queryClient.ensureQueryData(sessionQuery).catch(() => null);
    if (user) throw redirect({ to: search.redirect ?? "/" });
  },
  component: function SignInRoute() {
    const router = useRouter();
    const { redirect: back } = Route.useSearch();
    return <SignIn redirect={back} onSignedIn={() => router.history.push(back ?? "/")} />;
  },
});
