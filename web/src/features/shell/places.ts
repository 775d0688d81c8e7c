import {
  IconBriefcase,
  IconFileText,
  IconInbox,
  IconMail,
  IconPlayerPlay,
  IconRoute,
  IconSend,
  IconSparkles,
  type Icon,
} from "@tabler/icons-react";
import type { LinkProps } from "@tanstack/react-router";
import type { Role } from "@/lib/model";

export interface Place {
  label: string;
  to: LinkProps["to"];
  icon: Icon;
  /** The second key after `g`. */
  key: string;
  /** Today is above every address: it is current only at its own. */
  exact?: boolean;
}

export interface PlaceSection {
  title: string | null;
  places: Place[];
}

const today: Place = { label: "Today", to: "/", icon: IconInbox, key: "t", exact: true };
const positions: Place = { label: "Positions", to: "/positions", icon: IconBriefcase, key: "p" };
const applications: Place = { label: "Applications", to: "/applications", icon: IconSend, key: "a" };
const matches: Place = { label: "Matches", to: "/matches", icon: IconSparkles, key: "m" };
const profile: Place = { label: "Profile & CVs", to: "/profile", icon: IconFileText, key: "c" };
const runs: Place = { label: "Runs", to: "/runs", icon: IconPlayerPlay, key: "r" };
const flows: Place = { label: "Flows", to: "/flows", icon: IconRoute, key: "f" };
const mailbox: Place = { label: "Mailbox", to: "/mailbox", icon: IconMail, key: "b" };

const byRole: Record<Role, Place[]> = {
  job_seeker: [today, matches, positions, applications, profile],
  recruiter: [today, positions, applications],
};

export function placesFor(role: Role, hasMailbox: boolean): PlaceSection[] {
  return [
    { title: null, places: byRole[role] },
    { title: "Processes", places: hasMailbox ? [runs, flows, mailbox] : [runs, flows] },
  ];
}
