import { isObject } from "#lib/is-object.ts";
import { type Call, type Endpoint, oneMessage } from "../call.ts";
import type { NameValue } from "../fields.ts";
import { Fault } from "../reply.ts";
import { findStream } from "../store/streams.ts";
import {
  deleteWebhook,
  findWebhook,
  listWebhooks,
  saveWebhook,
  type Triggers,
  type Webhook,
} from "../store/webhooks.ts";

export const webhookEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/webhooks$/i, run: list },
  { method: "POST", path: /^\/webhooks$/i, limit: oneMessage, run: create },
  { method: "GET", path: /^\/webhooks\/(\d+)$/i, run: (call) => shown(wanted(call)) },
  { method: "PUT", path: /^\/webhooks\/(\d+)$/i, limit: oneMessage, run: edit },
  { method: "DELETE", path: /^\/webhooks\/(\d+)$/i, run: remove },
  { method: "POST", path: /^\/webhooks\/(\d+)\/verify$/i, run: verifyAgain },
];

const mostPerStream = 10;

function list({ ground: { store }, query }: Call): object {
  const stream = query.get("messagestream")?.toLowerCase();
  if (stream && !findStream(store, stream)) throw unknownStream();
  return { Webhooks: listWebhooks(store, stream).map(shown) };
}

async function create(call: Call): Promise<object> {
  const given = objectOf(call.body());
  if (given.ID !== undefined)
    throw new Fault(1356, "A request 'ID' must not be provided when creating a webhook.");
  const stream = checkStream(call, given.MessageStream);
  const webhook: Webhook = {
    id: 0,
    stream,
    url: checkUrl(given.Url),
    httpAuth: checkAuth(given.HttpAuth),
    httpHeaders: checkHeaders(given.HttpHeaders),
    triggers: mergeTriggers(noTriggers, given.Triggers),
    status: isToVerify(call, given) ? "verified" : "unverified",
  };
  if (listWebhooks(call.ground.store, stream).length >= mostPerStream)
    throw new Fault(1359, "You have reached the maximum number of webhooks for this stream.");
  if (webhook.status === "verified") await call.ground.lifecycle.verify(webhook);
  return shown(saveWebhook(call.ground.store, webhook));
}

async function edit(call: Call): Promise<object> {
  const given = objectOf(call.body());
  if (given.ID !== undefined || given.MessageStream !== undefined)
    throw new Fault(1357, "You cannot update the 'ID' or 'MessageStream' fields of a webhook.");
  const before = wanted(call);
  const after: Webhook = {
    ...before,
    url: given.Url === undefined ? before.url : checkUrl(given.Url),
    httpAuth: given.HttpAuth === undefined ? before.httpAuth : checkAuth(given.HttpAuth),
    httpHeaders: given.HttpHeaders === undefined ? before.httpHeaders : checkHeaders(given.HttpHeaders),
    triggers: mergeTriggers(before.triggers, given.Triggers),
  };
  if (!isToVerify(call, given)) after.status = "unverified";
  else if (after.url !== before.url || enablesMore(before.triggers, after.triggers)) {
    await call.ground.lifecycle.verify(after);
    after.status = "verified";
  }
  return shown(saveWebhook(call.ground.store, after));
}

function remove(call: Call): object {
  const { id } = wanted(call);
  deleteWebhook(call.ground.store, id);
  return { ErrorCode: 0, Message: `Webhook ${id} removed.` };
}

/** An answer of 200 says that the check was made, not that it was passed. */
async function verifyAgain(call: Call): Promise<object> {
  const webhook = wanted(call);
  const fault = await faultOf(call.ground.lifecycle.verify(webhook));
  saveWebhook(call.ground.store, { ...webhook, status: fault ? "unverified" : "verified" });
  return {
    Id: webhook.id,
    Url: webhook.url,
    Success: !fault,
    Message: fault?.message ?? "All triggers verified successfully",
  };
}

