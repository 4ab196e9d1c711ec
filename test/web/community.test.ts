import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone } from "./demo.ts";
import { faintOn, headingsOf, unseenFocus } from "./looks.ts";

let demo: Demo;
let owner: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  owner = await demo.signIn("wulan@school.example", "/");
});
after(() => demo?.[Symbol.asyncDispose]());

test("an owner changes what holds for everybody", { skip: noBrowser }, async () => {
  await owner.getByRole("link", { name: "Settings of Wulan Pratiwi" }).click();
  await owner.getByRole("link", { name: "Community", exact: true }).click();
  await owner.getByLabel("Name", { exact: true }).fill("School on the Hill");
  await owner.getByLabel("Colour", { exact: true }).fill("teal");
  await save(owner);
  await owner.getByText("A colour is written like #b4532a.").waitFor();
  await owner.locator("[aria-invalid=true]:focus").waitFor();
  await owner.getByLabel("Colour", { exact: true }).fill("#1F5FA8");
  assert.equal(await owner.getByLabel("Pick the colour").inputValue(), "#1f5fa8");
  await owner.getByLabel("Language", { exact: true }).selectOption("id");
  await owner.getByLabel("Time zone").selectOption("Asia/Makassar");
  await owner.getByLabel("Guardians see the grades").uncheck();
  await owner.getByLabel("Adults while a guardian is in the conversation").check();
  await save(owner);
  await owner.getByText("Saved.").waitFor();
  await owner.reload();
  assert.equal(await owner.getByLabel("Name", { exact: true }).inputValue(), "School on the Hill");
  assert.equal(await owner.getByLabel("Colour", { exact: true }).inputValue(), "#1f5fa8");
  assert.equal(await owner.getByLabel("Time zone").inputValue(), "Asia/Makassar");
  assert.equal(await owner.getByLabel("Guardians see the grades").isChecked(), false);
  assert.equal(await owner.getByLabel("Adults while a guardian").isChecked(), true);
  await picture(owner, "community-light-wide");
  assert.deepEqual(await namelessOn(owner), []);
  await assertLandmarks(owner);
  assert.deepEqual(await headingsOf(owner), [1, 2, 2, 2]);
  assert.deepEqual(await faintOn(owner), []);
  assert.deepEqual(await unseenFocus(owner, 24), []);
});

test("nobody else is led there, nor gets the form", { skip: noBrowser }, async () => {
  const student = await demo.signIn("bima@school.example", "/community", phone);
  await student.getByText("Only owners of the community can change its settings.").waitFor();
  assert.equal(await student.getByRole("button", { name: "Save" }).count(), 0);
  await student.goto(`${demo.howdah.url}/settings`);
  await student.getByTestId("profile-save").waitFor();
  assert.equal(await student.getByRole("link", { name: "Community", exact: true }).count(), 0);
});

test("a group gets another name, and a student comes of age", { skip: noBrowser }, async () => {
  await owner.goto(`${demo.howdah.url}/groups`);
  await owner.getByTestId("group").filter({ hasText: "Biology 7B" }).click();
  await owner.getByTestId("group-title").getByText("Biology 7B").waitFor();
  await owner.getByRole("button", { name: "More about this group" }).click();
  await owner.getByRole("menuitem", { name: "Change…" }).click();
  const dialog = owner.getByRole("dialog");
  await dialog.getByTestId("group-name").fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("alert").getByText("1 to 200").waitFor();
  await dialog.getByTestId("group-name").fill("Biology 8B");
  await dialog.getByLabel("Description").fill("The same class, a year later.");
  await dialog.getByRole("button", { name: "Save" }).click();
  await owner.getByTestId("group-title").getByText("Biology 8B").waitFor();
  await owner.getByText("The same class, a year later.").waitFor();

  const joko = owner.getByTestId("group-member").filter({ hasText: "Joko Susilo" });
  const minor = (await joko.getByText("minor").count()) > 0;
  await joko.getByRole("button", { name: "What to do with Joko Susilo" }).click();
  await owner.getByRole("menuitemcheckbox", { name: "Counts as a minor", checked: minor }).click();
  await joko.getByText("minor").waitFor({ state: minor ? "detached" : "attached" });
  await picture(owner, "groups-minor");
});

async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save" }).click();
}
