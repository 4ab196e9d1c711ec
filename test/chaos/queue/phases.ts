import pg from "pg";
import { pause } from "#lib/pause.ts";
import { until } from "../../support/wait.ts";
import type { Cluster } from "../support/cluster.ts";
import { openProxy } from "../support/proxy.ts";
import type { Member } from "./crew.ts";
import { insistently, type Scene } from "./scene.ts";

/** kill -9, mostly of a process that serves, now and then of one that is just starting. */
export async function kill({ crew }: Scene, kills: number, everyMs: number): Promise<void> {
  for (let each = 0; each < kills; each++) {
    await pause(everyMs * (0.5 + Math.random()));
    await until(() => crew.serving.length > crew.members.length / 2, 60_000);
    crew.kill(oneOf(Math.random() < 0.8 ? crew.serving : crew.members));
  }
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
}

/** Postgres dies without a shutdown and comes back at once. */
export async function crashPostgres(cluster: Cluster): Promise<void> {
  await pause(2000);
  await cluster.stop();
  await cluster.start();
}

/** It stays away for longer than any grace, and meanwhile a worker is to stop. */
export async function takePostgresAway({ crew }: Scene, cluster: Cluster, seconds: number): Promise<void> {
  await pause(2000);
  await cluster.stop();
  const back = pause(seconds * 1000);
  await crew.replace(oneOf(crew.members), "SIGTERM without Postgres");
  await back;
  await cluster.start();
}

/** Postgres takes no more writes on connections that stand, as a primary that another one has replaced. */
export async function demote(cluster: Cluster, seconds: number): Promise<void> {
  await cluster.demote();
  await pause(seconds * 1000);
  await cluster.promote();
}

/** Stops a process that runs jobs, as a machine that swaps or is paused: it must find its jobs gone when it comes back. */
export async function freeze(scene: Scene, seconds: number): Promise<void> {
  const { crew, zombies } = scene;
  const member = await busyMember(scene);
  const [refused, buried] = [eventsOf(member, "job:fenced"), eventsOf(member, "worker:buried")];
  const isRefused = () =>
    eventsOf(member, "job:fenced") > refused && eventsOf(member, "worker:buried") > buried;
  crew.freeze(member);
  await pause(seconds * 1000);
  crew.thaw(member);
  await until(isRefused).catch(() =>
    zombies.push(`process ${member.pid} was stopped for ${seconds} s and not refused afterwards`),
  );
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
  }, 60_000);
  return busy as Member;
}

const eventsOf = ({ events }: Member, name: string) => events.get(name) ?? 0;

/** Adds a process whose connections fall silent and stay open, as those to a machine that has lost its power. */
export async function silence({ crew, url }: Scene, life: AsyncDisposableStack): Promise<void> {
  const proxy = await openProxy(url);
  life.use(proxy);
  crew.add(proxy.url);
  await crew.ready();
  await pause(3000);
  proxy.fallSilent();
}

/** SIGTERM of one process after the other, under load. */
export async function replace({ crew }: Scene, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await crew.ready();
    for (const member of crew.members) {
      await crew.replace(member);
      await crew.ready();
    }
  }
}
