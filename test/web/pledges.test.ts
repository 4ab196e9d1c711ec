import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone } from "./demo.ts";
import { faintOn, headingsOf, unseenFocus } from "./looks.ts";

let demo: Demo;
let teacher: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/");
});
after(() => demo?.[Symbol.asyncDispose]());

test("staff sees who has promised what, records a payment and adds a pledge", {
  skip: noBrowser,
}, async () => {
  await teacher.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Pledges" }).click();
  await teacher.getByLabel("Promised to").selectOption({ label: "Biology 7B" });
  await pledge(teacher, "Ratna Nugroho").getByText("overdue").waitFor();
  await pledge(teacher, "Hadi Lestari").getByText("Rp\u00a050,000 too much").waitFor();
  await total(teacher, "IDR", "Open", "Rp\u00a01,300,000");
  await picture(teacher, "pledges-light-wide");
  assert.deepEqual(await namelessOn(teacher), []);
  await assertLandmarks(teacher);
  assert.deepEqual(await headingsOf(teacher), [1, 2]);
  assert.deepEqual(await faintOn(teacher), []);
  assert.deepEqual(await unseenFocus(teacher, 30), []);

  await test("an amount is read back before it counts, and what is no amount is refused", async () => {
    await pledge(teacher, "Sari Saputra")
      .getByRole("button", { name: /^Payment/ })
      .click();
    const dialog = teacher.getByRole("dialog");
    const amount = dialog.getByLabel("Amount in IDR");
    assert.equal(await amount.inputValue(), "300000");
    await amount.fill("1.5.0");
    await dialog.getByRole("button", { name: "Record" }).click();
    await dialog.getByText("Write an amount of IDR").waitFor();
    assert.equal(
      await amount.evaluate((field: unknown) => field === (globalThis as Any).document.activeElement),
      true,
    );
    await amount.fill("125.000,50");
    await dialog.getByTestId("amount-read").getByText("Rp\u00a0125,000.50").waitFor();
    await dialog.getByLabel("Reference").fill("Transfer 17");
    await picture(teacher, "pledges-payment");
    await dialog.getByRole("button", { name: "Record" }).click();
    await teacher.getByText("Rp\u00a0125,000.50 recorded for Sari Saputra.").waitFor();
    await pledge(teacher, "Sari Saputra").getByText("Rp\u00a0174,999.50").waitFor();
  });

  await test("money that goes back opens the pledge again", async () => {
    await pledge(teacher, "Hadi Lestari")
      .getByRole("button", { name: /^Payment/ })
      .click();
    const dialog = teacher.getByRole("dialog");
    await dialog.getByTestId("payment").getByText("Rp\u00a0300,000").waitFor();
    await dialog.getByText("Paid back").click();
    await dialog.getByLabel("Amount in IDR").fill("50000");
    await dialog.getByRole("button", { name: "Record" }).click();
    await pledge(teacher, "Hadi Lestari").getByText("paid", { exact: true }).waitFor();
  });

  await test("a pledge is added and changed, in a currency of its own", async () => {
    await teacher.getByRole("button", { name: "Add a pledge" }).click();
    const dialog = teacher.getByRole("dialog");
    await dialog.getByLabel("Who").selectOption({ label: "Dewi Handayani" });
    await dialog.getByLabel("Amount").fill("12,5");
    await dialog.getByLabel("Currency").selectOption("KWD");
    await dialog.getByTestId("amount-read").getByText("KWD\u00a012.500").waitFor();
    await dialog.getByRole("button", { name: "Save" }).click();
    await pledge(teacher, "Dewi Handayani").getByText("KWD\u00a012.500").first().waitFor();
    await pledge(teacher, "Dewi Handayani")
      .getByRole("button", { name: /^Change/ })
      .click();
    await dialog.getByLabel("Amount").fill("1.500");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Write an amount of KWD").waitFor();
    await dialog.getByLabel("Amount").fill("1.5");
    await dialog.getByRole("button", { name: "Save" }).click();
    await total(teacher, "KWD", "Open", "KWD\u00a01.500");
  });
});

test("who has promised sees their own pledges and payments, and nobody else's", {
  skip: noBrowser,
}, async () => {
  const parent = await demo.signIn("sari@home.example", "/", phone);
  await parent.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Pledges" }).click();
  const own = parent.getByTestId("own-pledge");
  await own.getByText("Rp\u00a0174,999.50").waitFor();
  await own.getByRole("button", { name: "Payments for Microscope fund" }).click();
  await own.getByTestId("payment").getByText("Transfer 17").waitFor();
  assert.equal(await own.getByTestId("payment").count(), 2);
  assert.equal(await parent.getByTestId("pledge").count(), 0);
  await picture(parent, "pledges-own-dark-phone");
  assert.deepEqual(await namelessOn(parent), []);
  assert.deepEqual(await faintOn(parent), []);
});

test("who has promised nothing has no such page in the menu", { skip: noBrowser }, async () => {
  const student = await demo.signIn("bima@school.example", "/pledges");
  await student.getByText("You have promised nothing here.").waitFor();
  assert.equal(await student.getByRole("link", { name: "Pledges" }).count(), 0);
});

// biome-ignore lint/suspicious/noExplicitAny: the page has a document, the types of the tests have not
type Any = any;

function pledge(page: Page, name: string) {
  return page.getByTestId("pledge").filter({ hasText: name });
}

async function total(page: Page, code: string, what: string, words: string): Promise<void> {
  const sum = page.getByTestId(`totals-${code}`).locator("div").filter({ hasText: what });
  await sum.getByText(words).waitFor();
}
