import { type Connection, type ConnectionSettings, prepareConnections } from "./connection.ts";
import { type Found, findBatch, findLetter, testToken, unusable } from "./look-up.ts";
import { type Letter, type MessageSettings, toMessage } from "./message.ts";
import { type Outcome, outcomeOfRequest, outcomesOfAnswer } from "./outcome.ts";

export type PostmarkSettings = MessageSettings &
  ConnectionSettings & {
    /** What the provider calls our two streams, where that is not what we call them. */
    streams?: Partial<Record<string, string>>;
  };

export type Postmark = {
  /**
   * Hands letters of one stream over, in one request where it can be; one outcome per letter, in their order. `inTime` is
   * asked right before each request; once it says no, the rest is not sent.
   */
  sendBatch(letters: Letter[], inTime?: () => boolean): Promise<Outcome[]>;
  /** What the provider knows of a batch. Throws when it gives no certain answer: that proves nothing. */
  findBatch(stream: string, batchId: string): Promise<Found[]>;
  /** What the provider knows of a letter, whichever batches it went with. Throws as `findBatch`. */
  findLetter(stream: string, letterId: string): Promise<Found[]>;
};

/** Postmark through its own, unmodified client. Throws AppError `BadSetting` for an empty token or a bad endpoint. */
export function createPostmark(settings: PostmarkSettings): Postmark {
  const connect = prepareConnections(settings);
  const nameOf = (stream: string) => settings.streams?.[stream] ?? stream;
  const address = (letter: Letter) => ({
    ...toMessage(letter, settings),
    MessageStream: nameOf(letter.stream),
  });
  const connectToAsk = () => {
    if (settings.token.trim() === testToken) throw unusable("the test token stores nothing");
    return connect();
  };
  return {
    sendBatch: (letters, inTime = () => true) => send({ connect, inTime }, letters.map(address)),
    findBatch: async (stream, batchId) => findBatch(connectToAsk(), nameOf(stream), batchId),
    findLetter: async (stream, letterId) => findLetter(connectToAsk(), nameOf(stream), letterId),
  };
}

type Message = ReturnType<typeof toMessage>;
type Sending = { connect: () => Connection; inTime: () => boolean };

async function send(sending: Sending, messages: Message[]): Promise<Outcome[]> {
  if (isTooLarge(messages)) return sendHalves(sending, messages);
  if (!sending.inTime()) return messages.map(() => outOfTime);
  const { client, troubleOf } = sending.connect();
  try {
    return outcomesOfAnswer(await client.sendEmailBatch(messages), messages);
  } catch (error) {
    const verdict = outcomeOfRequest(troubleOf(error), messages.length);
    return verdict === "split" ? sendHalves(sending, messages) : messages.map(() => verdict);
  }
}

const outOfTime: Outcome = { kind: "notSent", reason: "out of time", code: "LEASE" };

/** What is wrong with a request is wrong with one of its halves: at the end the culprit is alone. */
async function sendHalves(sending: Sending, messages: Message[]): Promise<Outcome[]> {
  const middle = Math.ceil(messages.length / 2);
  const first = await send(sending, messages.slice(0, middle));
  const second = await send(sending, messages.slice(middle));
  return [...first, ...second];
}

/** A request may have 50 MB. Counting bytes exactly costs as much as writing them, and is needed for long letters only. */
function isTooLarge(messages: Message[]): boolean {
  if (messages.length < 2) return false;
  const characters = messages.reduce(
    (sum, { HtmlBody, TextBody }) => sum + HtmlBody.length + TextBody.length,
    0,
  );
  const couldBeTooLarge = characters * mostBytesOfACharacter > mostBytes;
  return couldBeTooLarge && Buffer.byteLength(JSON.stringify(messages)) > mostBytes;
}

const mostBytes = 50_000_000;
const mostBytesOfACharacter = 6; // \u0000
