import { ServerClient } from "postmark";
import { AppError, codeOf } from "#errors.ts";
import { type Letter, type MessageSettings, toMessage } from "./message.ts";
import { type Outcome, outcomeOfItem, outcomeOfRequest, type RequestTrouble } from "./outcome.ts";

export type PostmarkSettings = MessageSettings & {
  token: string;
  /** Base URL of the service or of the mailbox; a path is kept. Default https://api.postmarkapp.com */
  endpoint?: string;
  /** Limit of one request, body included. Default 30. */
  timeoutSeconds?: number;
};

/** A message that the provider knows, with the letter and attempt it was sent for. */
export type Found = { id: string; attempt: number; messageId: string };

export type Postmark = {
  /**
   * Hands letters over, in one request where it can be; one outcome per letter, in their order. `inTime` is asked right
   * before each request; once it says no, the rest is not sent.
   */
  sendBatch(letters: Letter[], inTime?: () => boolean): Promise<Outcome[]>;
  /** What the provider knows of a batch. Throws when it gives no certain answer: that proves nothing. */
  findBatch(stream: string, batchId: string): Promise<Found[]>;
};

/** Postmark through its own, unmodified client. Throws AppError `BadSetting` for an empty token or a bad endpoint. */
export function createPostmark(settings: PostmarkSettings): Postmark {
  if (settings.token.trim() === "") throw new AppError("BadSetting", "The Postmark server token is empty.");
  const endpoint = parseEndpoint(settings.endpoint ?? "https://api.postmarkapp.com");
  const connect = () => openClient(settings, endpoint);
  return {
    sendBatch: (letters, inTime = () => true) => sendBatch({ connect, settings, inTime }, letters),
    findBatch: (stream, batchId) => findBatch(connect, settings, stream, batchId),
  };
}

/** With this token the service validates and stores nothing, so its search proves nothing. */
const testToken = "POSTMARK_API_TEST";

type Endpoint = { requestHost: string; useHttps: boolean };
type Sending = { connect: () => Connection; settings: MessageSettings; inTime: () => boolean };
type Connection = { client: ServerClient; lastError: () => unknown };

function parseEndpoint(endpoint: string): Endpoint {
  if (!URL.canParse(endpoint))
    throw new AppError("BadSetting", `The mail endpoint "${endpoint}" is not a URL.`);
  const url = new URL(endpoint);
  return { requestHost: url.host + url.pathname.replace(/\/+$/, ""), useHttps: url.protocol === "https:" };
}

/**
 * The client throws away why a request failed, so each request gets a client whose fetch keeps it. It also refuses
 * redirects: the client would post the letters again, with the token, to wherever it is sent.
 */
function openClient(settings: PostmarkSettings, endpoint: Endpoint): Connection {
  let lastError: unknown;
  const client = new ServerClient(settings.token, {
    ...endpoint,
    timeout: settings.timeoutSeconds ?? 30,
    fetch: async (input, init) => {
      try {
        return await fetch(input, { ...init, redirect: "error" });
      } catch (error) {
        lastError = error;
        throw error;
      }
    },
  });
  return { client, lastError: () => lastError };
}

async function sendBatch(sending: Sending, letters: Letter[]): Promise<Outcome[]> {
  if (!sending.inTime())
    return letters.map(() => ({ kind: "notSent", reason: "out of time", code: "LEASE" }));
  const { client, lastError } = sending.connect();
  const messages = letters.map((letter) => toMessage(letter, sending.settings));
  try {
    return outcomesOf(await client.sendEmailBatch(messages), letters.length);
  } catch (error) {
    const verdict = outcomeOfRequest(troubleOf(error, lastError()), letters.length);
    return verdict === "split" ? sendHalves(sending, letters) : letters.map(() => verdict);
  }
}

/** The whole request was refused for something in it: halve it until the culprit is alone. */
async function sendHalves(sending: Sending, letters: Letter[]): Promise<Outcome[]> {
  const middle = Math.ceil(letters.length / 2);
  const first = await sendBatch(sending, letters.slice(0, middle));
  const second = await sendBatch(sending, letters.slice(middle));
  return [...first, ...second];
}

/** The client's type promises results; a proxy's page, an empty answer and a short list come through all the same. */
function outcomesOf(answer: unknown, size: number): Outcome[] {
  if (Array.isArray(answer) && answer.length === size) return answer.map(outcomeOfItem);
  return Array.from({ length: size }, () => ({
    kind: "unknown",
    reason: "the answer is not one result per letter",
  }));
}

function troubleOf(error: unknown, networkError: unknown): RequestTrouble {
  const { statusCode, code, message } = (error ?? {}) as Record<string, unknown>;
  return {
    status: typeof statusCode === "number" ? statusCode : 0,
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message : "no message",
    networkCodes: networkCodesOf(networkError),
  };
}

/** A connection that is tried on several addresses fails with one error for each. */
function networkCodesOf(error: unknown): string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  const all = cause instanceof AggregateError ? cause.errors : [cause];
  return all.map((each) => codeOf(each) ?? "unknown");
}

async function findBatch(
  connect: () => Connection,
  settings: PostmarkSettings,
  stream: string,
  batchId: string,
): Promise<Found[]> {
  if (settings.token.trim() === testToken) throw unreliable("the test token stores nothing");
  const filter = { count: 500, offset: 0, messageStream: stream, metadata_bat: batchId };
  const answer: unknown = await connect().client.getOutboundMessages(filter);
  const messages = (answer as { Messages?: unknown } | null)?.Messages;
  if (!Array.isArray(messages)) throw unreliable("the answer is not a list of messages");
  return messages.map((message) => toFound(message, batchId));
}

function toFound(message: unknown, batchId: string): Found {
  const { MessageID, Metadata } = (message ?? {}) as {
    MessageID?: unknown;
    Metadata?: Record<string, unknown>;
  };
  const attempt = Number(Metadata?.a);
  if (typeof MessageID !== "string" || typeof Metadata?.mid !== "string" || Metadata.bat !== batchId)
    throw unreliable("a message does not belong to the batch");
  if (!Number.isInteger(attempt)) throw unreliable("a message does not name its attempt");
  return { id: Metadata.mid, attempt, messageId: MessageID };
}

function unreliable(why: string): AppError {
  return new AppError("LookUpProvesNothing", `the look-up proves nothing: ${why}`);
}
