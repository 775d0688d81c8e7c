import { createFileRoute } from "@tanstack/react-router";
import { PositionForm } from "@/features/positions/PositionForm";

export const Route = createFileRoute("/_app/positions/new")({ component: () => <PositionForm /> });
