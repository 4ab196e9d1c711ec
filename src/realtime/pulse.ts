import os from "node:os";
import type pg from "pg";
import { atMost } from "#lib/at-most.ts";
import { emit } from "#telemetry.ts";
import type { Gossip } from "./gossip.ts";

export type PulseOptions = {
  /** Between two signs of life; 5000. A relay is dead after three without one, or sooner if its connection is gone. */
  beatMs?: number | undefined;
  /** Between two notes of when the members were last there; 60,000. */
  noteMs?: number | undefined;
  /** How long the leave of a member is held back whose connection was lost; 5000. */
  holdMs?: number | undefined;
  /** What the relay says of itself to operators; plain JSON. */
  stats?: (() => object) | undefined;
  /** Whether it hears of the others by looking. */
  polls?: (() => boolean) | undefined;
};

export type Answer = { fresh: boolean; live: string[] };

const beatAgainMs = 500;
const patience = 1.2;

/**
 * The signs of life of a relay, and what it thereby hears of the others. `asking` is called before each question and
 * returns what takes the answer.
 */
export class Pulse implements AsyncDisposable {
  readonly #relay: string;
  readonly #pool: pg.Pool;
  readonly #gossip: Gossip;
  readonly #asking: () => (answer: Answer) => void;
  readonly #options: Required<PulseOptions>;
  #locked: pg.Client | undefined;
  #aloneUntil = 0;
  #settledAt = 0;
  #hellos = 0;
  #unanswered = new Set<string>();
  #answered: () => void = () => {};
  #beating: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #notedAt = performance.now();
  #stopped = false;

  constructor(
    relay: string,
    pool: pg.Pool,
    gossip: Gossip,
    asking: () => (answer: Answer) => void,
    { beatMs = 5000, noteMs = 60_000, holdMs = 5000, stats = () => ({}), polls = () => false }: PulseOptions,
  ) {
    this.#relay = relay;
    this.#pool = pool;
    this.#gossip = gossip;
    this.#asking = asking;
    this.#options = { beatMs, noteMs, holdMs, stats, polls };
  }

  get options(): Required<PulseOptions> {
    return this.#options;
  }

  /**
   * Whether no other relay lives, as of the last beat. One that starts waits until the others have heard of it, or
   * their beats are so old that they no longer think so.
   */
  get alone(): boolean {
    return performance.now() < this.#aloneUntil;
  }

  /** Resolves when every other relay knows of this one. */
  async start(): Promise<void> {
    const { live, slowestMs } = await this.#beat();
    this.#schedule();
    this.#unanswered = new Set(live.filter((relay) => relay !== this.#relay));
    if (this.#unanswered.size > 0 && this.#locked) await this.#greet(slowestMs * patience);
  }

  /** On every new LISTEN connection: the lock on it tells the others when it is gone. */
  async lock(client: pg.Client): Promise<void> {
    await client.query("select realtime.lock_relay($1)", [this.#relay]);
    this.#locked = client;
    client.once("end", () => this.#unlock(client));
  }

  /**
   * How long until the table is whole. If the database lost it (it is unlogged), the other relays need until their next
   * beat to publish their members again.
   */
  get settlesInMs(): number {
    return Math.max(0, this.#settledAt - performance.now());
  }

  heardHello(from: string): void {
    this.#hellos += 1;
    this.#aloneUntil = 0;
    this.#gossip.say({ is: "here", to: from });
  }

  /** That a relay is here, or gone: in both cases it need not be waited for. */
  heardOf(relay: string): void {
    if (this.#unanswered.delete(relay) && this.#unanswered.size === 0) this.#answered();
  }

  /** Beats now, and until it succeeds every half second; false where this one did not. */
  beat(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    this.#beating ??= this.#tryToBeat().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
  }

  async #tryToBeat(): Promise<boolean> {
    try {
      const { fresh } = await this.#beat();
      if (fresh) this.#settledAt = performance.now() + 1.5 * this.#options.beatMs;
      await this.#note();
      this.#schedule();
      return true;
    } catch (error) {
      if (!this.#stopped) emit("realtime:relay:beat-failed", { error });
      this.#schedule(beatAgainMs);
      return false;
    }
  }

  #schedule(ms = this.#options.beatMs): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.beat(), ms).unref();
  }

  async #beat(): Promise<Answer & { slowestMs: number }> {
    const { beatMs, holdMs, stats, polls } = this.#options;
    const [askedAt, hellos] = [performance.now(), this.#hellos];
    const [answer, said] = [this.#asking(), stats()];
    const { rows } = await this.#pool.query<{ fresh: boolean; live: string[]; slowest_ms: number }>(
      `select * from realtime.beat($1, $2 * interval '1 ms', $3 * interval '1 ms', $4, $5, $6, $7, $8)`,
      [this.#relay, beatMs, holdMs, this.#locked !== undefined, os.hostname(), process.pid, said, polls()],
    );
    const { fresh = false, live = [], slowest_ms: slowestMs = 0 } = rows[0] ?? {};
    const others = live.filter((relay) => relay !== this.#relay).length;
    const certain = this.#locked !== undefined && hellos === this.#hellos;
    this.#aloneUntil = certain && others === 0 ? askedAt + beatMs * patience : 0;
    answer({ fresh, live });
    if (fresh) emit("realtime:relay:entered", { relay: this.#relay, others });
    const ms = performance.now() - askedAt;
    emit("realtime:relay:beat", { relay: this.#relay, ms, others, stats: said });
    return { fresh, live, slowestMs };
  }

  /** Those whose connection is gone hear nothing; they know it, or are dead. */
  async #greet(ms: number): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#gossip.say({ is: "hello" });
    await atMost(Math.min(ms, 250), answered);
    if (this.#unanswered.size === 0) return;
    const text =
      "select id from realtime.relays where id = any ($1) and (not locked or realtime.is_locked(id))";
    const { rows } = await this.#pool.query<{ id: string }>(text, [[...this.#unanswered]]);
    const listening = new Set(rows.map(({ id }) => id));
    for (const relay of [...this.#unanswered]) if (!listening.has(relay)) this.heardOf(relay);
    if (this.#unanswered.size > 0) await atMost(ms, answered);
  }

  #unlock(client: pg.Client): void {
    if (this.#locked !== client) return;
    this.#locked = undefined;
    this.#aloneUntil = 0;
  }

  async #note(): Promise<void> {
    if (performance.now() - this.#notedAt < this.#options.noteMs) return;
    this.#notedAt = performance.now();
    await this.#pool.query("select realtime.saw_members($1)", [this.#relay]);
  }
}
