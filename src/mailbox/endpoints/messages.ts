import type { Call, Endpoint } from "../call.ts";
import { eastern } from "../eastern.ts";
import { Fault } from "../reply.ts";
import { searchMessages, toListed } from "../search.ts";
import { sourceOf } from "../source.ts";
import { eventsOf, type StoredEvent } from "../store/events.ts";
import { findMessage, type StoredMessage } from "../store/messages.ts";

export const messageEndpoints: Endpoint[] = [
  { method: "GET", path: /^\/messages\/outbound$/i, run: searchMessages },
  { method: "GET", path: /^\/messages\/outbound\/([^/]+)\/details$/i, run: messageDetails },
  {
    method: "GET",
    path: /^\/messages\/outbound\/([^/]+)\/dump$/i,
    run: (call) => ({ Body: sourceOf(wantedMessage(call)) }),
  },
];

/** Throws Fault 701 for an id that is not known. */
export function wantedMessage({ ground, ids: [id = ""] }: Call): StoredMessage {
  const message = findMessage(ground.store, id);
  if (message) return message;
  throw new Fault(701, "This message was not found.");
}

function messageDetails(call: Call): object {
  const message = wantedMessage(call);
  return {
    TextBody: message.textBody ?? "",
    HtmlBody: message.htmlBody ?? "",
    Body: sourceOf(message),
    ...toListed(message),
    MessageEvents: eventsOf(call.ground.store, message.id).map(toEvent),
  };
}

function toEvent({ recipient, type, details, receivedAt }: StoredEvent) {
  return { Recipient: recipient, Type: type, ReceivedAt: eastern(receivedAt), Details: details };
}
