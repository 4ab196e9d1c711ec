import type { Claims } from "#auth/claims.ts";
import { type Framed, framedEvent } from "../broadcast.ts";
import type { Fields } from "../protocol/payloads.ts";
import * as replies from "../protocol/replies.ts";
import type { Socket } from "../socket.ts";
import type { Room } from "../topic.ts";
import { idOf } from "./binding.ts";
import type { Changes } from "./changes.ts";
import type { Taker } from "./interests.ts";
import type { Resolution } from "./resolution.ts";

/** The channel that a subscription belongs to. */
type Seat = {
  readonly topic: string;
  readonly joinRef: replies.Reply["head"]["joinRef"];
  readonly room: Room;
  crash(reason: string): void;
};

/** The row changes that one channel asked for. */
export class Subscription implements Taker {
  /** The bindings as the join's reply has them. */
  readonly echo: Fields[];
  readonly #changes: Changes;
  readonly #socket: Pick<Socket, "send" | "sendFramed" | "headers">;
  readonly #received: Fields[];
  #claims: Claims;
  #resolution: Resolution = { interests: new Map(), problems: [] };
  #seat: Seat | undefined;
  #ended = false;

  constructor(
    changes: Changes,
    socket: Pick<Socket, "send" | "sendFramed" | "headers">,
    received: Fields[],
    claims: Claims,
  ) {
    this.#changes = changes;
    this.#socket = socket;
    this.#received = received;
    this.#claims = claims;
    this.echo = received.map((fields) => ({ ...fields, id: idOf(fields) }));
  }

  /** Resolves when every later commit will be told. Throws what the join is to be refused with. */
  async open(timeoutMs: number): Promise<void> {
    if (this.#received.length > 0) this.#resolution = await this.#resolve(timeoutMs);
  }

  /** From here on changes are told; the client has to know the ids before. */
  enter(seat: Seat): void {
    this.#seat = seat;
    if (this.#received.length === 0) return;
    this.#changes.enter(this, this.#resolution);
    this.#announce();
  }

  /** The token is another one. */
  async renew(claims: Claims): Promise<void> {
    this.#claims = claims;
    if (this.#received.length > 0) await this.#replace();
    if (this.#received.length > 0) this.#announce();
  }

  /** The publication has changed; says so where it makes a difference. */
  async refresh(): Promise<void> {
    const before = this.#face();
    await this.#replace();
    if (this.#face() !== before) this.#announce();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#changes.leave(this, this.#resolution);
  }

  tell(ids: number[], data: string, frames: Map<string, Framed>): void {
    if (this.#ended || !this.#seat) return;
    const { name } = this.#seat.room;
    const key = `${ids} ${name}`;
    const framed =
      frames.get(key) ?? framedEvent(name, "postgres_changes", `{"ids":[${ids}],"data":${data}}`);
    frames.set(key, framed);
    this.#socket.sendFramed(framed);
  }

  warn(message: string): void {
    this.#say("error", message);
  }

  fail(reason: string): void {
    if (this.#ended) return;
    this.#say("error", reason);
    this.#seat?.crash(reason);
  }

  async #replace(): Promise<void> {
    const resolution = await this.#resolve();
    if (this.#ended) {
      this.#changes.release(resolution);
      return;
    }
    this.#changes.leave(this, this.#resolution);
    this.#resolution = resolution;
    this.#changes.enter(this, resolution);
  }

  #resolve(timeoutMs?: number): Promise<Resolution> {
    const asked = { received: this.#received, claims: this.#claims, headers: this.#socket.headers };
    return this.#changes.resolve(this, asked, timeoutMs);
  }

  #face(): string {
    const { interests, problems } = this.#resolution;
    return JSON.stringify([[...interests.keys()].sort(), problems]);
  }

  #announce(): void {
    for (const problem of this.#resolution.problems) this.#say("error", problem);
    if (this.#resolution.interests.size > 0) this.#say("ok", "Subscribed to PostgreSQL");
  }

  #say(status: "ok" | "error", message: string): void {
    if (this.#ended || !this.#seat) return;
    const { topic, joinRef = null } = this.#seat;
    this.#socket.send(replies.system(topic, joinRef, status, message, "postgres_changes"));
  }
}
