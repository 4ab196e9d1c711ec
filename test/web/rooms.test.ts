import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, picture } from "../support/browser.ts";
import { type Demo, openDemo, phone } from "./demo.ts";
import { act, badge, editOwn, message, openRoom, roomRow, say, seen } from "./room-page.ts";

let demo: Demo;
let teacher: Page;
let student: Page;

before(async () => {
  if (noBrowser) return;
  demo = await openDemo();
  teacher = await demo.signIn("wulan@school.example", "/");
  student = await demo.signIn("bima@school.example", "/", phone);
  await openRoom(teacher, "Biology 7B");
});
after(() => demo?.[Symbol.asyncDispose]());

test("unread messages and mentions show in the list, live, and go with reading", {
  skip: noBrowser,
}, async () => {
  assert.match((await badge(student, "Biology 7B").textContent()) ?? "", /4 unread, one mentions you/);
  await say(teacher, "The jars are on the window sill.");
  await badge(student, "Biology 7B").getByText("5 unread").waitFor();
  await teacher.getByTestId("seen-by").getByText("Delivered").waitFor();
  await teacher.getByTestId("composer").pressSequentially("Thank you, @bim");
  await teacher.getByRole("option", { name: "Bima Saputra" }).waitFor();
  await teacher.getByTestId("composer").press("Enter");
  await teacher.getByTestId("composer").press("Enter");
  await badge(student, "Biology 7B").getByText("2 mention you").waitFor();
  await picture(student, "rooms-list-dark-phone");

  await test("the new ones begin at a divider, and reading them clears the count", async () => {
    await openRoom(student, "Biology 7B");
    const marks = await student.locator("[data-testid=new-mark] + [data-testid=message]").textContent();
    assert.match(marks ?? "", /tap water/);
    await student.getByRole("link", { name: "Back to rooms" }).click();
    await badge(student, "Biology 7B").waitFor({ state: "detached" });
    await seen(teacher, "Bima Saputra");
  });
});

test("replies, reactions, edits and deletions reach the other browser", { skip: noBrowser }, async () => {
  await openRoom(student, "Biology 7B");
  await act(student, "Thank you, @Bima", "Reply");
  await say(student, "With pleasure!");
  const reply = message(teacher, "With pleasure!");
  await reply.getByRole("button", { name: /In reply to Wulan Pratiwi/ }).waitFor();

  await test("a reaction counts for both, and is taken back", async () => {
    await act(teacher, "With pleasure!", "React", "🎉");
    const chip = message(student, "With pleasure!").getByTestId("reaction");
    await chip.getByText("1").waitFor();
    await chip.click();
    await reply.getByTestId("reaction").getByText("2").waitFor();
    await chip.and(student.locator("[aria-pressed=true]")).click();
    await reply.getByTestId("reaction").getByText("1").waitFor();
  });

  await test("arrow up changes the last message; a deleted one leaves its place", async () => {
    await editOwn(student, "With much pleasure!");
    await message(teacher, "With much pleasure!").getByText("edited").waitFor();
    await act(student, "With much pleasure!", "More about this message", "Delete…");
    await student.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await message(teacher, "This message was deleted.").waitFor();
    assert.equal(await message(teacher, "With much pleasure!").count(), 0);
  });
});

test("search jumps to a message and gives it the focus", { skip: noBrowser }, async () => {
  await teacher.getByRole("button", { name: "Search in this room" }).click();
  await teacher.getByTestId("search").fill("librar");
  await teacher.getByTestId("found-message").filter({ hasText: "behind the library" }).click();
  await teacher.locator("[data-testid=message]:focus", { hasText: "behind the library" }).waitFor();
  await picture(teacher, "room-search-light-wide");
});

test("staff hides what was reported, and slows the room down", { skip: noBrowser }, async () => {
  await act(student, "rice field", "More about this message", "Report…");
  const dialog = student.getByRole("dialog");
  await dialog.getByRole("button", { name: "Report" }).click();
  await dialog.getByRole("alert").getByText("1 to 1,000").waitFor();
  await dialog.getByLabel("What is wrong with it?").fill("That is my field.");
  await dialog.getByRole("button", { name: "Report" }).click();
  await dialog.waitFor({ state: "detached" });

  await roomMenu(teacher, "Reports and acts of staff");
  await teacher.locator("[data-action=report]").getByText("That is my field.").waitFor();
  await picture(teacher, "room-moderation-light-wide");
  await act(teacher, "rice field", "More about this message", "Hide…");
  await teacher.getByRole("dialog").getByRole("button", { name: "Hide" }).click();
  await message(student, "This message was hidden by staff.").waitFor();

  await roomMenu(teacher, "Settings of the room…");
  await teacher.getByLabel(/Slow mode/).selectOption("60");
  await teacher.getByRole("button", { name: "Save" }).click();
  await student.getByText("one message every 60 seconds").waitFor();
  await student.getByTestId("composer").fill("Not so fast");
  await student.getByText(/Slow mode: you can send in \d+ seconds/).waitFor();
  assert.equal(await student.getByTestId("send-button").isDisabled(), true);
  await picture(student, "room-slow-dark-phone");
  await say(teacher, "Staff need not wait");
  await say(teacher, "at all");
  await roomMenu(teacher, "Settings of the room…");
  await teacher.getByLabel(/Slow mode/).selectOption("0");
  await teacher.getByRole("button", { name: "Save" }).click();
  await student.getByTestId("send-button").and(student.locator(":enabled")).click();
  await message(teacher, "Not so fast").waitFor();
});

test("an open room is joined; in one for announcements students only read", { skip: noBrowser }, async () => {
  await student.getByRole("link", { name: "Back to rooms" }).click();
  await student.getByRole("button", { name: "Join Photo corner" }).click();
  await student.getByTestId("room-title").getByText("Photo corner").waitFor();
  await say(student, "Mine shows a rotifer");
  await student.getByRole("link", { name: "Back to rooms" }).click();
  await openRoom(student, "7B announcements");
  await student.getByText("Only staff writes here").waitFor();
  assert.equal(await student.getByTestId("composer").count(), 0);
});

test("a conversation begins with somebody, and a room is muted", { skip: noBrowser }, async () => {
  await teacher.getByRole("button", { name: "New conversation or room" }).click();
  await teacher.getByLabel("Find somebody").fill("hadi");
  await teacher.getByRole("checkbox", { name: "Hadi Lestari" }).check();
  await teacher.getByRole("button", { name: "Write", exact: true }).click();
  await teacher.getByTestId("room-title").getByText("Hadi Lestari").waitFor();
  await say(teacher, "Good evening, may I call you tomorrow?");
  await roomMenu(teacher, "Mute this room", "menuitemcheckbox");
  await teacher.locator(".room-header").getByText("muted").waitFor();
  assert.equal(await roomRow(teacher, "Hadi Lestari").count(), 1);
});

async function roomMenu(page: Page, item: string, role: "menuitem" | "menuitemcheckbox" = "menuitem") {
  await page.getByRole("button", { name: "More about this room" }).click();
  await page.getByRole(role, { name: item }).click();
}
