import { Kbd, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconCloudOff, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconSearch } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useActions, type Action } from "@/lib/actions";
import { listenForShortcuts } from "@/lib/keyboard";
import { useOnline } from "@/lib/offline";
import { follow } from "@/lib/realtime";
import { sessionQuery, useUser } from "@/lib/session";
import { Mark } from "@/ui/Mark";
import { BottomBar } from "./BottomBar";
import { keyWords } from "./keyWords";
import { LiveSwitch } from "./LiveSwitch";
import { mailboxExists } from "./mailboxExists";
import { PersonMenu, useAppearanceActions } from "./PersonMenu";
import { placesFor, type Place } from "./places";
import classes from "./Shell.module.css";

// The palette and the help sheet are not needed for the first paint.
const Palette = lazy(() => import("./Palette"));
const HelpSheet = lazy(() => import("./HelpSheet"));

export function Shell({ children }: { children: ReactNode }) {
  const user = useUser();
  const client = useQueryClient();
  const navigate = useNavigate();
  const online = useOnline();
  // Who is signed in may have changed since the last visit.
  useQuery(sessionQuery);
  const hasMailbox = useQuery(mailboxExists).data ?? false;
  const sections = useMemo(() => placesFor(user.role, hasMailbox), [user.role, hasMailbox]);
  const [collapsed, setCollapsed] = useLocalStorage({ key: "weft-rail-collapsed", defaultValue: false, getInitialValueInEffect: false });
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);

  useEffect(() => listenForShortcuts(), []);
  useEffect(() => follow(client), [client]);

  const goTo: Action[] = sections.flatMap(({ places }) =>
    places.map((place) => ({
      id: `go-${place.key}`,
      label: place.label,
      group: "Go to" as const,
      keys: `g ${place.key}`,
      run: () => void navigate({ to: place.to }),
    })),
  );
  useActions([
    ...goTo,
    { id: "palette", label: "Search and commands", group: "This page", keys: "mod+k", run: () => setPalette(true) },
    { id: "help", label: "Keyboard shortcuts", group: "This page", keys: "?", run: () => setHelp(true) },
    { id: "rail", label: collapsed ? "Widen the side bar" : "Narrow the side bar", group: "Appearance", keys: "[", run: () => setCollapsed(!collapsed) },
  ]);
  useAppearanceActions();

  return (
    <div className={classes.shell} data-collapsed={collapsed || undefined}>
      <a href="#content" className={classes.skip}>
        Skip to content
      </a>
      <nav className={classes.rail} aria-label="Main">
        <Link to="/" className={classes.brand} aria-label="Weft, Today">
          <Mark />
          <span className={classes.label}>Weft</span>
        </Link>
        {sections.map((section) => (
          <div key={section.title ?? "main"} className={classes.section}>
            {section.title && <div className={classes.sectionTitle}>{section.title}</div>}
            {section.places.map((place) => (
              <RailLink key={place.key} place={place} />
            ))}
          </div>
        ))}
        <UnstyledButton
          className={`${classes.link} ${classes.fold}`}
          onClick={() => setCollapsed(!collapsed)}
          aria-label={collapsed ? "Widen the side bar" : "Narrow the side bar"}
        >
          {collapsed ? <IconLayoutSidebarLeftExpand size={18} aria-hidden /> : <IconLayoutSidebarLeftCollapse size={18} aria-hidden />}
          <span className={classes.label}>Narrow</span>
        </UnstyledButton>
      </nav>
      <div className={classes.column}>
        <header className={classes.top}>
          <Link to="/" className={classes.topBrand} aria-label="Weft, Today">
            <Mark />
          </Link>
          <UnstyledButton className={classes.search} onClick={() => setPalette(true)} aria-keyshortcuts="Control+K">
            <IconSearch size={15} aria-hidden />
            <span>Search or do…</span>
            <Kbd size="xs" className={classes.searchKeys}>
              {keyWords("mod+k")}
            </Kbd>
          </UnstyledButton>
          <div className={classes.spacer} />
          <LiveSwitch />
          <PersonMenu openHelp={() => setHelp(true)} />
        </header>
        {!online && (
          <div role="status" className={classes.offline}>
            <IconCloudOff size={15} aria-hidden />
            You are offline. What you read before can still be read; changes wait until you are back.
          </div>
        )}
        <main id="content" tabIndex={-1} className={classes.content}>
          {children}
        </main>
      </div>
      <BottomBar places={sections.flatMap((section) => section.places)} />
      <RouteAnnouncer />
      <Suspense>
        {palette && <Palette close={() => setPalette(false)} />}
        {help && <HelpSheet close={() => setHelp(false)} />}
      </Suspense>
    </div>
  );
}

function RailLink({ place }: { place: Place }) {
  return (
    <Link
      to={place.to}
      className={classes.link}
      activeOptions={{ exact: place.exact ?? false, includeSearch: false }}
      activeProps={{ "aria-current": "page" }}
      title={`${place.label} (g ${place.key})`}
      aria-label={place.label}
    >
      <place.icon size={18} stroke={1.6} aria-hidden />
      <span className={classes.label}>{place.label}</span>
    </Link>
  );
}

/** A page that changes without a load says nothing to a screen reader by itself. */
function RouteAnnouncer() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const region = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The page sets its title in an effect of its own, after its data came.
    const timer = window.setTimeout(() => {
      if (region.current) region.current.textContent = document.title.replace(" · Weft", "");
    }, 300);
    return () => window.clearTimeout(timer);
  }, [path]);
  return <div ref={region} className="visually-hidden" aria-live="polite" aria-atomic />;
}
