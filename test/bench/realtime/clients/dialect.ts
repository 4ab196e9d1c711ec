import { howdah } from "./howdah.ts";
import { socketIo } from "./socketio.ts";

/** What a message carries: its number and when it was sent, by the clock of the machine, and something to say. */
export type Message = { n: number; at: number; body: string };

export const body =
  "What is said in a room is about as long as a sentence of a chat, that is to say some hundred letters.";

/** How a plain websocket talks to a server. */
export type Dialect = {
  url(port: number, apikey: string): string;
  /** What is said once the websocket is open, if the server waits for it. */
  hello?: string;
  /** Whether it may join now. */
  greets(text: string): boolean;
  join(room: string): string;
  hasJoined(text: string): boolean;
  say(room: string, message: Message): string | Buffer;
  /** Whether this is a message of a room, which costs next to nothing to tell. */
  isMessage(frame: Buffer, isBinary: boolean): boolean;
  read(frame: Buffer): Message;
  /** The answer that a frame which is no message asks for. */
  answer(text: string): string | undefined;
  /** What the client has to say now and then, to be kept. */
  heartbeat?: string;
};

export type DialectName = keyof typeof dialects;

export const dialects = { howdah, socketIo } satisfies Record<string, Dialect>;
