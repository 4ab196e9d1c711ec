import assert from "node:assert/strict";
import { test } from "node:test";
import { unserialize } from "#lib/php-serialized.ts";
import { readLaravelJob } from "#queue/laravel.ts";
import { plain } from "#queue/laravel-values.ts";

const s = (text: string) => `s:${Buffer.byteLength(text)}:"${text}";`;
const object = (name: string, ...properties: string[]) =>
  `O:${name.length}:"${name}":${properties.length / 2}:{${properties.join("")}}`;
const read = (text: string) => plain(unserialize(text));

test("scalars, lists, maps and nested objects are read as JSON has them", () => {
  assert.deepEqual(read(`a:4:{i:0;i:-7;i:1;d:1.5;i:2;b:1;i:3;N;}`), [-7, 1.5, true, null]);
  assert.deepEqual(read(`a:1:{${s("größe")}a:1:{${s("x")}${s("ü")}}}`), { größe: { x: "ü" } });
  assert.deepEqual(read("a:0:{}"), []);
  assert.equal(read("i:9223372036854775807;"), "9223372036854775807");
  assert.deepEqual(read(object("A", s("b"), object("B", s("c"), "i:1;"))), { b: { c: 1 } });
});

test("private and protected properties have their plain names", () => {
  assert.deepEqual(read(object("A", s("\0A\0mine"), "i:1;", s("\0*\0ours"), "i:2;", s("open"), "i:3;")), {
    mine: 1,
    ours: 2,
    open: 3,
  });
});

test("an object or a value that is referred to again is the same again", () => {
  assert.deepEqual(read(`a:3:{i:0;${object("A", s("x"), "i:5;")}i:1;r:2;i:2;R:3;}`), [{ x: 5 }, { x: 5 }, 5]);
});

test("an enum is its case, a model its id, a collection its items", () => {
  assert.equal(read(`E:10:"Kind:Large";`), "Large");
  const model = object(
    "Illuminate\\Contracts\\Database\\ModelIdentifier",
    ...[s("class"), s("App\\Models\\Person"), s("id"), "i:7;", s("relations"), "a:0:{}"],
  );
  assert.deepEqual(read(model), { model: "App\\Models\\Person", id: 7 });
  assert.deepEqual(read(object("Illuminate\\Support\\Collection", s("\0*\0items"), "a:1:{i:0;i:1;}")), [1]);
});

test("a moment is ISO text, whatever zone it is in", () => {
  const moment = (type: number, zone: string) =>
    read(
      object(
        "Carbon\\Carbon",
        ...[
          s("date"),
          s("2026-07-01 10:00:00.250000"),
          s("timezone_type"),
          `i:${type};`,
          s("timezone"),
          s(zone),
        ],
      ),
    );
  assert.equal(moment(3, "Europe/Berlin"), "2026-07-01T08:00:00.250Z");
  assert.equal(moment(3, "America/New_York"), "2026-07-01T14:00:00.250Z");
  assert.equal(moment(1, "+05:30"), "2026-07-01T04:30:00.250Z");
  assert.equal(moment(2, "Z"), "2026-07-01T10:00:00.250Z");
  assert.equal(moment(2, "XYZ"), "2026-07-01T10:00:00.250", "a zone that nobody knows leaves it local");
});

test("a property called __proto__ is a property", () => {
  const value = read(`a:1:{${s("__proto__")}a:1:{${s("admin")}b:1;}}`) as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ["__proto__"]);
});

for (const text of [
  "",
  "x",
  "O:",
  "a:1:{",
  's:5:"abc";',
  "i:x;",
  "i:1;i:2;",
  "a:99999999999:{}",
  's:-1:"";',
  "a:1:{N;N;}",
])
  test(`refused as no output of serialize(): ${text || "nothing"}`, () => {
    assert.throws(() => unserialize(text), SyntaxError);
  });

const classJob = (command: unknown, commandName = "App\\Jobs\\SendInvitation") => ({
  uuid: "d2b1c9de-8f0a-4a3e-9f0e-000000000001",
  displayName: commandName,
  job: "Illuminate\\Queue\\CallQueuedHandler@call",
  data: { commandName, command },
});

test("a class job is its class and its own properties, less those of Laravel's traits", () => {
  const command = object(
    "App\\Jobs\\SendInvitation",
    ...[
      s("to"),
      s("ada@example.org"),
      s("\0*\0tone"),
      s("warm"),
      s("tries"),
      "i:3;",
      s("queue"),
      s("emails"),
    ],
    ...[s("batchId"), s("b-1"), s("chained"), "a:0:{}", s("delay"), "N;"],
  );
  assert.deepEqual(readLaravelJob(classJob(command)), {
    task: "App\\Jobs\\SendInvitation",
    data: { to: "ada@example.org", tone: "warm" },
    batchId: "b-1",
  });
});

test("a string job and an envelope of ours are no class jobs", () => {
  assert.equal(readLaravelJob({ job: "send_email", data: {} }), undefined);
  assert.equal(readLaravelJob("text"), undefined);
});

for (const [what, command, says] of [
  ["that is encrypted", "eyJpdiI6IkF...", /encrypted with the app's APP_KEY/],
  ["that is cut off", 'O:1:"A":1:{s:1:"x"', /no output of PHP's serialize\(\), from byte/],
  ["that is missing", undefined, /no data.command/],
  ["that contains itself", 'O:1:"A":1:{s:1:"x";r:1;}', /contains itself/],
] as const)
  test(`a command ${what} is told as a problem`, () => {
    const job = readLaravelJob(classJob(command));
    assert.equal(job?.task, "App\\Jobs\\SendInvitation");
    assert.match(job?.problem ?? "", says);
  });

test("the next job of a chain takes the rest of the chain along", () => {
  const second = object(
    "App\\Jobs\\Second",
    s("n"),
    "i:2;",
    s("tries"),
    "i:5;",
    s("chained"),
    "a:0:{}",
    s("delay"),
    "i:30;",
  );
  const third = object("App\\Jobs\\Third", s("n"), "i:3;");
  const first = object(
    "App\\Jobs\\First",
    ...[
      s("chained"),
      `a:2:{i:0;${s(second)}i:1;${s(third)}}`,
      s("chainQueue"),
      s("emails"),
      s("chainConnection"),
      "N;",
    ],
  );
  const next = readLaravelJob(classJob(first))?.next;
  assert.equal(next?.queue, "emails");
  assert.equal(next?.delaySeconds, 30);
  const payload = JSON.parse(next?.payload ?? "");
  assert.equal(payload.displayName, "App\\Jobs\\Second");
  assert.equal(payload.maxTries, 5);
  const after = readLaravelJob(payload);
  assert.deepEqual(after?.data, { n: 2 });
  const last = JSON.parse(after?.next?.payload ?? "");
  assert.equal(after?.next?.queue, "emails");
  assert.deepEqual(readLaravelJob(last), { task: "App\\Jobs\\Third", data: { n: 3 } });
});
