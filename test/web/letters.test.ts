import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone } from "./demo.ts";
import { faintOn, headingsOf, unseenFocus } from "./looks.ts";

let demo: Demo;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
});
after(() => demo?.[Symbol.asyncDispose]());

test("who runs the community looks at each letter in each language, as HTML and as text", {
  skip: noBrowser,
}, async () => {
  const owner = await demo.signIn("wulan@school.example", "/community");
  await owner.getByLabel("Name", { exact: true }).fill("School on the Hill");
  await owner.getByLabel("Colour", { exact: true }).fill("#8a2be2");
  await owner.getByRole("button", { name: "Save" }).click();
  await owner.getByText("Saved.").waitFor();
  await owner.goto(`${demo.howdah.url}/settings`);
  await owner.getByRole("link", { name: "Letters", exact: true }).click();
  const html = owner.getByTestId("letter-html").contentFrame();
  await owner.getByTestId("letter-subject").waitFor();
  const letters = await owner.getByLabel("Letter", { exact: true }).locator("option").allTextContents();
  assert.ok(letters.includes("Sign in link"), letters.join());
  for (const label of letters) {
    await owner.getByLabel("Letter", { exact: true }).selectOption({ label });
    for (const language of ["English", "Bahasa Indonesia"]) {
      await owner.getByLabel("Language").selectOption({ label: language });
      await html
        .locator(`[lang=${language === "English" ? "en" : "id"}]`)
        .first()
        .waitFor();
      await html.getByText("School on the Hill").first().waitFor();
    }
  }

  await test("on a phone, by night, and as text", async () => {
    await owner.getByLabel("Letter", { exact: true }).selectOption("sign-in-link");
    await owner.getByText("Phone", { exact: true }).click();
    await owner.getByText("Dark", { exact: true }).click();
    await html.getByRole("link").first().waitFor();
    await picture(owner, "letters-phone-dark");
    assert.deepEqual(await namelessOn(owner), []);
    await assertLandmarks(owner);
    assert.deepEqual(await headingsOf(owner), [1, 2]);
    assert.deepEqual(await faintOn(owner), []);
    assert.deepEqual(await unseenFocus(owner, 16), []);
    await owner.getByRole("tab", { name: "Text" }).click();
    await owner.getByTestId("letter-text").getByText("http").waitFor();
  });

  await test("what is shown stands in the address", async () => {
    await owner.reload();
    assert.equal(await owner.getByLabel("Letter", { exact: true }).inputValue(), "sign-in-link");
    assert.equal(await owner.getByLabel("Language").inputValue(), "id");
  });
});

test("nobody else is led there or gets a letter to see", { skip: noBrowser }, async () => {
  const student = await demo.signIn("bima@school.example", "/letters", phone);
  await student.getByText("Only who runs the community may look at its letters").waitFor();
  await student.goto(`${demo.howdah.url}/settings`);
  await student.getByTestId("profile-save").waitFor();
  assert.equal(await student.getByRole("link", { name: "Letters", exact: true }).count(), 0);
});
