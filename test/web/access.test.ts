import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone, wide } from "./demo.ts";
import { faintOn, headingsOf, unseenFocus } from "./looks.ts";
import { message } from "./room-page.ts";

let demo: Demo;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
});
after(() => demo?.[Symbol.asyncDispose]());

const screens = [
  { path: "/", ready: "[data-testid=message] .reaction" },
  { path: "/groups", ready: "[data-testid=group-member]" },
  { path: "/settings", ready: "[data-testid=device]" },
];

for (const { name, options } of [
  { name: "wide and light", options: wide },
  { name: "on a phone and dark", options: phone },
]) {
  test(`everything has a name, headings their order, the focus its mark: ${name}`, {
    skip: noBrowser,
  }, async () => {
    const page = await demo.signIn("wulan@school.example", "/", options);
    for (const { path, ready } of screens) {
      await page.goto(`${demo.howdah.url}${path}`);
      await page.locator(".room-row, .group-list li a, .page").first().waitFor();
      if (options === phone && path !== "/settings")
        await page.locator(".room-row, .group-list li a").first().click();
      await page.locator(ready).first().waitFor();
      assert.deepEqual(await namelessOn(page), [], path);
      await assertLandmarks(page);
      assertInOrder(await headingsOf(page), path);
      assert.deepEqual(await faintOn(page), [], path);
      assert.deepEqual(await unseenFocus(page, 30), [], path);
    }
    await page.context().close();
  });
}

test("the pages before the sign-in are as accessible", { skip: noBrowser }, async () => {
  const signedIn = await demo.signIn("bima@school.example", "/", wide);
  const page = await (await signedIn.context().browser()?.newContext())?.newPage();
  assert.ok(page);
  for (const path of ["/sign-in", "/sign-in#abc", "/join#abc"]) {
    await page.goto("about:blank");
    await page.goto(`${demo.howdah.url}${path}`);
    await page.locator(".card button").first().waitFor();
    assert.deepEqual(await faintOn(page), [], path);
    assert.deepEqual(await unseenFocus(page, 6), [], path);
  }
});

test("a room is opened, read, written in and reacted in with the keyboard alone", {
  skip: noBrowser,
}, async () => {
  const page = await demo.signIn("citra@school.example", "/", wide);
  const { keyboard } = page;
  await page.getByTestId("room").filter({ hasText: "Astronomy club" }).waitFor();
  await tabTo(page, "a[data-testid=room]:has-text('Astronomy club')");
  await keyboard.press("Enter");
  await page.getByTestId("room-title").getByText("Astronomy club").waitFor();
  await message(page, "see the gap").waitFor();

  await tabTo(page, "[data-testid=composer]");
  await keyboard.type("I bring a blanket, @kir");
  await page.getByRole("option", { name: "Kirana Dewanti" }).waitFor();
  await keyboard.press("Tab");
  assert.equal(await page.getByTestId("composer").inputValue(), "I bring a blanket, @Kirana Dewanti ");
  await keyboard.press("Enter");
  await message(page, "I bring a blanket").and(page.locator("[data-seq]")).waitFor();

  await test("the arrow keys lead to a message, Tab to its tools, Escape back", async () => {
    await tabTo(page, "[role=log]", "Shift+Tab");
    await keyboard.press("ArrowUp");
    await keyboard.press("ArrowUp");
    await page.locator("[data-testid=message]:focus", { hasText: "see the gap" }).waitFor();
    await tabTo(page, "button[aria-label=React]");
    await keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    await keyboard.press("Escape");
    await page.locator("button[aria-label=React]:focus").waitFor();
    await keyboard.press("Enter");
    await page.locator("[role=menuitem]:focus").waitFor();
    await keyboard.press("ArrowRight");
    await keyboard.press("Enter");
    await message(page, "see the gap")
      .getByRole("button", { name: /❤️, 1 person/ })
      .waitFor();
    await picture(page, "room-keyboard-light-wide");
  });

  await test("a dialog keeps the focus and gives it back", async () => {
    await tabTo(page, "button[aria-label='New conversation or room']");
    await keyboard.press("Enter");
    await page.getByRole("dialog").getByLabel("Find somebody").waitFor();
    for (let stops = 0; stops < 12; stops++) {
      await keyboard.press("Tab");
      assert.equal(await page.locator("main :focus, .header :focus").count(), 0);
    }
    await keyboard.press("Escape");
    await page.locator("button[aria-label='New conversation or room']:focus").waitFor();
  });
});

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, selector: string, key = "Tab"): Promise<void> {
  const wanted = page.locator(selector).and(page.locator(":focus"));
  for (let stops = 0; stops < 120; stops++) {
    await page.keyboard.press(key);
    if (await wanted.count()) return;
  }
  assert.fail(`${key} does not lead to ${selector}`);
}

function assertInOrder(levels: number[], where: string): void {
  assert.ok(levels.length > 0, where);
  for (const [at, level] of levels.entries())
    assert.ok(at === 0 || level <= (levels[at - 1] ?? 0) + 1, `${where}: ${levels.join(" ")}`);
}
