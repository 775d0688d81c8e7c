import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Link, Outlet } from "@tanstack/react-router";
import { UpdateNotice } from "@/features/shell/UpdateNotice";
import { Page } from "@/ui/Page";

export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: () => (
    <>
      <Outlet />
      <UpdateNotice />
    </>
  ),
  notFoundComponent: () => (
    <main>
      <Page title="Nothing here" state="This address leads nowhere.">
        <Link to="/">Go to Today</Link>
      </Page>
    </main>
  ),
});
