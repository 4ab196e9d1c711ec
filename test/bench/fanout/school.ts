import pg from "pg";
import { mintToken } from "#auth/jwt.ts";
import { askControl } from "../../support/mailbox.ts";
import { type Howdah, startHowdah } from "../../support/process.ts";
import type { Lifetime } from "../support/lifetime.ts";
import type { Postgres } from "../support/postgres.ts";

const secret = "a-secret-of-the-bench-with-32-characters";

/** A mail service does not deliver, and call back, on the two cores that send. */
const afterTheBench = 3_600_000;

/** A group of so many members with mail addresses, served as in production: one process answers, others work once they are started. */
export type School = {
  pool: pg.Pool;
  /** Makes an event for the group through GraphQL; how long it took in milliseconds, and its id. */
  createEvent(): Promise<{ ms: number; id: string }>;
  startWorkers(count: number): Promise<void>;
  mailboxUrl: string;
};

export async function openSchool(postgres: Postgres, members: number, life: Lifetime): Promise<School> {
  const url = await postgres.createDatabase(`fanout_${members}`);
  const env = { DATABASE_URL: url, JWT_SECRET: secret, LOG_LEVEL: "warn" };
  const front = await start({ env, args: ["--only=api,relay,mailbox"] }, life);
  await askControl(front.mailboxUrl, "POST", "settings", { deliveryDelayMs: afterTheBench });
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {});
  life.defer(() => pool.end());
  const { ownerId, groupId } = await enrol(pool, members);
  const back = { ...env, MAILBOX_URL: front.mailboxUrl };
  const token = await mintToken({ sub: ownerId, role: "authenticated" }, secret, 3600);
  return {
    pool,
    mailboxUrl: front.mailboxUrl,
    createEvent: () => createEvent(front.url, token, groupId),
    async startWorkers(count) {
      for (let each = 0; each < count; each++) await start({ env: back, args: ["--only=worker"] }, life);
    },
  };
}

async function start(options: Parameters<typeof startHowdah>[0], life: Lifetime): Promise<Howdah> {
  const howdah = await startHowdah(options);
  life.defer(async () => {
    await howdah.stop();
  });
  return howdah;
}

async function enrol(pool: pg.Pool, members: number): Promise<{ ownerId: string; groupId: string }> {
  const group = await pool.query("select (app.create_class('Everybody', 'head@school.example', 'Head')).id");
  const groupId = group.rows[0].id;
  const owner = await pool.query("select person_id as id from app.memberships where group_id = $1", [
    groupId,
  ]);
  await pool.query(
    `with made as (
      insert into app.people (name) select 'Member ' || n from generate_series(1, $2::int) n returning id
    ), enrolled as (
      insert into app.memberships (group_id, person_id, role) select $1, m.id, 'student' from made m returning person_id
    )
    insert into app.email_addresses (person_id, address)
    select e.person_id, e.person_id || '@school.example' from enrolled e`,
    [groupId, members],
  );
  await pool.query("vacuum analyze app.people");
  await pool.query("vacuum analyze app.memberships");
  await pool.query("vacuum analyze app.email_addresses");
  return { ownerId: owner.rows[0].id, groupId };
}

async function createEvent(url: string, token: string, groupId: string): Promise<{ ms: number; id: string }> {
  const input = {
    title: "Summer fair",
    description: "Everybody brings something to eat, and somebody who is hungry.",
    place: "The yard",
    startsAt: new Date(Date.now() + 7 * 86_400_000),
    clientId: crypto.randomUUID(),
    groupIds: [groupId],
  };
  const began = performance.now();
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = (await response.json()) as {
    data: { createEvent: { result: { id: string } } };
    errors?: unknown;
  };
  if (errors) throw new Error(JSON.stringify(errors));
  return { ms: performance.now() - began, id: data.createEvent.result.id };
}

const query = "mutation ($input: CreateEventInput!) { createEvent(input: $input) { result { id } } }";
