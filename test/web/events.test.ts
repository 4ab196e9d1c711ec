import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone, wide } from "./demo.ts";

let demo: Demo;
let teacher: Page;
let student: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  [teacher, student] = await Promise.all([
    demo.signIn("wulan@school.example", "/events"),
    demo.signIn("bima@school.example", "/events", phone),
  ]);
});
after(() => demo?.[Symbol.asyncDispose]());

test("a teacher makes an event: the student's bell counts up live, and the letter is in the mailbox", {
  skip: noBrowser,
}, async () => {
  await student.getByTestId("event").first().waitFor();
  await student.locator("[data-testid=unread][data-count='3']").waitFor({ state: "attached" });
  await teacher.getByRole("link", { name: "New event" }).click();
  await teacher.getByRole("button", { name: "Create and invite" }).click();
  await teacher.getByText("Please say when it begins.").waitFor();
  assert.deepEqual(await namelessOn(teacher), []);
  await teacher.getByLabel("Title").fill("Night of the bats");
  await teacher.getByLabel("Begins").fill(inDays(3, "19:30"));
  await teacher.getByLabel("Ends").fill(inDays(3, "21:00"));
  await teacher.getByLabel("Place", { exact: true }).fill("Old mill");
  await teacher.getByLabel("Biology 7B").check();
  await teacher.getByLabel("Students").check();
  await teacher.getByTestId("audience-preview").getByText("14 people will be invited").waitFor();
  await picture(teacher, "event-new");
  await teacher.getByRole("button", { name: "Create and invite" }).click();
  await teacher.getByRole("heading", { name: "Night of the bats" }).waitFor();

  await student.locator("[data-testid=unread][data-count='4']").waitFor({ state: "attached" });
  await student.getByTestId("event").filter({ hasText: "Night of the bats" }).waitFor();
  await picture(student, "events-phone");
  await teacher.locator("[data-testid=telling][data-finished=true]").getByText("14 of 14 people").waitFor();
  await demo.letter("bima@school.example", /bats/);
});

test("the student answers with the keyboard, and the teacher sees who did not", {
  skip: noBrowser,
}, async () => {
  await student.getByTestId("event").filter({ hasText: "Night of the bats" }).click();
  await student
    .getByRole("radiogroup", { name: "Will you come?" })
    .getByRole("radio", { name: "Yes" })
    .focus();
  await student.keyboard.press("Space");
  await student.getByText("Your answer is noted.").waitFor();
  await student.getByLabel("Bringing along").selectOption("1");
  await student.getByTestId("count-yes").getByText("2").waitFor();
  await student.getByTestId("event-when").getByText("19:30–21:00").waitFor();
  assert.deepEqual(await namelessOn(student), []);
  await picture(student, "event-phone");
  await teacher.reload();
  await teacher.getByTestId("unanswered").getByText("Have not answered (13)").waitFor();
  await teacher.getByText("Bima Saputra +1").waitFor();
  await picture(teacher, "event-organiser");
  await assertLandmarks(teacher);
});

test("a guardian answers for a child", { skip: noBrowser }, async () => {
  const guardian = await demo.signIn("ratna@home.example", "/events", { ...wide, colorScheme: "dark" });
  await guardian.getByTestId("event").filter({ hasText: "Excursion to the lake" }).click();
  const child = guardian.getByRole("region", { name: "Will Adit Nugroho come?" });
  assert.ok(await child.getByRole("radio", { name: "Yes" }).isChecked());
  await child.getByText("No", { exact: true }).click();
  await child.getByText("Your answer is noted.").waitFor();
  await guardian.getByTestId("count-no").getByText("2").waitFor();
  await picture(guardian, "event-guardian-dark");
});

test("the teacher changes the time, then cancels: who knows of it is told", { skip: noBrowser }, async () => {
  await teacher.getByRole("link", { name: "Change" }).click();
  await teacher.getByLabel("Begins").fill(inDays(3, "22:00"));
  await teacher.getByRole("button", { name: /^Save/ }).click();
  await teacher.getByText("It must end after it begins.").waitFor();
  await teacher.getByLabel("Ends").fill(inDays(3, "23:00"));
  await teacher.getByRole("button", { name: /^Save/ }).click();
  await teacher.getByTestId("event-when").getByText("22:00–23:00").waitFor();
  await student.getByTestId("event-when").getByText("22:00–23:00").waitFor();
  await teacher.getByRole("button", { name: "Cancel the event…" }).click();
  await teacher.getByRole("dialog").getByLabel(/^Why/).fill("It rains.");
  assert.deepEqual(await namelessOn(teacher), []);
  await teacher.getByRole("dialog").getByRole("button", { name: "Cancel the event" }).click();
  await teacher.getByText(/was cancelled .* It rains\./).waitFor();
  await student.getByText(/was cancelled .* It rains\./).waitFor();
});

/** As a field for date and time wants it, on the browser's clock. */
function inDays(days: number, clock: string): string {
  const day = new Date(Date.now() + days * 86_400_000);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T${clock}`;
}
