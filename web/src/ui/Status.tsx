import {
  IconAlertCircleFilled,
  IconBan,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleX,
  IconClockPause,
  IconEye,
  IconGift,
  IconHourglass,
  IconLoader2,
  IconMessages,
  IconPencil,
  IconPlayerPauseFilled,
  IconRotateClockwise,
  IconSend,
  IconPlayerSkipForward,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { ApplicationStatus, Position, RunStatus, StepStatus } from "@/lib/model";
import classes from "./Status.module.css";

type Tone = "pending" | "running" | "paused" | "retrying" | "completed" | "failed" | "cancelled";

interface Look {
  word: string;
  icon: Icon;
  tone: Tone;
  spins?: boolean;
}

const runLooks: Record<RunStatus, Look> = {
  pending: { word: "pending", icon: IconCircleDashed, tone: "pending" },
  running: { word: "running", icon: IconLoader2, tone: "running", spins: true },
  paused: { word: "paused", icon: IconPlayerPauseFilled, tone: "paused" },
  awaiting_retry: { word: "retrying", icon: IconRotateClockwise, tone: "retrying" },
  completed: { word: "completed", icon: IconCircleCheckFilled, tone: "completed" },
  failed: { word: "failed", icon: IconAlertCircleFilled, tone: "failed" },
  cancelled: { word: "cancelled", icon: IconBan, tone: "cancelled" },
};

const stepLooks: Record<StepStatus, Look> = {
  pending: runLooks.pending,
  running: runLooks.running,
  waiting: { word: "waiting", icon: IconHourglass, tone: "retrying" },
  completed: runLooks.completed,
  failed: runLooks.failed,
  skipped: { word: "skipped", icon: IconPlayerSkipForward, tone: "cancelled" },
  cancelled: runLooks.cancelled,
};

const applicationLooks: Record<ApplicationStatus, Look> = {
  applied: { word: "applied", icon: IconSend, tone: "running" },
  in_review: { word: "in review", icon: IconEye, tone: "retrying" },
  interviewing: { word: "interviewing", icon: IconMessages, tone: "paused" },
  offer: { word: "offer", icon: IconGift, tone: "completed" },
  hired: { word: "hired", icon: IconCircleCheckFilled, tone: "completed" },
  rejected: { word: "rejected", icon: IconCircleX, tone: "failed" },
  withdrawn: { word: "withdrawn", icon: IconBan, tone: "cancelled" },
};

const positionLooks: Record<Position["status"], Look> = {
  draft: { word: "draft", icon: IconPencil, tone: "pending" },
  open: { word: "open", icon: IconCircleCheckFilled, tone: "completed" },
  expired: { word: "expired", icon: IconClockPause, tone: "retrying" },
  closed: { word: "closed", icon: IconBan, tone: "cancelled" },
};

export const runStatusWord = (status: RunStatus) => runLooks[status].word;
export const applicationStatusWord = (status: ApplicationStatus) => applicationLooks[status].word;
export const stepTone = (status: StepStatus): Tone => stepLooks[status].tone;
export const toneColor = (tone: Tone) => `var(--status-${tone})`;

/** Never by colour alone: an icon, a word, and a colour. */
function Look({ look, children }: { look: Look; children?: ReactNode }) {
  return (
    <span className={classes.status}>
      <look.icon size={15} aria-hidden className={look.spins ? classes.spins : undefined} style={{ color: toneColor(look.tone) }} />
      <span>{children ?? look.word}</span>
    </span>
  );
}

export const RunState = ({ status }: { status: RunStatus }) => <Look look={runLooks[status]} />;
export const StepState = ({ status }: { status: StepStatus }) => <Look look={stepLooks[status]} />;
export const ApplicationState = ({ status }: { status: ApplicationStatus }) => <Look look={applicationLooks[status]} />;
export const PositionState = ({ status }: { status: Position["status"] }) => <Look look={positionLooks[status]} />;
