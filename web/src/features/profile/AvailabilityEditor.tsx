import { ActionIcon, Button, Group, Stack, Switch, Text } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import "@mantine/dates/styles.layer.css";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/lib/api";
import { count, period } from "@/lib/format";
import type { FreeDays, Profile } from "@/lib/model";
import { Failure } from "@/ui/States";
import classes from "./AvailabilityEditor.module.css";
import { days, joined } from "./ranges";

/** Date ranges as a list. Each change is saved at once and can be taken back by the opposite one. */
export function AvailabilityEditor({ availability }: { availability: readonly FreeDays[] }) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (ranges: FreeDays[]) => body(api.PUT("/api/profile/availability", { body: ranges })),
    onSuccess: (saved) => {
      client.setQueryData<Profile>(["profile", "mine"], (profile) => profile && { ...profile, availability: saved });
    },
  });
  const ranges = save.isPending ? joined(save.variables) : availability;
  return (
    <Stack gap="sm">
      {ranges.length === 0 ? (
        <Text c="dimmed">No dates yet. Only people with dates are matched by them: add at least one range.</Text>
      ) : (
        <ul className={classes.ranges} aria-label="Dates when you are free">
          {ranges.map((range) => (
            <li key={range.from}>
              <span>
                {period(range.from, range.to)}
                {range.to && <span className={classes.days}>{count(days(range) ?? 0, "day")}</span>}
              </span>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${period(range.from, range.to) ?? "this range"}`}
                disabled={save.isPending}
                onClick={() => save.mutate(ranges.filter((other) => other !== range))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      {save.isError && <Failure error={save.error} />}
      <AddRange onAdd={(range) => save.mutateAsync(joined([...ranges, range]))} saving={save.isPending} />
    </Stack>
  );
}

function AddRange({ onAdd, saving }: { onAdd: (range: FreeDays) => Promise<unknown>; saving: boolean }) {
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [complaint, setComplaint] = useState<string | null>(null);
  const add = async () => {
    if (!from) return setComplaint("Choose the first day.");
    if (!open && !to) return setComplaint("Choose the last day, or switch on “without end”.");
    if (!open && to && to < from) return setComplaint("The last day is before the first.");
    setComplaint(null);
    try {
      await onAdd({ from, to: open ? null : to });
    } catch {
      // Shown above by the list's own message; what was chosen stays.
      return;
    }
    setFrom(null);
    setTo(null);
    setOpen(false);
  };
  return (
    <fieldset className={classes.add}>
      <legend>Add dates</legend>
      <Group gap="sm" align="flex-start" grow>
        <DatePickerInput label="First day" placeholder="Choose a day" valueFormat="D MMM YYYY" clearable value={from} onChange={setFrom} />
        <DatePickerInput label="Last day" placeholder="Choose a day" valueFormat="D MMM YYYY" clearable disabled={open} minDate={from ?? undefined} value={open ? null : to} onChange={setTo} />
      </Group>
      <Group justify="space-between" mt="sm">
        <Switch label="Without end" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} loading={saving} onClick={() => void add()}>
          Add dates
        </Button>
      </Group>
      {complaint && (
        <Text role="alert" c="var(--mantine-color-error)" size="sm" mt={6}>
          {complaint}
        </Text>
      )}
    </fieldset>
  );
}
