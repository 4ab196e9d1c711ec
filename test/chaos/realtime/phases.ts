import pg from "pg";
import { pause } from "#lib/pause.ts";
import { until } from "../../support/wait.ts";
import type { Cluster } from "../support/cluster.ts";
import { everyoneIsUpToDate, type Scene } from "./scene.ts";

const meanStayMs = 12_000;

/** kill -9 of a relay every one to four seconds. */
export async function killRelays({ fleet }: Scene, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await pause(1000 + Math.random() * 3000, over);
    if (!over.aborted) fleet.kill();
  }
}

/** Ends backends at random: most of them of relays, else of anybody. */
export async function terminateBackends(scene: Scene, perSecond: number, over: AbortSignal): Promise<void> {
  let client: pg.Client | undefined;
  while (!over.aborted && perSecond > 0) {
    await pause((1000 / perSecond) * (0.5 + Math.random()), over);
    try {
      client ??= await connect(scene.url);
      scene.terminated += (await client.query(terminateOne, [Math.random() < 0.7])).rowCount ?? 0;
    } catch {
      client = undefined; // Postgres is away
    }
  }
  await client?.end().catch(() => {});
}

const terminateOne = `
  select pg_terminate_backend(pid) from (
    select a.pid from pg_stat_activity a
    where a.datname = current_database() and a.pid <> pg_backend_pid()
      and (not $1 or a.application_name like 'howdah:relay%')
    order by random() limit 1
  ) s`;

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "chaos:terminator" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Clients close and come back elsewhere, each after a while of its own. */
export async function hopAbout(scene: Scene, over: AbortSignal): Promise<void> {
  await Promise.all(
    scene.clients.map(async (client) => {
      while (!over.aborted) {
        await pause(-Math.log(1 - Math.random()) * meanStayMs + 500, over);
        if (over.aborted) return;
        client.hop();
        scene.hops++;
      }
    }),
  );
}

/** Postgres dies without a shutdown and comes back at once. */
export async function restartPostgres(scene: Scene, cluster: Cluster, afterMs: number): Promise<void> {
  await pause(afterMs);
  await cluster.stop();
  await cluster.start();
  scene.restarts++;
}

/** No more fire and no more writing: waits until nothing more arrives. */
export async function settle({ writers, watches }: Scene, quietMs: number): Promise<void> {
  await writers[Symbol.asyncDispose]();
  await everyoneIsUpToDate(watches);
  const heard = () => watches.reduce((sum, { seen }) => sum + seen.length, 0);
  let [before, since] = [heard(), performance.now()];
  await until(() => {
    if (heard() !== before) [before, since] = [heard(), performance.now()];
    return performance.now() - since > quietMs;
  }, 120_000);
}
