import type { Locator, Page } from "playwright-core";

/** A room of the list, by its title. */
export function roomRow(page: Page, title: string): Locator {
  return page.getByTestId("room").filter({ has: page.locator("strong", { hasText: title }) });
}

export function badge(page: Page, title: string): Locator {
  return roomRow(page, title).getByTestId("unread");
}

export function message(page: Page, text: string): Locator {
  return page.getByTestId("message").filter({ hasText: text });
}

/** Opens a room from the list and waits until it is live. */
export async function openRoom(page: Page, title: string): Promise<void> {
  await roomRow(page, title).first().click();
  await page.getByTestId("room-title").getByText(title).waitFor();
  await page.locator('[data-testid="connection"][data-state="live"]').waitFor({ state: "attached" });
}

/** Says something and waits until it is stored. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("composer").press("Enter");
  await message(page, text).and(page.locator("[data-seq]")).first().waitFor();
}

/** Uses one of the tools of a message, and an item of its menu. */
export async function act(page: Page, text: string, tool: string, item?: string): Promise<void> {
  const line = message(page, text).last();
  await line.click({ position: { x: 60, y: 20 } });
  await line.getByRole("button", { name: tool }).click();
  if (item) await page.getByRole("menuitem", { name: item }).click();
}

/** Changes one's last message with the keyboard. */
export async function editOwn(page: Page, text: string): Promise<void> {
  const composer = page.getByTestId("composer");
  await composer.fill("");
  await composer.press("ArrowUp");
  await page.getByText("Editing your message").waitFor();
  await composer.fill(text);
  await composer.press("Enter");
}

/** Waits until somebody is known to have read one's last message. */
export async function seen(page: Page, name: string): Promise<void> {
  await page.getByTestId("seen-by").getByText(name).waitFor();
}
