import { median } from "../support/stats.ts";
import type { Contestant } from "./contestant.ts";
import type { Latency } from "./pickup.ts";

/** What was measured, by measure and contestant. */
export class Results {
  readonly #values = new Map<string, number[]>();

  add(measure: string, { key }: Contestant, value: number | undefined): void {
    if (value === undefined) return;
    const name = `${measure}/${key}`;
    this.#values.set(name, [...(this.#values.get(name) ?? []), value]);
  }

  addLatency(state: "idle" | "busy", contestant: Contestant, { p50, p99, samples }: Latency): void {
    this.add(`${state} p50`, contestant, p50);
    this.add(`${state} p99`, contestant, p99);
    this.add(`${state} samples`, contestant, samples);
  }

  all(measure: string, key: string): readonly number[] {
    return this.#values.get(`${measure}/${key}`) ?? [];
  }

  /** The median of all runs; undefined if there were none. */
  of(measure: string, key: string): number | undefined {
    const values = this.all(measure, key);
    return values.length ? median(values) : undefined;
  }
}
