import { createFileRoute } from "@tanstack/react-router";
import { FlowPage } from "@/features/flows/FlowPage";
import { flowQuery } from "@/features/flows/queries";
import { flowViews, type FlowView } from "@/features/flows/views";
import { oneOf, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/flows/$namespace/$id")({
  validateSearch: (search: RawSearch): { view?: FlowView } => ({ view: oneOf(search.view, flowViews) }),
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(flowQuery(params.namespace, params.id)),
  component: function FlowRoute() {
    const navigate = Route.useNavigate();
    const { namespace, id } = Route.useParams();
    return <FlowPage namespace={namespace} id={id} view={Route.useSearch().view ?? "source"} onView={(view) => void navigate({ search: { view }, replace: true })} />;
  },
});
