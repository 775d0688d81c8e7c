import { Button, Select, Text, UnstyledButton } from "@mantine/core";
import { IconExternalLink, IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, body } from "@/lib/api";
import type { CvReading, Profile } from "@/lib/model";
import { confidenceWord } from "@/lib/scale";
import { Section } from "@/ui/Page";
import { Failure } from "@/ui/States";
import { When } from "@/ui/When";
import { DocumentPages } from "./DocumentPages";
import { pagesOf, readGroups, type ReadValue } from "./reading";
import classes from "./ReadingView.module.css";

const kindWords: Record<string, string> = {
  cover_letter: "This looks like a cover letter, not a CV.",
  other: "This does not look like a CV.",
  unreadable: "This document could not be read.",
};

/** What was read, beside the page it was read from: choosing a value shows its place. */
export function ReadingView({ readings, profile }: { readings: readonly CvReading[]; profile: Profile }) {
  const [file, setFile] = useState<string | null>(null);
  const [chosen, setChosen] = useState<ReadValue | null>(null);
  const reading = readings.find((candidate) => candidate.file_id === file) ?? readings[0];
  const groups = useMemo(() => (reading ? readGroups(reading) : []), [reading]);
  const pages = useMemo(() => (reading ? pagesOf(reading) : []), [reading]);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector("[data-lit]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  if (!reading) return null;
  return (
    <Section
      title="What was read"
      aside={
        <Text size="sm" c="dimmed">
          read <When at={reading.created_at} /> ·{" "}
          <a href={`/api/files/${reading.file_id}`} target="_blank" rel="noreferrer">
            {reading.file_name} <IconExternalLink size={13} aria-label="opens in a new tab" style={{ verticalAlign: -2 }} />
          </a>
        </Text>
      }
    >
      {readings.length > 1 && (
        <Select
          size="xs"
          mb="sm"
          w={280}
          label="Document"
          allowDeselect={false}
          data={readings.map((candidate) => ({ value: candidate.file_id, label: candidate.file_name }))}
          value={reading.file_id}
          onChange={(value) => {
            setFile(value);
            setChosen(null);
          }}
        />
      )}
      {reading.kind !== "cv" && (
        <Text mb="sm">
          {kindWords[reading.kind]} {reading.reason}
        </Text>
      )}
      <div className={classes.split}>
        <div>
          {groups.map((group) => (
            <section key={group.title} aria-label={group.title} className={classes.group}>
              <h3 className={classes.title}>{group.title}</h3>
              <ul className={classes.values}>
                {group.values.map((value) => (
                  <Value key={value.pointer} value={value} chosen={chosen?.pointer === value.pointer} onChoose={() => setChosen(value)} />
                ))}
              </ul>
              {group.title === "Skills" && <AddSkills found={group.values.map((value) => value.text)} profile={profile} />}
            </section>
          ))}
          {groups.length === 0 && <Text c="dimmed">Nothing was found in this document.</Text>}
        </div>
        <div ref={box} className={classes.pages}>
          <DocumentPages pages={pages} chosen={chosen?.evidence ?? null} name={reading.file_name} />
        </div>
      </div>
    </Section>
  );
}

function Value({ value, chosen, onChoose }: { value: ReadValue; chosen: boolean; onChoose: () => void }) {
  const word = value.evidence && confidenceWord(value.evidence.confidence);
  return (
    <li>
      <UnstyledButton className={classes.value} aria-pressed={chosen} disabled={!value.evidence} onClick={onChoose}>
        <span className={classes.words}>{value.text}</span>
        {word && (
          <span className={classes.mark} data-word={word}>
            {word}
          </span>
        )}
      </UnstyledButton>
    </li>
  );
}

/** Skills that the document names and the profile does not: the person may have removed them, so they are only offered. */
function AddSkills({ found, profile }: { found: string[]; profile: Profile }) {
  const client = useQueryClient();
  const has = new Set(profile.skills.map((skill) => skill.toLowerCase()));
  const missing = found.filter((skill) => !has.has(skill.toLowerCase()));
  const add = useMutation({
    mutationFn: () => body(api.PATCH("/api/profile", { body: { skills: [...profile.skills, ...missing] } })),
    onSuccess: (saved) => client.setQueryData(["profile", "mine"], saved),
  });
  if (missing.length === 0) return null;
  return (
    <>
      <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={13} />} loading={add.isPending} onClick={() => add.mutate()}>
        Add {missing.length} to the profile
      </Button>
      {add.isError && <Failure error={add.error} />}
    </>
  );
}
