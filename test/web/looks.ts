import type { Page } from "playwright-core";

// What the functions below find in the page they run in, which the types of the tests do not know.
// biome-ignore lint/suspicious/noExplicitAny: the elements of a page
type Any = any;
declare const document: Any;
declare const getComputedStyle: (element: Any) => Any;
declare const NodeFilter: { SHOW_TEXT: number };
declare const OffscreenCanvas: new (width: number, height: number) => Any;

/** The levels of the headings that are shown, in their order. */
export function headingsOf(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4")]
      .filter((heading: Any) => heading.checkVisibility())
      .map((heading: Any) => Number(heading.tagName.slice(1))),
  );
}

/** What is reached by Tab and does not show that it has the focus. */
export async function unseenFocus(page: Page, stops: number): Promise<string[]> {
  const unseen: string[] = [];
  await page.evaluate(() => document.activeElement?.blur());
  for (let stop = 0; stop < stops; stop++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body || focused.tagName === "IFRAME") return ""; // or in a frame
      const marked = [focused, focused.closest("label")].some((element) => {
        const style = element && getComputedStyle(element);
        return style && style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
      });
      return marked ? "" : focused.outerHTML.slice(0, 120);
    });
    if (found) unseen.push(found);
  }
  return unseen;
}

/** Words whose contrast to what is behind them is under 4.5, or under 3 where they are large; disabled controls may be. */
export function faintOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (!canvas) throw new Error("no canvas");
    const over = (colours: string[]) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const lightness = (colour: number[]) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
        const value = (colour[at] ?? 0) / 255;
        return sum + weight * (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      }, 0);
    const groundsOf = (element: Any): string[] =>
      element ? [...groundsOf(element.parentElement), getComputedStyle(element).backgroundColor] : ["white"];
    const faint: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const words = walker.currentNode.textContent?.trim();
      if (!words || !element?.checkVisibility({ opacityProperty: true })) continue;
      if (element.closest(":disabled, script, style, .visually-hidden, .avatar")) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const grounds = groundsOf(element);
      const [a, b] = [lightness(over(grounds)), lightness(over([...grounds, color]))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = Number.parseFloat(fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
      if (contrast < (large ? 3 : 4.5)) faint.push(`${contrast.toFixed(2)} ${words.slice(0, 40)}`);
    }
    return [...new Set(faint)];
  });
}
