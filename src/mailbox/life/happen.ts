import { bounceTypes } from "../bounce-types.ts";
import type { Clock } from "../clock.ts";
import type { Reader } from "../letter/reader.ts";
import { type Bounce, insertBounce } from "../store/bounces.ts";
import { eventsOf, insertEvent } from "../store/events.ts";
import type { StoredMessage } from "../store/messages.ts";
import type { Store } from "../store/store.ts";
import { addSuppression, type Suppression } from "../store/suppressions.ts";
import type { Emitter } from "../webhooks/emitter.ts";
import {
  bounceOf,
  type Click,
  clickOf,
  deliveryOf,
  openOf,
  subscriptionChangeOf,
} from "../webhooks/payloads.ts";

/** Where things happen to letters: what is written down, when, and who hears of it. */
export type Scene = {
  store: Store;
  clock: Clock;
  emitter: Emitter;
  /** What was begun and must not be waited for. */
  errands: Set<Promise<unknown>>;
};

export function deliver({ store, clock, emitter }: Scene, message: StoredMessage, recipient: string): void {
  const receivedAt = clock.now();
  insertEvent(store, { messageId: message.id, recipient, type: "Delivered", details: delivered, receivedAt });
  emitter.announce(deliveryOf(message, recipient, receivedAt));
}

/** With all that follows from its type: an inactive address is suppressed on this stream. */
export function bounce(scene: Scene, message: StoredMessage, recipient: string, type: string): Bounce {
  const { store, clock, emitter } = scene;
  const receivedAt = clock.now();
  const made = insertBounce(store, newBounce(message, recipient, type, receivedAt));
  const details =
    type === "Transient"
      ? { ...delivered, DeliveryMessage: made.details }
      : { Summary: bounceTypes.get(type)?.name, BounceID: String(made.id) };
  const event = type === "Transient" ? "Transient" : "Bounced";
  insertEvent(store, { messageId: message.id, recipient, type: event, details, receivedAt });
  emitter.announce(bounceOf(message, made));
  if (made.inactive) suppress(scene, message, recipient, reasonFor(type));
  return made;
}

/** Marked as spam, after it was delivered. */
export function complain(scene: Scene, message: StoredMessage, recipient: string): Bounce {
  return bounce(scene, message, recipient, "SpamComplaint");
}

/** By the recipient, on this stream. Says whether that was news. */
export function suppress(
  { store, clock, emitter }: Scene,
  message: StoredMessage,
  recipient: string,
  reason: Suppression["reason"],
): boolean {
  const at = clock.now();
  const made = {
    stream: message.stream,
    address: recipient,
    reason,
    origin: "Recipient",
    createdAt: at,
  } as const;
  if (!addSuppression(store, made)) return false;
  const details = { Origin: "Recipient", SuppressSending: "True" };
  insertEvent(store, {
    messageId: message.id,
    recipient,
    type: "SubscriptionChanged",
    details,
    receivedAt: at,
  });
  emitter.announce(subscriptionChangeOf(made, { suppressed: true, at, message }));
  return true;
}

/** Only the first one is kept; webhooks hear of each. */
export function open(
  { store, clock, emitter }: Scene,
  message: StoredMessage,
  recipient: string,
  reader: Reader,
) {
  const at = clock.now();
  const first = !eventsOf(store, message.id).some(
    (event) => event.type === "Opened" && event.recipient === recipient,
  );
  const details = { Summary: `Email opened with ${reader.Client.Name} on ${reader.OS.Name}` };
  const tracking = { ...reader, FirstOpen: true, ReadSeconds: 5 };
  if (first)
    insertEvent(store, {
      messageId: message.id,
      recipient,
      type: "Opened",
      details,
      receivedAt: at,
      tracking,
    });
  emitter.announce(openOf(message, recipient, reader, { first, at }));
}

export function click(
  { store, clock, emitter }: Scene,
  message: StoredMessage,
  recipient: string,
  reader: Reader,
  { link, location }: Omit<Click, "at">,
): void {
  const at = clock.now();
  const summary = `Tracked link '${link}' was clicked from the ${location === "HTML" ? "HTML" : "text"} body.`;
  const details = { Summary: summary, Link: link, ClickLocation: location };
  const tracking = { ...reader, ClickLocation: location, OriginalLink: link };
  insertEvent(store, {
    messageId: message.id,
    recipient,
    type: "LinkClicked",
    details,
    receivedAt: at,
    tracking,
  });
  emitter.announce(clickOf(message, recipient, reader, { link, location, at }));
}

const delivered = {
  DeliveryMessage: "smtp;250 2.0.0 OK kept in the mailbox",
  DestinationServer: "mailbox",
  DestinationIP: "127.0.0.1",
};

function newBounce(message: StoredMessage, email: string, type: string, bouncedAt: Date) {
  const { description = "", inactive = false, canActivate = false } = bounceTypes.get(type) ?? {};
  const details = detailsOf[type] ?? `smtp;550 5.0.0 ${type} made by the mailbox`;
  const { id: messageId, stream, from, subject, tag } = message;
  return {
    ...{
      messageId,
      stream,
      type,
      email,
      from,
      subject,
      tag,
      description,
      details,
      inactive,
      canActivate,
      bouncedAt,
    },
    dump: dumpOf(message, email, details),
  };
}

const detailsOf: Record<string, string> = {
  HardBounce: "smtp;550 5.1.1 The email account that you tried to reach does not exist",
  SoftBounce: "smtp;452 4.2.2 The recipient's mailbox is full",
  Transient: "smtp;421 4.7.0 Try again later",
  SpamComplaint: "Marked as spam by the recipient",
};

function dumpOf({ id, from, subject }: StoredMessage, email: string, details: string): string {
  return [
    "From: MAILER-DAEMON@mailbox",
    `To: ${from}`,
    "Subject: Undelivered Mail Returned to Sender",
    `X-PM-Message-Id: ${id}`,
    "",
    `The message "${subject}" to ${email} came back: ${details}`,
    "",
  ].join("\r\n");
}

function reasonFor(type: string): Suppression["reason"] {
  if (type === "SpamComplaint") return "SpamComplaint";
  return type === "ManuallyDeactivated" ? "ManualSuppression" : "HardBounce";
}