async function faultOf(check: Promise<void>): Promise<Fault | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Throws Fault 1352 for an id that is not known. */
function wanted({ ground, ids: [id] }: Call): Webhook {
  const webhook = findWebhook(ground.store, Number(id));
  if (webhook) return webhook;
  throw new Fault(1352, "The webhook for the provided 'ID' was not found.");
}

function objectOf(body: unknown): Record<string, unknown> {
  if (!isObject(body)) throw new Fault(1355, "A request body must be provided.");
  if (body.Status !== undefined)
    throw new Fault(1363, "The 'Status' field cannot be provided when creating or updating a webhook.");
  return body;
}

function checkStream({ ground }: Call, id: unknown): string {
  const stream = findStream(ground.store, String(id ?? "outbound"));
  if (!stream) throw unknownStream();
  if (stream.archived_at !== null)
    throw new Fault(1350, "You cannot create a webhook using an archived 'MessageStream'.");
  if (stream.type === "Inbound")
    throw new Fault(1351, "You cannot create a webhook using an inbound stream.");
  return stream.id;
}

function unknownStream(): Fault {
  return new Fault(1226, "The message stream for the provided 'ID' was not found.");
}

function checkUrl(url: unknown): string {
  if (typeof url === "string" && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Fault(1354, "The request must contain a valid 'Url' field.");
}

function checkAuth(auth: unknown): Webhook["httpAuth"] {
  if (auth === undefined || auth === null) return null;
  const { Username, Password } = isObject(auth) ? auth : {};
  if (typeof Username === "string" && typeof Password === "string") return { Username, Password };
  throw new Fault(1361, "Invalid value provided for the 'HttpAuth' field.");
}

function checkHeaders(headers: unknown): NameValue[] {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) throw new Fault(1361, "Invalid value provided for the 'HttpHeaders' field.");
  return headers.map((header) => {
    const { Name, Value } = isObject(header) ? header : {};
    if (typeof Name === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(Name))
      return { Name, Value: String(Value ?? "") };
    throw new Fault(1358, "You must provide a valid 'HttpHeader' 'Name'.");
  });
}

/** A trigger that is not named stays as it was. */
function mergeTriggers(before: Triggers, wanted: unknown): Triggers {
  if (wanted === undefined || wanted === null) return before;
  if (!isObject(wanted)) throw new Fault(1361, "Invalid value provided for the 'Triggers' field.");
  const names = Object.keys(before) as (keyof Triggers)[];
  const merged = names.map((name) => [name, { ...before[name], ...flagsOf(wanted[name], name) }]);
  return Object.fromEntries(merged) as Triggers;
}

function flagsOf(trigger: unknown, name: keyof Triggers): object {
  if (trigger === undefined || trigger === null) return {};
  const flags = isObject(trigger) ? Object.entries(trigger) : [];
  const known = flags.filter(([flag]) => flag in noTriggers[name]);
  if (isObject(trigger) && known.every(([, value]) => typeof value === "boolean"))
    return Object.fromEntries(known);
  throw new Fault(1361, `Invalid value provided for the '${name}' field.`);
}

const noTriggers: Triggers = {
  Open: { Enabled: false, PostFirstOpenOnly: false },
  Click: { Enabled: false },
  Delivery: { Enabled: false },
  Bounce: { Enabled: false, IncludeContent: false },
  SpamComplaint: { Enabled: false, IncludeContent: false },
  SubscriptionChange: { Enabled: false },
};

function enablesMore(before: Triggers, after: Triggers): boolean {
  return (Object.keys(after) as (keyof Triggers)[]).some(
    (name) => after[name].Enabled && !before[name].Enabled,
  );
}

function isToVerify({ query }: Call, { Verify }: Record<string, unknown>): boolean {
  return Verify !== false && query.get("verify")?.toLowerCase() !== "false";
}

function shown({ id, url, stream, httpAuth, httpHeaders, triggers, status }: Webhook) {
  return {
    ...{ ID: id, Url: url, MessageStream: stream, Status: status },
    ...(httpAuth ? { HttpAuth: httpAuth } : {}),
    HttpHeaders: httpHeaders,
    Triggers: triggers,
  };
}
