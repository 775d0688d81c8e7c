import { ActionIcon, Tooltip } from "@mantine/core";
import { IconBolt, IconPlayerPauseFilled, IconRefresh } from "@tabler/icons-react";
import { useActions } from "@/lib/actions";
import { setPaused, useLiveState } from "@/lib/realtime";

const words = {
  connecting: "Connecting for live changes",
  live: "Live: changes appear by themselves. Pause",
  polling: "No live connection: asking every few seconds. Pause",
  paused: "Paused: nothing moves by itself. Resume",
};

export function LiveSwitch() {
  const state = useLiveState();
  const toggle = () => setPaused(state !== "paused");
  useActions([{ id: "live", label: state === "paused" ? "Resume live changes" : "Pause live changes", group: "This page", keys: "p", run: toggle }]);
  const Icon = state === "paused" ? IconPlayerPauseFilled : state === "polling" ? IconRefresh : IconBolt;
  return (
    <Tooltip label={words[state]}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={32}
        aria-label={state === "paused" ? "Resume live changes" : "Pause live changes"}
        aria-pressed={state === "paused"}
        onClick={toggle}
      >
        <Icon size={17} color={state === "live" ? "var(--status-running)" : state === "paused" ? "var(--status-paused)" : "var(--mantine-color-dimmed)"} />
      </ActionIcon>
    </Tooltip>
  );
}
