import { readFileSync } from "node:fs";
import { AppError } from "#errors.ts";
import { isObject } from "#lib/is-object.ts";

/** Values for a template's `{{names}}`; a name without a value is an error, never "undefined" in a letter. */
export type TemplateData = Record<string, unknown>;

export type Template = {
  name: string;
  subject: (data: TemplateData) => string;
  html: (data: TemplateData) => string;
  text: (data: TemplateData) => string;
};

/** The template in `templates/<name>/`, inside the shared layout. Throws AppError `UnknownTemplate`. */
export function templateNamed(name: string): Template {
  const known = templates.get(name);
  if (known) return known;
  const template = readTemplate(name);
  templates.set(name, template);
  return template;
}

const templates = new Map<string, Template>();

const folder = new URL("./templates/", import.meta.url);

function readTemplate(name: string): Template {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw unknownTemplate(name);
  const subject = compile(read(`${name}/subject.txt`, name), asOneLine);
  return {
    name,
    subject: (data) => asOneLine(subject(data)),
    html: inLayout("layout.html", compile(read(`${name}/html.html`, name), escapeHtml), escapeHtml, subject),
    text: inLayout("layout.txt", compile(read(`${name}/text.txt`, name), asText), asText, subject),
  };
}

function read(path: string, name: string): string {
  try {
    return readFileSync(new URL(path, folder), "utf8");
  } catch (cause) {
    throw unknownTemplate(name, cause);
  }
}

function unknownTemplate(name: string, cause?: unknown): AppError {
  return new AppError("UnknownTemplate", `there is no mail template "${name}" in src/mail/templates`, {
    cause,
  });
}

type Render = (data: TemplateData) => string;

function inLayout(file: string, body: Render, clean: (value: string) => string, subject: Render): Render {
  const [before, after] = read(file, file).split("{{{body}}}");
  const head = compile(before ?? "", clean);
  const foot = compile(after ?? "", clean);
  return (data) => {
    const all = { ...data, subject: asOneLine(subject(data)) };
    return head(all) + body(all).trimEnd() + foot(all);
  };
}

/** `{{name}}` is a value; what stands between `{{#names}}` and `{{/names}}` is repeated for each of a list of objects. */
function compile(source: string, clean: (value: string) => string): Render {
  const found = /\{\{#(\w+)\}\}\n?([\s\S]*?)\{\{\/\1\}\}\n?/.exec(source);
  if (!found) return compileValues(source, clean);
  const [section, list = "", repeated = ""] = found;
  const before = compileValues(source.slice(0, found.index), clean);
  const item = compileValues(repeated, clean);
  const after = compile(source.slice(found.index + section.length), clean);
  return (data) => {
    const items = listOf(data, list).map((each) => item({ ...data, ...each }));
    return before(data) + items.join("") + after(data);
  };
}

function compileValues(source: string, clean: (value: string) => string): Render {
  return (data) => source.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => clean(textOf(data, name)));
}

function listOf(data: TemplateData, name: string): TemplateData[] {
  const list = Object.hasOwn(data, name) ? data[name] : undefined;
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw new AppError("MissingValue", `the letter needs a list for "${name}"`);
}

function textOf(data: TemplateData, name: string): string {
  const value = Object.hasOwn(data, name) ? data[name] : undefined;
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new AppError("MissingValue", `the letter needs a value for "${name}"`);
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(value: string): string {
  return asText(value).replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Header values keep to one line, or a name could add headers of its own. */
export function asOneLine(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
}

function asText(value: string): string {
  return value.replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
