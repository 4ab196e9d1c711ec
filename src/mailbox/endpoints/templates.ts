import { isObject } from "#lib/is-object.ts";
import { type Call, type Endpoint, oneMessage } from "../call.ts";
import { parsePage } from "../page.ts";
import { Fault } from "../reply.ts";
import {
  allTemplates,
  deleteTemplate,
  findTemplate,
  saveTemplate,
  type Template,
} from "../store/templates.ts";
import { parseTemplate } from "../templates/mustache.ts";
import { validateTemplate } from "../templates/validate.ts";

export const templateEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/templates$/i, run: list },
  { method: "POST", path: /^\/templates$/i, limit: oneMessage, run: create },
  {
    method: "POST",
    path: /^\/templates\/validate$/i,
    limit: oneMessage,
    run: (call) => validateTemplate(objectOf(call.body())),
  },
  { method: "GET", path: /^\/templates\/([^/]+)$/i, run: (call) => whole(wanted(call)) },
  { method: "PUT", path: /^\/templates\/([^/]+)$/i, limit: oneMessage, run: edit },
  { method: "DELETE", path: /^\/templates\/([^/]+)$/i, run: remove },
];

const mostTemplates = 100;

function list({ ground, query }: Call): object {
  const { count, offset } = parsePage(query, 1100);
  const type = (query.get("templatetype") || "All").toLowerCase();
  const layout = query.get("layouttemplate")?.toLowerCase();
  if (!["all", "standard", "layout"].includes(type))
    throw new Fault(1100, "The 'TemplateType' parameter must be one of: All, Standard, Layout.");
  const found = allTemplates(ground.store)
    .filter((template) => type === "all" || template.type.toLowerCase() === type)
    .filter((template) => !layout || template.layout?.toLowerCase() === layout);
  return { TotalCount: found.length, Templates: found.slice(offset, offset + count).map(shown) };
}

function create(call: Call): object {
  const given = objectOf(call.body());
  const { store } = call.ground;
  return store.transaction(() => {
    if (allTemplates(store).length >= mostTemplates)
      throw new Fault(
        1105,
        `A server's template limit (${mostTemplates}) would be exceeded by this request.`,
      );
    return shown(saveTemplate(store, merge(call, blank, given)));
  });
}

function edit(call: Call): object {
  const given = objectOf(call.body());
  return call.ground.store.transaction(() =>
    shown(saveTemplate(call.ground.store, merge(call, wanted(call), given))),
  );
}

function remove(call: Call): object {
  const { id, alias } = wanted(call);
  if (alias !== null && allTemplates(call.ground.store).some(({ layout }) => layout === alias))
    throw new Fault(1130, "The layout template cannot be deleted because dependent templates use it.");
  deleteTemplate(call.ground.store, id);
  return { ErrorCode: 0, Message: `Template ${id} removed.` };
}

/** Throws Fault 1101 for one that is not known. */
function wanted({ ground, ids: [id = ""] }: Call): Template {
  const template = findTemplate(ground.store, id);
  if (template) return template;
  throw new Fault(1101, "The 'TemplateId' associated with this request is not valid or was not found.");
}

function objectOf(body: unknown): Record<string, unknown> {
  if (isObject(body) && Object.keys(body).length > 0) return body;
  throw new Fault(1109, "No template data received.");
}

const blank: Template = {
  ...{ id: 0, alias: null, name: "", type: "Standard" },
  ...{ subject: null, html_body: null, text_body: null, layout: null },
};

function merge(call: Call, before: Template, given: Record<string, unknown>): Template {
  const text = (name: string, old: string | null) =>
    given[name] === undefined ? old : textOf(name, given[name]);
  const template: Template = {
    id: before.id,
    type: before.id === 0 && given.TemplateType === "Layout" ? "Layout" : before.type,
    alias: text("Alias", before.alias),
    name: text("Name", before.name) ?? "",
    subject: text("Subject", before.subject),
    html_body: text("HtmlBody", before.html_body),
    text_body: text("TextBody", before.text_body),
    layout: text("LayoutTemplate", before.layout),
  };
  check(call, template);
  return template;
}

function textOf(name: string, value: unknown): string | null {
  if (value === null || value === "") return null;
  if (typeof value === "string") return value;
  throw new Fault(403, `Invalid request field(s): $.${name}`);
}

function check({ ground }: Call, template: Template): void {
  const { id, alias, name, type, subject, html_body, text_body, layout } = template;
  if (name.trim() === "") throw new Fault(1120, "The 'Name' field is required.");
  if (!html_body && !text_body) throw new Fault(1120, "One of 'HtmlBody' and 'TextBody' is required.");
  if (type === "Standard" && !subject) throw new Fault(1120, "The 'Subject' field is required.");
  if (type === "Layout" && subject) throw new Fault(1123, "A layout must not have a 'Subject'.");
  if (alias !== null && !/^[a-z][\w.-]*$/i.test(alias)) throw new Fault(1122, "The 'Alias' is not valid.");
  const other = alias === null ? undefined : findTemplate(ground.store, alias);
  if (other && other.id !== id) throw new Fault(1122, `The 'Alias' '${alias}' is in use.`);
  for (const part of [subject, html_body, text_body])
    for (const { Message } of parseTemplate(part ?? "").errors) throw new Fault(1122, Message);
  checkLayout(ground, type, [html_body, text_body], layout);
}

function checkLayout(
  { store }: Call["ground"],
  type: string,
  parts: (string | null)[],
  layout: string | null,
): void {
  const holes = parts.map((part) => part?.match(/\{\{\{\s*@content\s*\}\}\}/g)?.length);
  if (type === "Layout" && holes.some((count, index) => parts[index] && count !== 1))
    throw new Fault(1131, "A layout must have the placeholder {{{ @content }}} once.");
  if (layout !== null && findTemplate(store, layout)?.type !== "Layout")
    throw new Fault(1101, "The 'LayoutTemplate' associated with this request is not valid or was not found.");
}

function shown({ id, alias, name, type, layout }: Template) {
  return {
    TemplateId: id,
    Name: name,
    Active: true,
    Alias: alias,
    TemplateType: type,
    LayoutTemplate: layout,
  };
}

function whole(template: Template) {
  const { subject, html_body, text_body } = template;
  return {
    ...shown(template),
    ...{ Subject: subject, HtmlBody: html_body, TextBody: text_body, AssociatedServerId: 1 },
  };
}
