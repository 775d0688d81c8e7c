import { expect, test as base, type Browser, type BrowserContextOptions, type Page } from "@playwright/test";
import { randomUUID } from "node:crypto";

export interface Person {
  name: string;
  email: string;
  password: string;
  role: "job_seeker" | "recruiter";
}

export function somebody(name: string, role: Person["role"]): Person {
  return { name, email: `${name.split(" ")[0]?.toLowerCase()}-${randomUUID().slice(0, 8)}@example.org`, password: "correct horse battery staple", role };
}

export const address = () => {
  const url = process.env.WEFT_E2E_URL;
  if (!url) throw new Error("The product does not run: e2e/start.ts sets its address.");
  return url;
};

/** A browser of one's own: what one person does, another's cookies and storage know nothing of. */
export async function browserOf(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: address(), serviceWorkers: "block", locale: "en-GB", timezoneId: "Europe/Lisbon", ...options });
  return context.newPage();
}

/** Signs up by the form, as anyone would. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await page.goto("/sign-up");
  await page.getByRole("radio", { name: person.role === "recruiter" ? /I hire/ : /I look for work/ }).click();
  await page.getByLabel("Name", { exact: true }).fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Today", level: 1 })).toBeVisible();
}

/** Signs up by the interface, for stories that are about something else. */
export async function enter(page: Page, person: Person): Promise<void> {
  const answer = await page.request.post("/api/auth/sign-up", { data: person, headers: { "X-Weft-Csrf": "1" } });
  expect(answer.status(), await answer.text()).toBe(201);
}

/** Opens a person's mail by its subject, once it has come. */
export async function readMail(page: Page, subject: RegExp) {
  await page.goto("/mailbox");
  await page.getByRole("navigation", { name: "Mails" }).getByRole("link", { name: subject }).first().click();
  const mail = page.getByRole("article");
  await expect(mail.getByRole("heading", { name: subject })).toBeVisible();
  await mail.getByText("Text", { exact: true }).click();
  return mail;
}

export const test = base;
export { expect };
