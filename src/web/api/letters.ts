import { getJson } from "./http.ts";

export type Stream = "outbound" | "broadcast";
export type Letter = {
  MessageID: string;
  To: { Email: string; Name: string | null }[];
  Recipients: string[];
  From: string;
  Subject: string;
  ReceivedAt: string;
  Status: string;
  Tag: string | null;
  MessageStream: string;
  Metadata: Record<string, string> | null;
};
export type LetterEvent = {
  Type: string;
  Recipient: string;
  ReceivedAt: string;
  Details: Record<string, string> | null;
};
export type LetterDetails = Letter & { HtmlBody: string; TextBody: string; MessageEvents: LetterEvent[] };
export type LetterList = { TotalCount: number; Messages: Letter[] };

const OUTBOUND = "/mailbox/postmark/messages/outbound";
const HEADERS = { "X-Postmark-Server-Token": "sandbox-web" };

/** The newest letters of a stream, to anyone or to one recipient. */
export function loadLetters(stream: Stream, recipient: string): Promise<LetterList> {
  const query = new URLSearchParams({ count: "50", offset: "0", messagestream: stream });
  if (recipient) query.set("recipient", recipient);
  return getJson<LetterList>(`${OUTBOUND}?${query}`, HEADERS);
}

export function loadLetter(id: string): Promise<LetterDetails> {
  return getJson<LetterDetails>(`${OUTBOUND}/${encodeURIComponent(id)}/details`, HEADERS);
}

/** "Ada Lovelace", or her address when the letter gives no name. */
export function recipientName({ To, Recipients }: Letter): string {
  const first = To?.[0];
  return first?.Name || first?.Email || Recipients?.[0] || "nobody";
}
