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
import classes from "./Status.module.css";

type Tone = "pending" | "running" | "paused" | "retrying" | "completed" | "failed" | "cancelled";

interface Look {
  word: string;
  icon: Icon;
  tone: Tone;
  spins?: boolean;
}

const runLooks = {
  pending: { word: "pending", icon: IconCircleDashed, tone: "pending" },
  running: { word: "running", icon: IconLoader2, tone: "running", spins: true },
  paused: { word: "paused", icon: IconPlayerPauseFilled, tone: "paused" },
  awaiting_retry: { word: "retrying", icon: IconRotateClockwise, tone: "retrying" },
  completed: { word: "completed", icon: IconCircleCheckFilled, tone: "completed" },
  failed: { word: "failed", icon: IconAlertCircleFilled, tone: "failed" },
  cancelled: { word: "cancelled", icon: IconBan, tone: "cancelled" },
} satisfies Record<string, Look>;

const stepLooks: Record<string, Look> = {
  pending: runLooks.pending,
  running: runLooks.running,
  waiting: { word: "waiting", icon: IconHourglass, tone: "retrying" },
  completed: runLooks.completed,
  failed: runLooks.failed,
  skipped: { word: "skipped", icon: IconPlayerSkipForward, tone: "cancelled" },
  deferred: { word: "put off", icon: IconHourglass, tone: "retrying" },
  cancelled: runLooks.cancelled,
};

const applicationLooks: Record<string, Look> = {
  applied: { word: "applied", icon: IconSend, tone: "running" },
  in_review: { word: "in review", icon: IconEye, tone: "retrying" },
  interviewing: { word: "interviewing", icon: IconMessages, tone: "paused" },
  offer: { word: "offer", icon: IconGift, tone: "completed" },
  hired: { word: "hired", icon: IconCircleCheckFilled, tone: "completed" },
  rejected: { word: "rejected", icon: IconCircleX, tone: "failed" },
  withdrawn: { word: "withdrawn", icon: IconBan, tone: "cancelled" },
};

const positionLooks: Record<string, Look> = {
  draft: { word: "draft", icon: IconPencil, tone: "pending" },
  open: { word: "open", icon: IconCircleCheckFilled, tone: "completed" },
  expired: { word: "expired", icon: IconClockPause, tone: "retrying" },
  closed: { word: "closed", icon: IconBan, tone: "cancelled" },
};

/** A word that this build does not know is shown as it came. */
const lookOf = (looks: Record<string, Look>, status: string): Look =>
  Object.hasOwn(looks, status) && looks[status] ? looks[status] : { word: status.replaceAll("_", " "), icon: IconCircleDashed, tone: "pending" };

export const runStatusWord = (status: string) => lookOf(runLooks, status).word;
export const applicationStatusWord = (status: string) => lookOf(applicationLooks, status).word;
export const stepTone = (status: string): Tone => lookOf(stepLooks, status).tone;
export const toneColor = (tone: Tone) => `var(--status-${tone})`;

/** Never by colour alone: an icon, a word, and a colour. */
function Look({ look, wordless = false }: { look: Look; wordless?: boolean }) {
  return (
    <span className={classes.status}>
      <look.icon size={15} aria-hidden className={look.spins ? classes.spins : undefined} style={{ color: toneColor(look.tone) }} />
      <span className={wordless ? "visually-hidden" : undefined}>{look.word}</span>
    </span>
  );
}

export const RunState = ({ status }: { status: string }) => <Look look={lookOf(runLooks, status)} />;
/** `wordless` only where the word would stand in every line and the shape of the icon tells enough. */
export const StepState = ({ status, wordless }: { status: string; wordless?: boolean }) => <Look look={lookOf(stepLooks, status)} wordless={wordless} />;
export const ApplicationState = ({ status }: { status: string }) => <Look look={lookOf(applicationLooks, status)} />;
export const PositionState = ({ status }: { status: string }) => <Look look={lookOf(positionLooks, status)} />;
