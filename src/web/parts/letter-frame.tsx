import { useState } from "react";
import "../styles/letter-frame.css";
import { Segments } from "./segments.tsx";

type Width = "desktop" | "phone";
type Colours = "light" | "dark";

const WIDTHS = [
  ["desktop", "Desktop"],
  ["phone", "Phone"],
] as const;
const COLOURS = [
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

/** A letter's HTML as its reader sees it, on a phone or a desktop, by day or by night. */
export function LetterFrame({ html }: { html: string }) {
  const [width, setWidth] = useState<Width>("desktop");
  const [colours, setColours] = useState<Colours>("light");
  return (
    <div className="letter-view">
      <div className="letter-view-tools">
        <Segments label="Width" options={WIDTHS} value={width} onChange={setWidth} />
        <Segments label="Colours" options={COLOURS} value={colours} onChange={setColours} />
      </div>
      <div className={`letter-desk ${width} ${colours}`}>
        <iframe
          title="Letter"
          data-testid="letter-html"
          // No script runs in it, and it cannot reach this page; its links open in new tabs.
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerPolicy="no-referrer"
          srcDoc={withLinksInNewTabs(seenIn(html, colours))}
        />
      </div>
    </div>
  );
}

/** Answers the letter's own question for dark colours by what was chosen here. */
function seenIn(html: string, colours: Colours): string {
  return html.replaceAll(/\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi, (_all, asked: string) =>
    asked.toLowerCase() === colours ? "(min-width: 1px)" : "(max-width: 1px)",
  );
}

function withLinksInNewTabs(html: string): string {
  const base = `<base target="_blank">`;
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + base) : base + html;
}
