/** What every campaign knows, with the words of the palette. */
export const BUILT_IN = [
  ["name", "Name of the recipient"],
  ["pledge", "What they pledged"],
  ["paid_amount", "What they have paid"],
  ["balance", "What is left to pay"],
  ["days_remain", "Days until it is due"],
] as const;

const OF_PLEDGES = ["pledge", "paid_amount", "balance"];

/** The tags of a text, each once; `##` is a plain #. */
export function tagsIn(text: string): string[] {
  const found = text.replaceAll("##", "").matchAll(/(?<![\w#&])#([a-z][a-z0-9_]*)/g);
  return [...new Set([...found].map((match) => match[1] ?? ""))];
}

export function unknownTags(text: string, own: string[]): string[] {
  const known = new Set([...BUILT_IN.map(([name]) => name as string), ...own]);
  return tagsIn(text).filter((tag) => !known.has(tag));
}

export function needsPurpose(text: string): boolean {
  return tagsIn(text).some((tag) => OF_PLEDGES.includes(tag));
}
