import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCloudOff, IconRefresh } from "@tabler/icons-react";
import { useEffect, useState, type ReactNode } from "react";
import { ApiError } from "@/lib/api";
import { fieldErrors } from "@/lib/forms";
import { count } from "@/lib/format";
import classes from "./States.module.css";

const skeletonDelay = 150;

/** Shows its content only after a moment: an answer that comes at once must not flash a skeleton first. */
export function Later({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(true), skeletonDelay);
    return () => window.clearTimeout(timer);
  }, []);
  return shown ? children : null;
}

export function LoadingRows({ rows = 8, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className={classes.rows}>
      <Later>
        {Array.from({ length: rows }, (_, row) => (
          <div key={row} className={classes.row}>
            <Skeleton height={12} width={14} circle />
            <Skeleton height={12} width={`${28 + ((row * 17) % 23)}%`} />
            <Skeleton height={12} width="18%" />
            <Skeleton height={12} width="10%" />
          </div>
        ))}
      </Later>
    </div>
  );
}

export function LoadingPage() {
  return (
    <div role="status" aria-label="Loading" className={classes.page}>
      <Later>
        <Stack gap="md">
          <Skeleton height={20} width="32%" />
          <Skeleton height={12} width="55%" />
          <Skeleton height={160} mt="md" />
          <Skeleton height={12} width="80%" />
          <Skeleton height={12} width="64%" />
        </Stack>
      </Later>
    </div>
  );
}

/** One sentence, one action, and a sample of what will stand here where that helps. */
export function Empty({ children, action, sample }: { children: ReactNode; action?: ReactNode; sample?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <Text c="dimmed" maw={460}>
        {children}
      </Text>
      {action}
      {sample && (
        <div className={classes.sample} aria-hidden inert>
          {sample}
        </div>
      )}
    </div>
  );
}

interface FailureProps {
  error: unknown;
  retry?: () => void;
  /** The fields of the form above: what the server says of them stands there already. */
  fields?: readonly string[];
}

export function Failure({ error, retry, fields = [] }: FailureProps) {
  const refusal = error instanceof ApiError ? error : null;
  const { byField, others } = fieldErrors(error, fields);
  const placed = Object.keys(byField).length > 0;
  const Icon = refusal?.isOffline ? IconCloudOff : IconAlertTriangle;
  return (
    <div role="alert" className={classes.failure}>
      <Icon size={18} aria-hidden color="var(--status-failed)" />
      <div>
        <Text>{refusal?.message ?? "Something went wrong in this page."}</Text>
        {others.map((message) => (
          <Text key={message} size="sm">
            {message}
          </Text>
        ))}
        {placed && <Text size="sm">See the fields that are marked.</Text>}
        {refusal?.remedy && refusal.errors.length === 0 && <Text size="sm">{refusal.remedy}</Text>}
        {refusal?.retryAfterSeconds != null && (
          <Text c="dimmed" size="sm">
            Try again in {count(refusal.retryAfterSeconds, "second")}.
          </Text>
        )}
        <Text c="dimmed" size="sm" className="mono">
          {refusal ? refusal.code : error instanceof Error ? error.message : "unknown"}
        </Text>
      </div>
      {retry && (
        <Button variant="default" size="xs" leftSection={<IconRefresh size={14} />} onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Above content that could not be renewed: what is shown is old, and says so. */
export function Stale({ error, since, retry }: { error: unknown; since: ReactNode; retry: () => void }) {
  return (
    <div role="status" className={classes.stale}>
      <IconCloudOff size={14} aria-hidden />
      <span>
        As of {since}: {error instanceof ApiError ? error.message : "it could not be loaded again."}
      </span>
      <Button variant="subtle" size="compact-xs" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}
