import type pg from "pg";
import { pause } from "#lib/pause.ts";
import { emit } from "#telemetry.ts";
import type { Member } from "./presence.ts";

/** A member as the table has it; `orphanMs`: for so long its relay is gone. */
export type Row = Member & { held: boolean; orphanMs: number | undefined };

/** Members of the relays given, or of all but `self`. */
export async function readMembers(pool: pg.Pool, self: string, relays: string[] | undefined): Promise<Row[]> {
  const { rows } = await pool.query<
    Omit<Row, "room" | "orphanMs"> & { topic: string; private: boolean; orphan_ms: number | null }
  >(
    `select p.relay_id as relay, p.topic, p.private, p.ref, p.key, p.meta, p.held_since is not null as held,
       case when r.id is null then coalesce(extract(epoch from clock_timestamp() - p.held_since)::float8 * 1000, 0) end as orphan_ms
     from realtime.presence as p left join realtime.relays as r on r.id = p.relay_id
     where p.relay_id <> $1 and (p.relay_id = any ($2) or $2 is null)`,
    [self, relays],
  );
  return rows.map(({ topic, private: isPrivate, orphan_ms: orphanMs, ...rest }) => ({
    ...rest,
    orphanMs: orphanMs ?? undefined,
    room: { name: topic, private: isPrivate },
  }));
}

const everybody = "everybody";
const againMs = 500;

/** Word was missed, so members are read from the table; what is heard of them meanwhile is taken after it. */
export class CatchUp<Word> implements Disposable {
  readonly #read: (relays: string[] | undefined) => Promise<() => void>;
  readonly #take: (relay: string, word: Word) => void;
  readonly #stale = new Map<string, object>();
  readonly #stopping = new AbortController();
  #waiting: { relay: string; word: Word }[] = [];
  #reading: Promise<void> | undefined;

  /** `read` asks for these relays, or for all, and returns what makes the answer count. */
  constructor(
    read: (relays: string[] | undefined) => Promise<() => void>,
    take: (relay: string, word: Word) => void,
  ) {
    this.#read = read;
    this.#take = take;
  }

  /** From now on word of this relay, or of all, waits for the next `read`. */
  mark(relay: string = everybody): void {
    this.#stale.set(relay, {});
  }

  heard(relay: string, word: Word): void {
    if (this.#isStale(relay)) this.#waiting.push({ relay, word });
    else this.#take(relay, word);
  }

  /** Its members are known to be gone: so is what was heard of it. */
  forget(relay: string): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.relay !== relay);
  }

  /** Rejects where the members cannot be read. */
  async readOnce(): Promise<void> {
    const asked = new Map(this.#stale);
    const count = await this.#read(asked.has(everybody) ? undefined : [...asked.keys()]);
    // Marked again meanwhile: the answer may be too old for what was missed.
    for (const [relay, mark] of asked) if (this.#stale.get(relay) !== mark) return;
    count();
    for (const relay of asked.keys()) this.#stale.delete(relay);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { relay, word } of waiting) this.heard(relay, word);
  }

  /** Reads until nothing is missing, however often it takes. */
  readSoon(afterMs = 0): void {
    this.#reading ??= this.#readAll(afterMs).finally(() => {
      this.#reading = undefined;
      if (this.#stale.size > 0 && !this.#stopping.signal.aborted) this.readSoon();
    });
  }

  [Symbol.dispose](): void {
    this.#stopping.abort();
  }

  async #readAll(afterMs: number): Promise<void> {
    await pause(afterMs, this.#stopping.signal);
    while (this.#stale.size > 0 && !this.#stopping.signal.aborted) {
      try {
        await this.readOnce();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        emit("realtime:relay:read-failed", { error });
        await pause(againMs, this.#stopping.signal);
      }
    }
  }

  #isStale(relay: string): boolean {
    return this.#stale.has(relay) || this.#stale.has(everybody);
  }
}
