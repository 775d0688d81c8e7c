import {
  IconInbox,
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

const byRole: Record<Role, Place[]> = {
  job_seeker: [today],
  recruiter: [today],
};

export const placesFor = (role: Role): PlaceSection[] => [{ title: null, places: byRole[role] }];
