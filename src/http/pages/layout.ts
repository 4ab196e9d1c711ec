import type { Html } from "./html.ts";
import { html } from "./html.ts";

type Page = { lang: string; title: string; communityName: string; colour: string; body: Html };

/** A page that needs nothing but itself: no script, no font, no other request. */
export function pageOf({ lang, title, communityName, colour, body }: Page): string {
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title} · ${communityName}</title>
<link rel="icon" href="data:,">
<style>:root { --colour: ${safeColour(colour)}; --on-colour: ${readableOn(safeColour(colour))} }${style}</style>
</head>
<body>
<main>
<p class="community"><span class="dot" aria-hidden="true"></span>${communityName}</p>
${body}
</main>
</body>
</html>
`.text;
}

function safeColour(colour: string): string {
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour : "#1f5fd1";
}

/** Black or white, whichever has the greater contrast to the colour (WCAG's relative luminance). */
function readableOn(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255),
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

function linear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

const style = html`
:root { --ground: #f4f6f8; --sheet: #ffffff; --ink: #18212c; --quiet: #55606d; --line: #d8dee5 }
@media (prefers-color-scheme: dark) {
  :root { --ground: #12161b; --sheet: #1b2129; --ink: #eef1f4; --quiet: #a9b4c0; --line: #37424e }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 17px/1.5 system-ui, sans-serif }
main { max-width: 34rem; margin: 6vh auto; padding: 2rem; background: var(--sheet); border: 1px solid var(--line);
  border-top: 4px solid var(--colour); border-radius: 10px }
.community { display: flex; gap: .6rem; align-items: center; margin: 0 0 1.4rem; color: var(--quiet); font-weight: 600 }
.dot { width: .8rem; height: .8rem; border-radius: 50%; background: var(--colour) }
h1 { margin: 0 0 .6rem; font-size: 1.45rem; line-height: 1.25 }
p { margin: 0 0 1.2rem }
a { color: inherit; text-underline-offset: 3px }
button { min-height: 44px; padding: .5rem 1.3rem; border: 1px solid transparent; border-radius: 8px; background: var(--colour);
  color: var(--on-colour); font: inherit; font-weight: 600; cursor: pointer }
button.plain { background: none; border-color: var(--line); color: var(--ink) }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
form + p { margin: 1.6rem 0 0 }
.row { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; justify-content: space-between; padding: .9rem 0;
  border-top: 1px solid var(--line) }
.row:last-of-type { margin-bottom: 1.2rem; border-bottom: 1px solid var(--line) }
.row label, .row .name { flex: 1 1 14rem }
.about { display: block; color: var(--quiet); font-size: .9rem }
select { min-height: 44px; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 8px; background: var(--sheet);
  color: var(--ink); font: inherit; max-width: 100% }
.always { color: var(--quiet) }
.saved { padding: .7rem 1rem; border-left: 4px solid var(--colour); background: var(--ground) }
@media (max-width: 36rem) { main { margin: 0; min-height: 100vh; border-width: 4px 0 0; border-radius: 0; padding: 1.4rem 1.1rem } }
`;
