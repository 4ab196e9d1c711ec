import type { EventType } from "./api.ts";

const WORDS: [EventType, string, string][] = [
  ["Bounced", "bounced", "bad"],
  ["SubscriptionChanged", "unsubscribed", "wait"],
  ["LinkClicked", "clicked", "good"],
  ["Opened", "opened", "good"],
  ["Delivered", "delivered", ""],
  ["Transient", "delayed", "wait"],
];

/** What has become of a letter, in one word. */
export function Word({ happened }: { happened: readonly EventType[] }) {
  const found = WORDS.find(([type]) => happened.includes(type));
  return <span className={`chip ${found?.[2] ?? ""}`}>{found?.[1] ?? "on its way"}</span>;
}

/** The same of one event, with its first letter large. */
export function sayEvent(type: EventType): string {
  const word = WORDS.find(([known]) => known === type)?.[1] ?? type;
  return word.charAt(0).toUpperCase() + word.slice(1);
}
