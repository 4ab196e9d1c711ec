import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "#mail/pace.ts";

test("a pace begins with two requests, grows with success and never beyond 250 letters", () => {
  const pace = new Pace();
  assert.deepEqual([pace.letters, pace.requests], [150, 2]);
  for (let n = 0; n < 20; n++) pace.succeeded(100);
  assert.equal(pace.letters, 250);
  assert.ok(pace.requests >= 5 && pace.requests <= 8, String(pace.requests));
});

test("trouble halves it, but not below 100 letters and one request", () => {
  const pace = new Pace();
  for (let n = 0; n < 40; n++) pace.succeeded(100);
  const before = pace.requests;
  pace.troubled();
  assert.deepEqual([pace.letters, pace.requests], [125, Math.floor(before / 2)]);
  for (let n = 0; n < 10; n++) pace.troubled();
  assert.deepEqual([pace.letters, pace.requests], [100, 1]);
});

test("a slow answer makes requests smaller, not fewer", () => {
  const pace = new Pace();
  pace.succeeded(15_000);
  assert.deepEqual([pace.letters, pace.requests], [100, 2]);
});

test("urgent letters keep four requests whatever happens", () => {
  const pace = new Pace({ leastRequests: 4 });
  for (let n = 0; n < 10; n++) pace.troubled();
  assert.equal(pace.requests, 4);
});
