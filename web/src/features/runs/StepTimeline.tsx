import { Tooltip, UnstyledButton } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { duration } from "@/lib/format";
import type { Run } from "@/lib/model";
import { useNow } from "@/lib/time";
import { StepState, stepTone, toneColor } from "@/ui/Status";
import { isOver } from "./queries";
import classes from "./StepTimeline.module.css";
import { timelineOf, type Lane, type Segment } from "./timeline";

interface StepTimelineProps {
  run: Run;
  chosen: string | undefined;
  onStep: (path: string) => void;
}

const laneHeight = 30;

/** Bars on a time axis: attempts are segments, the wait between two attempts is dashed, what runs beside stands beside. */
export function StepTimeline({ run, chosen, onStep }: StepTimelineProps) {
  const clock = useNow();
  // A finished run never changes: its layout need not follow the clock.
  const now = isOver(run.status) ? null : clock;
  const timeline = useMemo(() => timelineOf(run, now ?? new Date(run.finished_at ?? run.created_at)), [run, now]);
  const box = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    if (box.current) setOffset(box.current.getBoundingClientRect().top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({ count: timeline.lanes.length, estimateSize: () => laneHeight, overscan: 30, scrollMargin: offset });

  if (timeline.lanes.length === 0) return <p className={classes.none}>No step has begun yet.</p>;
  return (
    <div className={classes.timeline}>
      <div className={classes.axis} aria-hidden>
        <div className={classes.label} />
        <div className={classes.track}>
          {timeline.ticks.map((tick) => (
            <span key={tick.milliseconds} className={classes.tick} style={{ left: `${tick.at * 100}%` }}>
              {tick.at < 0.95 && duration(tick.milliseconds)}
            </span>
          ))}
        </div>
      </div>
      <div ref={box} role="list" aria-label="Steps on the time axis" style={{ position: "relative", height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const lane = timeline.lanes[item.index];
          return (
            lane && (
              <div key={lane.step.path} role="listitem" className={classes.row} style={{ height: laneHeight, transform: `translateY(${item.start - offset}px)` }}>
                <Row lane={lane} chosen={chosen === lane.step.path} onStep={onStep} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Row({ lane, chosen, onStep }: { lane: Lane; chosen: boolean; onStep: (path: string) => void }) {
  const { step } = lane;
  const total = lane.segments.reduce((sum, segment) => sum + (segment.kind === "attempt" ? segment.milliseconds : 0), 0);
  return (
    <UnstyledButton className={classes.lane} data-chosen={chosen || undefined} onClick={() => onStep(step.path)}>
      <span className={classes.label} style={{ paddingLeft: lane.depth * 14 }} title={step.path}>
        <StepState status={step.status} wordless />
        <span className={classes.name}>
          {step.id}
          {step.iteration != null && <span className={classes.iteration}> {iterationWords(step.iteration)}</span>}
        </span>
      </span>
      <span className={classes.track}>
        {lane.segments.map((segment) => (
          <Bar key={`${segment.kind}${segment.number}`} segment={segment} />
        ))}
      </span>
      <span className={classes.total}>{lane.segments.length > 0 ? duration(total) : ""}</span>
    </UnstyledButton>
  );
}

const iterationWords = (iteration: string | number) => `#${Number(iteration) + 1}`;

function Bar({ segment }: { segment: Segment }) {
  const words =
    segment.kind === "wait"
      ? `waited ${duration(segment.milliseconds)} before attempt ${segment.number}`
      : `attempt ${segment.number}, ${segment.status}, ${duration(segment.milliseconds)}${segment.error ? `: ${segment.error}` : ""}`;
  return (
    <Tooltip label={words} multiline maw={360}>
      <span
        className={classes.bar}
        data-kind={segment.kind}
        data-status={segment.status}
        style={{
          left: `${segment.from * 100}%`,
          width: `max(3px, ${(segment.to - segment.from) * 100}%)`,
          ["--bar" as never]: toneColor(stepTone(segment.status)),
        }}
      />
    </Tooltip>
  );
}
