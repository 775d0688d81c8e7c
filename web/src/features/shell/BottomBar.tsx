import { Drawer, UnstyledButton } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import classes from "./BottomBar.module.css";
import type { Place } from "./places";

const shown = 5;

/** On a phone: five places at the thumb, the rest under More. */
export function BottomBar({ places }: { places: Place[] }) {
  const [open, setOpen] = useState(false);
  const rest = places.slice(shown);
  return (
    <nav className={classes.bar} aria-label="Places">
      {places.slice(0, shown).map((place) => (
        <BarLink key={place.key} place={place} />
      ))}
      {rest.length > 0 && (
        <UnstyledButton className={classes.link} onClick={() => setOpen(true)} aria-haspopup="dialog">
          <IconDots size={20} stroke={1.6} aria-hidden />
          More
        </UnstyledButton>
      )}
      <Drawer opened={open} onClose={() => setOpen(false)} position="bottom" size="auto" title="More" transitionProps={{ duration: 120 }}>
        {rest.map((place) => (
          <Link key={place.key} to={place.to} className={classes.more} onClick={() => setOpen(false)}>
            <place.icon size={20} stroke={1.6} aria-hidden />
            {place.label}
          </Link>
        ))}
      </Drawer>
    </nav>
  );
}

function BarLink({ place }: { place: Place }) {
  return (
    <Link
      to={place.to}
      className={classes.link}
      activeOptions={{ exact: place.exact ?? false, includeSearch: false }}
      activeProps={{ "aria-current": "page" }}
    >
      <place.icon size={20} stroke={1.6} aria-hidden />
      <span className={classes.word}>{place.label === "Profile & CVs" ? "Profile" : place.label}</span>
    </Link>
  );
}
