import { isObject } from "#lib/is-object.ts";
import type { Node } from "./mustache.ts";

/** `scopes` has the innermost value first. Missing values are nothing, as Postmark has it. */
export function renderNodes(nodes: Node[], scopes: unknown[], quote: (text: string) => string): string {
  return nodes.map((node) => renderNode(node, scopes, quote)).join("");
}

/** The model that would fill a template, with `name_Value` for each value. */
export function suggestModel(nodes: Node[]): Record<string, unknown> {
  const model: Record<string, unknown> = {};
  for (const node of nodes) suggest(node, model);
  return model;
}

function renderNode(node: Node, scopes: unknown[], quote: (text: string) => string): string {
  if (node.type === "text") return node.text;
  if (node.path === "pm:unsubscribe") return "{{{ pm:unsubscribe }}}"; // the service puts it in while it sends
  const value = lookUp(node.path, scopes);
  if (node.type === "value") return node.raw ? textOf(value) : quote(textOf(value));
  const { inner } = node;
  if (node.type === "inverted") return isEmpty(value) ? renderNodes(inner, scopes, quote) : "";
  if (isEmpty(value)) return "";
  const list = Array.isArray(value) ? value : [value];
  return list.map((each) => renderNodes(inner, [each, ...scopes], quote)).join("");
}

/** A name is looked for in the innermost value first, then further out. */
function lookUp(path: string, scopes: unknown[]): unknown {
  const up = path.match(/\.\.\//g)?.length ?? 0;
  const seen = scopes.slice(up);
  const names = path.slice(up * 3);
  if (names === ".") return seen[0];
  const [first = "", ...others] = names.split(".");
  const holder = seen.find((scope) => isObject(scope) && Object.hasOwn(scope, first));
  return others.reduce<unknown>(member, member(holder, first));
}

function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function suggest(node: Node, model: Record<string, unknown>): void {
  if (node.type === "text" || node.path.startsWith("pm:") || node.path === "@content") return;
  if (node.type === "inverted") return void Object.assign(model, suggestModel(node.inner));
  const [first = ""] = node.path.replaceAll("../", "").split(".");
  if (node.path === ".") return;
  if (node.type === "value") model[first] ??= `${first}_Value`;
  if (node.type === "section")
    model[first] = { ...(isObject(model[first]) ? model[first] : {}), ...suggestModel(node.inner) };
  if (node.type === "each") model[first] = [suggestModel(node.inner)];
}
