import { createFileRoute } from "@tanstack/react-router";
import { PositionsList } from "@/features/positions/PositionsList";
import type { PositionFilter } from "@/features/positions/queries";
import { positionStatuses, remotes } from "@/lib/model";
import { oneOf, text, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/positions/")({
  validateSearch: (search: RawSearch): PositionFilter => ({
    q: text(search.q),
    location: text(search.location),
    remote: oneOf(search.remote, remotes),
    status: oneOf(search.status, positionStatuses),
  }),
  component: function PositionsRoute() {
    const navigate = Route.useNavigate();
    return <PositionsList filter={Route.useSearch()} onFilter={(search) => void navigate({ search, replace: true })} />;
  },
});
