import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { PositionForm } from "@/features/positions/PositionForm";
import { positionQuery } from "@/features/positions/queries";
import { Async } from "@/ui/Async";

export const Route = createFileRoute("/_app/positions/$id/edit")({
  component: function EditPositionRoute() {
    const query = useQuery(positionQuery(Route.useParams().id));
    return <Async query={query}>{(position) => <PositionForm key={position.id} position={position} />}</Async>;
  },
});
