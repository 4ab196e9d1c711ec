import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { graphqlOf } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { type Demo, openDemo } from "./demo.ts";
import { badge, message, openRoom, say } from "./room-page.ts";

const MANY = 160;

let demo: Demo;
let page: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  page = await demo.signIn("citra@school.example", "/rooms/none"); // first: who has just signed in is led to a room and reads it
  const teacher = await demo.signIn("wulan@school.example", "/");
  await openRoom(teacher, "Biology 7B");
  await sendMany(teacher);
  await teacher.close();
  await badge(page, "Biology 7B").waitFor();
});
after(() => demo?.[Symbol.asyncDispose]());

test("the way to the first unread message leads back over pages that were not loaded", {
  skip: noBrowser,
}, async () => {
  await openRoom(page, "Biology 7B");
  await message(page, `line ${MANY}.`).waitFor();
  assert.equal(await message(page, "line 1.").count(), 0);
  await page.getByTestId("unread-pill").getByText(`${MANY} new messages`).waitFor();
  await picture(page, "room-unread-light-wide");
  await page.getByTestId("unread-pill").click();
  await page.locator("[data-testid=message]:focus", { hasText: "line 1." }).waitFor();
  assert.equal(await message(page, `line ${MANY}.`).count(), 0);

  await test("from there one reads on by scrolling down, without a hole", async () => {
    while (!(await message(page, `line ${MANY}.`).count())) {
      const before = (await seqs(page)).at(-1) ?? 0;
      await scroll(page, 1e6);
      await until(async () => ((await seqs(page)).at(-1) ?? 0) > before);
    }
    await message(page, `line ${MANY}.`).waitFor();
    assertWhole(await seqs(page));
  });

  await test("what is said meanwhile arrives at the end", async () => {
    await say(page, "I have read all of it");
    assertWhole(await seqs(page));
  });
});

test("scrolling up brings earlier messages and keeps the place", { skip: noBrowser }, async () => {
  await page.reload();
  await message(page, "I have read all of it").waitFor();
  const first = (await seqs(page))[0] ?? 0;
  assert.ok(first > 1);
  await scroll(page, 40);
  const anchor = page.locator(`[data-seq="${first + 1}"]`);
  await until(async () => ((await seqs(page))[0] ?? 0) < first);
  const place = (await anchor.boundingBox())?.y ?? -1;
  assert.ok(place > 100 && place < 500, `the message stays in view, at ${place}`);
  assertWhole(await seqs(page));
});

function scroll(page: Page, top: number): Promise<void> {
  return page.locator("[role=log]").evaluate((log, top) => {
    (log as unknown as { scrollTop: number }).scrollTop = top;
  }, top);
}

type Shown = { dataset: { seq: string } };

function seqs(page: Page): Promise<number[]> {
  return page
    .locator("[data-testid=message][data-seq]")
    .evaluateAll((lines) => lines.map((line) => Number((line as unknown as Shown).dataset.seq)));
}

function assertWhole(seqs: number[]): void {
  const [first = 0] = seqs;
  assert.deepEqual(
    seqs,
    seqs.map((_, at) => first + at),
  );
}

/** Says many things as whoever the page belongs to. */
async function sendMany(page: Page): Promise<void> {
  const roomId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const answer = await page.request.post(`${demo.howdah.url}/auth/token`);
  const { accessToken } = (await answer.json()) as { accessToken: string };
  const graphql = graphqlOf(demo.howdah.url, accessToken);
  const lines = Array.from({ length: MANY }, (_, at) => {
    const clientId = crypto.randomUUID();
    return `m${at}: sendMessage(input: { roomId: "${roomId}", clientId: "${clientId}", body: "line ${at + 1}." }) { clientMutationId }`;
  });
  while (lines.length > 0) await graphql(`mutation { ${lines.splice(0, 40).join("\n")} }`);
}
