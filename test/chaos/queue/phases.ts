import pg from "pg";
import { pause } from "#lib/pause.ts";
import { until } from "../../support/wait.ts";
import type { Cluster } from "./cluster.ts";
import type { Member } from "./crew.ts";
import { everyoneServes, insistently, type Scene } from "./scene.ts";

/** kill -9, mostly of a process that serves, now and then of one that is just starting. */
export async function kill(scene: Scene, kills: number, everyMs = 700): Promise<void> {
  const { crew } = scene;
  for (let each = 0; each < kills; each++) {
    await pause(everyMs * (0.5 + Math.random()));
    await until(() => crew.serving.length > crew.members.length / 2, 60_000);
    crew.kill(oneOf(Math.random() < 0.8 ? crew.serving : crew.members));
  }
  await until(() => noDeadLeft(scene), 60_000).catch(() => {});
  await everyoneServes(scene, "the kills");
}

async function noDeadLeft({ crew, pool }: Scene): Promise<boolean> {
  const { rows } = await insistently(() => pool.query<{ pid: number }>("select pid from queue.processes"));
  return rows.every(({ pid }) => crew.members.some((member) => member.pid === pid));
}

const oneOf = (members: Member[]) => members[Math.floor(Math.random() * members.length)] as Member;

/** Ends every connection to the database but its own, again and again. */
export async function terminate(scene: Scene, seconds: number): Promise<void> {
  const client = new pg.Client({ connectionString: scene.url, application_name: "chaos:terminator" });
  client.on("error", () => {});
  await client.connect();
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await pause(150)) {
    const { rowCount } = await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    scene.terminated += rowCount ?? 0;
  }
  await client.end();
  await everyoneServes(scene, "the terminations");
}

/** Stops a process that runs jobs, as a machine that swaps or is paused: it must find its jobs gone when it comes back. */
export async function freeze(scene: Scene, seconds: number): Promise<void> {
  const { crew } = scene;
  const member = await busyMember(scene);
  const [refused, buried] = [eventsOf(member, "job:fenced"), eventsOf(member, "worker:buried")];
  crew.freeze(member);
  await pause(seconds * 1000);
  crew.thaw(member);
  await until(
    () => eventsOf(member, "job:fenced") > refused && eventsOf(member, "worker:buried") > buried,
  ).catch(() =>
    scene.zombies.push(`process ${member.pid} was stopped for ${seconds} s and not refused afterwards`),
  );
  await everyoneServes(scene, "it was stopped");
}

async function busyMember({ crew, pool }: Scene): Promise<Member> {
  let busy: Member | undefined;
  await until(async () => {
    const { rows } = await insistently(() =>
      pool.query<{ pid: number }>(
        `select p.pid from graphile_worker._private_jobs j
        join queue.workers w on w.id = j.locked_by join queue.processes p on p.id = w.process_id
        where w.queue = 'bulk' group by 1 having count(*) >= 2`,
      ),
    );
    busy = crew.members.find(({ pid }) => rows.some((row) => row.pid === pid));
    return busy !== undefined;
  });
  return busy as Member;
}

const eventsOf = ({ events }: Member, name: string) => events.get(name) ?? 0;

/** SIGTERM of one process after the other, under load. */
export async function replace(scene: Scene, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await scene.crew.ready();
    for (const member of scene.crew.members) {
      await scene.crew.replace(member);
      await scene.crew.ready();
    }
  }
  await everyoneServes(scene, "the replacements");
}

/** Postgres dies without a shutdown and comes back, at once or after a while. */
export async function crashPostgres(scene: Scene, cluster: Cluster, awayMs: number): Promise<void> {
  await pause(2000);
  await cluster.crash(awayMs);
  await everyoneServes(scene, `Postgres was away for ${awayMs} ms`);
}
