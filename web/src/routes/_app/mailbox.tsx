import { createFileRoute } from "@tanstack/react-router";
import { Mailbox, type MailboxSearch } from "@/features/mailbox/Mailbox";
import { text, type RawSearch } from "@/lib/search";

export const Route = createFileRoute("/_app/mailbox")({
  validateSearch: (search: RawSearch): MailboxSearch => ({ q: text(search.q), id: text(search.id) }),
  component: function MailboxRoute() {
    const navigate = Route.useNavigate();
    return <Mailbox search={Route.useSearch()} onSearch={(search) => void navigate({ search })} />;
  },
});
