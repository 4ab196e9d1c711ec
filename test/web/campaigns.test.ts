import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo } from "./demo.ts";

let demo: Demo;
let teacher: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/campaigns");
});
after(() => demo?.[Symbol.asyncDispose]());

test("a campaign is written with tags, previewed with its worst cases, and problems are said inline", {
  skip: noBrowser,
}, async () => {
  await teacher.getByRole("link", { name: "New campaign" }).click();
  await teacher.getByLabel("Name", { exact: true }).fill("Bazaar");
  await teacher.getByLabel("Sent by").selectOption({ label: "Biology 7B" });
  await teacher.getByLabel("Subject of the letter").fill("Bazaar for the microscopes, #name");
  await teacher.getByRole("button", { name: "Write the letter" }).click();
  const letter = teacher.getByLabel("Letter", { exact: true });
  await letter.click();
  await teacher.keyboard.press("Control+End");
  await teacher.keyboard.type("come to the stall #stall. Still open: ");
  await teacher.getByTestId("unknown-tag").getByText("#stall").waitFor();
  await teacher
    .getByTestId("obstacle")
    .getByText(/Nobody knows #stall/)
    .waitFor();
  await picture(teacher, "campaign-problem");
  await teacher.getByRole("button", { name: "declare it" }).click();
  await teacher.getByLabel(/^Value of #stall/).fill("number 4");
  await letter.focus();
  await teacher.keyboard.press("Control+End");
  await teacher.getByRole("button", { name: /^#balance/ }).click();
  await teacher
    .getByTestId("obstacle")
    .getByText(/need a purpose/)
    .waitFor();
  await teacher.getByLabel("Purpose of the pledges").fill("Microscope fund");
  await teacher.getByLabel("Biology 7B").check();
  await teacher.getByLabel("Parents and guardians").check();
  await teacher.getByTestId("forecast").getByText("5 letters to 6 people").waitFor();
  await teacher.getByTestId("forecast").getByText("1 without").waitFor();

  await test("the longest name, who paid too much, who would get none", async () => {
    await teacher.getByTestId("preview-sample").selectOption("longest-name");
    await teacher.getByTestId("preview-subject").getByText("Kusumawardhani").waitFor();
    await teacher.getByTestId("preview-sample").selectOption("overpaid");
    await picture(teacher, "campaign-preview");
    const frame = teacher.getByTestId("letter-html").contentFrame();
    await frame.getByText(/number 4\. Still open: .*overpaid/).waitFor();
    await teacher.getByText("Text", { exact: true }).click();
    await teacher
      .locator("pre")
      .getByText(/Dear Hadi Lestari/)
      .waitFor();
    await teacher.getByTestId("preview-sample").selectOption("missing-value");
    await teacher.getByText(/gets no letter: a tag has no value for them \(#balance\)/).waitFor();
    await picture(teacher, "campaign-editor");
    assert.deepEqual(await namelessOn(teacher), []);
    await assertLandmarks(teacher);
  });
});

test("a test letter comes to the teacher, then everybody gets theirs and the board is complete", {
  skip: noBrowser,
}, async () => {
  await teacher.locator("[data-testid=saving][data-state=saved]").waitFor();
  await teacher.getByRole("button", { name: "Send a test to me" }).click();
  await teacher.getByText("A test letter is on its way to you.").waitFor();
  await demo.letter("wulan@school.example", /Test.*Bazaar/);
  await demo.control("settings", { deliveryDelayMs: 60_000 });
  await teacher.getByRole("button", { name: "Send…" }).click();
  await teacher.getByRole("dialog").getByRole("button", { name: "Send 5 letters" }).click();
  await teacher.locator("[data-testid=campaign-state][data-state=sent]").waitFor();
  await teacher.getByTestId("tile-accepted").getByText("5", { exact: true }).waitFor();
  await teacher.getByTestId("tile-suppressed").getByText("1", { exact: true }).waitFor();
  await demo.control("clock/advance", { seconds: 60 });
  await teacher.getByTestId("tile-delivered").getByText("5", { exact: true }).waitFor();
  await picture(teacher, "campaign-board");
  assert.deepEqual(await namelessOn(teacher), []);
  await assertLandmarks(teacher);

  await test("the board says who was left out and why", async () => {
    await teacher.getByTestId("tile-suppressed").click();
    const only = teacher.getByTestId("recipient");
    await only.getByText("a tag has no value for them").waitFor();
    assert.equal(await only.count(), 1);
  });

  await test("who has not looked at it gets a second letter, as a draft to change first", async () => {
    await teacher.getByRole("button", { name: /Write to them again.*looked at it/ }).click();
    await teacher.getByText(/follows “Bazaar”/).waitFor();
    await picture(teacher, "campaign-follow-up");
  });
});
