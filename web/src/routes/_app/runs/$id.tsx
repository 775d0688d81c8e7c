import { createFileRoute } from "@tanstack/react-router";
import { runQuery } from "@/features/runs/queries";
import { RunPage, type RunPageSearch } from "@/features/runs/RunPage";
import { runViews } from "@/features/runs/views";
import { oneOf, text, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/runs/$id")({
  validateSearch: (search: RawSearch): RunPageSearch => ({ view: oneOf(search.view, runViews), step: text(search.step) }),
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(runQuery(params.id)),
  component: function RunRoute() {
    const navigate = Route.useNavigate();
    const { id } = Route.useParams();
    return <RunPage key={id} id={id} search={Route.useSearch()} onSearch={(search) => void navigate({ search, replace: true })} />;
  },
});
