import assert from "node:assert/strict";
import { test } from "node:test";
import { Prefetch } from "#queue/prefetch.ts";

const often = (prefetch: Prefetch, ms: number) => Array.from({ length: 200 }, () => prefetch.ran(ms));

test("trivial jobs are fetched by the hundreds, and each growth is told, so that none waits for the poll", () => {
  const queue = { getJobBatchSize: 10 };
  const prefetch = new Prefetch(10);
  prefetch.steer(queue);
  const grown = often(prefetch, 0.1);
  assert.equal(queue.getJobBatchSize, 500);
  assert.deepEqual(grown.filter(Boolean), [true, true, true], "to 50, to 150, to 500");
});

test("slow jobs are fetched one for each slot, and shrinking wakes nobody", () => {
  const queue = { getJobBatchSize: 10 };
  const prefetch = new Prefetch(10);
  prefetch.steer(queue);
  often(prefetch, 0.1);
  const grown = often(prefetch, 100);
  assert.equal(queue.getJobBatchSize, 10);
  assert.deepEqual(grown.filter(Boolean), []);
});
