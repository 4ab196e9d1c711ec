import { AppError } from "#errors.ts";

/** What stands in the files of a template, in one language and inside the layout. */
export type Source = { subject: string; html: string; text: string };

/** Formats as Postgres' format() takes them; a place is the number of a value (db/logic/40_mail_words.sql). */
export type Compiled = Source & { names: string[]; required: number; sections: Section[] };

type Part = "html" | "text";

type Section = { part: Part; name: string; list: boolean; names: string[]; format: string; at: number };

/**
 * `{{name}}` is a value, `{{{name}}}` one that is HTML already. `{{#names}}…{{/names}}` is repeated for each object of a
 * list, `{{?name}}…{{/name}}` stands where there is such a value. Throws AppError `BadTemplate`.
 */
export function compile(source: Source): Compiled {
  refuseLeftovers(source);
  const names = namesOf(source);
  const sections: Section[] = [];
  return {
    ...names,
    subject: formatOf(source.subject, (name) => placeOf(names.names, name)),
    html: withSections(source.html, "html", names.names, sections),
    text: withSections(source.text, "text", names.names, sections),
    sections,
  };
}

const section = /\{\{([#?])(\w+)\}\}\n?([\s\S]*?)\{\{\/\2\}\}\n?/g;
const value = /\{\{\{\s*(\w+)\s*\}\}\}|\{\{\s*(\w+)\s*\}\}/g;

function refuseLeftovers({ subject, html, text }: Source): void {
  for (const part of [subject, html, text]) {
    const within = [...part.matchAll(section)].map(([, , , inner = ""]) => inner);
    const nested = within.find((inner) => /\{\{[#?]/.test(inner));
    const rest = part.replaceAll(section, "$3").replaceAll(value, "");
    const odd = nested ?? /.{0,20}(\{\{|\}\}).{0,20}/.exec(rest)?.[0];
    if (odd !== undefined) throw new AppError("BadTemplate", `cannot be understood at "${odd.trim()}"`);
  }
}

/** Those that must have a value come first; what only stands where it is there comes after. */
function namesOf({ subject, html, text }: Source): { names: string[]; required: number } {
  const outside = new Set<string>();
  const optional = new Set<string>();
  for (const part of [subject, html, text]) {
    for (const name of valuesIn(part.replaceAll(section, ""))) outside.add(name);
    for (const [, kind, name = "", inner = ""] of part.matchAll(section))
      if (kind === "?") for (const each of [name, ...valuesIn(inner)]) optional.add(each);
  }
  return { names: [...outside, ...optional.difference(outside)], required: outside.size };
}

function valuesIn(source: string): string[] {
  return [...source.matchAll(value)].map(([, html, plain]) => html ?? plain ?? "");
}

/** The formats of sections become values of the whole, after those of its names. */
function withSections(source: string, part: Part, names: string[], sections: Section[]): string {
  const place = placesOf(part, names);
  const first = part === "html" ? names.length * 2 : names.length;
  let count = 0;
  const marked = source.replaceAll(section, (_, kind: string, name: string, inner: string) => {
    sections.push(sectionOf(part, kind === "#", name, inner, names));
    return `{{section ${first + ++count}}}`;
  });
  return formatOf(marked, place).replaceAll(/\{\{section (\d+)\}\}/g, "%$1$$s");
}

function sectionOf(part: Part, list: boolean, name: string, inner: string, outer: string[]): Section {
  const names = list ? [...new Set(valuesIn(inner))] : outer;
  const format = formatOf(inner, placesOf(part, names));
  return { part, name, list, names: list ? names : [], format, at: list ? 0 : placeOf(outer, name) };
}

/** In HTML the values are there twice: escaped, and after those as they are. */
function placesOf(part: Part, names: string[]) {
  return (name: string, isHtml: boolean) =>
    placeOf(names, name) + (part === "html" && isHtml ? names.length : 0);
}

function placeOf(names: string[], name: string): number {
  return names.indexOf(name) + 1;
}

function formatOf(source: string, place: (name: string, isHtml: boolean) => number): string {
  return source
    .replaceAll("%", "%%")
    .replaceAll(value, (_, html?: string, plain?: string) =>
      html ? `%${place(html, true)}$s` : `%${place(plain ?? "", false)}$s`,
    );
}
