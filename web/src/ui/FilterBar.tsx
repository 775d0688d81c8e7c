import { Button, CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useRef, useState, type ReactNode } from "react";
import { useActions } from "@/lib/actions";
import classes from "./FilterBar.module.css";

interface FilterBarProps {
  /** What the search box looks through, as in "Search runs". */
  label: string;
  text: string | undefined;
  onText: (text: string | undefined) => void;
  /** Set when any filter is on: offers to take them all off. */
  onClear?: () => void;
  children?: ReactNode;
}

/** The search box of a list (`/` goes there) and its filters beside it. */
export function FilterBar({ label, text, onText, onClear, children }: FilterBarProps) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(text ?? "");
  // The address may change under the box: by Back, or by "Clear filters".
  const [seen, setSeen] = useState(text);
  if (seen !== text) {
    setSeen(text);
    setTyped(text ?? "");
  }
  const tell = useDebouncedCallback((value: string) => onText(value.trim() === "" ? undefined : value.trim()), 250);
  const change = (value: string) => {
    setTyped(value);
    tell(value);
  };
  useActions([{ id: "search-list", label, group: "This page", keys: "/", run: () => field.current?.focus() }]);
  return (
    <div className={classes.bar} role="search">
      <TextInput
        ref={field}
        type="search"
        size="xs"
        className={classes.text}
        aria-label={label}
        placeholder={label}
        value={typed}
        onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && field.current?.blur()}
        leftSection={<IconSearch size={14} />}
        rightSection={typed && <CloseButton size="xs" aria-label="Clear the search" onClick={() => change("")} />}
      />
      {children}
      {onClear && (
        <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconX size={13} />} onClick={onClear}>
          Clear filters
        </Button>
      )}
    </div>
  );
}
