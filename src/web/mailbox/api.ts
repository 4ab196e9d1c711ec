import { Problem } from "../api/problem.ts";

export type Address = { Email: string; Name: string | null };
export type EventType =
  | "Delivered"
  | "Transient"
  | "Opened"
  | "LinkClicked"
  | "Bounced"
  | "SubscriptionChanged";

export type ListedLetter = {
  position: number;
  id: string;
  stream: string;
  subject: string;
  tag: string | null;
  to: Address[];
  receivedAt: string;
  happened: EventType[];
};

export type LetterEvent = {
  type: EventType;
  recipient: string;
  at: string;
  details: Record<string, unknown>;
};

export type Letter = Omit<ListedLetter, "position" | "happened"> & {
  from: string;
  replyTo: string | null;
  cc: Address[];
  bcc: Address[];
  recipients: string[];
  metadata: Record<string, string>;
  html: string | null;
  text: string | null;
  /** As a mail server would hand it over. */
  raw: string;
  attachments: { name: string; type: string }[];
  events: LetterEvent[];
};

export type Wanted = { text: string; stream: string };
export type LetterList = { letters: ListedLetter[]; more: boolean };

/** The newest letters, or those before one. */
export function loadLetters({ text, stream }: Wanted, before = 0): Promise<LetterList> {
  return ask(`/_letters?${new URLSearchParams({ text, stream, before: String(before) })}`);
}

export function loadLetter(id: string): Promise<Letter> {
  return ask(`/_letters/${encodeURIComponent(id)}`);
}

/** As it reached its reader, with the service's pixel and links. */
export async function loadReceivedHtml(id: string, recipient: string): Promise<string | null> {
  const response = await reach(`/_letter/${id}/${encodeURIComponent(recipient)}/html`);
  return response.ok ? response.text() : null;
}

/** Lets something happen to a letter; the sender's webhooks hear of it. */
export async function happen(
  event: "bounce" | "complaint",
  { id }: Letter,
  recipient: string,
  type?: string,
): Promise<void> {
  await ask(`/_control/events/${event}`, { messageId: id, recipient, type });
}

/** Who took it: the sender by the request of RFC 8058, with what it answered, or the service. */
export type Unsubscribed = { by: "sender" | "service" | "none"; answer?: number | string };

export function unsubscribe({ id }: Letter, recipient: string): Promise<Unsubscribed> {
  return ask("/_control/events/unsubscribe", { messageId: id, recipient });
}

async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await reach(path, body);
  if (response.ok) return (await response.json()) as T;
  const answer = (await response.json().catch(() => ({}))) as { Message?: string };
  throw new Problem("mailbox", answer.Message || "The mailbox has trouble with this.", response.status);
}

async function reach(path: string, body?: object): Promise<Response> {
  const init = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  return fetch(path, init).catch(() => {
    throw new Problem("network", "The mailbox does not answer. Does Howdah run?");
  });
}
