import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone } from "./demo.ts";

let demo: Demo;
let student: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  student = await demo.signIn("citra@school.example", "/inbox", phone);
});
after(() => demo?.[Symbol.asyncDispose]());

test("an announcement counts the bell up live, stands in the inbox and comes by mail", {
  skip: noBrowser,
}, async () => {
  await notification(student, "No lesson on Friday").waitFor();
  await notification(student, "Bring a hand lens").waitFor();
  await notification(student, "Excursion to the lake").waitFor();
  const before = await unread(student);
  const teacher = await demo.signIn("wulan@school.example", "/inbox");
  await teacher.getByRole("button", { name: "Announce…" }).click();
  const dialog = teacher.getByRole("dialog");
  await dialog.getByRole("button", { name: "Announce" }).click();
  await dialog.getByText("Please enter a title.").waitFor();
  assert.deepEqual(await namelessOn(teacher), []);
  await dialog.getByLabel("Title").fill("Swimming is off");
  await dialog.getByLabel("Text", { exact: true }).fill("The pool is being cleaned.");
  await dialog.getByLabel("Biology 7B").check();
  await dialog.getByLabel("Students").check();
  await picture(teacher, "inbox-announce");
  await dialog.getByRole("button", { name: "Announce" }).click();
  await dialog.waitFor({ state: "detached" });

  await notification(student, "Swimming is off").waitFor();
  await student.locator(`[data-testid=unread][data-count="${before + 1}"]`).waitFor({ state: "attached" });
  await picture(student, "inbox-phone");
  await demo.letter("citra@school.example", /Swimming/);

  await test("the teacher sees how far it is, and may take it back", async () => {
    await teacher.getByRole("link", { name: "Announced" }).click();
    const sent = teacher.getByRole("article", { name: "Swimming is off" });
    await sent.locator("[data-testid=telling][data-finished=true]").waitFor();
    await sent.getByText("14 of 14 people").waitFor();
    await picture(teacher, "inbox-announced");
    await assertLandmarks(teacher);
  });
});

test("what is opened is read, what is archived is put away and can come back", {
  skip: noBrowser,
}, async () => {
  const before = await unread(student);
  await notification(student, "Swimming is off")
    .getByRole("button", { name: /Mark as read/ })
    .click();
  await student.locator(`[data-testid=unread][data-count="${before - 1}"]`).waitFor({ state: "attached" });
  await notification(student, "Swimming is off")
    .getByRole("button", { name: /Archive/ })
    .click();
  await notification(student, "Swimming is off").waitFor({ state: "detached" });
  await student.getByText("Archived", { exact: true }).click();
  await notification(student, "Swimming is off")
    .getByRole("button", { name: /Bring back/ })
    .click();
  await student.getByText("Nothing archived").waitFor();
  await student.getByText("Unread", { exact: true }).click();
  await notification(student, "Excursion to the lake").getByRole("link").click();
  await student.getByRole("heading", { name: "Excursion to the lake" }).waitFor();
  await student.goBack();
  await student.getByRole("button", { name: "Mark all as read" }).click();
  await student.locator("[data-testid=unread][data-count='0']").waitFor({ state: "attached" });
});

test("preferences are a matrix for the keyboard too; what is locked says why; quiet hours", {
  skip: noBrowser,
}, async () => {
  const page = await demo.signIn("bima@school.example", "/inbox/settings");
  const events = page.locator("[data-testid=preference][data-category=event]");
  await events.getByRole("radio", { name: "Events: At once" }).focus();
  await page.keyboard.press("ArrowRight");
  await events.and(page.locator("[data-frequency=digest-daily]")).waitFor();
  await events.getByText("Your choice").waitFor();
  await events.getByRole("button", { name: /^forget it/ }).click();
  await events.and(page.locator("[data-frequency=instant]")).waitFor();
  const security = page.locator("[data-testid=preference][data-category=security]");
  assert.ok(await security.getByRole("radio", { name: "Security: Never" }).isDisabled());
  await security.getByText(/Locked: /).waitFor();

  const quiet = page.getByRole("form", { name: "Quiet hours" });
  await quiet.getByLabel("To").fill("21:00");
  await quiet.getByRole("button", { name: "Switch on" }).click();
  await quiet.getByText(/another end/).waitFor();
  await quiet.getByLabel("To").fill("06:00");
  await quiet.getByRole("button", { name: "Switch on" }).click();
  await quiet.getByText("On", { exact: true }).waitFor();
  await picture(page, "inbox-settings");
  assert.deepEqual(await namelessOn(page), []);
  await assertLandmarks(page);
});

function notification(page: Page, title: string) {
  return page.getByTestId("notification").filter({ hasText: title });
}

async function unread(page: Page): Promise<number> {
  return Number(await page.getByTestId("unread").getAttribute("data-count"));
}
