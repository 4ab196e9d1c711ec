import { isObject } from "#lib/is-object.ts";
import { escapeHtml, fill } from "./fill.ts";
import { parseTemplate } from "./mustache.ts";
import { suggestModel } from "./render.ts";

/** `POST /templates/validate`: what is wrong with each part, what it renders to, and a model that would fill it. */
export function validateTemplate(given: Record<string, unknown>): object {
  const model = isObject(given.TestRenderModel) ? given.TestRenderModel : {};
  const sections = Object.fromEntries(
    ["Subject", "HtmlBody", "TextBody"].map((name) => [name, sectionOf(given[name], name, model)]),
  );
  return {
    AllContentIsValid: Object.values(sections).every((section) => section?.ContentIsValid ?? true),
    ...sections,
    SuggestedTemplateModel: suggestModel(
      Object.values(given).flatMap((part) => (typeof part === "string" ? parseTemplate(part).nodes : [])),
    ),
  };
}

function sectionOf(part: unknown, name: string, model: object) {
  if (typeof part !== "string") return null;
  const { errors } = parseTemplate(part);
  const RenderedContent =
    errors.length > 0 ? null : fill(part, model, name === "HtmlBody" ? escapeHtml : (text) => text);
  return { ContentIsValid: errors.length === 0, ValidationErrors: errors, RenderedContent };
}
