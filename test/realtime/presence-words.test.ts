import assert from "node:assert/strict";
import { test } from "node:test";
import { envelopesOf } from "#realtime/envelopes.ts";
import { isGoodbye } from "#realtime/goodbye.ts";
import { Holds } from "#realtime/holds.ts";
import type { Member } from "#realtime/presence.ts";
import { merged, type PresenceChange } from "#realtime/presence-change.ts";
import { decode, encode } from "#realtime/wire.ts";

// What relays tell each other of members, without sockets and database.

const relay = crypto.randomUUID();
const room = { name: "a", private: true };
const nothing: PresenceChange = { joins: [], leaves: [], held: [], replaced: [] };

function entry(ref: string, more: Partial<Member> = {}): Member {
  return { relay, room, ref: `run-${ref}`, key: "k", meta: "{}", ...more };
}

test("a change of members crosses as it was, whatever is in it", () => {
  const joins = [
    entry("1", { meta: '{"10":"x","__proto__":{"a":1},"text":"ü😀\\u0000\\ud800"}' }),
    entry("2", { key: 'quo"te' }),
    entry("3", { room: { name: "a", private: false } }),
  ];
  const words = [
    { is: "presence" as const, joins, leaves: ["run-0"], held: ["run-2"] },
    { is: "presence" as const, joins: [], leaves: "others" as const, held: [] },
    { is: "presence" as const, joins: [entry("1")], leaves: ["of another relay"], held: [] },
  ];
  for (const word of words) assert.deepEqual(decode(relay, encode(word)), word);
  for (const meta of joins.map((join) => join.meta)) assert.equal(JSON.stringify(JSON.parse(meta)), meta);
});

test("hundreds of joins fit into a notification", () => {
  const joins = Array.from({ length: 1000 }, (_, n) =>
    entry((n + 40_000).toString(36), { key: `user:${n}`, meta: '{"n":1}' }),
  );
  const envelopes = envelopesOf(relay, 1, encode({ is: "presence", joins, leaves: [], held: [] }));
  assert.ok(envelopes.length <= 5, `${envelopes.length} notifications`);
});

test("changes that pile up become one that comes to the same", () => {
  const change = merged([
    { ...nothing, joins: [entry("1"), entry("2")] },
    { ...nothing, joins: [entry("3")], leaves: ["run-1"], held: ["run-2"], replaced: ["x-1"] },
    { ...nothing, leaves: ["run-2"], held: ["run-3"] },
  ]);
  assert.deepEqual(change, {
    joins: [entry("3")],
    leaves: ["run-1", "run-2"],
    held: ["run-3"],
    replaced: ["x-1"],
  });
});

test("where everything is published anew, only what comes later counts beside it", () => {
  const change = merged([
    { ...nothing, joins: [entry("1")], leaves: ["run-0"], held: ["run-1"] },
    { ...nothing, joins: [entry("2"), entry("3")], leaves: "others", held: ["run-3"] },
    { ...nothing, joins: [entry("4")], leaves: ["run-2"] },
  ]);
  assert.deepEqual(change, {
    joins: [entry("3"), entry("4")],
    leaves: "others",
    held: ["run-3"],
    replaced: [],
  });
});

test("a held member gives its place to the same key in the same room only, the lowest ref first", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  using holds = new Holds(() => assert.fail("not over yet"));
  for (const ref of ["9", "5", "7"]) holds.hold(entry(ref), 1000);
  assert.equal(holds.placeFor(entry("x", { key: "other" })), undefined);
  assert.equal(holds.placeFor(entry("x", { room: { name: "a", private: false } })), undefined);
  assert.equal(holds.placeFor(entry("x"))?.ref, "run-5");
  holds.release("run-5");
  assert.equal(holds.placeFor(entry("x"))?.ref, "run-7");
});

test("a hold ends at its time, a released one never, and one without a time waits for its relay", (context) => {
  let now = 0;
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(performance, "now", () => now);
  const over: string[] = [];
  using holds = new Holds(({ ref }) => over.push(ref));
  holds.hold(entry("late"), 2000);
  holds.hold(entry("soon"), 1000);
  holds.hold(entry("released"), 1000);
  holds.hold(entry("theirs"));
  holds.release("run-released");
  const pass = (ms: number) => {
    now += ms;
    context.mock.timers.tick(ms);
  };
  pass(990);
  assert.deepEqual(over, []);
  pass(10);
  assert.deepEqual(over, ["run-soon"]);
  pass(1000);
  assert.deepEqual(over, ["run-soon", "run-late"]);
  pass(1_000_000);
  assert.deepEqual([over.length, holds.has("run-theirs")], [2, true]);
});

test("a client says goodbye by 1000, 1001 or no code, unless its heartbeat gave up", () => {
  for (const code of [1000, 1001, 1005]) assert.equal(isGoodbye(code, ""), true);
  for (const code of [1006, 1012, 1011, 4000]) assert.equal(isGoodbye(code, ""), false);
  assert.equal(isGoodbye(1000, "heartbeat timeout"), false);
});
