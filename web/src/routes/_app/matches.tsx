import { createFileRoute } from "@tanstack/react-router";
import { Matches } from "@/features/matches/Matches";

export const Route = createFileRoute("/_app/matches")({ component: Matches });
