import { Index, type Member, placeOf } from "./presence.ts";

/** Those whose time is over so soon after the first leave together with it. */
const togetherMs = 20;

/**
 * Members whose connection was lost and whose leave is held back, because most come back within seconds: after a gap
 * in the network, or when their relay restarts and another takes them in.
 */
export class Holds implements Disposable {
  readonly #over: (member: Member) => void;
  readonly #held = new Map<string, { member: Member; until: number }>();
  readonly #byPlace = new Index(placeOf);
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;

  /** `over` is called when a member did not come back in time. */
  constructor(over: (member: Member) => void) {
    this.#over = over;
  }

  has(ref: string): boolean {
    return this.#held.has(ref);
  }

  /** Without `ms` until it is released: its relay lives and decides. */
  hold(member: Member, ms = Number.POSITIVE_INFINITY): void {
    const until = performance.now() + ms;
    this.#held.set(member.ref, { member, until });
    this.#byPlace.add(member);
    if (until < this.#due) this.#wait(until);
  }

  release(ref: string): void {
    const held = this.#held.get(ref);
    if (!held) return;
    this.#held.delete(ref);
    this.#byPlace.delete(held.member);
  }

  /** Whose place in its room a new member takes, if somebody's: of several the same one on every relay. */
  placeFor(member: Member): Member | undefined {
    let first: Member | undefined;
    for (const held of this.#byPlace.like(member)) if (!first || held.ref < first.ref) first = held;
    return first;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#held.clear();
  }

  #wait(until: number): void {
    clearTimeout(this.#timer);
    this.#due = until;
    if (until === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#end(), Math.max(0, until - performance.now())).unref();
  }

  #end(): void {
    const now = performance.now() + togetherMs;
    let next = Number.POSITIVE_INFINITY;
    for (const { member, until } of [...this.#held.values()]) {
      if (until > now) next = Math.min(next, until);
      else {
        this.release(member.ref);
        this.#over(member);
      }
    }
    this.#wait(next);
  }
}
