import { type StoredMessage, sendMessage } from "../../../api/messages.ts";
import { isPassing, Problem, sayProblem } from "../../../api/problem.ts";
import type { Line, SentState } from "./lines.ts";

type Ends = {
  stored(message: StoredMessage): void;
  failed(clientId: string, state: Exclude<SentState, "stored" | "sending">, problem: string): void;
};

/** Sends the messages of a room one after the other: two requests under way at once could be stored in the wrong order. */
export class Outbox {
  readonly #roomId: string;
  readonly #ends: Ends;
  #last: Promise<void> = Promise.resolve();

  constructor(roomId: string, ends: Ends) {
    this.#roomId = roomId;
    this.#ends = ends;
  }

  post({ clientId, body, replyToId }: Line, confirm = false) {
    this.#last = this.#last.then(async () => {
      try {
        this.#ends.stored(await sendMessage(this.#roomId, { clientId, body, replyToId, confirm }));
      } catch (error) {
        this.#ends.failed(clientId, stateAfter(error), sayProblem(error));
      }
    });
  }
}

function stateAfter(error: unknown): "waiting" | "refused" | "unconfirmed" {
  if (isPassing(error)) return "waiting";
  return error instanceof Problem && error.field === "confirm" ? "unconfirmed" : "refused";
}
