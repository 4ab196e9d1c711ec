import pg from "pg";
import * as v from "valibot";
import { anonKey } from "#auth/jwt.ts";
import { migrate } from "#db/migrate.ts";
import { declareQueue } from "#queue/declare.ts";
import { task } from "#queue/task.ts";
import type { Arena, Contestant } from "../contestant.ts";
import type { ServerApi } from "../processes/serve.ts";
import type { WorkerApi } from "../processes/worker.ts";
import type { WriterApi } from "../processes/writer.ts";
import { Remote } from "../remote.ts";

const jwtSecret = "a-secret-of-the-bench-with-32-characters";

/** All clients come from one address and at once, as they never do in life; these two are raised, all others stand. */
const limits = { joinsPerSecond: 1_000_000, messagesPerSecond: 1_000_000 };

/** What only Howdah has: messages that are written to the database, and a queue beside them. */
export type Howdah = Contestant & {
  startWriters(connections: number): Promise<Remote<WriterApi>>;
  startWorker(slots: number): Promise<Remote<WorkerApi>>;
  fillQueue(jobs: number, ms: number): Promise<void>;
  clearQueue(): Promise<void>;
  /** Empties the log; the checkpoint makes measurements begin alike. */
  clearLog(): Promise<void>;
};

export function howdah({ life, postgres }: Arena): Howdah {
  let databaseUrl: string;
  let pool: pg.Pool;
  return {
    key: "howdah",
    name: "Howdah",
    dialect: "howdah",
    about: `vsn 2.0.0, public channels; limits raised for the bench: ${Object.keys(limits).join(", ")}; all else as shipped`,
    available: async () => undefined,
    async prepare() {
      databaseUrl = await postgres.createDatabase("bench_howdah");
      pool = openPool(databaseUrl);
      life.defer(() => pool.end());
      await migrate(pool);
      await declareQueue(pool, new Map([["bench/work", declared]]));
      await pool.query(plainTable);
    },
    startServer: () => Remote.fork<ServerApi>(life, "relay.ts", { databaseUrl, jwtSecret, limits }),
    apikey: () => anonKey(jwtSecret),
    startWriters: (connections) => Remote.fork<WriterApi>(life, "writer.ts", { databaseUrl, connections }),
    startWorker: (slots) => Remote.fork<WorkerApi>(life, "worker.ts", { databaseUrl, slots }),
    async fillQueue(jobs, ms) {
      for (let left = jobs; left > 0; left -= 10_000)
        await pool.query("select queue.dispatch_many($1::jsonb)", [
          JSON.stringify(Array(Math.min(left, 10_000)).fill({ task: "bench/work", payload: { ms } })),
        ]);
      await pool.query("vacuum analyze");
      await pool.query("checkpoint");
    },
    clearQueue: async () => truncate(pool, "graphile_worker._private_jobs"),
    clearLog: async () => truncate(pool, "realtime.messages", "realtime.topics", "bench.messages"),
  };
}

/** For the database; the worker's process has the one that runs. */
const declared = task({ payload: v.object({ ms: v.number() }), run: async () => {} });

/** One table with the columns, defaults and indexes of realtime.messages, and none of its triggers or partitions. */
const plainTable = `
  create schema bench;
  create table bench.messages (like realtime.messages including all);
  create procedure bench.write_for(way text, rooms integer, seconds double precision, body text, inout commits bigint)
  language plpgsql as $$
  declare
    v_until timestamptz := clock_timestamp() + make_interval(secs => seconds);
    v_topic text;
    v_payload jsonb;
  begin
    commits := 0;
    while clock_timestamp() < v_until loop
      v_topic := 'bench ' || floor(random() * rooms);
      v_payload := jsonb_build_object('n', commits, 'at', 0, 'body', body);
      perform set_config('realtime.wake', case way when 'after' then 'caller' else '' end, true);
      if way = 'plain' then
        insert into bench.messages (payload, topic, event, private, extension)
        values (v_payload, v_topic, 'said', false, 'broadcast');
      else
        perform realtime.send(v_payload, 'said', v_topic, false);
      end if;
      commit;
      commits := commits + 1;
    end loop;
  end
  $$`;

async function truncate(pool: pg.Pool, ...tables: string[]): Promise<void> {
  await pool.query(`truncate ${tables.join(", ")} cascade`);
  await pool.query("checkpoint");
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4, application_name: "bench" });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
