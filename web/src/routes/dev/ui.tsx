import { createFileRoute, notFound } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

// The condition is known when building: a released app contains neither the page nor what only it imports.
const Showcase = import.meta.env.DEV ? lazy(() => import("@/features/showcase/Showcase").then((module) => ({ default: module.Showcase }))) : null;

export const Route = createFileRoute("/dev/ui")({
  beforeLoad: () => {
    if (!Showcase) throw notFound();
  },
  component: () => <Suspense>{Showcase && <Showcase />}</Suspense>,
});
