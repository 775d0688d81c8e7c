import { defineConfig, devices } from "@playwright/test";

// Debian's browser, or the one that WEFT_CHROMIUM names; nothing is downloaded.
const launchOptions = {
  executablePath: process.env.WEFT_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/start.ts",
  // One server and its one database for all: the stories make their own people and do not see each other's.
  // One at a time: browser, server and database share the machine, and a story that starves looks like one that fails.
  workers: process.env.WEFT_E2E_WORKERS ? Number(process.env.WEFT_E2E_WORKERS) : 1,
  timeout: 300_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  reporter: [["list"], ["./scripts/count-tests.mjs"]],
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1280, height: 800 },
    launchOptions,
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    // The worker would answer from its cache what the test wants to see from the server.
    serviceWorkers: "block",
    trace: "retain-on-failure",
    locale: "en-GB",
    timezoneId: "Europe/Lisbon",
  },
});
