import { median } from "../support/stats.ts";

/** What was measured, by measure and contestant's key. */
export class Results {
  readonly #values = new Map<string, number[]>();

  add(measure: string, key: string, value: number): void {
    const name = `${measure}/${key}`;
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  /** Every number of `values`, as `measure name`. */
  addAll(measure: string, key: string, values: Record<string, number>): void {
    for (const [name, value] of Object.entries(values)) this.add(`${measure} ${name}`, key, value);
  }

  all(measure: string, key: string): readonly number[] {
    return this.#values.get(`${measure}/${key}`) ?? [];
  }

  /** The median of all runs; undefined if there were none. */
  of(measure: string, key: string): number | undefined {
    const values = this.all(measure, key);
    return values.length ? median(values) : undefined;
  }

  /** The highest of all runs. */
  worst(measure: string, key: string): number | undefined {
    const values = this.all(measure, key);
    return values.length ? Math.max(...values) : undefined;
  }
}
