import { randomUUID } from "node:crypto";
import { bounceTypes } from "../bounce-types.ts";
import { someReader } from "../letter/reader.ts";
import { Fault } from "../reply.ts";
import type { StoredMessage } from "../store/messages.ts";
import type { Triggers, Webhook } from "../store/webhooks.ts";
import {
  type Announcement,
  bounceOf,
  clickOf,
  deliveryOf,
  openOf,
  subscriptionChangeOf,
} from "./payloads.ts";
import { post } from "./post.ts";

/** One probe for each enabled trigger. Throws Fault 1364 when one of them is not answered by exactly 200. */
export async function verify(webhook: Webhook, timeoutMs: number): Promise<void> {
  const enabled = triggerNames.filter((name) => webhook.triggers[name].Enabled);
  const answers = await Promise.all(enabled.map((name) => probe(webhook, name, timeoutMs)));
  const failed = enabled.flatMap((name, index) =>
    answers[index]?.status === 200 ? [] : [`${name} (${answers[index]?.status ?? answers[index]?.error})`],
  );
  if (failed.length === 0) return;
  throw new Fault(1364, `Webhook verification failed: ${failed.join(", ")} did not answer with 200.`);
}

const triggerNames: (keyof Triggers)[] = [
  "Open",
  "Click",
  "Delivery",
  "Bounce",
  "SpamComplaint",
  "SubscriptionChange",
];

function probe(webhook: Webhook, trigger: keyof Triggers, timeoutMs: number) {
  const body = JSON.stringify(samples[trigger](sampleMessage(webhook.stream)).payload);
  const letter = { body, traceId: randomUUID(), retriesRemaining: 0 };
  return post(webhook, letter, AbortSignal.timeout(timeoutMs));
}

const recipient = "john@example.com";
const at = new Date("2026-01-01T12:00:00Z");

const samples: Record<keyof Triggers, (message: StoredMessage) => Announcement> = {
  Open: (message) => openOf(message, recipient, someReader(), { first: true, at }),
  Click: (message) =>
    clickOf(message, recipient, someReader(), { link: "https://example.com", location: "HTML", at }),
  Delivery: (message) => deliveryOf(message, recipient, at),
  Bounce: (message) => bounceOf(message, sampleBounce(message, "HardBounce")),
  SpamComplaint: (message) => bounceOf(message, sampleBounce(message, "SpamComplaint")),
  SubscriptionChange: (message) =>
    subscriptionChangeOf(
      {
        stream: message.stream,
        address: recipient,
        reason: "HardBounce",
        origin: "Recipient",
        createdAt: at,
      },
      { suppressed: true, at, message },
    ),
};

/** Of a letter that nobody sent. */
function sampleMessage(stream: string): StoredMessage {
  return {
    position: 0,
    id: "00000000-0000-0000-0000-000000000000",
    stream,
    from: "sender@example.com",
    fromAddress: "sender@example.com",
    replyTo: null,
    to: [{ Email: recipient, Name: "" }],
    cc: [],
    bcc: [],
    recipients: [recipient],
    subject: "Test subject",
    tag: "Test",
    htmlBody: null,
    textBody: "Test webhook details",
    headers: [],
    metadata: { example: "value" },
    attachments: [],
    trackOpens: true,
    trackLinks: "HtmlAndText",
    receivedAt: at,
    status: "Sent",
  };
}

function sampleBounce(message: StoredMessage, type: string) {
  const { description = "", inactive = true, canActivate = false } = bounceTypes.get(type) ?? {};
  return {
    id: 0,
    messageId: message.id,
    stream: message.stream,
    type,
    email: recipient,
    from: message.from,
    subject: message.subject,
    tag: message.tag,
    description,
    details: "Test bounce details",
    dump: null,
    inactive,
    canActivate,
    bouncedAt: at,
  };
}
