import { Tooltip } from "@mantine/core";
import { ago, calendarDay, exactTime } from "@/lib/format";
import { useNow } from "@/lib/time";

/** A moment in relative words, the exact one on hover and for screen readers' title. */
export function When({ at }: { at: string | Date }) {
  const now = useNow();
  const moment = typeof at === "string" ? at : at.toISOString();
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={moment} style={{ whiteSpace: "nowrap" }}>
        {ago(at, now)}
      </time>
    </Tooltip>
  );
}

export function Day({ at }: { at: string }) {
  return <time dateTime={at.slice(0, 10)}>{calendarDay(at)}</time>;
}
