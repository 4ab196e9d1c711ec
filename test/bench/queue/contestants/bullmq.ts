import { atMost } from "#lib/at-most.ts";
import { now } from "../../support/clock.ts";
import { installPeer, loadPeer, versionOf } from "../../support/peers.ts";
import { type Fsync, redisVersion, startRedis } from "../../support/redis.ts";
import { type Arena, type Contestant, inChunks, type Work } from "../contestant.ts";
import { Crew } from "../crew.ts";
import { openStore, type Store } from "./store.ts";

type Options = { priority?: number; removeOnComplete: boolean };
type Connection = { add(name: string, data: Work, options: Options): Promise<unknown> };

/** What the bench uses of bullmq. */
export type BullMQ = {
  Queue: new (
    name: string,
    options: object,
    backend?: unknown,
  ) => Connection & {
    addBulk(jobs: { name: string; data: Work; opts: Options }[]): Promise<unknown>;
    getJobCounts(...states: string[]): Promise<Record<string, number>>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    work: (job: { data: Work }) => Promise<unknown>,
    options: object,
    backend?: unknown,
  ) => {
    on(event: "error", listener: (error: Error) => void): unknown;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
  createPostgresBackend: unknown;
};

type Place = {
  connection: object;
  postgres: boolean;
  clear(): Promise<unknown>;
  analyze?(): Promise<unknown>;
};
type Variant = Pick<Contestant, "key" | "name" | "about"> & {
  missing?: string | undefined;
  open(): Promise<Place>;
};

export function bullmqs(arena: Arena): Contestant[] {
  return [onRedis(arena, "everysec"), onRedis(arena, "always"), onPostgres(arena)].map((variant) =>
    bullmq(arena, variant),
  );
}

function onRedis({ life }: Arena, fsync: Fsync): Variant {
  const version = redisVersion();
  const everySecond = fsync === "everysec";
  return {
    key: everySecond ? "bullmq-redis" : "bullmq-redis-always",
    name: everySecond ? "BullMQ on Redis" : "BullMQ on Redis, fsync always",
    about: `bullmq ${versionOf("bullmq")} on Redis ${version}, appendonly yes, appendfsync ${fsync}${everySecond ? ": a crash may lose a second of jobs" : ""}, finished jobs removed`,
    missing: version ? undefined : "there is no redis-server",
    async open() {
      const port = await startRedis(life, fsync);
      const connection = { host: "127.0.0.1", port };
      return { connection, postgres: false, clear: () => flush(port) };
    },
  };
}

/** What a queue keeps besides its jobs is made anew by the next one who uses it. */
async function flush(port: number): Promise<void> {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  socket.end("FLUSHALL\r\n");
  for await (const _ of socket);
}

function onPostgres(arena: Arena): Variant {
  return {
    key: "bullmq-postgres",
    name: "BullMQ on Postgres",
    about: `bullmq ${versionOf("bullmq")} with createPostgresBackend, finished jobs removed`,
    async open() {
      const store: Store = await openStore(arena, "bullmq");
      const connection = { connectionString: store.url, max: 12, migrate: true };
      const clear = () => store.truncate("bullmq.job", "bullmq.event");
      return { connection, postgres: true, clear, analyze: () => store.analyze() };
    },
  };
}

function bullmq(arena: Arena, { missing, open, ...names }: Variant): Contestant {
  let place: Place;
  let queue: InstanceType<BullMQ["Queue"]>;
  const keep = { removeOnComplete: true };
  return {
    ...names,
    available: async () => missing ?? installPeer(arena.life, "bullmq"),
    async prepare() {
      const { Queue, createPostgresBackend } = loadPeer<BullMQ>("bullmq");
      place = await open();
      const backend = place.postgres ? [createPostgresBackend] : [];
      queue = new Queue("bench", { connection: place.connection }, ...backend);
      arena.life.defer(() => atMost(1000, queue.close())); // for ever, when its Redis is gone
      await queue.waitUntilReady();
    },
    dispatchOne: () => queue.add("job", {}, keep),
    dispatchMany(count, backlog) {
      const opts = backlog ? { ...keep, priority: 10 } : keep;
      return inChunks(count, 10_000, (count) =>
        queue.addBulk(Array(count).fill({ name: "job", data: backlog ?? {}, opts })),
      );
    },
    async probe(probe) {
      const sent = now();
      await queue.add("job", { probe }, { ...keep, priority: 1 });
      return sent;
    },
    startWorker: () => {
      const { connection, postgres } = place;
      return Crew.fork(arena.life, "bullmq.ts", { connection, postgres });
    },
    async isEmpty() {
      const counts = await queue.getJobCounts("wait", "prioritized", "active", "delayed");
      return Object.values(counts).every((count) => count === 0);
    },
    clear: async () => void (await place.clear()),
    analyze: async () => place.analyze?.(),
  };
}
