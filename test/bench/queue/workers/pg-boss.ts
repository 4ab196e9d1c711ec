import { loadPeer } from "../../support/peers.ts";
import { concurrency, type Work } from "../contestant.ts";
import type { PgBossModule } from "../contestants/pg-boss.ts";
import { perform, serve } from "./report.ts";

const { PgBoss } = loadPeer<PgBossModule>("pg-boss");

await serve(async ({ boss: options, work }: { boss: object; work: object }) => {
  const boss = new PgBoss(options);
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.work("job", { localConcurrency: concurrency, ...work }, async (jobs) => {
    for (const job of jobs) await perform(job.data as Work);
  });
  return () => boss.stop({ graceful: false });
});
