import { Fault } from "../reply.ts";
import type { Template } from "../store/templates.ts";
import { parseTemplate } from "./mustache.ts";
import { renderNodes } from "./render.ts";

export type Filled = { Subject: string; HtmlBody: string | null; TextBody: string | null };

/** A letter out of a template, its layout and a model. Throws Fault 1122 for a template that cannot be read. */
export function fillTemplate(template: Template, layout: Template | undefined, model: object): Filled {
  return {
    Subject: fill(template.subject ?? "", model, (text) => text).replaceAll(/[\r\n]+/g, " "),
    HtmlBody: fillPart(template.html_body, layout?.html_body, model, escapeHtml),
    TextBody: fillPart(template.text_body, layout?.text_body, model, (text) => text),
  };
}

/** With a layout, its `{{{ @content }}}` becomes the part. */
function fillPart(
  part: string | null,
  around: string | null | undefined,
  model: object,
  quote: (text: string) => string,
): string | null {
  if (!part) return null;
  const content = fill(part, model, quote);
  return around ? fill(around, { ...model, "@content": content }, quote) : content;
}

export function fill(text: string, model: object, quote: (text: string) => string): string {
  const { nodes, errors } = parseTemplate(text);
  if (errors.length > 0) throw new Fault(1122, errors.map(({ Message }) => Message).join(" "));
  return renderNodes(nodes, [model], quote);
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
