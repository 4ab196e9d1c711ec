import type { Frame, Head, Ref } from "./frame.ts";

/** A frame to send: its head and its payload. */
export type Reply = { head: Head; payload: unknown };

type Asked = Pick<Frame, "joinRef" | "ref" | "topic">;

/** `response` is always an object; the client breaks without it. */
export function ok(to: Asked, response: object = {}): Reply {
  return { head: { ...refs(to), event: "phx_reply" }, payload: { status: "ok", response } };
}

export function refused(to: Asked, response: object): Reply {
  return { head: { ...refs(to), event: "phx_reply" }, payload: { status: "error", response } };
}

/** Ends the channel for good: the client never rejoins by itself. */
export function closed(topic: string, joinRef: Ref): Reply {
  return { head: { joinRef, ref: joinRef, topic, event: "phx_close" }, payload: {} };
}

/** Ends the channel for now: the client rejoins by itself after a second. */
export function crashed(topic: string, joinRef: Ref, reason: string): Reply {
  return { head: { joinRef, ref: joinRef, topic, event: "phx_error" }, payload: { reason } };
}

export function system(
  topic: string,
  joinRef: Ref,
  status: "ok" | "error",
  message: string,
  extension: "system" | "postgres_changes" = "system",
): Reply {
  const channel = topic.replace(/^realtime:/, "");
  return {
    head: { joinRef, topic, event: "system" },
    payload: { extension, status, message, channel },
  };
}

function refs({ joinRef, ref, topic }: Asked): Omit<Head, "event"> {
  return { joinRef, ref, topic };
}
