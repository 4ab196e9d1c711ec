import { codeOf } from "#errors.ts";
import { type Actor, actors } from "./noun.ts";
import { claimsOf, type Names, named, roleOf, type Scene } from "./scene.ts";

/** "does", "is refused", or what else went wrong. */
export type Outcome = string;
export type Outcomes = Record<string, Outcome>;

const refusal = /^(42501|HW4\d\d)$/;

/** What becomes of the statement, for each actor. */
export async function outcomes(scene: Scene, sql: string, names: Names): Promise<Outcomes> {
  const found: Outcomes = {};
  for (const actor of actors) found[actor] = await outcomeFor(scene, actor, sql, names);
  return found;
}

/** What the list of those who may makes of each actor. */
export function expected(by: readonly Actor[]): Outcomes {
  return Object.fromEntries(actors.map((actor) => [actor, by.includes(actor) ? "does" : "is refused"]));
}

/** Nothing found, nothing changed, null and false all mean that the actor was refused. */
export function outcomeFor(
  scene: Scene,
  actor: Actor | undefined,
  sql: string,
  names: Names,
): Promise<Outcome> {
  return scene.as(actor, async (client) => {
    try {
      const { rows, rowCount } = await client.query(statement(named(sql, names)));
      const [row] = rows;
      const nothing = row && Object.values(row).every((value) => value === null || value === false);
      return rowCount && !nothing ? "does" : "is refused";
    } catch (error) {
      return told(error);
    }
  });
}

/** Whether the role may try at all; the statement touches no row. */
export async function permissions(scene: Scene, sql: string): Promise<Outcomes> {
  const found: Outcomes = {};
  for (const actor of actors)
    found[actor] = await scene.as(actor, (client) => client.query(sql).then(() => "does", told));
  return found;
}

/** Who may hear and speak on a private topic, by the policies on realtime.messages; service_role may both, everywhere. */
export async function topicOutcomes(
  scene: Scene,
  topic: string,
  names: Names,
): Promise<{ hear: Outcomes; speak: Outcomes }> {
  const hear: Outcomes = {};
  const speak: Outcomes = {};
  for (const actor of actors) {
    if (actor === "api" || actor === "laravel") {
      hear[actor] = speak[actor] = "is refused"; // no token bears these roles
      continue;
    }
    const { rows } = await scene.as(undefined, (client) =>
      client.query("select (realtime.authorize($1, $2, $3, '{}')).*", [
        topic.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? name),
        roleOf(actor),
        claimsOf(actor, names),
      ]),
    );
    const { read_broadcast, write_broadcast, reason } = rows[0];
    hear[actor] = reason ?? (read_broadcast ? "does" : "is refused");
    speak[actor] = reason ?? (write_broadcast ? "does" : "is refused");
  }
  return { hear, speak };
}

function statement(sql: string): string {
  return /^\s*(select|insert|update|delete|with)\b/.test(sql) ? sql : `select * from ${sql}`;
}

function told(error: unknown): Outcome {
  const code = codeOf(error) ?? "";
  return refusal.test(code) ? "is refused" : `${code} ${(error as Error).message}`;
}
