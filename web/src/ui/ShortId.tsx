import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { shortId } from "@/lib/format";

export function ShortId({ id, label = "id" }: { id: string; label?: string }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 2 }}>
      <Tooltip label={id}>
        <span className="mono">{shortId(id)}</span>
      </Tooltip>
      <Copy value={id} label={`Copy ${label}`} />
    </span>
  );
}

export function Copy({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={copied ? "Copied" : label} onClick={copy}>
            {copied ? <IconCheck size={14} color="var(--status-completed)" /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
