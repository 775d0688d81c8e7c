/** The woven square: two threads each way, each once over and once under. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden focusable="false">
      <g fill="currentColor">
        <rect x="4" y="0" width="6" height="3" rx="1" />
        <rect x="4" y="11.5" width="6" height="12.5" rx="1" />
        <rect x="14" y="0" width="6" height="12.5" rx="1" />
        <rect x="14" y="21" width="6" height="3" rx="1" />
      </g>
      <g fill="var(--accent)">
        <rect x="0" y="4" width="12.5" height="6" rx="1" />
        <rect x="21" y="4" width="3" height="6" rx="1" />
        <rect x="0" y="14" width="3" height="6" rx="1" />
        <rect x="11.5" y="14" width="12.5" height="6" rx="1" />
      </g>
    </svg>
  );
}
