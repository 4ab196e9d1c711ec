import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Message } from "postmark";
import { noBrowser, openBrowser, picture } from "../support/browser.ts";
import { openMailbox, type TestMailbox } from "../support/mailbox.ts";
import { until } from "../support/wait.ts";
import { assertLandmarks, namelessOn, phone, wide } from "./demo.ts";
import { faintOn, headingsOf, unseenFocus } from "./looks.ts";

// biome-ignore lint/suspicious/noExplicitAny: what is in a page has no types here
type Any = any;

let mailbox: TestMailbox;
let sender: Awaited<ReturnType<typeof openSender>>;
let browser: Browser;
let page: Page;

before(async () => {
  if (noBrowser) return;
  [mailbox, sender, browser] = await Promise.all([openMailbox(), openSender(), openBrowser()]);
  await send(invitation, { ...newsletter, To: "Budi <budi@home.example>" });
  page = await open(wide);
});
after(async () => {
  if (noBrowser) return;
  await browser.close();
  await mailbox[Symbol.asyncDispose]();
  sender.close();
});

test("letters of all streams are listed, found by recipient, subject, tag and stream, and new ones appear", {
  skip: noBrowser,
}, async () => {
  await row("Ada Lovelace").waitFor();
  await row("Budi").getByText("broadcast").waitFor();
  const search = page.getByLabel("Search by recipient, subject or tag");
  for (const [words, found] of [
    ["ADA@", "Ada Lovelace"],
    ["spring fa", "Budi"],
    ["invitation", "Ada Lovelace"],
  ] as const) {
    await search.fill(words);
    await until(async () => (await page.getByTestId("letter").count()) === 1);
    await row(found).waitFor();
  }
  await search.fill("nobody@home.example");
  await page.getByText("None to such an address").waitFor();
  await search.fill("");
  await page.getByLabel("Message stream").selectOption("broadcast");
  await row("Ada Lovelace").waitFor({ state: "detached" });
  await row("Budi").waitFor();
  await send({ ...newsletter, To: "late@home.example" });
  await row("late@home.example").waitFor();
  await page
    .getByTestId("news")
    .getByText("New letter to late@home.example: Spring fair")
    .waitFor({ state: "attached" });
  await page.getByLabel("Message stream").selectOption("");
  await until(async () => (await page.getByTestId("letter").count()) === 3);
});

test("a letter is read as HTML without its scripts, as text, with its headers, raw, and its code copied", {
  skip: noBrowser,
}, async () => {
  await row("Ada Lovelace").click();
  await page.getByTestId("letter-subject").getByText("Grüße: your invitation").waitFor();
  const html = page.getByTestId("letter-html").contentFrame();
  await html.getByText("Come to the class").waitFor();
  assert.equal(await html.locator("body").getAttribute("data-ran"), null);
  assert.equal(await page.getByTestId("letter-code").textContent(), "482913");
  await page.getByText("Transactional", { exact: true }).waitFor({ state: "attached" });
  await picture(page, "mailbox-letter");
  const [opened] = await Promise.all([page.context().waitForEvent("page"), html.getByRole("link").click()]);
  await opened.waitForURL(`${sender.url}/join`);
  await opened.close();

  await tab("Text");
  await page.getByTestId("letter-plain").getByText("code instead: 482913").waitFor();
  await tab("Headers");
  await page.getByRole("definition").getByText("Grüße: your invitation").waitFor();
  await page.getByRole("definition").getByText("mid-1").waitFor();
  await tab("Raw");
  await page.getByTestId("letter-plain").getByText("Content-Type: multipart/alternative").waitFor();
  await tab("Events");
  await event("Delivered").waitFor();

  await test("reading it and following its link was told as Postmark tells it", async () => {
    await event("Opened").waitFor();
    await event("Clicked").getByText(`${sender.url}/join`).waitFor();
    await picture(page, "mailbox-events");
  });
});

test("the letter is seen on a phone and by night", { skip: noBrowser }, async () => {
  await tab("HTML");
  const frame = page.getByTestId("letter-html");
  const colour = () =>
    frame
      .contentFrame()
      .locator("body")
      .evaluate((body: Any) => (globalThis as Any).getComputedStyle(body).color);
  assert.equal(await colour(), "rgb(20, 20, 20)");
  await page.getByText("Phone", { exact: true }).click();
  await page.getByText("Dark", { exact: true }).click();
  await frame.contentFrame().getByText("Come to the class").waitFor();
  assert.equal(await colour(), "rgb(240, 240, 240)");
  assert.equal((await frame.boundingBox())?.width, 375);
  await picture(page, "mailbox-phone-dark");
});

