import type pg from "pg";
import type { Claims } from "#auth/claims.ts";
import { messageOf } from "#errors.ts";
import type { Fields } from "../protocol/payloads.ts";
import { type Binding, describe, idOf, parseBinding } from "./binding.ts";
import type { Interest, Taker, Viewer } from "./interests.ts";

/** What a channel's bindings come to at this moment: its interests by table, and what is wrong with some of them. */
export type Resolution = { interests: Map<number, Interest>; problems: string[] };

export type Asked = { received: Fields[]; claims: Claims; headers: Record<string, string> };

type Checked = { relations: string[]; names: string[]; problem: string | null };

const refusal = "Unable to subscribe to changes with given parameters.";

/** Asks the database which tables the bindings stand for. Wrong ones are named and left out. */
export async function resolve(pool: pg.Pool, taker: Taker, asked: Asked): Promise<Resolution> {
  const resolution: Resolution = { interests: new Map(), problems: [] };
  const { bindings, sources } = parse(asked.received, resolution.problems);
  if (bindings.length === 0) return resolution;
  const viewer = viewerOf(asked);
  const checked = await check(pool, viewer.role, bindings);
  for (const [index, { relations, names, problem }] of checked.entries()) {
    const source = sources[index] as Fields;
    if (problem !== null) resolution.problems.push(explain(source, problem));
    for (const [at, relation] of relations.entries()) {
      const interest = { taker, viewer, table: names[at] ?? "", wishes: [] };
      const { wishes } = getOrAdd(resolution.interests, Number(relation), interest);
      const { event, conditions, values, select } = bindings[index] as Binding;
      wishes.push({ id: idOf(source), event, conditions, values, select });
    }
  }
  return resolution;
}

/** Takes a table out that cannot be watched. */
export function giveUp({ interests, problems }: Resolution, relation: number, error: unknown): void {
  const table = interests.get(relation)?.table;
  interests.delete(relation);
  problems.push(`${refusal} ${table} cannot be watched: ${messageOf(error)}`);
}

function parse(received: Fields[], problems: string[]): { bindings: Binding[]; sources: Fields[] } {
  const bindings: Binding[] = [];
  const sources: Fields[] = [];
  for (const fields of received) {
    try {
      bindings.push(parseBinding(fields));
      sources.push(fields);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { bindings, sources };
}

function viewerOf({ claims, headers }: Asked): Viewer {
  return { role: claims.role, claims: JSON.stringify(claims), headers: JSON.stringify(headers) };
}

async function check(pool: pg.Pool, role: string, bindings: Binding[]): Promise<Checked[]> {
  const text = "select * from realtime.check_bindings($1, $2)";
  const { rows } = await pool.query<Checked>(text, [role, JSON.stringify(bindings)]);
  return rows;
}

function explain(source: Fields, problem: string): string {
  if (problem.includes("is not in the publication"))
    return `${refusal} Please check Realtime is enabled for the given connect parameters: ${describe(source)}`;
  return `${refusal} An exception happened so please check your connect parameters: ${describe(source)}. Exception: ${problem}`;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, value: V): V {
  const found = map.get(key) ?? value;
  map.set(key, found);
  return found;
}
