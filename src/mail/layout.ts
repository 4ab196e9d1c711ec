import { readFile } from "node:fs/promises";
import path from "node:path";
import { dressed } from "./dressed.ts";
import type { Source } from "./template.ts";

/** What stands around every letter, and its own few words in each language. */
export type Layout = { html: string; text: string; words: Record<string, Record<string, string>> };

/** A letter in one language; the preheader is what a list of letters shows beside the subject. */
export type Body = Source & { preheader: string };

export async function readLayout(folder: string): Promise<Layout> {
  const [html = "", text = "", words = "{}"] = await Promise.all(
    ["html.html", "text.txt", "words.json"].map((file) => readFile(path.join(folder, file), "utf8")),
  );
  return { html, text, words: JSON.parse(words) };
}

/** A template in its layout, where `[[name]]` is a word of the language, or else of English. */
export function within(layout: Layout, locale: string, body: Body): Source {
  const { words } = layout;
  const { subject, preheader, html, text } = body;
  const own = { locale, subject, preheader };
  const known = { ...words.en, ...words[locale.split("-")[0] ?? ""], ...words[locale], ...own };
  return {
    subject,
    html: put({ ...known, body: dressed(html.trimEnd()) }, layout.html),
    text: put({ ...known, body: text.trimEnd() }, layout.text),
  };
}

function put(known: Record<string, string>, layout: string): string {
  return layout.replaceAll(/\[\[(\w+)\]\]/g, (_, name: string) => known[name] ?? "");
}
