import { ActionIcon, Button, Checkbox, Menu, Tooltip } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconColumns, IconDownload } from "@tabler/icons-react";
import { columnVisibilityFeature, rowSelectionFeature, tableFeatures, useTable, type ColumnDef, type RowSelectionState } from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useActions } from "@/lib/actions";
import { csv } from "@/lib/csv";
import { count } from "@/lib/format";
import classes from "./DataTable.module.css";
import { Peek } from "./Peek";

export interface Column<T> {
  id: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** The plain words of the cell, for the CSV file. */
  text: (row: T) => string;
  width?: number | string;
  align?: "right";
  /** Left out on a phone. */
  secondary?: boolean;
}

export interface TableLook<T> {
  /** Names the table for screen readers, its stored column choice and its CSV file. */
  name: string;
  columns: readonly Column<T>[];
  rowId: (row: T) => string;
  rowLabel: (row: T) => string;
  link: (row: T) => Pick<LinkProps, "to" | "params" | "search">;
  peek?: (row: T) => ReactNode;
  /** What can be done with the rows that are ticked. */
  bulk?: (rows: T[], clear: () => void) => ReactNode;
}

interface DataTableProps<T> extends TableLook<T> {
  rows: readonly T[];
  hasMore?: boolean;
  loadingMore?: boolean;
  loadMore?: () => void;
}

const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature });
const virtualBeyond = 200;
const rowHeight = 37;

/**
 * A dense list whose rows are real links: `j k` move, Enter opens, Space peeks, `x` ticks.
 * The first column carries the link; the whole row is its target.
 */
