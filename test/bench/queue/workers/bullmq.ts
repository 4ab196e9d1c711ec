import { loadPeer } from "../../support/peers.ts";
import { concurrency, type Work } from "../contestant.ts";
import type { BullMQ } from "../contestants/bullmq.ts";
import { perform, serve } from "./report.ts";

const { Worker, createPostgresBackend } = loadPeer<BullMQ>("bullmq");

/** BullMQ, on Postgres or on Redis. */
await serve(async ({ connection, postgres }: { connection: object; postgres: boolean }) => {
  const worker = new Worker(
    "bench",
    async (job: { data: Work }) => perform(job.data),
    { connection, concurrency, removeOnComplete: { count: 0 } },
    ...(postgres ? [createPostgresBackend] : []),
  );
  worker.on("error", (error) => console.error(error));
  await worker.waitUntilReady();
  return () => worker.close();
});
