import { createFileRoute } from "@tanstack/react-router";
import type { RunFilter } from "@/features/runs/queries";
import { RunsList } from "@/features/runs/RunsList";
import { runStatuses } from "@/lib/model";
import { oneOf, text, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/runs/")({
  validateSearch: (search: RawSearch): RunFilter => ({ status: oneOf(search.status, runStatuses), flow: text(search.flow), q: text(search.q) }),
  component: function RunsRoute() {
    const navigate = Route.useNavigate();
    return <RunsList filter={Route.useSearch()} onFilter={(search) => void navigate({ search, replace: true })} />;
  },
});
