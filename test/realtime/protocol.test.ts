import assert from "node:assert/strict";
import type { Writable } from "node:stream";
import { test } from "node:test";
import * as ws from "ws";
import { Allowance } from "#lib/allowance.ts";
import { framedBroadcast } from "#realtime/broadcast.ts";
import { Assembly, envelopesOf } from "#realtime/envelopes.ts";
import { RoomDiff, Roster } from "#realtime/presence.ts";
import { decodePush, encodeBroadcast, fitsBroadcast } from "#realtime/protocol/binary.ts";
import { decodeText, encodeText, MalformedFrame } from "#realtime/protocol/frame.ts";
import { parseJoin, parsePresence, tokenIn } from "#realtime/protocol/payloads.ts";
import { binaryMessage, textMessage } from "#realtime/protocol/websocket.ts";
import { parseMessages } from "#realtime/rest.ts";

// The types of the library leave it out.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

const head = { joinRef: "1", ref: "2", topic: "realtime:a", event: "x" };

test("a frame of vsn 1.0.0 is an object and never carries the join ref back", () => {
  assert.deepEqual(JSON.parse(encodeText("1.0.0", head, { a: 1 })), {
    topic: "realtime:a",
    event: "x",
    payload: { a: 1 },
    ref: "2",
  });
  const text = JSON.stringify({ topic: "t", event: "e", payload: 1, ref: "2", join_ref: "1" });
  assert.deepEqual(decodeText(text, "1.0.0"), { joinRef: "1", ref: "2", topic: "t", event: "e", payload: 1 });
});

test("a frame of vsn 2.0.0 is an array of five, and more elements are ignored", () => {
  assert.deepEqual(JSON.parse(encodeText("2.0.0", head, null)), ["1", "2", "realtime:a", "x", null]);
  const frame = { joinRef: null, ref: "2", topic: "t", event: "e", payload: {} };
  assert.deepEqual(decodeText('[null,"2","t","e",{},"more"]', "2.0.0"), frame);
});

test("text that is no frame is malformed", () => {
  for (const text of ["", "{", "[]", '["1","2","t","e"]', "null", '{"topic":1}', '[{},null,"t","e",{}]']) {
    for (const version of ["1.0.0", "2.0.0"] as const) {
      assert.throws(() => decodeText(text, version), MalformedFrame, `${version} ${text}`);
    }
  }
});

test("a binary push is read with sizes counted in bytes", () => {
  const fields = ["1", "22", "realtime:ü", "tippt€", '{"persist":true}'].map((field) => Buffer.from(field));
  const frame = Buffer.concat([
    Buffer.from([3, ...fields.map((f) => f.length), 1]),
    ...fields,
    Buffer.from("{}"),
  ]);
  const { payload, ...rest } = decodePush(frame);
  assert.equal(payload.toString(), "{}");
  assert.deepEqual(rest, {
    joinRef: "1",
    ref: "22",
    topic: "realtime:ü",
    event: "tippt€",
    metadata: '{"persist":true}',
    encoding: "json",
  });
});

test("truncated and unknown binary frames are malformed", () => {
  const frames = [
    [],
    [3],
    [3, 0, 0, 0, 0, 0, 0],
    [3, 9, 9, 9, 9, 0, 1, 65],
    [4, 1, 1, 0, 1],
    [3, 0, 0, 1, 1, 0, 7, 65, 65],
  ];
  for (const bytes of frames)
    assert.throws(() => decodePush(Buffer.from(bytes)), MalformedFrame, String(bytes));
});

test("a broadcast goes out as kind 4, and as text where it does not fit or the client is old", () => {
  const parts = {
    event: "e",
    metadata: '{"id":"1"}',
    encoding: "json",
    payload: Buffer.from("[1]"),
  } as const;
  const framed = framedBroadcast("a", { form: "framed", ...parts });
  const binary = messageOf(framed.for("2.0.0"));
  const frame = Buffer.concat(encodeBroadcast({ topic: "realtime:a", ...parts }));
  assert.deepEqual(binary, { opcode: 2, bytes: frame });
  assert.equal(frame[0], 4);
  const text = messageOf(framed.for("1.0.0"));
  assert.equal(text.opcode, 1);
  const payload = { type: "broadcast", event: "e", payload: [1], meta: { id: "1" } };
  assert.deepEqual(JSON.parse(String(text.bytes)), {
    topic: "realtime:a",
    event: "broadcast",
    payload,
    ref: null,
  });
  assert.equal(fitsBroadcast({ topic: "x".repeat(256), event: "e", metadata: "" }), false);
  const long = framedBroadcast("x".repeat(300), { form: "framed", ...parts });
  assert.equal(messageOf(long.for("2.0.0")).opcode, 1);
});

test("a websocket message says its length in 7, 16 or 64 bits, in bytes and not in characters", () => {
  for (const length of [0, 125, 126, 65_535, 65_536, 3_000_000]) {
    const bytes = Buffer.alloc(length, 7);
    assert.deepEqual(messageOf(binaryMessage([bytes.subarray(0, 3), bytes.subarray(3)])), {
      opcode: 2,
      bytes,
    });
  }
  const euros = "€".repeat(100);
  assert.deepEqual(messageOf(textMessage(euros)), { opcode: 1, bytes: Buffer.from(euros) });
});

