/** Postmark's templates, as far as the mailbox knows them: values, sections, `#each`, inverted sections, comments. */
export type Node =
  | { type: "text"; text: string }
  | { type: "value"; path: string; raw: boolean }
  | { type: "section" | "inverted" | "each"; path: string; inner: Node[] };

export type TemplateError = { Message: string; Line: number; CharacterPosition: number };

/** The template, or what is wrong with it. */
export function parseTemplate(text: string): { nodes: Node[]; errors: TemplateError[] } {
  const errors: TemplateError[] = [];
  const open: Open[] = [{ path: "", inner: [], at: 0 }];
  let end = 0;
  for (const tag of text.matchAll(tags)) {
    append(open, { type: "text", text: text.slice(end, tag.index) });
    end = tag.index + tag[0].length;
    const message = take(open, tag);
    if (message) errors.push(errorAt(text, tag.index, message));
  }
  append(open, { type: "text", text: text.slice(end) });
  for (const { path, at } of open.slice(1))
    errors.push(errorAt(text, at, `The block '${path}' is not closed.`));
  return { nodes: open[0]?.inner ?? [], errors };
}

const tags = /\{\{\{([^}]*)\}\}\}|\{\{([^}]*)\}\}/g;

type Open = { path: string; inner: Node[]; at: number };

/** Adds what a tag stands for to the innermost open block; what is wrong with it, if anything. */
function take(open: Open[], tag: RegExpMatchArray): string | undefined {
  const [, raw, usual = ""] = tag;
  if (raw !== undefined) return takeValue(open, raw.trim(), true);
  const word = usual.trim();
  const rest = word.slice(1).trim();
  if (word.startsWith("!")) return undefined;
  if (word.startsWith("&")) return takeValue(open, rest, true);
  if (word.startsWith("/")) return close(open, rest);
  if (word.startsWith("^")) return begin(open, "inverted", rest, tag.index ?? 0);
  const each = /^#each\s+(.+)$/.exec(word)?.[1];
  if (each) return begin(open, "each", each, tag.index ?? 0);
  if (word.startsWith("#")) return begin(open, "section", rest, tag.index ?? 0);
  return takeValue(open, word, false);
}

function takeValue(open: Open[], path: string, raw: boolean): string | undefined {
  if (!isPath(path)) return `'${path}' is not a valid path.`;
  append(open, { type: "value", path, raw });
  return undefined;
}

function begin(
  open: Open[],
  type: "section" | "inverted" | "each",
  path: string,
  at: number,
): string | undefined {
  const inner: Node[] = [];
  append(open, { type, path, inner });
  open.push({ path: type === "each" ? "each" : path, inner, at });
  return isPath(path) ? undefined : `'${path}' is not a valid path.`;
}

function close(open: Open[], path: string): string | undefined {
  const last = open.at(-1);
  if (open.length === 1 || last?.path !== path) return `An unexpected closing tag '${path}' was found.`;
  open.pop();
  return undefined;
}

function append(open: Open[], node: Node): void {
  if (node.type !== "text" || node.text !== "") open.at(-1)?.inner.push(node);
}

function isPath(path: string): boolean {
  return /^(\.|@content|pm:unsubscribe|(\.\.\/)*[\w-]+(\.[\w-]+)*)$/.test(path);
}

function errorAt(text: string, at: number, Message: string): TemplateError {
  const before = text.slice(0, at).split("\n");
  return { Message, Line: before.length, CharacterPosition: (before.at(-1)?.length ?? 0) + 1 };
}
