import type { Queryable } from "./database.ts";
import { claim, handOver } from "./hand-over.ts";
import type { Lane } from "./lanes.ts";
import { Pace } from "./pace.ts";
import { Rounds } from "./rounds.ts";
import type { MailTransport } from "./transport.ts";

export type PumpOptions = {
  /** Ends the flush after the requests in hand; the rest is left to another. */
  signal?: AbortSignal;
  /** How long one flush may go on before it leaves the rest to the next. Default 30,000 ms. */
  patienceMs?: number;
  /** Letters per request at most. Default 250; the pace may ask for less. */
  batchSize?: number;
};

/** Hands the letters of one lane over, several requests at a time; there is one for a lane and process. */
export class Pump {
  readonly #transport: MailTransport;
  readonly #lane: Lane;
  readonly #pace: Pace;
  #rounds: Rounds | undefined;
  #rung = false;

  constructor(transport: MailTransport, lane: Lane) {
    this.#transport = transport;
    this.#lane = lane;
    this.#pace = new Pace({ leastRequests: lane === "urgent" ? 4 : 1 });
  }

  /** While it runs already, tells it to look again and is done. */
  async flush(db: Queryable, options: PumpOptions): Promise<void> {
    this.#rung = true;
    if (this.#rounds) return this.#rounds.ring();
    await using rounds = new Rounds();
    this.#rounds = rounds;
    try {
      await this.#run(db, rounds, options);
    } finally {
      this.#rounds = undefined;
    }
  }

  async #run(
    db: Queryable,
    rounds: Rounds,
    { signal, patienceMs = 30_000, batchSize = 250 }: PumpOptions,
  ): Promise<void> {
    const until = performance.now() + patienceMs;
    using _ringing = ringAtAbort(rounds, signal);
    while (!rounds.failed && !signal?.aborted && performance.now() < until) {
      if (!this.#rung && rounds.count === 0) {
        const waitMs = await timeToWait(db, this.#lane);
        if (waitMs === undefined && !this.#rung) return;
        await rounds.pause(Math.max(0, Math.min(waitMs ?? 0, until - performance.now())));
        this.#rung = true;
      } else if (!this.#rung || rounds.count >= (await this.#mostRounds(db, rounds))) {
        await rounds.next();
      } else {
        await this.#startRound(db, rounds, Math.min(this.#pace.letters, batchSize));
      }
    }
    await rounds.end();
    await db.query("select mail.wake() where mail.has_due($1)", [this.#lane]);
  }

  /** A claim that was answered in full suggests that there is more. */
  async #startRound(db: Queryable, rounds: Rounds, size: number): Promise<void> {
    this.#rung = false;
    const batch = await claim(db, this.#lane, size);
    if (batch.letters.length > 0) rounds.start(handOver(db, this.#transport, batch, this.#pace));
    if (batch.letters.length >= size) this.#rung = true;
  }

  /** What an operator allows counts from the second request on. */
  async #mostRounds(db: Queryable, rounds: Rounds): Promise<number> {
    if (rounds.count === 0) return 1;
    const { rows } = await db.query(
      "select s.requests_at_once from mail.streams s where s.stream = mail.stream_of($1)",
      [this.#lane],
    );
    const [{ requests_at_once: allowed }] = rows as [{ requests_at_once: number }];
    return Math.min(this.#pace.requests, allowed);
  }
}

/** Milliseconds until letters that are due may go; undefined when none is, or only a person can help. */
async function timeToWait(db: Queryable, lane: Lane): Promise<number | undefined> {
  const { rows } = await db.query("select mail.wait_of($1) as seconds", [lane]);
  const [{ seconds }] = rows as [{ seconds: number | null }];
  return seconds === null ? undefined : seconds * 1000;
}

function ringAtAbort(rounds: Rounds, signal: AbortSignal | undefined): Disposable {
  const ring = () => rounds.ring();
  signal?.addEventListener("abort", ring);
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", ring) };
}
