import { migrate } from "#db/migrate.ts";
import { dispatch, type TaskName } from "#queue/dispatch.ts";
import { now } from "../../support/clock.ts";
import { type Arena, type Contestant, inChunks } from "../contestant.ts";
import { Crew } from "../crew.ts";
import { openStore, type Store } from "./store.ts";

const task = "bench/noop";

export function howdah(arena: Arena): Contestant {
  let store: Store;
  const startWorker = () => Crew.fork(arena.life, "howdah.ts", { databaseUrl: store.url });
  const dispatchOne = { name: "one", text: "select queue.dispatch($1, $2)", values: [task, "{}"] };
  return {
    key: "howdah",
    name: "Howdah",
    about: "fenced completion and history on, as shipped; probes go to the queue high, all others to default",
    available: async () => undefined,
    async prepare() {
      store = await openStore(arena, "howdah");
      await migrate(store.pool);
      await using _worker = await startWorker(); // a task is known once a worker has had it
    },
    dispatchOne: () => store.pool.query(dispatchOne),
    dispatchGathered: () => dispatch(store.pool, task as TaskName, {} as never),
    dispatchInTransaction: () => store.inTransaction((client) => client.query(dispatchOne)),
    dispatchMany: (count, backlog) =>
      inChunks(count, 10_000, (count) =>
        store.pool.query("select queue.dispatch_many($1::jsonb)", [
          JSON.stringify(Array(count).fill({ task, payload: backlog ?? {} })),
        ]),
      ),
    async probe(probe) {
      const sent = now();
      await store.pool.query({
        name: "probe",
        text: "select queue.dispatch($1, $2, queue => 'high')",
        values: [task, JSON.stringify({ probe })],
      });
      return sent;
    },
    startWorker,
    isEmpty: () => store.none("graphile_worker._private_jobs"),
    clear: () => store.truncate("graphile_worker._private_jobs"),
    analyze: () => store.analyze(),
    databaseUrl: () => store.url,
  };
}
