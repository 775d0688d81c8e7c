import { Button, Group, Stack, Switch, TagsInput, Text, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/lib/api";
import { useDraft } from "@/lib/draft";
import { fieldErrors } from "@/lib/forms";
import type { Profile } from "@/lib/model";
import { Failure } from "@/ui/States";

interface Values {
  headline: string;
  location: string;
  skills: string[];
  suggested_titles: string[];
  profile_text: string;
  open_to_matching: boolean;
  share_contact: boolean;
}

const valuesOf = (profile: Profile): Values => ({
  headline: profile.headline ?? "",
  location: profile.location ?? "",
  skills: profile.skills,
  suggested_titles: profile.suggested_titles,
  profile_text: profile.profile_text ?? "",
  open_to_matching: profile.preferences.open_to_matching ?? true,
  share_contact: profile.preferences.share_contact ?? false,
});

const fields = ["headline", "location", "skills", "suggested_titles", "profile_text"];

/** The fields that matching and people read. What the person has changed and not saved is never overwritten by a new reading. */
export function ProfileForm({ profile }: { profile: Profile }) {
  const client = useQueryClient();
  const { draft, keep } = useDraft<Values>("profile");
  const form = useForm<Values>({
    initialValues: draft ?? valuesOf(profile),
    onValuesChange: (values) => keep(JSON.stringify(values) === JSON.stringify(valuesOf(profile)) ? null : values),
  });
  const changed = JSON.stringify(form.values) !== JSON.stringify(valuesOf(profile));
  // A reading that finished meanwhile fills the form, unless the person is in the middle of correcting it.
  const [shown, setShown] = useState(profile.updated_at);
  if (shown !== profile.updated_at) {
    setShown(profile.updated_at);
    if (!form.isDirty()) {
      form.setValues(valuesOf(profile));
      form.resetDirty(valuesOf(profile));
    }
  }
  const save = useMutation({
    mutationFn: ({ open_to_matching, share_contact, ...values }: Values) =>
      body(
        api.PATCH("/api/profile", {
          body: {
            ...values,
            headline: values.headline.trim() || null,
            location: values.location.trim() || null,
            profile_text: values.profile_text.trim() || null,
            preferences: { open_to_matching, share_contact },
          },
        }),
      ),
    onSuccess: (saved) => {
      keep(null);
      form.setValues(valuesOf(saved));
      form.resetDirty(valuesOf(saved));
      client.setQueryData(["profile", "mine"], saved);
      notifications.show({ message: "Saved. Positions that fit are being looked for." });
    },
    onError: (error) => form.setErrors(fieldErrors(error, fields).byField),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack>
        <Text c="dimmed">
          {profile.name} · {profile.email}
        </Text>
        <TextInput label="Headline" placeholder="Backend engineer" maxLength={300} {...form.getInputProps("headline")} />
        <TextInput label="Location" placeholder="Lisbon, Portugal" maxLength={200} {...form.getInputProps("location")} />
        <TagsInput label="Skills" description="One each, then Enter." splitChars={[",", ";"]} acceptValueOnBlur {...form.getInputProps("skills")} />
        <TagsInput label="Titles you look for" splitChars={[",", ";"]} acceptValueOnBlur {...form.getInputProps("suggested_titles")} />
        <Textarea label="About you" autosize minRows={3} maxRows={16} {...form.getInputProps("profile_text")} />
        <Switch label="Positions may find me" {...form.getInputProps("open_to_matching", { type: "checkbox" })} />
        <Switch
          label="Show my mail address before I apply"
          description="Only to publishers of positions that match you."
          {...form.getInputProps("share_contact", { type: "checkbox" })}
        />
        {save.isError && <Failure error={save.error} fields={fields} />}
        <Group>
          <Button type="submit" loading={save.isPending} disabled={!changed}>
            Save
          </Button>
          {changed && (
            <Button
              variant="subtle"
              color="gray"
              onClick={() => {
                form.setValues(valuesOf(profile));
                form.resetDirty(valuesOf(profile));
              }}
            >
              Discard changes
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
