import { createFileRoute } from "@tanstack/react-router";
import { FlowsList } from "@/features/flows/FlowsList";
import { text, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/flows/")({
  validateSearch: (search: RawSearch): { q?: string } => ({ q: text(search.q) }),
  component: function FlowsRoute() {
    const navigate = Route.useNavigate();
    return <FlowsList q={Route.useSearch().q} onSearch={(q) => void navigate({ search: { q }, replace: true })} />;
  },
});
