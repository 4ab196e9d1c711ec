import type pg from "pg";
import { emit } from "#telemetry.ts";

/** A committed row of realtime.messages; `payload` is JSON. */
export type LogMessage = {
  id: string;
  topic: string;
  private: boolean;
  seq: string;
  event: string;
  payload: string;
};

type Row = ({ upto: string } & { [K in keyof LogMessage]: null }) | ({ upto: null } & LogMessage);

const pollMs = 250;
const gatherMs = 2;

/**
 * Reads the log by snapshot difference: each read returns what its snapshot sees and the one before did not, so
 * every committed message comes exactly once, in order within its topic, however long its transaction ran. The
 * cursor lives in memory and moves only together with the delivery.
 */
export class Feed implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #deliver: (messages: LogMessage[]) => void;
  readonly #newEpoch: () => void;
  #cursor: string | undefined;
  #epoch: string | undefined;
  #client: pg.PoolClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #readAt = 0;
  #reading: Promise<void> | undefined;
  #woken = false;
  #failures = 0;
  #stopped = false;

  /** `newEpoch`: the database is not the one the cursor came from (failover, restore); all clients must start anew. */
  constructor(pool: pg.Pool, deliver: (messages: LogMessage[]) => void, newEpoch: () => void) {
    this.#pool = pool;
    this.#deliver = deliver;
    this.#newEpoch = newEpoch;
  }

  /** Resolves when the cursor stands; rejects when the log cannot be read. */
  async start(): Promise<void> {
    await this.#read();
    this.#schedule(pollMs);
  }

  /** Something was committed: read now, or 2 ms after the last read began. */
  wake(): void {
    this.#woken = true;
    if (!this.#reading) this.#schedule(Math.max(0, this.#readAt + gatherMs - performance.now()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#reading;
    this.#client?.release();
    this.#client = undefined;
  }

  #schedule(ms: number): void {
    const due = performance.now() + ms;
    if (this.#stopped || due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), ms);
  }

  #pump(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#reading ??= this.#pumpOnce().finally(() => {
      this.#reading = undefined;
      this.#schedule(this.#pauseMs());
    });
  }

  #pauseMs(): number {
    if (this.#failures > 0) return Math.min(10 * 2 ** this.#failures, 1000);
    return this.#woken ? gatherMs : pollMs;
  }

  async #pumpOnce(): Promise<void> {
    const woken = this.#woken;
    this.#woken = false;
    this.#readAt = performance.now();
    try {
      const messages = await this.#read();
      this.#failures = 0;
      if (messages > 0) emit("realtime:feed:read", { messages, woken, ms: performance.now() - this.#readAt });
    } catch (error) {
      this.#failures += 1;
      this.#client?.release(true);
      this.#client = undefined;
      emit("realtime:feed:failed", { error });
    }
  }

  async #read(): Promise<number> {
    this.#client ??= await this.#connect();
    const { rows } = await this.#client.query<Row>(feedQuery(this.#cursor));
    const messages: LogMessage[] = [];
    let upto = this.#cursor;
    for (const row of rows) {
      if (row.upto === null) messages.push(row);
      else upto = row.upto;
    }
    // No await between these two: a message is delivered if and only if the cursor has passed it.
    this.#cursor = upto;
    if (messages.length > 0) this.#deliver(messages);
    return messages.length;
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.#pool.connect();
    try {
      const { rows } = await client.query<{ epoch: string }>(
        "select system_identifier || ':' || timeline_id as epoch from pg_control_system(), pg_control_checkpoint()",
      );
      this.#enterEpoch(rows[0]?.epoch);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return client;
  }

  #enterEpoch(epoch: string | undefined): void {
    const before = this.#epoch;
    this.#epoch = epoch;
    if (before === undefined || before === epoch) return;
    this.#cursor = undefined;
    emit("realtime:feed:epoch", { before, after: String(epoch) });
    this.#newEpoch();
  }
}

/** The time limit is there for a half-open connection, which neither answers nor fails. */
function feedQuery(cursor: string | undefined): pg.QueryConfig {
  const query = {
    text: "select * from realtime.feed($1)",
    values: [cursor],
    name: "feed",
    query_timeout: 10_000,
  };
  return query;
}
