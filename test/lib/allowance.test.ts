import assert from "node:assert/strict";
import { test } from "node:test";
import { Allowance } from "#lib/allowance.ts";

test("as many as its size are taken at once, no more", () => {
  const allowance = new Allowance(3, 60_000);
  assert.deepEqual(
    Array.from({ length: 4 }, () => allowance.take()),
    [true, true, true, false],
  );
});

test("who waits for one takes it: in the long run there are no more than it gives", async () => {
  const allowance = new Allowance(2, 10);
  const [began, times] = [performance.now(), 22];
  for (let taken = 0; taken < times; taken++) await allowance.taken();
  assert.ok(performance.now() - began >= (times - 2) * 5);
});
