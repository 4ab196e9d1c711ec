import { bounceTypes } from "../bounce-types.ts";
import { universal } from "../eastern.ts";
import type { Reader } from "../letter/reader.ts";
import type { Bounce } from "../store/bounces.ts";
import type { StoredMessage } from "../store/messages.ts";
import type { Suppression } from "../store/suppressions.ts";
import type { Triggers } from "../store/webhooks.ts";

/** One event for the webhooks of a stream. */
export type Announcement = {
  trigger: keyof Triggers;
  stream: string;
  payload: Record<string, unknown> & { RecordType: keyof Triggers; MessageID: string | null };
  /** Only for webhooks that ask for the content. */
  content?: string;
};

const serverId = 1;

export function deliveryOf(message: StoredMessage, recipient: string, at: Date): Announcement {
  return announcement("Delivery", message, {
    ServerID: serverId,
    Recipient: recipient,
    ...tagOf(message),
    DeliveredAt: universal(at),
    Details: "smtp;250 2.0.0 OK kept in the mailbox",
  });
}

/** A spam complaint has the same fields, and its own record type. */
export function bounceOf(message: StoredMessage, bounce: Bounce): Announcement {
  const type = bounceTypes.get(bounce.type);
  const made = announcement(bounce.type === "SpamComplaint" ? "SpamComplaint" : "Bounce", message, {
    ID: bounce.id,
    Type: bounce.type,
    TypeCode: type?.code ?? 0,
    Name: type?.name ?? "",
    ...tagOf(message),
    ServerID: serverId,
    Description: bounce.description,
    Details: bounce.details,
    Email: bounce.email,
    From: bounce.from,
    BouncedAt: universal(bounce.bouncedAt),
    DumpAvailable: bounce.dump !== null,
    Inactive: bounce.inactive,
    CanActivate: bounce.canActivate,
    Subject: bounce.subject,
  });
  return bounce.dump === null ? made : { ...made, content: bounce.dump };
}

export function openOf(
  message: StoredMessage,
  recipient: string,
  reader: Reader,
  open: { first: boolean; at: Date },
) {
  return announcement("Open", message, {
    FirstOpen: open.first,
    Recipient: recipient,
    ReceivedAt: universal(open.at),
    ReadSeconds: 5,
    ...reader,
    Tag: message.tag ?? "",
  });
}

export type Click = { link: string; location: "HTML" | "Text"; at: Date };

export function clickOf(
  message: StoredMessage,
  recipient: string,
  reader: Reader,
  click: Click,
): Announcement {
  return announcement("Click", message, {
    ClickLocation: click.location,
    Recipient: recipient,
    ReceivedAt: universal(click.at),
    OriginalLink: click.link,
    ...reader,
    Tag: message.tag ?? "",
  });
}

/** Without a message: changed by the customer or an operator; then, and when it is lifted, nothing of a letter is told. */
export function subscriptionChangeOf(
  suppression: Suppression,
  change: { suppressed: boolean; at: Date; message?: StoredMessage | undefined },
): Announcement {
  const message = change.suppressed ? change.message : undefined;
  return {
    trigger: "SubscriptionChange",
    stream: suppression.stream,
    payload: {
      RecordType: "SubscriptionChange",
      MessageID: message?.id ?? null,
      ServerID: serverId,
      MessageStream: suppression.stream,
      ChangedAt: universal(change.at),
      Recipient: suppression.address,
      Origin: suppression.origin,
      SuppressSending: change.suppressed,
      SuppressionReason: change.suppressed ? suppression.reason : null,
      Tag: message?.tag ?? null,
      Metadata: message?.metadata ?? {},
    },
  };
}

function announcement(
  trigger: keyof Triggers,
  { stream, id, metadata }: StoredMessage,
  rest: Record<string, unknown>,
): Announcement {
  const payload = { RecordType: trigger, MessageStream: stream, MessageID: id, Metadata: metadata, ...rest };
  return { trigger, stream, payload };
}

function tagOf({ tag }: StoredMessage): { Tag?: string } {
  return tag === null ? {} : { Tag: tag };
}
