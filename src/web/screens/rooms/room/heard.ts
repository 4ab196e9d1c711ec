import type { Reaction } from "../../../api/messages.ts";
import type { Line } from "./lines.ts";

type Payload = Record<string, unknown>;

/** The lines after something has happened to one of them; the same list when it was to none. */
export function afterEvent(
  lines: readonly Line[],
  event: string,
  payload: Payload,
  personId: string,
): readonly Line[] {
  const change = CHANGES[event];
  const id = payload.messageId ?? payload.id;
  if (!change || !lines.some((line) => line.id === id)) return lines;
  return lines.map((line) => {
    if (line.id === id) return change(line, payload, personId);
    return line.replyTo && line.replyTo.id === id
      ? { ...line, replyTo: requoted(line.replyTo, event, payload) }
      : line;
  });
}

const CHANGES: Record<string, (line: Line, payload: Payload, personId: string) => Line> = {
  "message-edited": (line, payload) => ({
    ...line,
    body: String(payload.body ?? line.body),
    mentionIds: Array.isArray(payload.mentionIds) ? payload.mentionIds.map(String) : line.mentionIds,
    mentionsRoom: payload.mentionsRoom === true,
    editedAt: typeof payload.editedAt === "string" ? payload.editedAt : line.editedAt,
    removed: null,
  }),
  "message-deleted": (line) => ({ ...line, body: "", removed: "deleted", pinned: false }),
  "message-hidden": (line) => ({ ...line, body: "", removed: "hidden", pinned: false }),
  "message-pinned": (line) => ({ ...line, pinned: true }),
  "message-unpinned": (line) => ({ ...line, pinned: false }),
  reaction: (line, { emoji, count, added, personId: by }, personId) => ({
    ...line,
    reactions: withReaction(
      line.reactions,
      String(emoji),
      Number(count),
      by === personId ? added === true : null,
    ),
  }),
};

/** `mine` is null when somebody else reacted. */
export function withReaction(
  reactions: readonly Reaction[],
  emoji: string,
  count: number,
  mine: boolean | null,
): Reaction[] {
  const before = reactions.find((reaction) => reaction.emoji === emoji);
  const now = { emoji, count, mine: mine ?? before?.mine ?? false };
  const all = before ? reactions.map((one) => (one === before ? now : one)) : [...reactions, now];
  return all.filter((reaction) => reaction.count > 0);
}

function requoted(quote: NonNullable<Line["replyTo"]>, event: string, { body }: Payload) {
  if (event === "message-edited") return { ...quote, body: String(body ?? quote.body), removed: false };
  const removed = event === "message-deleted" || event === "message-hidden";
  return removed ? { ...quote, body: "", removed } : quote;
}
