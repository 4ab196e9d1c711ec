import { isObject } from "#lib/is-object.ts";
import { type Fields, parseFields } from "../fields.ts";
import type { Ground } from "../ground.ts";
import { Fault } from "../reply.ts";
import { findTemplate, type Template } from "../store/templates.ts";
import { fillTemplate } from "./fill.ts";

/** A message whose words come out of a template. Throws Fault 403 for a wrong type; for the whole request. */
export type Templated = { fields: Fields; fill(): Fields };

/** `fill` throws the Fault of this message alone. CSS is not inlined: the mailbox shows what was written. */
export function parseTemplated({ store }: Ground, message: unknown, path = "$"): Templated {
  const fields = parseFields(message, path);
  const given = message as Record<string, unknown>;
  checkTypes(given, path);
  return {
    fields,
    fill: () => {
      if (fields.Subject || fields.HtmlBody || fields.TextBody)
        throw new Fault(1123, "A templated message cannot have a 'Subject', 'HtmlBody' or 'TextBody'.");
      const template = templateOf(store, given);
      if (!isObject(given.TemplateModel)) throw new Fault(1120, "The 'TemplateModel' field is required.");
      const layout = template.layout === null ? undefined : findTemplate(store, template.layout);
      return { ...fields, ...fillTemplate(template, layout, given.TemplateModel) };
    },
  };
}

function checkTypes(given: Record<string, unknown>, path: string): void {
  const right: Record<string, (value: unknown) => boolean> = {
    TemplateId: Number.isInteger,
    TemplateAlias: (value) => typeof value === "string",
    TemplateModel: isObject,
    InlineCss: (value) => typeof value === "boolean",
  };
  for (const [name, holds] of Object.entries(right)) {
    const value = given[name];
    if (value !== undefined && value !== null && !holds(value))
      throw new Fault(403, `Invalid request field(s): ${path}.${name}`);
  }
}

/** The id wins over the alias. */
function templateOf(
  store: Ground["store"],
  { TemplateId: id, TemplateAlias: alias }: Record<string, unknown>,
): Template {
  const template = findTemplate(store, Number(id) || String(alias ?? ""));
  if (template?.type === "Standard") return template;
  throw new Fault(
    1101,
    id
      ? "The 'TemplateId' associated with this request is not valid or was not found."
      : "The Template's 'Alias' associated with this request is not valid or was not found.",
  );
}
