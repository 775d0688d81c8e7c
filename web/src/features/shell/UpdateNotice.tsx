import { Button, Group, Paper, Text } from "@mantine/core";
import { useRegisterSW } from "virtual:pwa-register/react";

/** A new build waits until the person says so: reloading by itself would lose what they are writing. */
export function UpdateNotice() {
  const {
    needRefresh: [needRefresh, setNeedRefresh],
    updateServiceWorker,
  } = useRegisterSW();
  if (!needRefresh) return null;
  return (
    <Paper role="status" withBorder shadow="md" p="sm" pos="fixed" bottom={72} right={16} style={{ zIndex: 250 }}>
      <Group gap="sm">
        <Text>A new version is ready.</Text>
        <Button size="compact-sm" onClick={() => void updateServiceWorker(true)}>
          Reload
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => setNeedRefresh(false)}>
          Later
        </Button>
      </Group>
    </Paper>
  );
}
