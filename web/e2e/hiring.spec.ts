import { browserOf, expect, readMail, signUp, somebody, test } from "./people";

const cv = `Ana Ferreira
Backend engineer
Lisbon, Portugal
ana.ferreira@example.org
+351 912 345 678
https://github.com/anaferreira

Experience

Backend engineer, Northwind Payments
March 2021 - present
Built the ledger service in C# on PostgreSQL.

Developer, Casa Digital
September 2017 - February 2021
Maintained shops in Python with Docker.

Education

Universidade de Lisboa
BSc Computer Science, 2013 - 2017

Skills
C#, PostgreSQL, Docker, Python

Languages
Portuguese (native), English (C1)
`;

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
const dayName = (date: Date) => date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "Europe/Lisbon" });

test("a recruiter and a job seeker find each other", async ({ browser }) => {
  test.setTimeout(300_000);
  const rita = somebody("Rita Sommer", "recruiter");
  // Other runs of this story may have left their own Ana in the same database.
  const tag = Date.now().toString(36);
  const ana = somebody(`Ana Ferreira ${tag}`, "job_seeker");
  const ritas = await browserOf(browser);
  const anas = await browserOf(browser);
  const title = `Backend engineer, ledger ${tag}`;

  await test.step("both sign up and are welcomed by mail", async () => {
    await signUp(ritas, rita);
    await signUp(anas, ana);
    const welcome = await readMail(anas, /welcome/i);
    await expect(welcome.getByText(ana.email).first()).toBeVisible();
    await readMail(ritas, /welcome/i);
  });

  await test.step("Ana uploads her CV and sees what was read, and where", async () => {
    await anas.goto("/profile");
    await anas.getByLabel("CV file").setInputFiles({ name: "ana-ferreira.txt", mimeType: "text/plain", buffer: Buffer.from(cv) });
    await expect(anas.getByText("Your CV was read.")).toBeVisible({ timeout: 60_000 });
    await expect(anas.getByLabel("Headline")).toHaveValue(/backend engineer/i);

    const read = anas.getByRole("region", { name: "What was read" });
    await expect(read.getByRole("region", { name: "Skills" }).getByText("PostgreSQL")).toBeVisible();
    const name = read.getByRole("button", { name: /^Ana Ferreira/ });
    await name.click();
    await expect(name).toHaveAttribute("aria-pressed", "true");
    await expect(read.getByRole("region", { name: /^Pages of/ }).getByText("Ana Ferreira", { exact: true })).toBeVisible();
  });

  await test.step("she corrects her profile, and the correction stays", async () => {
    await anas.getByLabel("Headline").fill("Backend engineer for ledgers");
    await anas.getByRole("button", { name: "Save", exact: true }).click();
    await expect(anas.getByText("Saved. Positions that fit are being looked for.")).toBeVisible();
    await anas.reload();
    await expect(anas.getByLabel("Headline")).toHaveValue("Backend engineer for ledgers");
  });

  await test.step("she says when she is free", async () => {
    await anas.getByRole("button", { name: "First day" }).click();
    await anas.getByRole("button", { name: dayName(inDays(0)), exact: true }).click();
    await anas.getByRole("switch", { name: "Without end" }).press("Space");
    await anas.getByRole("button", { name: "Add dates" }).click();
    await expect(anas.getByRole("list", { name: "Dates when you are free" }).getByRole("listitem")).toHaveCount(1);
    await expect(anas.getByRole("list", { name: "Dates when you are free" })).toContainText("from");
  });

  await test.step("Rita posts a position", async () => {
    await ritas.goto("/positions");
    await ritas.getByRole("link", { name: "Post a position" }).first().click();
    await ritas.getByLabel("Title").fill(title);
    await ritas.getByRole("combobox", { name: "Company" }).fill("Northwind Payments");
    await ritas.getByLabel("Description").fill("You build the ledger with us.\n\n- Design services\n- Keep them running");
    const skills = ritas.getByRole("combobox", { name: "Required skills" });
    await skills.fill("C#");
    await skills.press("Enter");
    await skills.fill("PostgreSQL");
    await skills.press("Enter");
    await ritas.getByLabel("Location").fill("Lisbon, Portugal");
    await ritas.getByRole("button", { name: "Post the position" }).click();
    await expect(ritas.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  });

  await test.step("she finds Ana in the pool, with reasons", async () => {
    const pool = ritas.getByRole("list", { name: "Candidates" });
    await expect(pool.getByRole("heading", { name: ana.name })).toBeVisible({ timeout: 60_000 });
    const candidate = pool.getByRole("listitem").filter({ has: ritas.getByRole("heading", { name: ana.name }) });
    await candidate.getByRole("button", { name: /why/ }).click();
    await expect(candidate.getByRole("region", { name: "Asked for" })).toContainText("PostgreSQL");
    await expect(candidate.getByRole("region", { name: "Also counted" })).toBeVisible();
  });

  await test.step("Ana is told by mail, sees why it fits, and applies", async () => {
    await readMail(anas, new RegExp(title));
    await anas.goto("/matches");
    const matches = anas.getByRole("list", { name: "Matched positions" });
    const match = matches.getByRole("listitem").filter({ has: anas.getByRole("link", { name: title, exact: true }) });
    await match.getByRole("button", { name: /why/ }).click();
    await expect(match.getByRole("region", { name: "Asked for" })).toContainText("C#");
    await match.getByRole("link", { name: title, exact: true }).click();
    await anas.getByLabel("Message").fill("I have built ledgers for six years.\nMay I show you?");
    await anas.getByRole("button", { name: "Send the application" }).click();
    await expect(anas.getByRole("region", { name: "Your application" })).toContainText("applied");
  });

  await test.step("Rita gets the application and moves it on", async () => {
    await readMail(ritas, new RegExp(title));
    await ritas.goto("/");
    await ritas.getByRole("link", { name: "Review" }).first().click();
    const applications = ritas.getByRole("list", { name: "Applications" });
    await expect(applications).toContainText("I have built ledgers for six years.");
    await applications.getByRole("button", { name: `Status of ${ana.name}: applied` }).click();
    await ritas.getByRole("menuitem", { name: "interviewing" }).click();
    await expect(applications.getByRole("button", { name: `Status of ${ana.name}: interviewing` })).toBeVisible();
  });

  await test.step("Ana is told, and sees it under Today", async () => {
    await anas.goto("/");
    const answers = anas.getByRole("region", { name: "Answers to your applications" });
    await expect(answers).toContainText(title);
    await expect(answers).toContainText("interviewing");
    await anas.goto("/mailbox");
    await expect(anas.getByRole("navigation", { name: "Mails" }).getByRole("link", { name: new RegExp(title) })).toHaveCount(2);
  });

  await test.step("each step of all that stands in the runs", async () => {
    await anas.goto("/runs?flow=hiring%2Fregistration");
    const runs = anas.getByRole("table", { name: "runs" });
    await runs.getByRole("link", { name: "hiring/registration" }).first().click();
    await expect(anas.getByText(/^Completed in/)).toBeVisible();
    await anas.getByRole("list", { name: "Steps on the time axis" }).getByRole("button").first().click();
    const step = anas.getByRole("dialog");
    await expect(step.getByRole("region", { name: "Attempts" })).toContainText("completed");
    await step.getByRole("button", { name: "Close the step" }).click();
    await anas.getByRole("tab", { name: "List" }).click();
    await expect(anas.getByRole("table", { name: "Steps" })).toContainText("completed");
  });

  await ritas.context().close();
  await anas.context().close();
});
