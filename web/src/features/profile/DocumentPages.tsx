import { isWhere, type DocumentPage, type Evidence } from "./reading";
import classes from "./DocumentPages.module.css";

interface DocumentPagesProps {
  pages: readonly DocumentPage[];
  chosen: Evidence | null;
  name: string;
}

/** The document as it was read: each line where it stood, or line under line where the format has no places. */
export function DocumentPages({ pages, chosen, name }: DocumentPagesProps) {
  return (
    // Scrolls on its own beside the fields, so it must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={`Pages of ${name}`} tabIndex={0} className={classes.pages}>
      {pages.map((page) => (page.width > 0 && page.lines.some((line) => line.box) ? <Placed key={page.number} page={page} chosen={chosen} /> : <Plain key={page.number} page={page} chosen={chosen} />))}
    </div>
  );
}

function Placed({ page, chosen }: { page: DocumentPage; chosen: Evidence | null }) {
  return (
    <svg className={classes.page} viewBox={`0 0 ${page.width} ${page.height}`} aria-label={`Page ${page.number}`} role="group">
      {page.lines.map(
        (line, index) =>
          line.box && (
            <g key={index} data-lit={isWhere(chosen, page, line, index) || undefined} className={classes.line}>
              <rect x={line.box.left - 2} y={line.box.top - 1} width={line.box.right - line.box.left + 4} height={line.box.bottom - line.box.top + 2} rx={2} />
              <text
                x={line.box.left}
                y={line.box.bottom - (line.box.bottom - line.box.top) * 0.22}
                fontSize={(line.box.bottom - line.box.top) * 0.82}
                textLength={line.text.length > 2 ? line.box.right - line.box.left : undefined}
                lengthAdjust="spacingAndGlyphs"
              >
                {line.text}
              </text>
            </g>
          ),
      )}
    </svg>
  );
}

function Plain({ page, chosen }: { page: DocumentPage; chosen: Evidence | null }) {
  return (
    <div className={`${classes.page} ${classes.plain}`}>
      {page.lines.map((line, index) => (
        <div key={index} data-lit={isWhere(chosen, page, line, index) || undefined}>
          {line.text || "\u00a0"}
        </div>
      ))}
    </div>
  );
}
