import { useUser } from "@/lib/session";
import { Page } from "@/ui/Page";

export function Today() {
  const user = useUser();
  return <Page title="Today" state={`Hello ${user.name}.`}>{null}</Page>;
}
