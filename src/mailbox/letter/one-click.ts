import type { StoredMessage } from "../store/messages.ts";
import type { Store } from "../store/store.ts";
import { findStream } from "../store/streams.ts";

/** How a reader's "unsubscribe" reaches the sender. */
export type WayOut =
  /** By RFC 8058: a POST to the sender. */
  | { by: "sender"; url: string }
  /** By the service, which suppresses the address on the stream. */
  | { by: "service" }
  | { by: "none" };

/** On a stream whose unsubscribes the service handles, its header replaces the sender's. */
export function wayOut(store: Store, message: StoredMessage): WayOut {
  if (handledByService(store, message)) return { by: "service" };
  const url = oneClickUrl(message);
  return url ? { by: "sender", url } : { by: "none" };
}

export function handledByService(store: Store, { stream }: StoredMessage): boolean {
  return findStream(store, stream)?.unsubscribe === "Postmark";
}

/** What a mail program does when its reader presses "unsubscribe". The status, or why there is none. */
export async function postOneClick(url: string, timeoutMs: number): Promise<number | string> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "List-Unsubscribe=One-Click",
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function oneClickUrl(message: StoredMessage): string | undefined {
  if (!/List-Unsubscribe=One-Click/i.test(headerOf(message, "list-unsubscribe-post"))) return undefined;
  return /<(https?:[^<>\s]+)>/i.exec(headerOf(message, "list-unsubscribe"))?.[1];
}

function headerOf({ headers }: StoredMessage, name: string): string {
  return headers.find((header) => header.Name.toLowerCase() === name)?.Value ?? "";
}
