import { isUuid } from "#lib/uuid.ts";

/** What became of one letter's hand-over. */
export type Outcome =
  /** Postmark has it. */
  | { kind: "accepted"; messageId: string }
  /** Postmark will never take it: final for this letter. */
  | { kind: "refused"; code: number | string; message: string }
  /** Proved not to have been taken; it may go out again. `stop` asks for a person: token, account or stream. */
  | { kind: "notSent"; reason: string; code: number | string; stop?: boolean }
  /** Nobody knows yet. `presumedUnsent`: very likely not taken, so one look-up settles it. */
  | { kind: "unknown"; reason: string; presumedUnsent?: boolean };

/** A request that did not answer with results: HTTP status and ErrorCode, both 0 when there was no answer at all. */
export type RequestTrouble = { status: number; code: number; message: string; networkCodes: string[] };

/** The outcome of every letter of a request of `size` letters, or "split" when one of them spoils the others. */
export function outcomeOfRequest(trouble: RequestTrouble, size: number): Outcome | "split" {
  const { status, code, message } = trouble;
  if (status === 0) return outcomeWithoutAnswer(trouble);
  if (status === 401) return { kind: "notSent", reason: message, code: code || 401, stop: true };
  if (status === 415) return { kind: "notSent", reason: message, code: code || 415, stop: true };
  if (status === 503 && code === 100) return { kind: "notSent", reason: message, code };
  if (status === 429)
    return { kind: "unknown", reason: `too many requests: ${message}`, presumedUnsent: true };
  if (status === 422 && stopCodes.has(code)) return { kind: "notSent", reason: message, code, stop: true };
  if ((status === 422 && code !== 0) || status === 413)
    return size > 1 ? "split" : { kind: "refused", code: code || status, message };
  return { kind: "unknown", reason: `HTTP ${status}, ErrorCode ${code}: ${message}` };
}

/**
 * The outcome of every letter of an answered request. The client's type promises results; a proxy's page, an empty answer,
 * a short list, results in another order and an id that is given twice come through all the same.
 */
export function outcomesOfAnswer(answer: unknown, sent: readonly { To: string }[]): Outcome[] {
  if (!Array.isArray(answer) || answer.length !== sent.length)
    return sent.map(() => unknownItem("the answer is not one result per letter"));
  if (answer.some((item, index) => isOfAnother(item, sent[index])))
    return sent.map(() => unknownItem("the results are not in the order of the letters"));
  const outcomes = answer.map(outcomeOfItem);
  const ids = outcomes.flatMap((outcome) => (outcome.kind === "accepted" ? [outcome.messageId] : []));
  if (new Set(ids).size < ids.length) return sent.map(() => unknownItem("two letters have the same id"));
  return outcomes;
}

/** A result that is no success names nobody. */
function isOfAnother(item: unknown, sent: { To: string } | undefined): boolean {
  const { To: to } = (item ?? {}) as Record<string, unknown>;
  return typeof to === "string" && addressIn(to) !== addressIn(sent?.To ?? "");
}

function addressIn(line: string): string {
  return (/<([^<>]*)>\s*$/.exec(line)?.[1] ?? line).trim().toLowerCase();
}

function outcomeOfItem(item: unknown): Outcome {
  const { ErrorCode: code, MessageID: messageId, Message } = (item ?? {}) as Record<string, unknown>;
  const message = typeof Message === "string" ? Message : "no message";
  if (typeof code !== "number" || !Number.isInteger(code))
    return unknownItem("a result without an ErrorCode");
  if (code === 0)
    return isUuid(messageId) ? { kind: "accepted", messageId } : unknownItem("a result without an id");
  if (code === 101) return unknownItem(message);
  if (code === 100) return { kind: "notSent", reason: message, code };
  if (stopCodes.has(code)) return { kind: "notSent", reason: message, code, stop: true };
  return { kind: "refused", code, message };
}

/**
 * Wrong token, sender not confirmed, account without rights or credit, unknown stream, address not allow-listed: a
 * person mends the setting and then the same letter is good. 400, 401 and 405 are from Postmark's older tables.
 */
const stopCodes: ReadonlySet<number> = new Set([10, 400, 401, 405, 412, 413, 422, 1235, 1236, 1480]);

/** Only these prove that nothing was transmitted; a reset connection may have carried the letters first. */
const neverConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function outcomeWithoutAnswer({ networkCodes, message }: RequestTrouble): Outcome {
  const [code] = networkCodes;
  if (code !== undefined && networkCodes.every((each) => neverConnected.has(each)))
    return { kind: "notSent", reason: `the service was not reached: ${message}`, code };
  return { kind: "unknown", reason: `no complete answer: ${message}` };
}

function unknownItem(reason: string): Outcome {
  return { kind: "unknown", reason };
}
