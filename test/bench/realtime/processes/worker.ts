import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { yieldProcessor } from "#lib/yield-processor.ts";
import { task } from "#queue/task.ts";
import { Worker } from "#queue/worker.ts";
import { optionsOf, serve } from "./serve.ts";

export type WorkerApi = typeof api;

const { databaseUrl, slots } = optionsOf<{ databaseUrl: string; slots: number }>();
let worked = 0;

/** Takes a quarter to seven quarters of its time: were all equally long, those that began together would end together. */
const work = task({
  payload: v.object({ ms: v.number() }),
  async run({ ms }) {
    await sleep(ms * (0.25 + 1.5 * Math.random()));
    worked++;
  },
});

const tasks = new Map([["bench/work", work]]);
const worker = new Worker({ databaseUrl, tasks, slots, schedule: false });
await worker.start();
yieldProcessor(); // as a process of the product that only works

const api = { worked: () => worked, stop: () => worker[Symbol.asyncDispose]() };

serve(api);
