import { now } from "../../support/clock.ts";
import { installPeer, loadPeer, versionOf } from "../../support/peers.ts";
import { type Arena, type Contestant, inChunks, type Work } from "../contestant.ts";
import { Crew } from "../crew.ts";
import { openStore, type Store } from "./store.ts";

type Insert = { data: Work; priority?: number };
type Database = { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> };

/** What the bench uses of pg-boss. */
export type PgBossModule = {
  PgBoss: new (
    options: object,
  ) => {
    on(event: "error", listener: (error: Error) => void): unknown;
    start(): Promise<unknown>;
    stop(options: object): Promise<void>;
    createQueue(name: string, options: object): Promise<void>;
    send(name: string, data: Work, options?: { priority?: number; db?: Database }): Promise<unknown>;
    insert(name: string, jobs: Insert[]): Promise<unknown>;
    work(
      name: string,
      options: object,
      handler: (jobs: { data: unknown }[]) => Promise<unknown>,
    ): Promise<unknown>;
  };
};

type Variant = Pick<Contestant, "key" | "name" | "about"> & { work: object };

const variants: Variant[] = [
  {
    key: "pg-boss",
    name: "pg-boss",
    about: `pg-boss ${versionOf("pg-boss")} with LISTEN/NOTIFY, batchSize 2: the smallest that keeps it from pausing between fetches`,
    work: { batchSize: 2, burstWhenBatchFull: true },
  },
  {
    key: "pg-boss-batched",
    name: "pg-boss, batched",
    about: "the same with batchSize 50: made for throughput, not for urgent jobs",
    work: { batchSize: 50, burstWhenBatchFull: true },
  },
];

export function pgBosses(arena: Arena): Contestant[] {
  return variants.map((variant) => pgBoss(arena, variant));
}

function pgBoss(arena: Arena, { key, name, about, work }: Variant): Contestant {
  let store: Store;
  let boss: InstanceType<PgBossModule["PgBoss"]>;
  return {
    key,
    name,
    about,
    variant: key !== "pg-boss",
    available: () => installPeer(arena.life, "pg-boss"),
    async prepare() {
      store = await openStore(arena, key.replaceAll("-", "_"));
      const { PgBoss } = loadPeer<PgBossModule>("pg-boss");
      boss = new PgBoss({ connectionString: store.url, max: 10, supervise: false, schedule: false });
      boss.on("error", () => {});
      await boss.start();
      arena.life.defer(() => boss.stop({ graceful: false }));
      await boss.createQueue("job", { notify: true });
    },
    dispatchOne: () => boss.send("job", {}),
    dispatchInTransaction: () =>
      store.inTransaction((client) =>
        boss.send("job", {}, { db: { executeSql: (text, values) => client.query(text, values) } }),
      ),
    dispatchMany: (count, backlog) =>
      inChunks(count, 10_000, (count) => boss.insert("job", Array(count).fill({ data: backlog ?? {} }))),
    async probe(probe) {
      const sent = now();
      await boss.send("job", { probe }, { priority: 10 });
      return sent;
    },
    startWorker: () =>
      Crew.fork(arena.life, "pg-boss.ts", {
        boss: { connectionString: store.url, max: 12, useListenNotify: true, schedule: false },
        work,
      }),
    isEmpty: () => store.none("pgboss.job where name = 'job' and state < 'completed'"),
    clear: () => store.truncate("pgboss.job"),
    analyze: () => store.analyze(),
  };
}
