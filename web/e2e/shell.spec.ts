import { browserOf, enter, expect, somebody, test } from "./people";

test("who is signed out is led to the door and back to where they wanted to go", async ({ browser }) => {
  const page = await browserOf(browser);
  const person = somebody("Dora Lind", "job_seeker");
  await enter(page, person);
  await page.context().clearCookies();

  await page.goto("/runs?status=failed");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);

  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/runs\?status=failed$/);
  await expect(page.getByRole("heading", { name: "Runs", level: 1 })).toBeVisible();
  await page.context().close();
});

test("a refused sign-up says so at the field and loses nothing that was typed", async ({ browser }) => {
  const page = await browserOf(browser);
  const person = somebody("Emil Novak", "recruiter");
  await enter(page, person);
  await page.context().clearCookies();

  await page.goto("/sign-up");
  await page.getByRole("radio", { name: /I hire/ }).click();
  await page.getByLabel("Name", { exact: true }).fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText(/account with this address/)).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue(person.name);
  await expect(page.getByRole("radio", { name: /I hire/ })).toBeChecked();
  await page.context().close();
});

test("the keyboard is enough: palette, places, help, colours", async ({ browser }) => {
  const page = await browserOf(browser);
  await enter(page, somebody("Finn Berg", "job_seeker"));
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Today", level: 1 })).toBeVisible();

  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page.getByRole("heading", { name: "Flows", level: 1 })).toBeVisible();

  await page.keyboard.press("Control+k");
  await page.getByRole("textbox", { name: "Search places and commands" }).fill("colours: dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");

  await expect(page.getByRole("table", { name: "flows" })).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("table", { name: "flows" }).getByRole("link").first()).toBeFocused();
  await page.keyboard.press(" ");
  await expect(page.getByRole("complementary", { name: /^Peek/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: /^source of/ })).toBeVisible();

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Next row");
  await page.context().close();
});

test("signing out leaves nothing behind for the next person", async ({ browser }) => {
  const page = await browserOf(browser);
  await enter(page, somebody("Gesa Holm", "job_seeker"));
  await page.goto("/profile");
  await page.getByLabel("Headline").fill("A secret plan");
  // What was read is written to the disk a moment later.
  await expect.poll(() => page.evaluate(() => indexedDB.databases().then((all) => all.length))).toBeGreaterThan(0);

  await page.getByRole("button", { name: /^You:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const left = await page.evaluate(async () => {
    const stored = await new Promise<number>((resolve, reject) => {
      const request = indexedDB.open("weft");
      request.onsuccess = () => {
        const count = request.result.transaction("cache").objectStore("cache").count();
        count.onsuccess = () => resolve(count.result);
        count.onerror = () => reject(new Error("The store could not be counted."));
      };
      request.onerror = () => reject(new Error("The store could not be opened."));
    });
    return { stored, drafts: Object.keys(sessionStorage).filter((key) => key.startsWith("weft-draft")).length };
  });
  expect(left).toEqual({ stored: 0, drafts: 0 });
  await page.goto("/profile");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.context().close();
});

test("somebody else's run is not there, and the page says so", async ({ browser }) => {
  const page = await browserOf(browser);
  await enter(page, somebody("Hana Ito", "job_seeker"));
  await page.goto("/runs/019a8f3c-1111-7abc-8def-0123456789ab");
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  await page.context().close();
});
