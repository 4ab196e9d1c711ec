import type { Claims } from "#auth/claims.ts";
import { AppError } from "#errors.ts";
import { Expiry } from "../expiry.ts";
import type { Room } from "../topic.ts";
import { Backlog } from "./backlog.ts";

/** A message of a topic: its payload is JSON, or it has bytes. */
export type TopicMessage = { id: string; seq: string; event: string; payload: unknown; bytes: Buffer | null };

export type StoredMessage = {
  id: string;
  seq: string;
  event: string;
  payload: string | null;
  binary_payload: Buffer | null;
};

/** One listener to one topic: each message once and in order, until the token expires or somebody ends it. */
export class Ear {
  readonly room: Room;
  readonly claims: Claims;
  readonly messages: Backlog<TopicMessage>;
  readonly #expiry = new Expiry(() => this.end(expired()));
  #last = 0;
  #held: StoredMessage[] | undefined = [];

  constructor(room: Room, claims: Claims, mostBytes: number, ended: () => void) {
    this.room = room;
    this.claims = claims;
    this.messages = new Backlog(mostBytes, weightOf, () => {
      this.#expiry.stop();
      ended();
    });
    this.#expiry.set(claims.exp);
  }

  /** Of the log, as it grows. */
  hear(message: StoredMessage): void {
    if (this.#held) this.#held.push(message);
    else this.#deliver(message);
  }

  /** First what was missed, then what has come meanwhile, then what comes. */
  begin(missed: StoredMessage[] = []): void {
    for (const message of missed) this.#deliver(message);
    for (const message of this.#held ?? []) this.#deliver(message);
    this.#held = undefined;
  }

  end(error: Error): void {
    this.messages.fail(error);
  }

  #deliver({ id, seq, event, payload, binary_payload: bytes }: StoredMessage): void {
    if (Number(seq) <= this.#last) return;
    this.#last = Number(seq);
    this.messages.push({ id, seq, event, payload: payload === null ? null : JSON.parse(payload), bytes });
  }
}

function weightOf({ payload, bytes }: TopicMessage): number {
  return 200 + (bytes?.length ?? (JSON.stringify(payload) ?? "").length);
}

function expired(): AppError {
  return new AppError(
    "HW401",
    "The token has expired: get a fresh one, connect with it and subscribe again.",
  );
}
