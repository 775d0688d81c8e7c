import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Navigate, Outlet, redirect, useLocation } from "@tanstack/react-router";
import { Shell } from "@/features/shell/Shell";
import { begin, sessionQuery } from "@/lib/session";

export const Route = createFileRoute("/_app")({
  beforeLoad: async ({ context, location }) => {
    const user = await context.queryClient.ensureQueryData(sessionQuery);
    if (!user) throw redirect({ to: "/sign-in", search: { redirect: location.href === "/" ? undefined : location.href } });
    begin(context.queryClient, user);
  },
  component: function AppRoute() {
    const { data: user } = useQuery(sessionQuery);
    const { href } = useLocation();
    // The session ended while the page stood open.
    if (!user) return <Navigate to="/sign-in" search={{ redirect: href === "/" ? undefined : href }} replace />;
    return (
      <Shell>
        <Outlet />
      </Shell>
    );
  },
});
