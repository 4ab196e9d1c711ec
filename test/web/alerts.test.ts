import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import type { Page } from "playwright-core";
import { runningEmbedded } from "#db/running.ts";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo } from "./demo.ts";
import { faintOn } from "./looks.ts";

let demo: Demo;
let teacher: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/campaigns");
});
after(() => demo?.[Symbol.asyncDispose]());

test("a campaign whose letters come back says that it was paused and why, and is resumed on purpose only", {
  skip: noBrowser,
}, async () => {
  await teacher.getByTestId("campaign").filter({ hasText: "Microscope fund: thanks" }).click();
  await teacher.getByTestId("tile-delivered").getByText("6", { exact: true }).waitFor();
  await runSql(`update mail.health_limits set least_accepted = 1`);
  await runSql(`update campaigns.campaigns set state = 'paused' where name = 'Microscope fund: thanks'`);
  await bounceLettersTo("hadi@home.example");

  const alert = teacher.getByTestId("campaign-alert");
  await alert.getByText(/Paused to protect the mail/).waitFor();
  await alert.getByText(/1 of 6 letters \(16\.67 %\) came back for good/).waitFor();
  await picture(teacher, "campaign-alert");
  assert.deepEqual(await namelessOn(teacher), []);
  await assertLandmarks(teacher);
  assert.deepEqual(await faintOn(teacher), []);

  await teacher.getByRole("button", { name: "Resume…" }).click();
  const dialog = teacher.getByRole("dialog");
  await dialog.getByText(/1 of 6 letters/).waitFor();
  await dialog.getByRole("button", { name: "Resume all the same" }).click();
  await alert.waitFor({ state: "detached" });
  await teacher.locator("[data-testid=campaign-state][data-state=sent]").waitFor();
});

/** At the mailbox, which tells Howdah as Postmark would. */
async function bounceLettersTo(address: string): Promise<void> {
  const mailbox = await demo.mailboxUrl();
  const { letters } = (await (
    await fetch(`${mailbox}/_letters?text=${address}&stream=broadcast`)
  ).json()) as {
    letters: { id: string; subject: string }[];
  };
  const letter = letters.find(({ subject }) => subject.startsWith("Thank you"));
  await demo.control("events/bounce", { messageId: letter?.id });
}

async function runSql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: (await runningEmbedded(demo.dir)) ?? "" });
  await client.connect();
  await client.query(text);
  await client.end();
}
