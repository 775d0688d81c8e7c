import { createFileRoute } from "@tanstack/react-router";
import { Applications } from "@/features/applications/Applications";
import { applicationStatuses } from "@/lib/model";
import { oneOf, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/applications")({
  validateSearch: (search: RawSearch): { status?: string } => ({ status: oneOf(search.status, applicationStatuses) }),
  component: function ApplicationsRoute() {
    const navigate = Route.useNavigate();
    return <Applications status={Route.useSearch().status} onStatus={(status) => void navigate({ search: { status }, replace: true })} />;
  },
});
