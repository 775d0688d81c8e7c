import { createFileRoute } from "@tanstack/react-router";
import { PositionPage } from "@/features/positions/PositionPage";
import { positionQuery } from "@/features/positions/queries";
import { positionViews, type PositionView } from "@/features/positions/views";
import { oneOf, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/positions/$id/")({
  validateSearch: (search: RawSearch): { view?: PositionView } => ({ view: oneOf(search.view, positionViews) }),
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(positionQuery(params.id)),
  component: function PositionRoute() {
    const navigate = Route.useNavigate();
    const { id } = Route.useParams();
    return <PositionPage key={id} id={id} view={Route.useSearch().view ?? "candidates"} onView={(view) => void navigate({ search: { view }, replace: true })} />;
  },
});
