import type pg from "pg";
import { openWorld, type World } from "../world.ts";
import { type Actor, actors, type Rights } from "./noun.ts";

export type Names = Record<string, string>;

export type Scene = AsyncDisposable & {
  world: World;
  /** Ids by the names that SQL gives them. */
  names: Names;
  /** Runs in a transaction of its own, as the actor (undefined: the owner of the database), and undoes it. */
  as<T>(actor: Actor | undefined, work: (client: pg.ClientBase) => Promise<T>): Promise<T>;
};

const people = ["owner", "staff", "student", "classmate", "guardian", "member", "foreigner", "loner"];

/** The world that `Rights` speaks of. */
export async function openScene(): Promise<Scene> {
  const world = await openWorld();
  const client = await world.pool.connect();
  const names = await populate(world.pool);
  return {
    world,
    names,
    as: async (actor, work) => {
      await client.query("begin");
      try {
        await become(client, actor, names);
        return await work(client);
      } finally {
        await client.query("rollback");
      }
    },
    async [Symbol.asyncDispose]() {
      client.release();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Makes the rows of one noun and answers the names that its SQL may use. */
export async function addRows(scene: Scene, { rows = {} }: Rights): Promise<Names> {
  const names = { ...scene.names };
  for (const [name, statement] of Object.entries(rows)) names[name] = await addRow(scene, statement, names);
  return names;
}

/** `:name` becomes the quoted id. */
export function named(sql: string, names: Names): string {
  return sql.replace(/(?<![:\w]):([a-zA-Z]\w*)/g, (_, name: string) => {
    if (!names[name]) throw new Error(`nothing is called :${name} in: ${sql}`);
    return `'${names[name]}'`;
  });
}

export function roleOf(actor: Actor): string {
  const roles: Partial<Record<Actor, string>> = {
    anon: "anon",
    service: "service_role",
    api: "howdah_api",
    laravel: "howdah_laravel",
  };
  return roles[actor] ?? "authenticated";
}

export function claimsOf(actor: Actor, names: Names): { role: string; sub?: string } {
  return { role: roleOf(actor), ...(people.includes(actor) ? { sub: names[actor] ?? "" } : {}) };
}

async function become(client: pg.ClientBase, actor: Actor | undefined, names: Names): Promise<void> {
  const claims = actor ? claimsOf(actor, names) : claimsOf("staff", names);
  await client.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify(claims)]);
  if (actor && actors.includes(actor)) await client.query(`set local role ${roleOf(actor)}`);
}

async function addRow(scene: Scene, statement: string, names: Names): Promise<string> {
  const client = await scene.world.pool.connect();
  try {
    await client.query("begin");
    await become(client, undefined, names);
    const { rows } = await client.query(named(statement, names));
    await client.query("commit");
    const [value] = Object.values(rows[0] ?? {});
    if (value === undefined || value === null) throw new Error(`no row was made by: ${statement}`);
    return String(value);
  } catch (error) {
    await client.query("rollback");
    throw new Error(`${statement}: ${(error as Error).message}`, { cause: error });
  } finally {
    client.release();
  }
}

async function populate(pool: pg.Pool): Promise<Names> {
  const one = async (sql: string, values: unknown[]): Promise<string> =>
    (await pool.query<{ id: string }>(sql, values)).rows[0]?.id ?? "";
  const addPerson = async (name: string) => [
    name,
    await one("select (app.find_or_create_person($1, $2)).id", [`${name}@school.example`, name]),
  ];
  const addGroup = (name: string) =>
    one("insert into app.groups (kind, name) values ('class', $1) returning id", [name]);
  const names: Names = Object.fromEntries(await Promise.all(people.map(addPerson)));
  const head = await one("select (app.find_or_create_person('head@school.example', 'Head')).id", []);
  names.group = await addGroup("Biology");
  names.otherGroup = await addGroup("Chess");
  await pool.query("update app.people set community_role = 'owner' where id = $1", [names.owner]);
  await pool.query("update app.people set is_minor = true where id in ($1, $2)", [
    names.student,
    names.classmate,
  ]);
  await pool.query(
    `insert into app.memberships (group_id, person_id, role) values
      ($1, $2, 'owner'), ($1, $3, 'teacher'), ($1, $4, 'student'), ($1, $5, 'student'), ($1, $6, 'member'), ($7, $8, 'owner')`,
    [
      ...[names.group, head, names.staff, names.student, names.classmate, names.member],
      ...[names.otherGroup, names.foreigner],
    ],
  );
  await pool.query("insert into app.guardianships (guardian_id, child_id) values ($1, $2)", [
    names.guardian,
    names.student,
  ]);
  return names;
}
