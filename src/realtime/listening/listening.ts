import type pg from "pg";
import type { Claims } from "#auth/claims.ts";
import { openPool } from "#db/pool.ts";
import { AppError, codeOf } from "#errors.ts";
import { authorize } from "../authorization.ts";
import { Feed } from "../feed.ts";
import { Hearing } from "../hearing.ts";
import { keyOf, type Room } from "../topic.ts";
import { recheckIn } from "../wire.ts";
import { Ear, type StoredMessage, type TopicMessage } from "./ear.ts";
import { readMissed } from "./missed.ts";

export type ListeningOptions = {
  databaseUrl: string;
  /** Whether LISTEN works on this connection; undefined: found out. */
  listen?: boolean | undefined;
  /** Bytes that wait for one listener at most. */
  unsentBytes: number;
};

export type Wish = {
  room: Room;
  /** The number of the last message that is known; undefined: only what comes from now on. */
  after?: string | undefined;
};

type Logged = StoredMessage & { topic: string; private: boolean; at: Date };

/**
 * Topics for those who do not speak the relay's protocol: what the database sends, in its order, without a gap, under the
 * same policies. It reads the log by itself, from the first listener on.
 */
export class Listening implements AsyncDisposable {
  readonly #options: ListeningOptions;
  readonly #pool: pg.Pool;
  readonly #ears = new Map<string, Set<Ear>>();
  readonly #feed: Feed<Logged>;
  readonly #hearing: Hearing;
  #started: Promise<void> | undefined;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#pool = openPool(options.databaseUrl, "topics", { max: 4 });
    this.#hearing = new Hearing({
      ...{
        databaseUrl: options.databaseUrl,
        name: "topics-listen",
        pool: this.#pool,
        listen: options.listen,
      },
      woken: () => this.#feed.wake(),
      heard: (word) => this.#recheck(recheckIn(word)),
      connected: async () => {},
      restored: () => this.#restored(),
    });
    this.#feed = new Feed<Logged>(
      this.#pool,
      {
        ...{ name: "topics", text: "select * from realtime.feed($1, $2, $3, $4, $5, $6)" },
        placeOf: ({ topic, private: isPrivate, seq }) => [topic, isPrivate, seq],
        ...{ places: 3, most: 2000 },
        deliver: (messages) => this.#deliver(messages),
      },
      { newEpoch: () => this.#endAll(interrupted()), polls: () => this.#hearing.polls },
    );
  }

  /** Throws AppError HW403, HW409 (what was missed is no longer kept) or HW503. */
  async listen({ room, after }: Wish, claims: Claims): Promise<AsyncIterableIterator<TopicMessage>> {
    await this.#start();
    const ear = this.#open(room, claims);
    try {
      await this.#permit(ear);
      ear.begin(after === undefined ? [] : await readMissed(this.#pool, room, after));
      return ear.messages;
    } catch (error) {
      await ear.messages.return();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll(interrupted());
    await this.#started?.catch(() => {});
    await Promise.all([this.#hearing[Symbol.asyncDispose](), this.#feed[Symbol.asyncDispose]()]);
    await this.#pool.end();
  }

  /** Listens first and reads second, so that nothing is missed in between. */
  async #start(): Promise<void> {
    this.#started ??= this.#hearing.start().then(() => this.#feed.start());
    await this.#started.catch((cause: unknown) => {
      this.#started = undefined;
      throw interrupted(cause);
    });
  }

  #open(room: Room, claims: Claims): Ear {
    const key = keyOf(room);
    const here = this.#ears.get(key) ?? new Set();
    this.#ears.set(key, here);
    const ear = new Ear(room, claims, this.#options.unsentBytes, () => {
      here.delete(ear);
      if (here.size === 0 && this.#ears.get(key) === here) this.#ears.delete(key);
    });
    here.add(ear);
    return ear;
  }

  async #permit({ room, claims }: Ear): Promise<void> {
    if (!room.private) return;
    const { readBroadcast } = await authorize(this.#pool, room.name, claims, {}).catch((cause: unknown) => {
      throw interrupted(cause);
    });
    if (!readBroadcast) throw refused(room);
  }

  #deliver(messages: Logged[]): void {
    for (const message of messages)
      for (const ear of this.#ears.get(keyOf({ name: message.topic, private: message.private })) ?? [])
        ear.hear(message);
  }

  #recheck(asked: ReturnType<typeof recheckIn>): void {
    if (!asked) return;
    const listening = this.#ears.get(keyOf({ name: asked.topic, private: true })) ?? [];
    this.#askAgain([...listening].filter(({ claims }) => !asked.sub || claims.sub === asked.sub));
  }

  /** Words may have been missed while nobody listened. */
  #restored(): void {
    this.#feed.wake();
    this.#askAgain([...this.#ears.values()].flatMap((ears) => [...ears]));
  }

  #askAgain(ears: Ear[]): void {
    for (const ear of ears)
      this.#permit(ear).catch((error: unknown) =>
        ear.end(codeOf(error) ? (error as Error) : interrupted(error)),
      );
  }

  #endAll(error: Error): void {
    for (const ear of [...this.#ears.values()].flatMap((ears) => [...ears])) ear.end(error);
  }
}

function refused({ name }: Room): AppError {
  return new AppError("HW403", `You may not listen to "${name}": listen to a room of yours.`);
}

function interrupted(cause?: unknown): AppError {
  const message = "The live messages were interrupted: subscribe again, with `after`.";
  return new AppError("HW503", message, { cause });
}
