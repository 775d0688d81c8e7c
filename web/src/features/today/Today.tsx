import { Text } from "@mantine/core";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useUser } from "@/lib/session";
import { LinkButton } from "@/ui/LinkButton";
import { Page, Section } from "@/ui/Page";
import { ReasonChips, Score } from "@/ui/Score";
import { Empty, Failure, LoadingRows } from "@/ui/States";
import { ApplicationState } from "@/ui/Status";
import { When } from "@/ui/When";
import { applicationsIn, failedRuns, myPositions, newMatches, profileNow } from "./queries";
import classes from "./Today.module.css";

/** Only what needs the person, each with its action. */
export function Today() {
  const user = useUser();
  return user.role === "recruiter" ? <RecruiterToday /> : <SeekerToday />;
}

const todayWords = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

/** The page once its questions are answered: sections that have something, or the sentence that nothing waits. */
function Needs({ queries, quiet, children }: { queries: UseQueryResult[]; quiet: boolean; children: ReactNode }) {
  const failed = queries.find((query) => query.isError && query.data === undefined);
  const waiting = queries.some((query) => query.isPending);
  return (
    <Page title="Today" state={todayWords.format(new Date())}>
      {failed ? (
        <Failure error={failed.error} retry={() => void Promise.all(queries.map((query) => query.refetch()))} />
      ) : waiting ? (
        <LoadingRows label="Loading what needs you" />
      ) : (
        <>
          {children}
          {quiet && <Empty>Nothing needs you now. New matches, answers and failures appear here by themselves.</Empty>}
        </>
      )}
    </Page>
  );
}

function SeekerToday() {
  const profile = useQuery(profileNow);
  const matches = useQuery(newMatches);
  const interviews = useQuery(applicationsIn("interviewing"));
  const offers = useQuery(applicationsIn("offer"));
  const failed = useQuery(failedRuns);
  const noCv = profile.data?.source_files.length === 0;
  const noDates = profile.data?.availability.length === 0;
  const fresh = (matches.data?.items ?? []).filter((match) => match.status !== "dismissed");
  const answers = [...(offers.data?.items ?? []), ...(interviews.data?.items ?? [])];
  const failures = failed.data?.items ?? [];
  return (
    <Needs queries={[profile, matches, interviews, offers, failed]} quiet={!noCv && !noDates && fresh.length === 0 && answers.length === 0 && failures.length === 0}>
      {(noCv || noDates) && (
        <Section title="Get found">
          <ul className={classes.items}>
            {noCv && (
              <Item title="Upload your CV" words="It is read into your profile in a moment; you can correct everything.">
                <LinkButton to="/profile" size="xs">
                  Upload a CV
                </LinkButton>
              </Item>
            )}
            {noDates && (
              <Item title="Say when you are available" words="Only people with dates are matched to positions.">
                <LinkButton to="/profile" hash="availability" size="xs" variant={noCv ? "default" : "filled"}>
                  Add your dates
                </LinkButton>
              </Item>
            )}
          </ul>
        </Section>
      )}
      {answers.length > 0 && (
        <Section title="Answers to your applications">
          <ul className={classes.items}>
            {answers.map((application) => (
              <Item key={application.id} title={application.position_title} words={<ApplicationState status={application.status} />}>
                <LinkButton to="/positions/$id" params={{ id: application.position_id }} size="xs" variant="default">
                  Open
                </LinkButton>
              </Item>
            ))}
          </ul>
        </Section>
      )}
      {fresh.length > 0 && (
        <Section title="Positions that fit you" aside={<Link to="/matches">All matches</Link>}>
          <ul className={classes.items}>
            {fresh.map(
              (match) =>
                match.position && (
                  <Item
                    key={match.id}
                    title={match.position.title}
                    words={
                      <span className={classes.match}>
                        <Score score={match.score} />
                        <ReasonChips reasons={match.reasons} />
                      </span>
                    }
                  >
                    <LinkButton to="/positions/$id" params={{ id: match.position.id }} size="xs" variant="default" aria-label={`Look at ${match.position.title}`}>
                      Look
                    </LinkButton>
                  </Item>
                ),
            )}
          </ul>
        </Section>
      )}
      <FailedRuns runs={failures} />
    </Needs>
  );
}

function RecruiterToday() {
  const positions = useQuery(myPositions);
  const applications = useQuery(applicationsIn("applied"));
  const failed = useQuery(failedRuns);
  const none = positions.data?.items.length === 0;
  const waiting = applications.data?.items ?? [];
  const failures = failed.data?.items ?? [];
  return (
    <Needs queries={[positions, applications, failed]} quiet={!none && waiting.length === 0 && failures.length === 0}>
      {none && (
        <Section title="Begin">
          <ul className={classes.items}>
            <Item title="Post your first position" words="People whose skills and dates fit are found, ranked and told.">
              <LinkButton to="/positions/new" size="xs">
                Post a position
              </LinkButton>
            </Item>
          </ul>
        </Section>
      )}
      {waiting.length > 0 && (
        <Section title="Applications that wait for an answer" aside={<Link to="/applications">All applications</Link>}>
          <ul className={classes.items}>
            {waiting.map((application) => (
              <Item
                key={application.id}
                title={`${application.person_name ?? "Somebody"} for ${application.position_title}`}
                words={
                  <>
                    applied <When at={application.applied_at} />
                  </>
                }
              >
                <LinkButton to="/positions/$id" params={{ id: application.position_id }} search={{ view: "applications" }} size="xs" variant="default">
                  Review
                </LinkButton>
              </Item>
            ))}
          </ul>
        </Section>
      )}
      <FailedRuns runs={failures} />
    </Needs>
  );
}

function FailedRuns({ runs }: { runs: { id: string; flow: string; created_at: string; error?: { message: string } | null }[] }) {
  if (runs.length === 0) return null;
  return (
    <Section
      title="Runs that failed"
      aside={
        <Link to="/runs" search={{ status: "failed" }}>
          All failed runs
        </Link>
      }
    >
      <ul className={classes.items}>
        {runs.map((run) => (
          <Item
            key={run.id}
            title={run.flow}
            words={
              <>
                <When at={run.created_at} />: {run.error?.message}
              </>
            }
          >
            <LinkButton to="/runs/$id" params={{ id: run.id }} size="xs" variant="default">
              See why
            </LinkButton>
          </Item>
        ))}
      </ul>
    </Section>
  );
}

function Item({ title, words, children }: { title: string; words: ReactNode; children: ReactNode }) {
  return (
    <li className={classes.item}>
      <div className={classes.words}>
        <Text fw={550}>{title}</Text>
        <Text component="div" c="dimmed" size="sm">
          {words}
        </Text>
      </div>
      {children}
    </li>
  );
}
