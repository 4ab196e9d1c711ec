import { Logger, makeWorkerUtils, type WorkerUtils } from "graphile-worker";
import { now } from "../../support/clock.ts";
import { type Arena, type Contestant, concurrency, inChunks } from "../contestant.ts";
import { Crew } from "../crew.ts";
import { openStore, type Store } from "./store.ts";

type Settings = GraphileConfig.WorkerOptions;
type Variant = Pick<Contestant, "key" | "name" | "about"> & { worker: Settings };

const batched: Variant = {
  key: "graphile-batched",
  name: "graphile-worker, batched",
  about: "localQueue 500, completions in groups without delay: made for throughput, not for urgent jobs",
  worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};

const variants: Variant[] = [
  {
    key: "graphile",
    name: "graphile-worker",
    about: "plain graphile-worker 0.18.0, every job fetched and completed for itself",
    worker: {},
  },
  {
    key: "graphile-11",
    name: "graphile-worker, local queue of 11",
    about: "localQueue 11, completions every 250 ms",
    worker: { localQueue: { size: 11 }, completeJobBatchDelay: 250, failJobBatchDelay: 250 },
  },
  batched,
];

export function graphileWorkers(arena: Arena): Contestant[] {
  return variants.map((variant) => graphileWorker(arena, variant));
}

function graphileWorker(arena: Arena, { key, name, about, worker }: Variant): Contestant {
  let store: Store;
  let utils: WorkerUtils;
  const start = (worker: Settings) =>
    Crew.fork(arena.life, "graphile.ts", {
      url: store.url,
      worker: { concurrentJobs: concurrency, maxPoolSize: concurrency + 2, ...worker },
    });
  const addJob = { name: "add", text: "select graphile_worker.add_job('job', $1)", values: ["{}"] };
  return {
    key,
    name,
    about,
    variant: key !== "graphile",
    available: async () => undefined,
    async prepare() {
      store = await openStore(arena, key.replace("-", "_"));
      utils = await makeWorkerUtils({
        pgPool: store.pool,
        logger: new Logger(() => () => {}),
      });
      await utils.migrate();
    },
    dispatchOne: () => store.pool.query(addJob),
    dispatchInTransaction: () => store.inTransaction((client) => client.query(addJob)),
    dispatchMany: (count, backlog) =>
      inChunks(count, 10_000, (count) =>
        utils.addJobs(
          Array(count).fill({ identifier: "job", payload: backlog ?? {}, priority: backlog ? 10 : 0 }),
        ),
      ),
    async probe(probe) {
      const sent = now();
      await store.pool.query({ ...addJob, values: [JSON.stringify({ probe })] });
      return sent;
    },
    startWorker: () => start(worker),
    startFastestWorker: () => start(batched.worker),
    isEmpty: () => store.none("graphile_worker._private_jobs"),
    clear: () => store.truncate("graphile_worker._private_jobs"),
    analyze: () => store.analyze(),
    ...(key === "graphile-11" ? {} : { databaseUrl: () => store.url }),
  };
}
