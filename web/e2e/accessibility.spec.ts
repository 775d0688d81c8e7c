import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { browserOf, enter, expect, somebody, test, type Person } from "./people";

const sizes = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];
const schemes = ["light", "dark"] as const;

const outside = ["/sign-in", "/sign-up"];
const shared = ["/", "/runs", "/flows", "/flows/hiring/registration", "/positions", "/applications", "/mailbox", "/nowhere"];
const routes: Record<Person["role"], string[]> = {
  job_seeker: [...shared, "/matches", "/profile"],
  recruiter: [...shared, "/positions/new"],
};

async function isClean(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
  // Lists come after their headings; what still loads is announced as a status.
  await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect
    .soft(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`),
      path,
    )
    .toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(overflow, `${path} scrolls sideways`).toBe(0);
}

for (const viewport of sizes) {
  for (const colorScheme of schemes) {
    for (const role of ["job_seeker", "recruiter"] as const) {
      test(`every page of a ${role.replace("_", " ")} is accessible, ${colorScheme}, ${viewport.width} wide`, async ({ browser }) => {
        test.setTimeout(300_000);
        const page = await browserOf(browser, { viewport, colorScheme, reducedMotion: "reduce" });
        for (const path of outside) await isClean(page, path);
        await enter(page, somebody("Iris Weber", role));
        for (const path of routes[role]) await isClean(page, path);

        await page.goto("/runs");
        const run = page.getByRole("table", { name: "runs" }).getByRole("link").first();
        await run.click();
        for (const view of ["timeline", "list", "graph", "logs", "raw"]) {
          await page.getByRole("tab", { name: view }).click();
          await isClean(page, page.url());
        }
        await page.context().close();
      });
    }
  }
}