test("raw bytes are withheld from vsn 1.0.0", () => {
  const parts = { event: "e", metadata: "", encoding: "raw", payload: Buffer.from([0, 255]) } as const;
  const framed = framedBroadcast("a", { form: "framed", ...parts });
  assert.equal(framed.for("1.0.0"), undefined);
  assert.equal(framed.for("2.0.0")?.at(-1), 255);
});

test("a join takes what it understands and gives the rest its default", () => {
  const request = parseJoin({
    config: {
      private: "True",
      broadcast: { self: true, replay: { since: 5 } },
      presence: { enabled: "false", key: "k" },
      postgres_changes: [null, { event: "*" }],
    },
    access_token: " a b ",
    user_token: null,
  });
  assert.deepEqual(request, {
    private: true,
    broadcast: { ack: false, self: true, replicationReady: false, replay: { since: 5, limit: undefined } },
    presence: { enabled: false, key: "k" },
    changes: [{ event: "*" }],
    changesTimeoutMs: undefined,
    token: "ab",
  });
  assert.equal(parseJoin(null).token, undefined);
  assert.equal(parseJoin({ config: { broadcast: { replay: { since: "x" } } } }).broadcast.replay, "invalid");
  assert.equal(tokenIn("sb_publishable_x"), undefined);
});

test("a presence call is read whatever the case of its event", () => {
  assert.deepEqual(parsePresence({ event: "TRACK", payload: { a: 1 } }), { does: "track", meta: { a: 1 } });
  assert.deepEqual(parsePresence({ event: "untrack" }), { does: "untrack" });
  assert.deepEqual(parsePresence([]), { does: "unknown" });
});

test("presence state and diff stack entries of one key, and a client cannot pass off a ref", () => {
  const room = { name: "a", private: false };
  const member = { relay: "r", room, key: "k" };
  const roster = new Roster();
  roster.add({ ...member, ref: "1", meta: '{"phx_ref":"fake","n":1}' });
  roster.add({ ...member, ref: "2", meta: "{}" });
  assert.equal(roster.add({ ...member, ref: "2", meta: "{}" }), false);
  const metas = [{ n: 1, phx_ref: "1" }, { phx_ref: "2" }];
  assert.deepEqual(JSON.parse(roster.state(room)), { k: { metas } });
  assert.equal(roster.state({ name: "a", private: true }), "{}");

  const diff = new RoomDiff(room);
  diff.join({ ...member, ref: "3", meta: '{"n":2}', previous: "1" });
  diff.leave({ ...member, ref: "1", meta: '{"n":1}' });
  diff.join({ ...member, ref: "4", meta: "{}" });
  diff.leave({ ...member, ref: "4", meta: "{}" });
  assert.deepEqual(JSON.parse(diff.toJson()), {
    joins: { k: { metas: [{ n: 2, phx_ref: "3", phx_ref_prev: "1" }] } },
    leaves: { k: { metas: [{ n: 1, phx_ref: "1" }] } },
  });
  assert.equal(new RoomDiff(room).toJson(), '{"joins":{},"leaves":{}}');
});

test("a large word is cut between characters, put together again, and taken once", () => {
  const relay = crypto.randomUUID();
  const body = "aü€😀".repeat(5000);
  const envelopes = envelopesOf(relay, 1, body);
  assert.ok(envelopes.length > 1 && envelopes.every((envelope) => Buffer.byteLength(envelope) < 7500));
  const assembly = new Assembly(() => assert.fail("nothing was missed"));
  const whole = [...envelopes, ...envelopes].flatMap((envelope) => assembly.take(envelope) ?? []);
  assert.deepEqual(whole, [{ relay, body }]);
});

test("a hole in the numbers of a relay is noticed", () => {
  const relay = crypto.randomUUID();
  const missed: string[] = [];
  const assembly = new Assembly((of) => missed.push(of));
  for (const number of [5, 6, 8]) assembly.take(envelopesOf(relay, number, "x")[0] as string);
  assert.deepEqual(missed, [relay]);
});

test("an allowance is used up and comes back", (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  const allowance = new Allowance(2, 1000);
  assert.deepEqual([allowance.take(), allowance.take(), allowance.take()], [true, true, false]);
  now = 500;
  assert.deepEqual([allowance.take(), allowance.take()], [true, false]);
});

test("bad messages of a REST broadcast are refused with their place", () => {
  assert.throws(() => parseMessages({}, 100), { status: 422 });
  assert.throws(() => parseMessages([{ topic: "a", event: "e", payload: 1 }], 100), /messages\[0\].payload/);
  assert.throws(
    () => parseMessages([{ topic: "a", event: "e", payload: { a: "x".repeat(100) } }], 100),
    /exceeds/,
  );
  const message = { topic: "a", event: "e", payload: {} };
  assert.equal(parseMessages([message], 100).length, 1);
  assert.equal(parseMessages(Array.from({ length: 100 }).fill(message), 100).length, 100);
  assert.throws(() => parseMessages(Array.from({ length: 101 }).fill(message), 100), /100 at most/);
});

/** Read by the library's own receiver, as a client would. */
function messageOf(wire: Buffer | undefined): { opcode: number; bytes: Buffer } {
  const read: { opcode: number; bytes: Buffer }[] = [];
  const receiver = new Receiver({ isServer: false, skipUTF8Validation: false });
  receiver.on("message", (data: Buffer, isBinary: boolean) => {
    read.push({ opcode: isBinary ? 2 : 1, bytes: data });
  });
  receiver.write(wire);
  assert.equal(read.length, 1);
  return read[0] as { opcode: number; bytes: Buffer };
}
