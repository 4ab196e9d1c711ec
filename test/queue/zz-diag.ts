import { setTimeout as sleep } from "node:timers/promises";
import { doing, openEars, openGround, startWorker, tasksOf } from "/work/main/test/queue/support.ts";

const ms = Number(process.env.KILL ?? 150);
const ground = await openGround();
const ears = openEars();
let ran = 0;
const tasks = tasksOf({
  "try/do": doing(async () => {
    await sleep(5);
    ran++;
  }),
});
await (await startWorker(ground, tasks))[Symbol.asyncDispose]();
const uuids = await ground.value(
  "select queue.dispatch_many($1)",
  JSON.stringify(Array.from({ length: 500 }, () => ({ task: "try/do" }))),
);
const t0 = performance.now();
const worker = await startWorker(ground, tasks);
for (let i = 0; i < 40000 / ms; i++) {
  await ground.value(
    `select count(*)::int from pg_stat_activity where datname = current_database() and application_name like 'howdah:worker%' and pg_terminate_backend(pid)`,
  );
  await sleep(ms);
  if (i % Math.round(1000 / ms) === 0) {
    const [r] = await ground.rows(
      "select count(*)::int as left, count(*) filter (where locked_at is not null)::int as locked from graphile_worker._private_jobs",
    );
    const done = await ground.value("select count(*)::int from queue.attempts");
    console.log(Math.round(performance.now() - t0), { ran, done, ...r });
    if (done === 500) break;
  }
}
const counts: Record<string, number> = {};
for (const h of ears.all) {
  const k = h.event + (h.event.endsWith("error") ? ": " + String((h as any).error).slice(0, 120) : "");
  counts[k] = (counts[k] ?? 0) + 1;
}
console.log(counts);
const s = performance.now();
await worker[Symbol.asyncDispose]();
console.log("stopped in", performance.now() - s);
console.log(
  await ground.rows(
    "select count(*)::int as left, count(*) filter (where locked_at is not null)::int as locked from graphile_worker._private_jobs",
  ),
);
await ground[Symbol.asyncDispose]();
console.log(process.getActiveResourcesInfo());
