import { UnstyledButton } from "@mantine/core";
import { IconCheck, IconChevronDown, IconMinus, IconPlus } from "@tabler/icons-react";
import { useId, useState } from "react";
import type { Reason } from "@/lib/model";
import { scoreWord } from "@/lib/scale";
import classes from "./Score.module.css";

/** One of five words with the figure beside it: the word is what counts. */
export function Score({ score }: { score: number }) {
  const word = scoreWord(score);
  return (
    <span className={classes.score} data-word={word}>
      <span className={classes.gauge} aria-hidden>
        <span style={{ width: `${Math.min(Math.max(score, 0), 100)}%` }} />
      </span>
      <span className={classes.word}>{word}</span>
      <span className={classes.figure}>{Math.round(score)}</span>
    </span>
  );
}

/** Which reasons are about a skill the posting asks for; these weigh most and are read first. */
const isMust = (reason: Reason) => /skill|required|must/.test(reason.kind);

/** Why a score is what it is: the words of CV and posting that carried it, must-have apart from nice-to-have. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  const must = reasons.filter(isMust);
  const nice = reasons.filter((reason) => !isMust(reason));
  return (
    <div className={classes.reasons}>
      <ReasonGroup title="Asked for" reasons={must} />
      <ReasonGroup title="Also counted" reasons={nice} />
      {reasons.length === 0 && <p className={classes.evidence}>No reasons were recorded.</p>}
    </div>
  );
}

function ReasonGroup({ title, reasons }: { title: string; reasons: Reason[] }) {
  if (reasons.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className={classes.title}>{title}</h3>
      <ul className={classes.list}>
        {reasons.map((reason, index) => (
          <li key={index} data-met={reason.points > 0 || undefined}>
            {reason.points > 0 ? <IconCheck size={15} aria-label="met" /> : <IconMinus size={15} aria-label="not met" />}
            <span className={classes.words}>
              {reason.text}
              {reason.evidence && <q className={classes.evidence}>{reason.evidence}</q>}
            </span>
            <span className={classes.points}>{reason.points > 0 ? `+${Math.round(reason.points)}` : Math.round(reason.points)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A score that opens into its reasons. */
export function ExplainedScore({ score, reasons }: { score: number; reasons: readonly Reason[] }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div>
      <UnstyledButton className={classes.toggle} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Score score={score} />
        <span className={classes.why}>
          why <IconChevronDown size={14} aria-hidden className={classes.chevron} />
        </span>
      </UnstyledButton>
      <div id={id} hidden={!open}>
        {open && <Reasons reasons={reasons} />}
      </div>
    </div>
  );
}

/** The strongest reasons in a few words, for a line of a list. */
export function ReasonChips({ reasons, most = 3 }: { reasons: readonly Reason[]; most?: number }) {
  const strongest = reasons.filter((reason) => reason.points > 0).sort((a, b) => b.points - a.points);
  return (
    <span className={classes.chips}>
      {strongest.slice(0, most).map((reason, index) => (
        <span key={index} className={classes.chip}>
          <IconPlus size={11} aria-hidden />
          {reason.text}
        </span>
      ))}
    </span>
  );
}
