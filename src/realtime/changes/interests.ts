import type { Framed } from "../broadcast.ts";
import type { ChangeEvent } from "./binding.ts";
import type { Condition, Value } from "./filter.ts";

/** Whose rights decide what is seen; `claims` and `headers` are JSON. */
export type Viewer = { role: string; claims: string; headers: string };

/** One binding of a channel, with the id that its client knows it by. */
export type Wish = {
  id: number;
  event: ChangeEvent;
  conditions: Condition[];
  values: Value[];
  select: string[] | null;
};

export type Taker = {
  /** `data` is JSON; `frames` are those made of it already. */
  tell(ids: number[], data: string, frames: Map<string, Framed>): void;
  /** Rows changed of which the taker is not told one by one. */
  warn(message: string): void;
  /** Nothing could be judged for this taker. */
  fail(reason: string): void;
};

/** What one channel wants of one table, whose name is there for people. */
export type Interest = { taker: Taker; viewer: Viewer; table: string; wishes: Wish[] };

/** One table's interests, as realtime.sift() takes them: equal shapes, cuts and viewers are asked about once. */
export class Question {
  readonly shapes = new Distinct<Pick<Wish, "event" | "conditions" | "values">>();
  readonly cuts = new Distinct<{ role: string; select: string[] | null }>();
  readonly viewers = new Distinct<Viewer>();
  /** By number of the question: whom its answer concerns, and in which cut. */
  readonly asked: {
    viewer: number;
    shape: number;
    cut: number;
    takers: { interest: Interest; id: number }[];
  }[] = [];

  constructor(interests: Iterable<Interest>) {
    const numbers = new Map<string, number>();
    for (const interest of interests) {
      const { viewer, wishes } = interest;
      for (const { id, event, conditions, values, select } of wishes) {
        const [v, s] = [this.viewers.add(viewer), this.shapes.add({ event, conditions, values })];
        const c = this.cuts.add({ role: viewer.role, select });
        const key = `${v} ${s} ${c}`;
        const number = numbers.get(key) ?? this.asked.length;
        numbers.set(key, number);
        this.asked[number] ??= { viewer: v, shape: s, cut: c, takers: [] };
        this.asked[number].takers.push({ interest, id });
      }
    }
  }

  /** The parameters of realtime.sift() for all viewers or for these only; viewers keep the order given. */
  parameters(numbers: number[] = [...this.viewers.all.keys()]): string[] {
    const questions = new Map<number, number[][]>(numbers.map((number) => [number, []]));
    for (const [number, { viewer, shape, cut }] of this.asked.entries()) {
      questions.get(viewer)?.push([number, shape, cut]);
    }
    const viewers = numbers.map((number) => ({
      ...this.viewers.all[number],
      questions: questions.get(number),
    }));
    return [this.shapes.all, this.cuts.all, viewers].map((part) => JSON.stringify(part));
  }

  takersOf(viewer: number): Set<Taker> {
    const mine = this.asked.filter((asked) => asked.viewer === viewer);
    return new Set(mine.flatMap(({ takers }) => takers.map(({ interest }) => interest.taker)));
  }
}

class Distinct<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<string, number>();

  add(item: T): number {
    const key = JSON.stringify(item);
    const number = this.#numbers.get(key) ?? this.all.push(item) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}

/** Who wants what of which table on this relay; tables are named by their oid. */
export class Interests {
  readonly #byRelation = new Map<number, Set<Interest>>();
  readonly #questions = new Map<number, Question>();

  add(relation: number, interest: Interest): void {
    const interests = this.#byRelation.get(relation) ?? new Set();
    this.#byRelation.set(relation, interests.add(interest));
    this.#questions.delete(relation);
  }

  delete(relation: number, interest: Interest): void {
    const interests = this.#byRelation.get(relation);
    if (!interests?.delete(interest)) return;
    if (interests.size === 0) this.#byRelation.delete(relation);
    this.#questions.delete(relation);
  }

  of(relation: number): Iterable<Interest> {
    return this.#byRelation.get(relation) ?? [];
  }

  question(relation: number): Question {
    const question = this.#questions.get(relation) ?? new Question(this.of(relation));
    this.#questions.set(relation, question);
    return question;
  }
}
