import { randomUUID } from "node:crypto";
import { isObject } from "#lib/is-object.ts";
import { acceptMany, orFault, validOnly } from "../accept.ts";
import { type Call, type Endpoint, manyMessages } from "../call.ts";
import { eastern } from "../eastern.ts";
import { type Fields, parseFields } from "../fields.ts";
import { Fault } from "../reply.ts";
import { readSetting } from "../store/settings.ts";
import { findStream } from "../store/streams.ts";
import type { Template } from "../store/templates.ts";
import { fillTemplate } from "../templates/fill.ts";
import { parseTemplated } from "../templates/templated.ts";

export const bulkEndpoints: Endpoint[] = [
  { method: "POST", path: /^\/email\/bulk$/i, limit: manyMessages, run: sendBulk },
  { method: "GET", path: /^\/email\/bulk$/i, run: listBulks },
  { method: "GET", path: /^\/email\/bulk\/([^/]+)$/i, run: bulkStatus },
];

type Bulk = {
  id: string;
  position: number;
  subject: string | null;
  total: number;
  released: number;
  failed: number;
  submitted_at: number;
};

/** All or nothing: one malformed field, and no message of the request is taken. */
function sendBulk(call: Call): object {
  checkApproval(call);
  const body = call.body();
  const shared = { MessageStream: "broadcast", ...parseFields(body) };
  const given = body as Record<string, unknown>;
  if (!Array.isArray(given.Messages)) throw new Fault(403, "Invalid request field(s): $.Messages");
  checkStream(call, shared.MessageStream);
  const messages = given.Messages.map((message, index) => merged(shared, message, `$.Messages[${index}]`));
  return call.ground.store.transaction(() => {
    const words = messages.map(({ fields, model }) => orFault(() => filled(call, given, fields, model)));
    refuseMalformed(
      words.map((each) => (each instanceof Fault ? each : orFault(() => validOnly(call, each)))),
    );
    return save(call, shared.Subject ?? null, acceptMany(call, words));
  });
}

function merged(shared: Fields, message: unknown, path: string): { fields: Fields; model: object } {
  const own = parseFields(message, path);
  const { Metadata, Headers } = own;
  const model = isObject(message) && isObject(message.TemplateModel) ? message.TemplateModel : {};
  return {
    model,
    fields: {
      ...shared,
      ...{ To: own.To ?? null, Cc: own.Cc ?? null, Bcc: own.Bcc ?? null },
      Metadata: { ...shared.Metadata, ...Metadata },
      Headers: Headers ?? shared.Headers ?? null,
    },
  };
}

/** Its own words with the model's values, or those of a template. */
function filled(call: Call, given: Record<string, unknown>, fields: Fields, model: object): Fields {
  const { TemplateId, TemplateAlias } = given;
  if (TemplateId || TemplateAlias)
    return parseTemplated(call.ground, { ...fields, TemplateId, TemplateAlias, TemplateModel: model }).fill();
  const words: Template = {
    ...{ id: 0, alias: null, name: "", type: "Standard", layout: null },
    ...{
      subject: fields.Subject ?? null,
      html_body: fields.HtmlBody ?? null,
      text_body: fields.TextBody ?? null,
    },
  };
  return { ...fields, ...fillTemplate(words, undefined, model) };
}

function refuseMalformed(checked: unknown[]): void {
  const faults = checked.flatMap((each, index) => (each instanceof Fault ? [{ each, index }] : []));
  const [first] = faults;
  if (faults.length === 1 && first) throw first.each;
  if (faults.length === 0) return;
  const errors = faults.map(({ each, index }) => [
    `Messages[${index}]`,
    [{ ErrorCode: each.code, Message: each.message }],
  ]);
  const text = "Multiple errors occurred. Inspect the Errors property for more information.";
  throw new Fault(11, text, 422, { Errors: Object.fromEntries(errors) });
}

function checkApproval({ ground }: Call): void {
  if (readSetting(ground.store, "bulkApproved", true)) return;
  throw new Fault(
    14,
    "This endpoint requires approval to access. Contact support to use the Bulk API postmarkapp.com/contact",
  );
}

function checkStream({ ground }: Call, id: string | null | undefined): void {
  const stream = findStream(ground.store, id ?? "broadcast");
  if (!stream) throw new Fault(1226, "The message stream for the provided 'ID' was not found.");
  if (stream.type !== "Broadcasts") throw new Fault(1236, "Sending is not supported for this stream type.");
}

function save({ ground, testOnly }: Call, subject: string | null, results: object[]): object {
  const released = results.filter((result) => (result as { ErrorCode: number }).ErrorCode === 0).length;
  const bulk: Bulk = {
    ...{ id: randomUUID(), position: 0, subject, total: results.length, released },
    ...{ failed: results.length - released, submitted_at: ground.clock.now().getTime() },
  };
  if (!testOnly)
    ground.store.run(
      `insert into bulks (id, position, subject, total, released, failed, submitted_at)
       values (?, (select count(*) from bulks), ?, ?, ?, ?, ?)`,
      ...[bulk.id, subject, bulk.total, bulk.released, bulk.failed, bulk.submitted_at],
    );
  return { ...shown(bulk), Status: "Accepted" };
}

function listBulks(call: Call): object {
  checkApproval(call);
  const bulks = call.ground.store.all<Bulk>("select * from bulks order by position desc limit 100");
  return { Requests: bulks.map(shown) };
}

function bulkStatus(call: Call): object {
  checkApproval(call);
  const bulk = call.ground.store.get<Bulk>(
    "select * from bulks where id = ?",
    (call.ids[0] ?? "").toLowerCase(),
  );
  if (bulk) return shown(bulk);
  throw new Fault(12, "Bulk send not found.", 404);
}

function shown({ id, subject, total, released, failed, submitted_at }: Bulk) {
  return {
    ...{ Id: id, Status: "Completed", SubmittedAt: eastern(new Date(submitted_at)) },
    ...{ TotalMessages: total, PercentageCompleted: 100, ReleasedCount: released, FailedCount: failed },
    ...(subject === null ? {} : { Subject: subject }),
  };
}
