import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseOrder } from "#queue/order.ts";
import { Slots } from "#queue/slots.ts";
import { until } from "../support/wait.ts";
import { Logbook, many, openYard, type Yard } from "./limits-support.ts";

describe("--queue", () => {
  const read = (text: string) => Object.fromEntries(parseOrder(text));

  test("a comma is strict order, a plus shares a rank by weight", () => {
    assert.deepEqual(read("high"), { high: { rank: 0, weight: 1 } });
    assert.deepEqual(read("high,default"), { high: { rank: 0, weight: 1 }, default: { rank: 1, weight: 1 } });
    assert.deepEqual(read(" high , default:3 + bulk:1 ,a.b-c_d"), {
      high: { rank: 0, weight: 1 },
      default: { rank: 1, weight: 3 },
      bulk: { rank: 1, weight: 1 },
      "a.b-c_d": { rank: 2, weight: 1 },
    });
    assert.equal(parseOrder("a:1000").get("a")?.weight, 1000);
    assert.equal(parseOrder("laravel:default:2").get("laravel:default")?.weight, 2);
  });

  test("what cannot be read is refused with the text in the sentence", () => {
    for (const text of ["", ",", "high,,default", "high,", "a+", "+a", "a:0", "a b", "a/b", "a:", "a:1001"])
      assert.throws(() => parseOrder(text), { code: "BadOption" }, `"${text}"`);
    assert.throws(() => parseOrder("a/b"), /--queue cannot be "a\/b"/);
    assert.throws(() => parseOrder("a,b,a"), /names a twice/);
  });
});

describe("slots", () => {
  const open = new AbortController().signal;
  const place = (rank: number, weight = 1, concurrency = 100) => ({ rank, weight, concurrency });

  test("a freed slot goes to the lowest rank, and there first come, first served", async () => {
    const slots = new Slots(1);
    slots.place("high", place(0));
    slots.place("low", place(1));
    const taken: string[] = [];
    const ask = (queue: string, name: string) =>
      slots.acquire(queue, open).then((free) => {
        taken.push(name);
        return free;
      });
    const free = await slots.acquire("low", open);
    const asked = [ask("low", "low 1"), ask("high", "high 1"), ask("low", "low 2"), ask("high", "high 2")];
    free?.();
    for (const one of [asked[1], asked[3], asked[0], asked[2]]) (await one)?.();
    assert.deepEqual(taken, ["high 1", "high 2", "low 1", "low 2"]);
    assert.equal(slots.taken, 0);
  });

  test("weights share a rank within a percent", async () => {
    assert.deepEqual(await share({ a: place(1, 3), b: place(1, 1) }, 400), { a: 300, b: 100 });
    const { a = 0, b = 0, c = 0 } = await share({ a: place(1, 4), b: place(1, 4), c: place(1, 1) }, 900);
    assert.ok(Math.abs(a - 400) <= 4 && Math.abs(b - 400) <= 4 && Math.abs(c - 100) <= 2, `${[a, b, c]}`);
  });

  test("a rank above takes all it wants, and the weights share what is left", async () => {
    const slots = new Slots(1);
    slots.place("high", place(0));
    slots.place("a", place(1, 3));
    slots.place("b", place(1, 1));
    const counts = await work(slots, ["high", "a", "b"], 500, { high: 100 });
    assert.equal(counts.high, 100);
    assert.ok(Math.abs((counts.a ?? 0) - 300) <= 3, `${counts.a}`);
  });

  test("a queue that was idle does not catch up on what it missed", async () => {
    const slots = new Slots(1);
    slots.place("busy", place(1));
    slots.place("idle", place(1));
    await work(slots, ["busy"], 1000);
    const both = await work(slots, ["busy", "idle"], 100);
    assert.ok(Math.abs((both.busy ?? 0) - 50) <= 1, `${both.busy}`);
  });

  test("no queue has more than its concurrency, and what it leaves goes to others of any rank", async () => {
    const slots = new Slots(4);
    slots.place("high", place(0, 1, 2));
    slots.place("low", place(1, 1, 4));
    const freed: (() => void)[] = [];
    const ask = (queue: string) =>
      slots.acquire(queue, open).then((free) => {
        if (free) freed.push(free);
      });
    const highs = [ask("high"), ask("high"), ask("high")];
    await Promise.all(highs.slice(0, 2));
    await Promise.all([ask("low"), ask("low")]);
    assert.equal(slots.taken, 4);
    freed[2]?.();
    assert.equal(slots.taken, 3, "the third of high waits for one of high");
    freed[0]?.();
    await highs[2];
    assert.equal(slots.taken, 3);
    slots.place("high", place(0, 1, 3));
    await ask("high");
    assert.equal(slots.taken, 4);
  });

  test("who gives up waiting gets none and takes none from others; a slot is freed once", async () => {
    const slots = new Slots(1);
    const free = await slots.acquire("a", open);
    const leaving = new AbortController();
    const left = slots.acquire("a", leaving.signal);
    const stays = slots.acquire("a", open);
    leaving.abort();
    assert.equal(await left, undefined);
    assert.equal(await slots.acquire("a", leaving.signal), undefined);
    free?.();
    free?.();
    const second = await stays;
    assert.equal(slots.taken, 1);
    second?.();
    assert.equal(slots.taken, 0);
  });

  async function share(places: Record<string, ReturnType<typeof place>>, jobs: number) {
    const slots = new Slots(2);
    for (const [queue, at] of Object.entries(places)) slots.place(queue, at);
    return work(slots, Object.keys(places), jobs);
  }

  /** Each queue has four that ask again and again, until so many were served in all; `most` ends a queue before. */
  async function work(slots: Slots, queues: string[], jobs: number, most: Record<string, number> = {}) {
    const counts: Record<string, number> = {};
    let all = 0;
    const wants = (queue: string) => all < jobs && (counts[queue] ?? 0) < (most[queue] ?? jobs);
    const asker = async (queue: string) => {
      while (wants(queue)) {
        const free = await slots.acquire(queue, open);
        if (wants(queue)) {
          counts[queue] = (counts[queue] ?? 0) + 1;
          all++;
          await Promise.resolve();
        }
        free?.();
      }
    };
    await Promise.all(queues.flatMap((queue) => many(4, queue).map(asker)));
    return counts;
  }
});

