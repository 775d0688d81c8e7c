import { Button, Stack, Text, Textarea } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "@/lib/api";
import { useDraft } from "@/lib/draft";
import { fieldErrors } from "@/lib/forms";
import type { Position } from "@/lib/model";
import { Section } from "@/ui/Page";
import { Failure } from "@/ui/States";
import { ApplicationState } from "@/ui/Status";
import { When } from "@/ui/When";
import { applicationsToQuery } from "./queries";

/** Applying, or what became of it. */
export function Apply({ position }: { position: Position }) {
  const query = useInfiniteQuery(applicationsToQuery(position.id));
  const mine = query.data?.pages[0]?.items[0];
  if (mine) {
    return (
      <Section title="Your application">
        <Text>
          <ApplicationState status={mine.status} />, sent <When at={mine.applied_at} />. <Link to="/applications">All applications</Link>
        </Text>
        {mine.message && (
          <Text mt="xs" c="dimmed" style={{ whiteSpace: "pre-line", overflowWrap: "anywhere" }}>
            {mine.message}
          </Text>
        )}
      </Section>
    );
  }
  if (position.status !== "open") return <Text mt="lg">This position takes no applications any more.</Text>;
  return <ApplyForm position={position} />;
}

function ApplyForm({ position }: { position: Position }) {
  const client = useQueryClient();
  const { draft, keep } = useDraft<string>(`apply-${position.id}`);
  const [message, setMessage] = useState(draft ?? "");
  const apply = useMutation({
    mutationFn: () => body(api.POST("/api/applications", { body: { position_id: position.id, message: message.trim(), cover_letter: null } })),
    onSuccess: async () => {
      keep(null);
      await client.invalidateQueries({ queryKey: ["applications"] });
    },
  });
  const complaint = fieldErrors(apply.error, ["message"]).byField.message;
  return (
    <Section title="Apply">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          apply.mutate();
        }}
        style={{ maxWidth: 640 }}
      >
        <Stack gap="sm">
          <Textarea
            label="Message"
            description="Goes to the publisher together with your profile."
            autosize
            minRows={4}
            maxRows={20}
            value={message}
            error={complaint}
            onChange={(event) => {
              setMessage(event.currentTarget.value);
              keep(event.currentTarget.value);
            }}
          />
          {apply.isError && !complaint && <Failure error={apply.error} />}
          <div>
            <Button type="submit" leftSection={<IconSend size={16} />} loading={apply.isPending}>
              Send the application
            </Button>
          </div>
        </Stack>
      </form>
    </Section>
  );
}
