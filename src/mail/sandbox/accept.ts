import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { eastern } from "./eastern.ts";
import { type Fields, parseFields } from "./fields.ts";
import { Fault } from "./reply.ts";
import { type Streams, type ValidMessage, validate } from "./validate.ts";

/** Stores nothing and says so in its answers: Postmark's test token. */
export type Acceptance = { pool: Pool; testOnly: boolean };

/** `POST /email`: the receipt. Throws the Fault of a message that is refused. */
export async function acceptOne(how: Acceptance, body: unknown): Promise<object> {
  const fields = parseFields(body);
  const message = validate(fields, await readStreams(how.pool));
  const [receipt] = await store(how, [message]);
  return receipt ?? {};
}

/** `POST /email/batch`: a receipt or a refusal for each message, in their order. */
export async function acceptBatch(how: Acceptance, body: unknown): Promise<object[]> {
  if (!Array.isArray(body)) throw new Fault(403, "Invalid request field(s): $");
  if (body.length > 500) throw new Fault(410, "Batches of messages are limited to 500 messages.");
  const all = body.map((message, index) => parseFields(message, `$[${index}]`));
  const streams = await readStreams(how.pool);
  const checked = all.map((fields) => validOrFault(fields, streams));
  const valid = checked.filter((each): each is ValidMessage => !(each instanceof Fault));
  const next = (await store(how, valid)).values();
  return checked.map((each) => (each instanceof Fault ? refusal(each) : (next.next().value ?? {})));
}

async function readStreams(pool: Pool): Promise<Streams> {
  const { rows } = await pool.query<{ id: string; kind: string }>("select id, kind from mailbox.streams");
  return new Map(rows.map(({ id, kind }) => [id, kind]));
}

function validOrFault(fields: Fields, streams: Streams): ValidMessage | Fault {
  try {
    return validate(fields, streams);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** An item that is refused has neither To nor MessageID. */
function refusal(fault: Fault): object {
  return { ErrorCode: fault.code, Message: fault.message };
}

/** Committed before the answer: what a caller was told is accepted is there, whatever becomes of the caller. */
async function store({ pool, testOnly }: Acceptance, messages: ValidMessage[]): Promise<object[]> {
  const receivedAt = new Date();
  const stored = messages.map((message) => ({ id: randomUUID(), message }));
  if (!testOnly && stored.length > 0) {
    const rows = stored.map(({ id, message }) => toRow(id, message, receivedAt));
    await pool.query("select mailbox.accept($1)", [JSON.stringify(rows)]);
  }
  return stored.map(({ id, message: { fields } }) => ({
    To: fields.To ?? "",
    ...(fields.Cc ? { Cc: fields.Cc } : {}),
    ...(fields.Bcc ? { Bcc: fields.Bcc } : {}),
    SubmittedAt: eastern(receivedAt),
    MessageID: id,
    ErrorCode: 0,
    Message: testOnly ? "Test job accepted" : "OK",
  }));
}

function toRow(id: string, { fields, stream, from, to, cc, bcc }: ValidMessage, receivedAt: Date) {
  return {
    id,
    stream,
    from_line: fields.From,
    from_address: from.Email.toLowerCase(),
    to,
    cc,
    bcc,
    recipients: [...new Set([...to, ...cc, ...bcc].map(({ Email }) => Email.toLowerCase()))],
    reply_to: fields.ReplyTo ?? null,
    subject: fields.Subject ?? "",
    tag: fields.Tag || null,
    html_body: fields.HtmlBody ?? null,
    text_body: fields.TextBody ?? null,
    headers: fields.Headers ?? [],
    metadata: fields.Metadata ?? {},
    attachments: (fields.Attachments ?? []).map(({ Name }) => Name),
    track_opens: fields.TrackOpens ?? false,
    track_links: fields.TrackLinks ?? "None",
    received_at: receivedAt.toISOString(),
  };
}