test("a letter bounces, is marked as spam and unsubscribed with one click", { skip: noBrowser }, async () => {
  await page.getByRole("button", { name: "Bounce" }).click();
  await page.getByRole("menuitem", { name: "Soft: the mailbox is full" }).click();
  await page.getByText("It bounced.").waitFor();
  await row("Ada Lovelace").getByText("bounced").waitFor();
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByText("This letter offers no unsubscribing by one click.").waitFor();

  await row("Budi").click();
  await page.getByRole("button", { name: "Mark as spam" }).click();
  await page.getByText("Marked as spam.").waitFor();
  await send({ ...newsletter, To: "cici@home.example", MessageStream: "outbound" });
  await row("cici@home.example").click();
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByText("Unsubscribed: the sender answered 200.").waitFor();
  assert.deepEqual(sender.posts, [{ path: "/unsubscribe/abc", body: "List-Unsubscribe=One-Click" }]);
});

test("everything has a name, is seen and is reached with the keyboard", { skip: noBrowser }, async () => {
  await page.goto(mailbox.url);
  await row("Ada Lovelace").focus();
  await page.keyboard.press("ArrowUp");
  await page.locator("[data-testid=letter]:focus", { hasText: "Budi" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByTestId("letter-subject").waitFor();
  for (const name of ["Text", "Headers", "Raw"]) {
    await page.locator("[role=tab][aria-selected=true]").press("ArrowRight");
    await page.locator("[role=tab]:focus", { hasText: name }).waitFor();
  }
  assert.deepEqual(await namelessOn(page), []);
  await assertLandmarks(page);
  assert.deepEqual(await headingsOf(page), [1, 2]);
  assert.deepEqual(await faintOn(page), []);
  assert.deepEqual(await unseenFocus(page, 16), []);

  const small = await open(phone);
  await small.getByTestId("letter").first().waitFor();
  assert.deepEqual(await faintOn(small), []);
  await small.getByTestId("letter").first().click();
  await small.getByTestId("letter-subject").waitFor();
  assert.equal(await small.getByTestId("letter").first().isVisible(), false);
  await picture(small, "mailbox-dark-phone");
  assert.deepEqual(await namelessOn(small), []);
  assert.deepEqual(await faintOn(small), []);
  await small.getByRole("link", { name: "Back to the letters" }).click();
  await small.getByTestId("letter").first().waitFor();
});

test("the page is held to its own scripts, and a foreign name gets nothing", {
  skip: noBrowser,
}, async () => {
  const answer = await fetch(mailbox.url);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /script-src|unsafe-eval/);
  assert.equal((await fetch(`${mailbox.url}/assets/..%2f..%2fpackage.json`)).status, 401); // no file: Postmark's API
});

const invitation: Partial<Message> = {
  To: "Ada Lovelace <ada@home.example>",
  Subject: "Grüße: your invitation",
  Tag: "invitation",
  Metadata: { mid: "mid-1" },
  TextBody: "Come to the class.\n\nOr type this code instead: 482913\n",
};

const newsletter: Partial<Message> = {
  Subject: "Spring fair",
  MessageStream: "broadcast",
  TextBody: "On Sunday.",
  HtmlBody: "<p>On Sunday.</p>",
};

async function send(...messages: Partial<Message>[]): Promise<void> {
  const whole = messages.map((message) => ({ From: "school@school.example", ...tracked(), ...message }));
  const answers = await mailbox.client().sendEmailBatch(whole as Message[]);
  assert.deepEqual(
    answers.map(({ ErrorCode }) => ErrorCode),
    messages.map(() => 0),
  );
}

/** A letter with a pixel, a link that is followed, a script that must not run, and a way out. */
function tracked(): Partial<Message> {
  return {
    TrackOpens: true,
    TrackLinks: "HtmlAndText" as never,
    HtmlBody: `<html><head><style>
      body { color: rgb(20, 20, 20) }
      @media (prefers-color-scheme: dark) { body { color: rgb(240, 240, 240) } }
    </style></head><body><h1>Come to the class</h1><a href="${sender.url}/join">Join it</a>
    <script>document.body.dataset.ran = "yes"</script></body></html>`,
    Headers: [],
  };
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const opened = await (await browser.newContext(options)).newPage();
  opened.setDefaultTimeout(10_000);
  opened.on("pageerror", (error) => assert.fail(error));
  await opened.goto(mailbox.url);
  return opened;
}

function row(words: string) {
  return page.getByTestId("letter").filter({ hasText: words });
}

function event(words: string) {
  return page.getByTestId("letter-event").filter({ hasText: words });
}

async function tab(name: string): Promise<void> {
  await page.getByRole("tab", { name }).click();
}

/** Whoever has sent the letters: its links lead here. */
async function openSender() {
  const posts: { path: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (request.method === "POST") posts.push({ path: request.url ?? "", body });
    response.setHeader("content-type", "text/html").end("<p>here</p>");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  newsletter.Headers = [
    { Name: "List-Unsubscribe", Value: `<${url}/unsubscribe/abc>` },
    { Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click" },
  ];
  return {
    url,
    posts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