export function DataTable<T>({ name, columns, rowId, rowLabel, link, peek, bulk, rows, hasMore = false, loadingMore = false, loadMore }: DataTableProps<T>) {
  const [columnVisibility, setColumnVisibility] = useLocalStorage<Record<string, boolean>>({
    key: `weft-columns-${name}`,
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  const [rowSelection, setRowSelection] = useState<RowSelectionState>({});
  const [peekId, setPeekId] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);

  const definitions = useMemo<ColumnDef<typeof features, { row: T }>[]>(
    () => columns.map((column) => ({ id: column.id, header: column.header, cell: ({ row }) => column.cell(row.original.row) })),
    [columns],
  );
  // Wrapped, since the table library wants objects and a list may be of anything.
  const data = useMemo(() => rows.map((row) => ({ row })), [rows]);
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: ({ row }) => rowId(row),
    state: { columnVisibility, rowSelection },
    onRowSelectionChange: setRowSelection,
    onColumnVisibilityChange: (update) => setColumnVisibility((current) => (typeof update === "function" ? update(current) : update)),
  });
  const shown = table.getRowModel().rows;
  const columnOf = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const selected = bulk ? shown.filter((row) => row.getIsSelected()).map((row) => row.original.row) : [];

  const isVirtual = shown.length > virtualBeyond;
  const [offset, setOffset] = useState(0);
  useEffect(() => {
    if (box.current) setOffset(box.current.getBoundingClientRect().top + window.scrollY);
  }, [shown.length]);
  const virtualizer = useWindowVirtualizer({
    count: shown.length,
    estimateSize: () => rowHeight,
    overscan: 20,
    scrollMargin: offset,
    enabled: isVirtual,
  });
  const items = virtualizer.getVirtualItems();
  const first = isVirtual ? (items[0]?.index ?? 0) : 0;
  const last = isVirtual ? (items.at(-1)?.index ?? 0) : shown.length - 1;

  // Near the end of what is loaded, the next page comes by itself; the button remains for keyboards and screen readers.
  const more = useRef<HTMLDivElement>(null);
  const latestLoad = useRef(loadMore);
  useEffect(() => {
    latestLoad.current = loadMore;
  });
  useEffect(() => {
    if (!hasMore || !more.current) return;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && latestLoad.current?.(), { rootMargin: "400px" });
    observer.observe(more.current);
    return () => observer.disconnect();
  }, [hasMore, shown.length]);

  const focusedIndex = () => {
    const row = document.activeElement?.closest<HTMLElement>("tr[data-row]");
    return row && box.current?.contains(row) ? Number(row.dataset.row) : -1;
  };
  const focusRow = (index: number) => {
    if (index < 0 || index >= shown.length) return;
    if (isVirtual) virtualizer.scrollToIndex(index, { align: "auto" });
    // After the scroll the row may first have to be drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`tr[data-row="${index}"] a`)?.focus()));
  };
  const onFocus = () => {
    const row = shown[focusedIndex()];
    if (peekId !== null && row) setPeekId(row.id);
  };
  useActions([
    { id: `${name}-next`, label: "Next row", group: "This page", keys: "j", keyOnly: true, run: () => focusRow(focusedIndex() + 1) },
    { id: `${name}-previous`, label: "Previous row", group: "This page", keys: "k", keyOnly: true, run: () => focusRow(Math.max(focusedIndex() - 1, 0)) },
    ...(bulk ? [{ id: `${name}-tick`, label: "Select the row", group: "This page" as const, keys: "x", keyOnly: true, run: () => shown[focusedIndex()]?.toggleSelected() }] : []),
    ...(peek
      ? [
          {
            id: `${name}-peek`,
            label: "Peek at the row",
            group: "This page" as const,
            keys: " ",
            keyOnly: true,
            run: () => {
              const row = shown[focusedIndex()];
              setPeekId(row && row.id !== peekId ? row.id : null);
            },
          },
        ]
      : []),
  ]);

  const peeked = shown.find((row) => row.id === peekId)?.original.row;
  const download = () => {
    const visible = table.getVisibleLeafColumns().flatMap((leaf) => columnOf.get(leaf.id) ?? []);
    const lines = [visible.map((column) => column.header), ...shown.map((row) => visible.map((column) => column.text(row.original.row)))];
    const address = URL.createObjectURL(new Blob([csv(lines)], { type: "text/csv;charset=utf-8" }));
    const anchor = document.createElement("a");
    anchor.href = address;
    anchor.download = `${name}.csv`;
    anchor.click();
    URL.revokeObjectURL(address);
  };

  return (
    <div className={classes.split}>
      <div ref={box} className={classes.box}>
        <div className={classes.tools}>
          {selected.length > 0 ? (
            <div className={classes.bulk} role="group" aria-label="Selected rows">
              <span>{count(selected.length, "row")} selected</span>
              {bulk?.(selected, () => setRowSelection({}))}
              <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setRowSelection({})}>
                Clear
              </Button>
            </div>
          ) : (
            <span className={classes.count} aria-live="polite">
              {count(shown.length, "row")}
              {hasMore && " loaded, more below"}
            </span>
          )}
          <Menu position="bottom-end" closeOnItemClick={false} transitionProps={{ duration: 120 }}>
            <Menu.Target>
              <Tooltip label="Columns">
                <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Choose columns">
                  <IconColumns size={15} />
                </ActionIcon>
              </Tooltip>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Label>Columns</Menu.Label>
              {table.getAllLeafColumns().map((column, index) => (
                <Menu.Item
                  key={column.id}
                  disabled={index === 0}
                  role="menuitemcheckbox"
                  aria-checked={column.getIsVisible()}
                  onClick={() => column.toggleVisibility()}
                  leftSection={<Checkbox.Indicator size="xs" checked={column.getIsVisible()} />}
                >
                  {columnOf.get(column.id)?.header}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <Tooltip label="Download the loaded rows as CSV">
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Download as CSV" onClick={download}>
              <IconDownload size={15} />
            </ActionIcon>
          </Tooltip>
        </div>
        <table className={classes.table} aria-label={name} aria-rowcount={hasMore ? -1 : shown.length + 1} onFocus={onFocus}>
          <thead>
            <tr>
              {bulk && (
                <th className={classes.tick}>
                  <Checkbox
                    size="xs"
                    aria-label="Select all loaded rows"
                    checked={table.getIsAllRowsSelected()}
                    indeterminate={table.getIsSomeRowsSelected()}
                    onChange={(event) => table.toggleAllRowsSelected(event.currentTarget.checked)}
                  />
                </th>
              )}
              {table.getVisibleLeafColumns().map((leaf) => {
                const column = columnOf.get(leaf.id);
                return (
                  <th key={leaf.id} style={{ width: column?.width }} className={column?.secondary ? classes.secondary : undefined} data-align={column?.align}>
                    {column?.header}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {first > 0 && <Filler height={first * rowHeight} />}
            {shown.slice(first, last + 1).map((row, index) => {
              const at = first + index;
              return (
                <tr key={row.id} data-row={at} aria-rowindex={at + 2} data-peeked={row.id === peekId || undefined} data-ticked={row.getIsSelected() || undefined}>
                  {bulk && (
                    <td className={classes.tick}>
                      <Checkbox size="xs" aria-label={`Select ${rowLabel(row.original.row)}`} checked={row.getIsSelected()} onChange={() => row.toggleSelected()} />
                    </td>
                  )}
                  {row.getVisibleCells().map((cell, position) => {
                    const column = columnOf.get(cell.column.id);
                    return (
                      <td key={cell.id} className={column?.secondary ? classes.secondary : undefined} data-align={column?.align}>
                        {position === 0 ? (
                          <Link {...link(row.original.row)} className={classes.link}>
                            <table.FlexRender cell={cell} />
                          </Link>
                        ) : (
                          <table.FlexRender cell={cell} />
                        )}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
            {last < shown.length - 1 && <Filler height={(shown.length - 1 - last) * rowHeight} />}
          </tbody>
        </table>
        {hasMore && (
          <div ref={more} className={classes.more}>
            <Button variant="default" size="xs" loading={loadingMore} onClick={loadMore}>
              Load more
            </Button>
          </div>
        )}
      </div>
      {peek && peeked !== undefined && (
        <Peek title={rowLabel(peeked)} link={link(peeked)} close={() => setPeekId(null)}>
          {peek(peeked)}
        </Peek>
      )}
    </div>
  );
}

/** Stands for the rows that are not drawn, so that the scroll bar tells the truth. */
function Filler({ height }: { height: number }) {
  return (
    <tr aria-hidden style={{ height }}>
      <td />
    </tr>
  );
}
