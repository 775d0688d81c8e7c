import { Button, SegmentedControl, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ApiError, body } from "@/lib/api";
import type { Mail } from "@/lib/model";
import { Facts } from "@/ui/Facts";
import { FilterBar } from "@/ui/FilterBar";
import { Page } from "@/ui/Page";
import { Empty, Failure, LoadingRows } from "@/ui/States";
import { When } from "@/ui/When";
import { exactTime } from "@/lib/format";
import classes from "./Mailbox.module.css";

const mailsQuery = (q?: string) =>
  infiniteQueryOptions({
    queryKey: ["mailbox", "list", q],
    queryFn: ({ pageParam, signal }) => body(api.GET("/api/mailbox", { params: { query: { q, limit: 50, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // Mail is no topic of the live stream.
    refetchInterval: 5_000,
  });

export interface MailboxSearch {
  q?: string;
  id?: string;
}

/** What was sent while no mail server is set: nothing here has left the machine. */
export function Mailbox({ search, onSearch }: { search: MailboxSearch; onSearch: (search: MailboxSearch) => void }) {
  const query = useInfiniteQuery(mailsQuery(search.q));
  const mails = query.data?.pages.flatMap((page) => page.items);
  const open = mails?.find((mail) => mail.id === search.id);
  return (
    <Page title="Mailbox" state="What would have been sent: no mail server is set, so nothing leaves this machine.">
      <FilterBar label="Search mail" text={search.q} onText={(q) => onSearch({ ...search, q })} />
      {mails === undefined ? (
        query.isError ? (
          query.error instanceof ApiError && query.error.status === 404 ? (
            <Empty>The mailbox is off: mail goes out by the mail server that is set.</Empty>
          ) : (
            <Failure error={query.error} retry={() => void query.refetch()} />
          )
        ) : (
          <LoadingRows label="Loading mail" />
        )
      ) : mails.length === 0 ? (
        <Empty>{search.q ? `No mail fits “${search.q}”.` : "No mail yet. Signing up, a new match or an application sends one."}</Empty>
      ) : (
        <div className={classes.split} data-open={open ? true : undefined}>
          <nav className={classes.list} aria-label="Mails">
            {mails.map((mail) => (
              <Link
                key={mail.id}
                to="/mailbox"
                search={{ ...search, id: mail.id }}
                className={classes.item}
                aria-current={mail.id === search.id ? "true" : undefined}
              >
                <span className={classes.subject}>{mail.subject}</span>
                <span className={classes.meta}>
                  <span className={classes.to}>to {mail.to.join(", ")}</span>
                  <When at={mail.sent_at} />
                </span>
              </Link>
            ))}
            {query.hasNextPage && (
              <Button variant="default" size="xs" m="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Load more
              </Button>
            )}
          </nav>
          {open ? (
            <Message mail={open} back={() => onSearch({ ...search, id: undefined })} />
          ) : (
            <Text className={classes.none} c="dimmed">
              {search.id ? "This mail is not among those loaded." : "Choose a mail to read it."}
            </Text>
          )}
        </div>
      )}
    </Page>
  );
}

function Message({ mail, back }: { mail: Mail; back: () => void }) {
  const [view, setView] = useState(mail.html ? "html" : "text");
  const [height, setHeight] = useState(320);
  return (
    <article className={classes.message} aria-label={mail.subject}>
      <Button className={classes.back} variant="subtle" size="compact-sm" leftSection={<IconArrowLeft size={14} />} onClick={back}>
        All mail
      </Button>
      <h2 className={classes.heading}>{mail.subject}</h2>
      <Facts
        facts={[
          ["From", mail.from],
          ["To", mail.to.join(", ")],
          ["Sent", exactTime(mail.sent_at)],
        ]}
      />
      <SegmentedControl
        size="xs"
        my="sm"
        aria-label="Part of the mail"
        value={view}
        onChange={setView}
        data={[
          { value: "html", label: "HTML", disabled: !mail.html },
          { value: "text", label: "Text", disabled: !mail.text },
          { value: "headers", label: "Headers" },
        ]}
      />
      {view === "html" && mail.html && (
        // Without allow-scripts nothing in the mail runs. Same origin only lets this page measure its height; links open in a tab of their own.
        <iframe
          className={classes.frame}
          title={`Mail: ${mail.subject}`}
          sandbox="allow-popups allow-popups-to-escape-sandbox allow-same-origin"
          srcDoc={`<base target="_blank">${mail.html}`}
          style={{ height }}
          onLoad={(event) => setHeight(Math.max(200, (event.currentTarget.contentDocument?.documentElement.scrollHeight ?? 300) + 8))}
        />
      )}
      {view === "text" && <pre className={classes.text}>{mail.text}</pre>}
      {view === "headers" && (
        <pre className={classes.text}>
          {Object.entries(mail.headers)
            .map(([name, value]) => `${name}: ${String(value)}`)
            .join("\n")}
        </pre>
      )}
    </article>
  );
}
