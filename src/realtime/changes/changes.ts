import type pg from "pg";
import type { Claims } from "#auth/claims.ts";
import { openPool } from "#db/pool.ts";
import { emit } from "#telemetry.ts";
import { RealtimeError } from "../errors.ts";
import type { Fields } from "../protocol/payloads.ts";
import type { Socket } from "../socket.ts";
import { ChangeFeed, type Page } from "./change-feed.ts";
import { Interests } from "./interests.ts";
import { type Asked, giveUp, type Resolution, resolve } from "./resolution.ts";
import { sift } from "./sift.ts";
import { Subscription } from "./subscription.ts";
import { type Answers, tellAll } from "./telling.ts";
import { Watches } from "./watches.ts";

export type ChangesOptions = {
  databaseUrl: string;
  /** Of the relay, as it stands in realtime.relays. */
  relay: string;
  /** Whether it looks for changes, without being woken. */
  polls: () => boolean;
  /** For how long a table stays watched after its last subscriber has left; 60 s. */
  graceMs?: number;
  /** Between two looks at the publication and the triggers; 5 s. */
  checkMs?: number;
};

const sweepMs = 60_000;
const subscribeMs = 9000; // the client gives a join 10 s
const longestSubscribeMs = 20_000;
const pageOf = { fewest: 50, most: 1000, answers: 200_000 };

/** postgres_changes: watches tables for the channels of this relay and tells each what it asked for and may see. */
export class Changes implements AsyncDisposable {
  readonly #pool: pg.Pool;
  readonly #relay: string;
  readonly #interests = new Interests();
  readonly #watches: Watches;
  readonly #feed: ChangeFeed;
  readonly #subscriptions = new Set<Subscription>();
  readonly #timers: NodeJS.Timeout[];
  #face: string | undefined;
  #checking: Promise<void> | undefined;
  #stopped = false;

  constructor({ databaseUrl, relay, polls, graceMs = 60_000, checkMs = 5000 }: ChangesOptions) {
    this.#relay = relay;
    this.#pool = openPool(databaseUrl, "relay-changes", { max: 4 });
    this.#watches = new Watches(this.#pool, { relay, graceMs, settle: () => this.#feed.settle() });
    this.#feed = new ChangeFeed(this.#pool, {
      relations: () => this.#watches.relations(),
      most: () => this.#most(),
      prepare: (client, page) => this.#prepare(client, page),
      lost: () => this.#lost(),
      polls,
    });
    this.#timers = [setInterval(() => this.check(), checkMs), setInterval(() => this.#sweep(), sweepMs)];
    for (const timer of this.#timers) timer.unref();
  }

  /** What a join asks for. Throws RealtimeError when it cannot be had in time, `timeoutMs` being the client's wish. */
  async open(
    socket: Pick<Socket, "send" | "sendFramed" | "headers">,
    received: Fields[],
    claims: Claims,
    timeoutMs = subscribeMs,
  ): Promise<Subscription> {
    const subscription = new Subscription(this, socket, received, claims);
    await subscription.open(Math.min(timeoutMs, longestSubscribeMs));
    return subscription;
  }

  /** Something was committed. */
  wake(): void {
    this.#feed.wake();
  }

  /** Holds the tables that it resolves to; they want their release. */
  async resolve(subscription: Subscription, asked: Asked, timeoutMs = subscribeMs): Promise<Resolution> {
    // Seen before the tables are looked up, so that whatever is published from there on is noticed.
    this.#face ??= (await this.#look()).face;
    const resolution = await resolve(this.#pool, subscription, asked);
    const relations = [...resolution.interests.keys()];
    const holding = relations.map((relation) => this.#watches.hold(relation, timeoutMs));
    const failures: unknown[] = [];
    for (const [index, held] of (await Promise.allSettled(holding)).entries()) {
      if (held.status === "fulfilled") continue;
      failures.push(held.reason);
      const relation = relations[index] as number;
      this.#watches.release(relation);
      giveUp(resolution, relation, held.reason);
    }
    const timeout = failures.find((reason) => reason instanceof RealtimeError);
    if (!timeout) return resolution;
    this.release(resolution);
    throw timeout;
  }

  enter(subscription: Subscription, { interests }: Resolution): void {
    this.#subscriptions.add(subscription);
    for (const [relation, interest] of interests) this.#interests.add(relation, interest);
  }

  leave(subscription: Subscription, resolution: Resolution): void {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size === 0) this.#face = undefined;
    for (const [relation, interest] of resolution.interests) this.#interests.delete(relation, interest);
    this.release(resolution);
  }

  release({ interests }: Resolution): void {
    for (const relation of interests.keys()) this.#watches.release(relation);
  }

  /** Looks whether the publication and the triggers are as they were. */
  check(): void {
    if (this.#subscriptions.size === 0 || this.#stopped) return;
    this.#checking ??= this.#check()
      .catch((error: unknown) => emit("realtime:changes:failed", { error }))
      .finally(() => {
        this.#checking = undefined;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#watches.stop();
    await this.#feed[Symbol.asyncDispose]();
    await this.#checking;
    await this.#pool.end();
  }

  #most(): number {
    let questions = 1;
    for (const relation of this.#watches.relations()) {
      questions = Math.max(questions, this.#interests.question(relation).asked.length);
    }
    return Math.max(pageOf.fewest, Math.min(pageOf.most, Math.floor(pageOf.answers / questions)));
  }

  async #prepare(client: pg.ClientBase, page: Page): Promise<() => void> {
    const answers: Answers[] = [];
    for (const relation of new Set(page.relations)) {
      const question = this.#interests.question(relation);
      if (question.asked.length === 0) continue;
      answers.push({ question, ...(await sift(client, relation, page, question)) });
    }
    return () => tellAll(answers);
  }

  async #check(): Promise<void> {
    const { face, broken, incomplete } = await this.#look();
    for (const relation of incomplete.map(Number)) await this.#watches.renew(relation, subscribeMs);
    for (const relation of broken.map(Number)) {
      for (const { taker, table } of this.#interests.of(relation)) {
        taker.warn(`Changes of ${table} may have been missed, its triggers were gone: read the table again`);
      }
    }
    if (this.#face !== face)
      for (const subscription of [...this.#subscriptions]) await subscription.refresh();
    this.#face = face;
  }

  async #look(): Promise<{ face: string; broken: string[]; incomplete: string[] }> {
    const text = "select * from realtime.check_watches($1, $2)";
    return (await this.#pool.query(text, [this.#relay, this.#watches.relations()])).rows[0];
  }

  #sweep(): void {
    this.#pool
      .query("select realtime.sweep_watches()")
      .catch((error: unknown) => emit("realtime:changes:failed", { error }));
  }

  #lost(): void {
    for (const subscription of [...this.#subscriptions]) {
      subscription.fail("Changes may have been missed: read the tables again");
    }
  }
}
