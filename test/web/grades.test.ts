import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { assertLandmarks, type Demo, namelessOn, openDemo, phone } from "./demo.ts";

let demo: Demo;
let teacher: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/grades");
});
after(() => demo?.[Symbol.asyncDispose]());

test("the sheet is filled with the keyboard alone, as a spreadsheet", { skip: noBrowser }, async () => {
  const { keyboard } = teacher;
  const first = cell(teacher, "Adit Nugroho", "Microscope licence");
  await first.waitFor();
  await teacher.locator("[data-testid=grade-cell][data-active=true]").focus();
  for (const key of ["End", "p", "Enter", "f"]) await keyboard.press(key);
  await keyboard.press("ArrowDown");
  await cell(teacher, "Bima Saputra", "Microscope licence").getByText("Fail").waitFor();
  await first.getByText("Pass").waitFor();
  assert.equal(await first.getAttribute("data-state"), "draft");

  await test("a value that cannot be stays open and says why; Escape leaves it as it was", async () => {
    await keyboard.type("x");
    await keyboard.press("Enter");
    await teacher.getByTestId("cell-problem").getByText("pass or fail").waitFor();
    await keyboard.press("Escape");
    assert.equal(
      await cell(teacher, "Citra Lestari", "Microscope licence").getAttribute("data-state"),
      "none",
    );
  });

  await test("F2 changes what is there, Delete takes a draft back, Tab goes right", async () => {
    await keyboard.press("Home");
    for (const _ of [1, 2, 3]) await keyboard.press("Tab");
    assert.equal(await focused(teacher), "none");
    await keyboard.press("ArrowUp");
    await keyboard.press("Delete");
    await cell(teacher, "Bima Saputra", "Microscope licence")
      .and(teacher.locator("[data-state=none]"))
      .waitFor();
    await keyboard.press("F2");
    await keyboard.type("pass");
    await keyboard.press("Enter");
    await cell(teacher, "Bima Saputra", "Microscope licence").getByText("Pass").waitFor();
  });
  await picture(teacher, "grades-sheet");
});

test("released grades are seen at once; undone, they never were", { skip: noBrowser }, async () => {
  const student = await demo.signIn("bima@school.example", "/grades", phone);
  await student.getByText("Cell drawing").waitFor();
  const report = student.getByTestId("own-grade").filter({ hasText: "Pond water report" });
  assert.equal(await report.count(), 0);

  await teacher.getByRole("button", { name: "Release grades…" }).click();
  const dialog = teacher.getByRole("dialog");
  await dialog
    .getByTestId("release-summary")
    .getByText(/students? will see/)
    .waitFor();
  assert.deepEqual(await namelessOn(teacher), []);
  await picture(teacher, "grades-release");
  await dialog.getByTestId("release-button").click();
  await teacher.getByTestId("undo-release").waitFor();
  await cell(teacher, "Bima Saputra", "Pond water report")
    .and(teacher.locator("[data-state=released]"))
    .waitFor();
  await picture(teacher, "grades-undo");
  await student.reload();
  await report.waitFor();
  await picture(student, "grades-student-phone");

  await teacher.getByTestId("undo-release").click();
  await cell(teacher, "Bima Saputra", "Pond water report")
    .and(teacher.locator("[data-state=draft]"))
    .waitFor();
  await student.reload();
  await student.getByText("Cell drawing").waitFor();
  assert.equal(await report.count(), 0);
});

test("a correction is seen with what it was before", { skip: noBrowser }, async () => {
  await cell(teacher, "Citra Lestari", "Herbarium").click();
  await teacher.keyboard.type("20");
  await teacher.keyboard.press("Enter");
  await cell(teacher, "Citra Lestari", "Herbarium").and(teacher.locator("[data-state=corrected]")).waitFor();
  const guardian = await demo.signIn("hadi@home.example", "/grades");
  const grade = guardian.getByTestId("own-grade").filter({ hasText: "Herbarium" });
  await grade.getByText("20 of 20").waitFor();
  await grade.getByText(/corrected .*was \d+ of 20/).waitFor();
  await guardian.getByRole("heading", { name: "Citra Lestari" }).waitFor();
  await assertLandmarks(guardian);
});

test("an assignment is added; its form names what is missing", { skip: noBrowser }, async () => {
  await teacher.getByRole("button", { name: "New assignment" }).click();
  const dialog = teacher.getByRole("dialog");
  await dialog.getByRole("button", { name: "Add to the sheet" }).click();
  await dialog.getByText("Please enter a title.").waitFor();
  await dialog.getByLabel("Title").and(teacher.locator(":focus")).waitFor();
  assert.deepEqual(await namelessOn(teacher), []);
  await dialog.getByLabel("Title").fill("Leaf quiz");
  await dialog.getByRole("button", { name: "Add to the sheet" }).click();
  await teacher.getByRole("columnheader", { name: /Leaf quiz/ }).waitFor();
  assert.deepEqual(await namelessOn(teacher), []);
  await assertLandmarks(teacher);
});

function cell(page: Page, student: string, assignment: string) {
  return page.locator(
    `[data-testid="grade-cell"][data-student="${student}"][data-assignment="${assignment}"]`,
  );
}

function focused(page: Page): Promise<string | null> {
  return page.locator(":focus").getAttribute("data-state");
}
