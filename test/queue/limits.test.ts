import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/wait.ts";
import { Logbook, meanRate, mostWithin, openYard, type Yard } from "./limits-support.ts";

let yard: Yard;
let book = new Logbook();
before(async () => {
  yard = await openYard({
    "limits/touch": ({ kind }) => book.during(String(kind), {}, () => undefined),
    "limits/stay": ({ kind, ms }) => book.during(String(kind), {}, () => sleep(Number(ms))),
  });
});
after(() => yard[Symbol.asyncDispose]());

const many = (count: number, job: object) => Array.from({ length: count }, () => job);

test("a queue's rate holds over two workers, and is used up", async () => {
  await yard.queue("steady", { rate: 10, concurrency: 5 });
  await yard.dispatch(...many(60, { task: "limits/touch", queue: "steady", payload: { kind: "rate" } }));
  await using _one = await yard.work("steady");
  await using _two = await yard.work("steady");
  await until(() => book.of("rate").length >= 45);
  const moments = book.of("rate").map(({ at }) => at);
  console.log(mostWithin(1000, moments), meanRate(moments));
  assert.ok(mostWithin(1000, moments) <= 11);
  assert.ok(meanRate(moments) >= 9);
});

test("a key of concurrency 1 is worked as fast as its jobs end", async () => {
  await yard.queue("narrow");
  await yard.rows("select queue.limit('one', concurrency => 1)");
  await yard.dispatch(...many(200, { task: "limits/touch", queue: "narrow", payload: { kind: "one" }, limits: ["one"] }));
  await using _worker = await yard.work("narrow");
  const t = performance.now();
  await yard.drained("narrow", 60000);
  const moments = book.of("one").map(({ at }) => at);
  console.log(performance.now() - t, meanRate(moments));
  assert.equal(book.most("one"), 1);
});
