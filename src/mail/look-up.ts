import { AppError } from "#errors.ts";
import type { Connection } from "./connection.ts";

/** A message that the provider knows, with the letter and attempt it was sent for. */
export type Found = { id: string; attempt: number; messageId: string };

/** With this token the service validates and stores nothing, so its search proves nothing. */
export const testToken = "POSTMARK_API_TEST";

/** The search takes one metadata field, and looks in the stream `outbound` unless it is told another. */
export function findBatch({ client }: Connection, stream: string, batchId: string): Promise<Found[]> {
  return foundIn(
    client.getOutboundMessages({ ...page, messageStream: stream, metadata_bat: batchId }),
    ({ bat }) => bat === batchId,
  );
}

export function findLetter({ client }: Connection, stream: string, letterId: string): Promise<Found[]> {
  return foundIn(
    client.getOutboundMessages({ ...page, messageStream: stream, metadata_mid: letterId }),
    ({ mid }) => mid === letterId,
  );
}

const page = { count: 500, offset: 0 };

/** The answer came and is of no use; another question may have a better one. */
export function unusable(why: string): AppError {
  return new AppError("LookUpProvesNothing", `the look-up proves nothing: ${why}`);
}

type Metadata = Record<string, unknown>;

async function foundIn(search: Promise<unknown>, belongs: (metadata: Metadata) => boolean): Promise<Found[]> {
  const { Messages, TotalCount } = ((await search) ?? {}) as { Messages?: unknown; TotalCount?: unknown };
  if (!Array.isArray(Messages)) throw unusable("the answer is not a list of messages");
  if (typeof TotalCount === "number" && TotalCount > Messages.length)
    throw unusable("there are more messages than the answer holds");
  return Messages.map((message) => toFound(message, belongs));
}

function toFound(message: unknown, belongs: (metadata: Metadata) => boolean): Found {
  const { MessageID, Metadata } = (message ?? {}) as { MessageID?: unknown; Metadata?: Metadata };
  const attempt = Number(Metadata?.a);
  if (typeof MessageID !== "string" || typeof Metadata?.mid !== "string" || !belongs(Metadata))
    throw unusable("a message is not one of those that were asked for");
  if (!Number.isInteger(attempt)) throw unusable("a message does not name its attempt");
  return { id: Metadata.mid, attempt, messageId: MessageID };
}
