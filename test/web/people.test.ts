import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { lettersTo } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { type Demo, openDemo, phone } from "./demo.ts";

let demo: Demo;
let teacher: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/groups");
});
after(() => demo?.[Symbol.asyncDispose]());

test("a group is made, a list invited, and each line says what became of it", {
  skip: noBrowser,
}, async () => {
  await teacher.getByRole("button", { name: "New group" }).click();
  await teacher.getByTestId("group-make").click();
  await teacher.getByRole("dialog").getByRole("alert").getByText("1 to 200").waitFor();
  await teacher.getByTestId("group-name").fill("Choir");
  await teacher.getByTestId("group-make").click();
  await teacher.getByTestId("group-title").getByText("Choir").waitFor();

  await teacher.getByRole("tab", { name: "A whole list" }).click();
  const list = ["email,name,role", "rani@example.org,Rani Putri,student", "nowhere,Budi,student"];
  await teacher.getByTestId("list-text").fill(list.join("\n"));
  await teacher.getByTestId("list-invite").click();
  await line(teacher, "invited", "rani@example.org").waitFor();
  await line(teacher, "refused", "not a mail address").waitFor();
  await picture(teacher, "groups-list-light-wide");

  await test("sent again, it invites nobody twice", async () => {
    await teacher.getByTestId("list-invite").click();
    await line(teacher, "already", "rani@example.org").waitFor();
    await until(async () => (await lettersTo(demo.howdah.url, "rani@example.org")).length > 0);
    assert.equal((await lettersTo(demo.howdah.url, "rani@example.org")).length, 1);
  });
});

test("somebody comes by a link, waits, and is let in", { skip: noBrowser }, async () => {
  await openGroup(teacher, "Astronomy club");
  await teacher.getByRole("tab", { name: /Requests/ }).click();
  await teacher.getByTestId("request").filter({ hasText: "Yuni Astuti" }).waitFor();
  await teacher.getByRole("button", { name: "Decline Yuni Astuti" }).click();
  await teacher.getByText("Nobody waits to be let in.").waitFor();

  await teacher.getByRole("tab", { name: /Invite/ }).click();
  await teacher.getByTestId("link-new").click();
  await teacher.getByLabel("Who comes by it becomes").selectOption("member");
  await teacher.getByLabel("I let each one in").check();
  await teacher.getByTestId("link-make").click();
  const links = teacher.getByTestId("invitation-link");
  await links.nth(1).waitFor();
  const url = new URL(await links.nth(0).inputValue());

  const stranger = await (await anotherContext(phone)).newPage();
  await stranger.goto(`${demo.howdah.url}/join${url.hash}`);
  await stranger.getByText("Join Astronomy club").waitFor();
  await stranger.getByTestId("join-name").fill("Putu Ayu");
  await stranger.getByTestId("join-email").fill("putu@example.org");
  await picture(stranger, "join-dark-phone");
  await stranger.getByTestId("join-ask").click();
  await stranger.getByText("Look into your mail").waitFor();
  await stranger.goto(`${demo.howdah.url}/sign-in#${await tokenFor("putu@example.org")}`);
  await stranger.getByTestId("sign-in-button").click();
  await stranger.getByText("No rooms yet").waitFor();

  await teacher.reload();
  await teacher.getByRole("tab", { name: "Requests 1" }).click();
  await teacher.getByRole("button", { name: "Let in Putu Ayu" }).click();
  await teacher.getByRole("tab", { name: "Members" }).click();
  await member(teacher, "Putu Ayu").waitFor();
  await stranger.reload();
  await stranger.getByTestId("room").filter({ hasText: "Astronomy club" }).waitFor();
});

test("members change roles, and a child gets a guardian", { skip: noBrowser }, async () => {
  await openGroup(teacher, "Biology 7B");
  await memberMenu(teacher, "Joko Susilo", "Name a guardian…");
  await teacher.getByLabel("Guardian", { exact: true }).selectOption({ label: "Sari Saputra" });
  await teacher.getByRole("button", { name: "Name as guardian" }).click();
  await member(teacher, "Joko Susilo").getByText("guardian: Sari Saputra").waitFor();
  await picture(teacher, "groups-members-light-wide");
  await memberMenu(teacher, "Mega Puspita", "Take out of the group…");
  await teacher.getByRole("dialog").getByRole("button", { name: "Take out" }).click();
  await member(teacher, "Mega Puspita").waitFor({ state: "detached" });
});

test("the code of the letter signs in, and the page that was wanted opens", { skip: noBrowser }, async () => {
  const page = await (await anotherContext()).newPage();
  await page.goto(`${demo.howdah.url}/groups`);
  await page.getByLabel("E-mail address").fill("citra@school.example");
  await page.getByRole("button", { name: "Send me a link" }).click();
  await page.getByTestId("sign-in-code").fill(await codeFor("citra@school.example"));
  await page.getByTestId("sign-in-code-button").click();
  await page.waitForURL(/\/groups/);
  await page.getByTestId("group").filter({ hasText: "Biology 7B" }).waitFor();

  await test("and the device is seen and signed out from another one", async () => {
    const other = await demo.signIn("citra@school.example", "/settings", phone);
    await other.getByTestId("device").nth(1).waitFor();
    await picture(other, "settings-dark-phone");
    await other.getByTestId("sign-out-others").click();
    await other.getByTestId("device").nth(1).waitFor({ state: "detached" });
    await page.goto(`${demo.howdah.url}/groups`);
    await page.waitForURL(/\/sign-in/);
  });
});

test("the profile is saved, and the header calls one so", { skip: noBrowser }, async () => {
  await teacher.goto(`${demo.howdah.url}/settings`);
  await teacher.getByTestId("profile-name").fill("Wulan P.");
  await teacher.getByLabel("Time zone").selectOption("Asia/Jakarta");
  await teacher.getByTestId("profile-save").click();
  await teacher.getByText("Saved.").waitFor();
  await teacher.getByRole("link", { name: "Settings of Wulan P." }).waitFor();
  await teacher.reload();
  assert.equal(await teacher.getByLabel("Time zone").inputValue(), "Asia/Jakarta");
});

function line(page: Page, outcome: string, text: string) {
  return page.locator(`[data-testid=list-line][data-outcome=${outcome}]`).filter({ hasText: text });
}

function member(page: Page, name: string) {
  return page.getByTestId("group-member").filter({ hasText: name });
}

async function memberMenu(page: Page, name: string, item: string): Promise<void> {
  await page.getByRole("button", { name: `What to do with ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

async function openGroup(page: Page, name: string): Promise<void> {
  await page.getByTestId("group").filter({ hasText: name }).click();
  await page.getByTestId("group-title").getByText(name).waitFor();
}

function anotherContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const browser = teacher.context().browser();
  assert.ok(browser);
  return browser.newContext(options);
}

const tokenFor = (address: string) => inLetter(address, /sign-in#([0-9a-f]+)/);
const codeFor = (address: string) => inLetter(address, /code instead: (\d{6})/);

async function inLetter(address: string, pattern: RegExp): Promise<string> {
  let found = "";
  await until(async () => {
    const letters = await lettersTo(demo.howdah.url, address);
    found = letters.map(({ TextBody }) => pattern.exec(TextBody)?.[1] ?? "").find(Boolean) ?? "";
    return found !== "";
  });
  return found;
}
