import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page, WebSocketRoute } from "playwright-core";
import { noBrowser, openBrowser, picture } from "./support/browser.ts";
import { type Howdah, openFolder, startHowdah } from "./support/process.ts";
import { lettersTo, visit } from "./support/visitor.ts";
import { until } from "./support/wait.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
let howdah: Howdah;
let browser: Browser;

before(async () => {
  if (noBrowser) return;
  folder = await openFolder();
  [howdah, browser] = await Promise.all([startHowdah({ dir: folder.path }), openBrowser()]);
});

after(async () => {
  if (noBrowser) return;
  await browser.close();
  await howdah.stop();
  await folder[Symbol.asyncDispose]();
});

test("teacher and student chat live in two browsers, invite, and read the letter in the mailbox", {
  skip: noBrowser,
}, async () => {
  const [teacherToken = "", studentToken = ""] = howdah.tokens;
  const teacher = await signIn(teacherToken, { viewport: { width: 1280, height: 800 } });
  const line = new Line();
  const student = await signIn(
    studentToken,
    { viewport: { width: 390, height: 844 }, colorScheme: "dark", hasTouch: true },
    line,
  );
  for (const page of [teacher, student]) await connection(page, "live").waitFor({ state: "attached" });

  await test("both are seen online", async () => {
    await teacher.locator('[data-testid="member"][data-online="true"] >> nth=1').waitFor();
    assert.match((await teacher.getByTestId("online-count").textContent()) ?? "", /2/);
  });

  await test("typing shows in the other browser, and the message appears there without a reload", async () => {
    await student.getByTestId("composer").fill("Is it fro");
    await teacher.getByTestId("typing").getByText("Bima").waitFor();
    await picture(teacher, "room-typing-light-wide");
    await student.getByTestId("composer").fill("Is it frogspawn?");
    await student.getByTestId("send-button").click();
    await message(teacher, "Is it frogspawn?").waitFor();
    await teacher.getByTestId("composer").fill("Could be. Bring it along!");
    await teacher.getByTestId("composer").press("Enter");
    await message(student, "Could be. Bring it along!").waitFor();
    for (const page of [teacher, student]) assert.equal(await message(page, "Is it frogspawn?").count(), 1);
    await picture(student, "room-dark-phone");
  });

  await test("what was said while a browser was offline is there when it is back, once and in order", async () => {
    await line.cut();
    await connection(student, "reconnecting").waitFor({ state: "attached" });
    for (const n of [1, 2, 3]) await say(teacher, `while away ${n}`);
    assert.equal(await message(student, "while away").count(), 0);
    line.mend();
    await message(student, "while away 3").waitFor();
    const stored = await student.locator('[data-testid="message"][data-seq]').all();
    const seqs = await Promise.all(stored.map(async (one) => Number(await one.getAttribute("data-seq"))));
    assert.deepEqual(
      seqs,
      [...new Set(seqs)].sort((a, b) => a - b),
    );
    for (const n of [1, 2, 3]) assert.equal(await message(student, `while away ${n}`).count(), 1);
  });

  await test("the teacher invites, the student cannot", async () => {
    assert.equal(await student.getByTestId("invite-button").count(), 0);
    await teacher.getByTestId("invite-name").fill("Dewi Anggraini");
    await teacher.getByTestId("invite-email").fill("dewi@school.example");
    await teacher.getByTestId("invite-button").click();
    await teacher.getByTestId("invite-done").waitFor();
    await picture(teacher, "invited-light-wide");
  });

  await test("the letter is in the mailbox, and its link signs the invited person in", async () => {
    const mailbox = await teacher.context().newPage();
    await mailbox.goto(`${howdah.url}/mailbox`);
    await mailbox.getByTestId("letter").filter({ hasText: "dewi@school.example" }).first().click();
    const letter = mailbox.getByTestId("letter-html").contentFrame();
    const link = letter.locator('a[href*="/sign-in#"]').first();
    await link.waitFor();
    await picture(mailbox, "mailbox-light-wide");
    const href = (await link.getAttribute("href")) ?? "";
    const dewi = await signIn(href.split("#")[1] ?? "", {});
    await message(dewi, "Is it frogspawn?").waitFor();
    await teacher.locator('[data-testid="member"]', { hasText: "Dewi" }).first().waitFor();
  });

  await test("somebody who leaves is seen to leave", async () => {
    const bima = teacher.locator('[data-testid="member"]', { hasText: "Bima" });
    await bima.and(teacher.locator('[data-online="true"]')).waitFor();
    await student.context().close();
    await bima.and(teacher.locator('[data-online="false"]')).waitFor({ timeout: 30_000 });
  });
});

test("a used link says what to do, and the form asks for a new one", { skip: noBrowser }, async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${howdah.url}/sign-in#${howdah.tokens[0]}`);
  await page.getByTestId("sign-in-button").click();
  await page
    .getByText(/used|expired/i)
    .first()
    .waitFor();
  await picture(page, "sign-in-used-link");
});

test("the room that somebody wanted opens after they have signed in, here by the code of the letter", {
  skip: noBrowser,
}, async () => {
  const citra = await visit(howdah.url, howdah.tokens[2] ?? "");
  const { rooms } = await citra.graphql("{ rooms { nodes { id name } } }");
  const { id } = rooms.nodes.find((room: { name: string }) => room.name === "Microscope helpers");
  const wanted = `${howdah.url}/rooms/${id}`;
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await page.goto(wanted);
  await page.waitForURL(`${howdah.url}/sign-in`);
  await page.getByLabel("E-mail address").fill("citra@school.example");
  await page.getByRole("button", { name: "Send me a link" }).click();
  const links = async () =>
    (await lettersTo(howdah.url, "citra@school.example")).filter(({ TextBody }) => /sign-in#/.test(TextBody));
  await until(async () => (await links()).length === 1);
  const [letter] = await links();
  await picture(page, "sign-in-code-phone");
  await page.getByTestId("sign-in-code").fill(/\b(\d{6})\b/.exec(letter?.TextBody ?? "")?.[1] ?? "");
  await page.getByTestId("sign-in-code-button").click();
  await page.waitForURL(wanted);
  await page.getByTestId("room-title").waitFor();
});

/** The websockets of a browser, which can be cut and mended. */
class Line {
  readonly #open = new Set<WebSocketRoute>();
  #whole = true;

  async through(page: Page): Promise<void> {
    await page.routeWebSocket(/\/websocket/, (socket) => {
      if (!this.#whole) return void socket.close();
      socket.connectToServer();
      this.#open.add(socket);
    });
  }

  async cut(): Promise<void> {
    this.#whole = false;
    for (const socket of this.#open) await socket.close();
  }

  mend(): void {
    this.#whole = true;
  }
}

async function signIn(token: string, options: BrowserContextOptions, line?: Line): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await line?.through(page);
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`${howdah.url}/sign-in#${token}`);
  await page.getByTestId("sign-in-button").click();
  await page.waitForURL(/\/(rooms\/.*)?$/);
  const room = page.getByTestId("room-title");
  const link = page.getByRole("link", { name: /Biology 7B/ });
  await room.or(link).first().waitFor();
  if (!(await room.isVisible())) await link.first().click();
  await room.waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("composer").press("Enter");
  await message(page, text).and(page.locator("[data-seq]")).waitFor();
}

function connection(page: Page, state: string) {
  return page.locator(`[data-testid="connection"][data-state="${state}"]`);
}

function message(page: Page, text: string) {
  return page.getByTestId("message").filter({ hasText: text });
}
