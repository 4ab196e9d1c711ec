import type { Counts, State } from "./api.ts";

export const STATES: Record<State, { word: string; tone: string }> = {
  draft: { word: "Draft", tone: "" },
  preparing: { word: "Preparing", tone: "wait" },
  sending: { word: "Sending", tone: "accent" },
  paused: { word: "Paused", tone: "wait" },
  sent: { word: "Sent", tone: "good" },
  cancelled: { word: "Cancelled", tone: "bad" },
};

const REASONS: Record<string, string> = {
  "no-address": "no mail address",
  "opted-out": "want no campaigns",
  minor: "minors get no such letters",
  "duplicate-address": "share an address with somebody who gets it",
  "missing-tag": "a tag has no value for them",
  "bad-address": "the address does not work",
  "job-failed": "something went wrong",
  provider: "the mail service refuses the address",
};

export function sayReason(reason: string | null): string {
  return reason ? (REASONS[reason] ?? reason) : "";
}

const SAMPLES: Record<string, string> = {
  person: "Chosen",
  first: "First of the list",
  "longest-name": "Longest name",
  "right-to-left-name": "Name from right to left",
  "missing-value": "A value is missing",
  "zero-pledge": "Pledged nothing",
  "zero-balance": "Paid in full",
  overpaid: "Paid too much",
  overdue: "Overdue",
};

export function saySample(sample: string): string {
  return SAMPLES[sample] ?? sample;
}

/** The tiles of the board: count, the state the server knows it by, words, and what they mean. */
export const TILES: readonly (readonly [keyof Counts, string, string, string])[] = [
  ["queued", "queued", "Queued", "not yet with the mail service"],
  ["accepted", "accepted", "Accepted", "taken by the mail service"],
  ["delivered", "delivered", "Delivered", "in the mailbox"],
  ["opened", "opened", "Opened", "an estimate"],
  ["clicked", "clicked", "Clicked", "followed a link"],
  ["bounced", "bounced", "Bounced", "refused by the mailbox"],
  ["complained", "complained", "Complained", "called it spam"],
  ["unsubscribed", "unsubscribed", "Unsubscribed", "want no more"],
  ["suppressed", "suppressed", "Left out", "on purpose"],
  ["undecided", "undecided", "Undecided", "being looked up"],
  ["failed", "failed", "Failed", "could not be sent"],
  ["cancelled", "cancelled", "Cancelled", "taken back in time"],
];
