import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import type pg from "pg";
import { openSchool } from "../graphql/school.ts";
import { untilBlocked } from "../support/blocked.ts";
import { until } from "../support/wait.ts";
import { createEvent, eventFor } from "./events-support.ts";

const size = 5000;

test("a worker killed in the middle of telling 5,000 people: the next one tells the rest, nobody twice", async () => {
  await using school = await openSchool();
  const { pool, databaseUrl } = school.world;
  await pool.query(crowd, [school.classId, size - 2]);
  await pool.query("select queue.pause(q) from unnest(array['bulk', 'mail']) q");
  const { data } = await school.as(school.people.owner)(createEvent, { input: eventFor(school.classId) });
  const cause = `events:${data.createEvent.result.id}:created`;

  const killed = startWorker(databaseUrl);
  await until(async () => (await chunks(pool, cause)) === 5);
  await stopInTheMiddle(pool, cause, () => kill(killed));
  assert.ok((await finished(pool, cause)) < 5);

  const next = startWorker(databaseUrl);
  try {
    await until(async () => (await finished(pool, cause)) === 5, 45_000);
  } finally {
    await kill(next);
  }
  const { rows } = await pool.query(everything, [cause]);
  assert.deepEqual(rows, [{ notifications: size, people: size, letters: size, orphans: 0 }]);
});

/** Lets the third chunk begin, and holds it up in the middle of its people until `meanwhile` is over. */
async function stopInTheMiddle(pool: pg.Pool, cause: string, meanwhile: () => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query(
      `insert into notify.notifications (announcement_id, person_id, category)
       select a.id, c.person_ids[500], 'event'
       from notify.announcements a join notify.chunks c on c.announcement_id = a.id and c.number = 3 where a.cause = $1`,
      [cause],
    );
    await pool.query("select queue.resume('bulk')");
    await untilBlocked(pool);
    await meanwhile();
  } finally {
    await client.query("rollback");
    client.release();
  }
}

function startWorker(databaseUrl: string): ChildProcess {
  return spawn(process.execPath, [`${import.meta.dirname}/teller.ts`, databaseUrl], { stdio: "inherit" });
}

async function kill(worker: ChildProcess): Promise<void> {
  assert.equal(worker.exitCode, null, "it is alive");
  worker.kill("SIGKILL");
  await once(worker, "exit");
}

async function chunks(pool: pg.Pool, cause: string, which = "true"): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as n from notify.announcements a join notify.chunks c on c.announcement_id = a.id
     where a.cause = $1 and ${which}`,
    [cause],
  );
  return rows[0].n;
}

const finished = (pool: pg.Pool, cause: string) => chunks(pool, cause, "c.done_at is not null");

const crowd = `
  with made as (
    insert into app.people (name) select 'Member ' || n from generate_series(1, $2) n returning id
  ), enrolled as (
    insert into app.memberships (group_id, person_id, role) select $1, m.id, 'student' from made m returning person_id
  )
  insert into app.email_addresses (person_id, address)
  select p.id, p.id || '@school.test' from (
    select e.person_id as id from enrolled e
    union
    select m.person_id from app.memberships m where m.group_id = $1
  ) p
  where not exists (select from app.email_addresses e where e.person_id = p.id)`;

const everything = `
  select count(*)::int as notifications, count(distinct n.person_id)::int as people, count(distinct d.letter_id)::int as letters,
    (select count(*)::int from mail.letters l where l.id not in (select o.letter_id from notify.deliveries o)) as orphans
  from notify.announcements a
  join notify.notifications n on n.announcement_id = a.id
  join notify.deliveries d on d.notification_id = n.id
  where a.cause = $1`;
