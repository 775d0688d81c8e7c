import { Avatar, Menu, Text, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { useActions } from "@/lib/actions";
import { useSignOut, useUser } from "@/lib/session";
import classes from "./PersonMenu.module.css";

const schemes: { value: MantineColorScheme; label: string; icon: typeof IconSun }[] = [
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
];

export function useAppearanceActions() {
  const { setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  useActions([
    ...schemes.map(({ value, label }) => ({
      id: `scheme-${value}`,
      label: `Colours: ${label.toLowerCase()}`,
      group: "Appearance" as const,
      words: "theme scheme",
      run: () => setColorScheme(value),
    })),
    { id: "sign-out", label: "Sign out", group: "You" as const, words: "log out leave", run: () => signOut.mutate() },
  ]);
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

export function PersonMenu({ openHelp }: { openHelp: () => void }) {
  const user = useUser();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={240} transitionProps={{ duration: 120 }}>
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={`You: ${user.name}`}>
          <Avatar size={28} radius="xl" variant="light" color="teal">
            {initials(user.name)}
          </Avatar>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <Text fw={550} truncate>
            {user.name}
          </Text>
          <Text size="sm" c="dimmed" truncate>
            {user.email}
          </Text>
        </div>
        <Menu.Divider />
        <Menu.Label>Colours</Menu.Label>
        {schemes.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} />}
            rightSection={colorScheme === value ? <IconCheck size={16} aria-label="chosen" /> : null}
            onClick={() => setColorScheme(value)}
            closeMenuOnClick={false}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={openHelp}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
