import { Kbd } from "@mantine/core";
import { createSpotlight, Spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import "@mantine/spotlight/styles.layer.css";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useMemo } from "react";
import { useAllActions, type Action } from "@/lib/actions";
import { keyWords } from "./keyWords";

const [store, palette] = createSpotlight();
const order: Action["group"][] = ["This page", "Go to", "You", "Appearance"];

export default function Palette({ close }: { close: () => void }) {
  const actions = useAllActions();
  useEffect(() => palette.open(), []);
  const groups = useMemo<SpotlightActionGroupData[]>(
    () =>
      order
        .map((group) => ({
          group,
          actions: actions
            .filter((action) => action.group === group && action.id !== "palette" && !action.keyOnly)
            .map((action) => ({
              id: action.id,
              label: action.label,
              keywords: action.words,
              rightSection: action.keys ? <Kbd size="xs">{keyWords(action.keys)}</Kbd> : null,
              onClick: () => action.run(),
            })),
        }))
        .filter((group) => group.actions.length > 0),
    [actions],
  );
  return (
    <Spotlight
      store={store}
      actions={groups}
      shortcut={null}
      onSpotlightClose={close}
      nothingFound="Nothing is called that."
      highlightQuery
      scrollable
      maxHeight={420}
      transitionProps={{ duration: 120 }}
      searchProps={{ placeholder: "Search places and commands", "aria-label": "Search places and commands", leftSection: <IconSearch size={18} /> }}
    />
  );
}