describe("a worker", () => {
  let yard: Yard;
  const book = new Logbook();
  before(async () => {
    yard = await openYard({
      "order/stay": (payload) => book.during(String(payload.kind), payload, () => sleep(20)),
    });
  });
  after(() => yard[Symbol.asyncDispose]());

  test("starts a job of a higher queue before any that waits in a saturated lower one", async () => {
    await using _worker = await yard.work("high,default", { slots: 10 });
    await yard.put(...many(600, { task: "order/stay", queue: "default", payload: { kind: "low" } }));
    await until(() => book.of("low").length > 50);
    const waits: number[] = [];
    const passed: number[] = [];
    for (let times = 1; times <= 10; times++) {
      const since = performance.now();
      await yard.put({ task: "order/stay", queue: "high", payload: { kind: "high", times } });
      const sent = performance.now();
      await until(() => book.of("high").length === times);
      const { at } = book.of("high").at(-1) ?? { at: Number.NaN };
      waits.push(at - since);
      passed.push(book.of("low").filter((low) => low.at > sent && low.at < at).length);
    }
    const median = waits.toSorted((a, b) => a - b)[5] ?? Number.NaN;
    assert.ok(median < 100, `median ${median} ms`);
    assert.ok((passed.toSorted((a, b) => a - b)[5] ?? 99) <= 10, `${passed} low jobs were begun meanwhile`);
    await yard.drained("default", 30_000);
  });

  test("keeps weights within a rank within 20 % over 400 jobs, and both together with a rank above", async () => {
    book.starts = [];
    await yard.queue("heavy", { concurrency: 10 });
    await yard.queue("light", { concurrency: 10 });
    await yard.rows("select queue.pause('*')");
    await using _worker = await yard.work("high,heavy:3+light:1", { slots: 4 });
    for (const [kind, count] of Object.entries({ high: 40, heavy: 400, light: 400 }))
      await yard.put(...many(count, { task: "order/stay", queue: kind, payload: { kind } }));
    await yard.rows("select queue.resume('*')");
    await until(() => book.starts.length >= 450, 30_000);
    const first = book.starts.slice(0, 450).map(({ kind }) => kind);
    const rest = first.filter((kind) => kind !== "high").slice(0, 400);
    const heavy = rest.filter((kind) => kind === "heavy").length;
    assert.ok(
      heavy > 300 * 0.8 && heavy < 300 * 1.2 && 400 - heavy > 80 && 400 - heavy < 120,
      `${heavy} of 400`,
    );
    assert.ok(
      first.lastIndexOf("high") < 60,
      `the last of 40 high jobs was number ${first.lastIndexOf("high")}`,
    );
    await yard.rows("delete from graphile_worker._private_jobs where locked_at is null");
  });

  test("refuses an order that names no queue", async () => {
    await assert.rejects(yard.work("high,nowhere"), {
      code: "BadOption",
      message: /create_queue\('nowhere'\)/,
    });
    await using worker = await yard.work("high");
    assert.ok(worker);
  });
});
