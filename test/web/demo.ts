import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { type Howdah, openFolder, startHowdah } from "../support/process.ts";
import { lettersTo, post } from "../support/visitor.ts";
import { until } from "../support/wait.ts";

export const wide: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  colorScheme: "dark",
  hasTouch: true,
};

export type Demo = AsyncDisposable & {
  howdah: Howdah;
  /** Where it keeps what it keeps. */
  dir: string;
  /** Opens a page of somebody of the demo school who is signed in: by the printed link, else by a letter. */
  signIn(address: string, path: string, options?: BrowserContextOptions): Promise<Page>;
  /** Waits for a letter to the address, of either stream. */
  letter(address: string, subject: RegExp): Promise<void>;
  /** Where the mailbox listens. */
  mailboxUrl(): Promise<string>;
  /** Tells the mailbox by its control API what no provider can be told. */
  control(path: string, body: object): Promise<void>;
};

/** The demo school in a process of its own, and Chromium. */
export async function openDemo(): Promise<Demo> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openFolder());
  const [howdah, browser] = await Promise.all([startHowdah({ dir: folder.path }), openBrowser()]);
  stack.use(howdah);
  stack.defer(() => browser.close());
  const opened = stack.move();
  return {
    howdah,
    dir: folder.path,
    signIn: (address, path, options = wide) => signIn(howdah, browser, address, path, options),
    letter: (address, subject) =>
      until(async () => (await subjectsTo(howdah.url, address)).some((line) => subject.test(line))),
    mailboxUrl: () => mailboxUrl(howdah),
    control: async (path, body) => {
      const answer = await post(`${await mailboxUrl(howdah)}/_control/${path}`, body);
      assert.equal(answer.status, 200, await answer.text());
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function signIn(
  howdah: Howdah,
  browser: Browser,
  address: string,
  path: string,
  options: BrowserContextOptions,
): Promise<Page> {
  const token = printedToken(howdah, address) ?? (await askForToken(howdah.url, address));
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(`${howdah.url}/sign-in#${token}`);
  await page.getByTestId("sign-in-button").click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  await page.goto(`${howdah.url}${path}`);
  return page;
}

async function mailboxUrl({ url }: Howdah): Promise<string> {
  const { headers } = await fetch(`${url}/mailbox`, { redirect: "manual" });
  return new URL(headers.get("location") ?? "").origin;
}

const printed = ["wulan@school.example", "bima@school.example", "citra@school.example"];

/** The token that the start has printed for the person, the first time it is wanted. */
function printedToken({ tokens }: Howdah, address: string): string | undefined {
  const at = printed.indexOf(address);
  const token = tokens[at];
  if (token) tokens[at] = "";
  return token || undefined;
}

async function askForToken(url: string, address: string): Promise<string> {
  const tokens = async () =>
    (await lettersTo(url, address)).flatMap(
      ({ TextBody }) => /sign-in#([0-9a-f]+)/.exec(TextBody)?.[1] ?? [],
    );
  const before = new Set(await tokens());
  await post(`${url}/auth/request-link`, { email: address });
  let fresh: string | undefined;
  await until(async () => {
    fresh = (await tokens()).find((token) => !before.has(token));
    return fresh !== undefined;
  });
  return fresh ?? "";
}

async function subjectsTo(url: string, address: string): Promise<string[]> {
  const headers = { accept: "application/json", "x-postmark-server-token": "sandbox-test" };
  const lists = await Promise.all(
    ["outbound", "broadcast"].map(async (stream) => {
      const query = new URLSearchParams({
        count: "50",
        offset: "0",
        recipient: address,
        messagestream: stream,
      });
      const answer = await fetch(`${url}/mailbox/messages/outbound?${query}`, { headers });
      return ((await answer.json()) as { Messages: { Subject: string }[] }).Messages;
    }),
  );
  return lists.flat().map(({ Subject }) => Subject);
}

/** What can be operated on a page but has no name for those who do not see it. */
export async function namelessOn(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send("Accessibility.getFullAXTree")) as { nodes: AxNode[] };
  await session.detach();
  const found = nodes.filter(({ ignored, role }) => !ignored && OPERATED.has(role?.value ?? ""));
  assert.ok(found.length > 3, "the page has something to operate");
  return found
    .filter(({ name }) => !name?.value.trim())
    .map(({ role, nodeId }) => `${role?.value} ${nodeId}`);
}

type AxNode = { nodeId: string; ignored: boolean; role?: { value: string }; name?: { value: string } };

const OPERATED = new Set([
  ...["link", "button", "textbox", "searchbox", "checkbox", "radio", "combobox", "listbox", "slider", "tab"],
  ...["spinbutton", "menuitem", "switch", "dialog", "grid", "progressbar", "radiogroup", "Date", "DateTime"],
]);

/** The topmost heading says where one is, and there is one main part. */
export async function assertLandmarks(page: Page): Promise<void> {
  assert.equal(await page.locator("h1").count(), 1);
  assert.equal(await page.locator("main").count(), 1);
}
