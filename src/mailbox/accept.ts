import { randomUUID } from "node:crypto";
import type { Call } from "./call.ts";
import { eastern } from "./eastern.ts";
import type { Fields } from "./fields.ts";
import type { Ground } from "./ground.ts";
import { Fault } from "./reply.ts";
import { insertMessages, type NewMessage } from "./store/messages.ts";
import { readSetting } from "./store/settings.ts";
import { allStreams } from "./store/streams.ts";
import { findSuppression } from "./store/suppressions.ts";
import { type Account, type ValidMessage, validate } from "./validate.ts";

/** The receipt of one message. Throws the Fault of one that is refused. */
export function acceptOne(call: Call, fields: Fields): object {
  return call.ground.store.transaction(() => {
    const checked = checkerOf(call.ground)(fields);
    if (checked.recipients.length === 0) throw inactiveRecipients(checked.inactive);
    return storeAll(call, [checked])[0] ?? {};
  });
}

/** A receipt or a refusal for each message, in their order. */
export function acceptMany(call: Call, all: (Fields | Fault)[]): object[] {
  return call.ground.store.transaction(() => {
    const check = checkerOf(call.ground);
    const checked = all.map((each) =>
      each instanceof Fault ? each : orFault(() => checkOfMany(check, each)),
    );
    const accepted = checked.filter((each): each is Checked => !(each instanceof Fault));
    const receipts = storeAll(call, accepted).values();
    return checked.map((each) => (each instanceof Fault ? refusal(each) : (receipts.next().value ?? {})));
  });
}

/** What is wrong with a message itself, whoever is suppressed. Throws its Fault. */
export function validOnly(call: Call, fields: Fields): void {
  checkerOf(call.ground)(fields);
}

/** What `work` gives, or the Fault that it throws. */
export function orFault<Result>(work: () => Result): Result | Fault {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

type Checked = ValidMessage & { recipients: string[]; inactive: string[] };
type Check = (fields: Fields) => Checked;

/** One look at streams and account for all messages of a request. */
function checkerOf({ store }: Ground): Check {
  const streams = new Map(
    allStreams(store)
      .filter(({ archived_at }) => archived_at === null)
      .map(({ id, type }) => [id, type]),
  );
  const account = readSetting<Account>(store, "account", "approved");
  return (fields) => {
    const valid = validate(fields, streams, account);
    const all = [
      ...new Set([...valid.to, ...valid.cc, ...valid.bcc].map(({ Email }) => Email.toLowerCase())),
    ];
    const inactive = all.filter((address) => findSuppression(store, valid.stream, address));
    return { ...valid, inactive, recipients: all.filter((address) => !inactive.includes(address)) };
  };
}

function checkOfMany(check: Check, fields: Fields): Checked {
  const checked = check(fields);
  if (checked.recipients.length > 0) return checked;
  throw new Fault(
    406,
    `You tried to send to a recipient that has been marked as inactive. ${found(checked.inactive)} `,
  );
}

function inactiveRecipients(addresses: string[]): Fault {
  return new Fault(
    406,
    `You tried to send to recipient(s) that have been marked as inactive. ${found(addresses)}`,
  );
}

function found(addresses: string[]): string {
  return (
    `Found inactive addresses: ${addresses.join(", ")}. Inactive recipients are ones that have generated a hard ` +
    "bounce, a spam complaint, or a manual suppression."
  );
}

/** An item that is refused has neither To nor MessageID. */
function refusal(fault: Fault): object {
  return { ErrorCode: fault.code, Message: fault.message };
}

/** Committed before the answer: what a caller was told is accepted is there, whatever becomes of the caller. */
function storeAll({ ground, testOnly }: Call, checked: Checked[]): object[] {
  const { store, clock, lifecycle } = ground;
  const receivedAt = clock.now();
  const messages = checked.map((each) => toMessage(each, receivedAt));
  if (!testOnly && messages.length > 0) lifecycle.accepted(insertMessages(store, messages));
  const SubmittedAt = eastern(receivedAt);
  return checked.map(({ fields, inactive }, index) => ({
    To: fields.To ?? "",
    ...(fields.Cc ? { Cc: fields.Cc } : {}),
    ...(fields.Bcc ? { Bcc: fields.Bcc } : {}),
    SubmittedAt,
    MessageID: messages[index]?.id,
    ErrorCode: 0,
    Message: testOnly ? "Test job accepted" : wordsFor(inactive),
  }));
}

function wordsFor(inactive: string[]): string {
  if (inactive.length === 0) return "OK";
  return `Message OK, but will not deliver to these inactive addresses: ${inactive.join(", ")}.`;
}

function toMessage({ fields, stream, from, to, cc, bcc, recipients }: Checked, receivedAt: Date): NewMessage {
  return {
    id: randomUUID(),
    ...{ stream, to, cc, bcc, recipients, receivedAt },
    from: fields.From ?? "",
    fromAddress: from.Email.toLowerCase(),
    replyTo: fields.ReplyTo || null,
    subject: fields.Subject ?? "",
    tag: fields.Tag || null,
    htmlBody: fields.HtmlBody || null,
    textBody: fields.TextBody || null,
    headers: fields.Headers ?? [],
    metadata: fields.Metadata ?? {},
    attachments: fields.Attachments ?? [],
    trackOpens: fields.TrackOpens ?? false,
    trackLinks: fields.TrackLinks ?? "None",
  };
}
