import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { openSchool, type School, sendMessage } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
});
after(() => school[Symbol.asyncDispose]());

async function faults(query: string, variables: object = {}): Promise<unknown[]> {
  const { errors, text } = await school.as(school.people.owner)(query, variables);
  assert.doesNotMatch(text, /HW500|select |syntax error/, text);
  return errors.map(({ extensions: { code, field } }) => [code, field]);
}

test("a variable of the wrong form is refused with the name of its field, several with several errors", async () => {
  const roomId = school.roomId;
  const send = (input: object) => faults(sendMessage, { input });
  const fine = { roomId, body: "hello", clientId: randomUUID() };
  assert.deepEqual(await send({ ...fine, roomId: "x" }), [["HW422", "roomId"]]);
  assert.deepEqual(await send({ ...fine, roomId: null }), [["HW422", "roomId"]]);
  assert.deepEqual(await send({ ...fine, body: 5 }), [["HW422", "body"]]);
  assert.deepEqual(await send({ ...fine, body: "nul \0" }), [["HW422", "body"]]);
  assert.deepEqual(await send({ ...fine, body: "half \ud83d" }), [["HW422", "body"]]);
  assert.deepEqual(await send({ ...fine, body: "x".repeat(4001) }), [["HW422", "body"]]);
  assert.deepEqual(await send({ ...fine, colour: "red" }), [["HW422", "colour"]]);
  assert.deepEqual(await send({ body: 5, clientId: "y" }), [
    ["HW422", "roomId"],
    ["HW422", "body"],
    ["HW422", "clientId"],
  ]);
  assert.deepEqual(await send({ ...fine, body: "\0", clientMutationId: "\0" }), [
    ["HW422", "body"],
    ["HW422", "clientMutationId"],
  ]);
  assert.deepEqual(await faults(sendMessage, {}), [["HW422", "input"]]);
  assert.deepEqual(await send(fine), []);
});

test("so is a value in the query's own text", async () => {
  const send = (fields: string) =>
    faults(`mutation { sendMessage(input: { ${fields} }) { clientMutationId } }`);
  const fine = `roomId: "${school.roomId}", clientId: "${randomUUID()}"`;
  assert.deepEqual(await send(`${fine}, body: 5`), [["HW422", "body"]]);
  assert.deepEqual(await send(`${fine}, body: "nul \\u0000"`), [["HW422", "body"]]);
  assert.deepEqual(await send(`${fine}, body: null`), [["HW422", "body"]]);
  assert.deepEqual(await send(fine), [["HW422", "body"]]);
  assert.deepEqual(await send(`roomId: "x", clientId: "y", body: "z"`), [
    ["HW422", "roomId"],
    ["HW422", "clientId"],
  ]);
  assert.deepEqual(await faults("{ room { id } }"), [["HW422", "id"]]);
  assert.deepEqual(await faults(`{ rooms(filter: { id: { in: ["x"] } }) { totalCount } }`), [
    ["HW422", "in"],
  ]);
});

test("numbers, moments, days and cursors are looked at before Postgres sees them", async () => {
  const bySeq = "query ($seq: BigInt!) { messages(filter: { seq: { equalTo: $seq } }) { totalCount } }";
  for (const seq of ["many", "1.5", "9223372036854775808", "-9223372036854775809", "1e3", ""])
    assert.deepEqual(await faults(bySeq, { seq }), [["HW422", "seq"]], seq);
  for (const seq of ["9223372036854775807", "-9223372036854775808"])
    assert.deepEqual(await faults(bySeq, { seq }), []);
  const pause =
    'mutation ($until: Datetime) { pauseQueue(input: { queue: "x", until: $until }) { clientMutationId } }';
  for (const until of [
    "tomorrow",
    "2026-02-30T10:00:00Z",
    "2026-01-01T25:00:00Z",
    "2026-01-01",
    "infinity",
    "",
  ])
    assert.deepEqual(await faults(pause, { until }), [["HW422", "until"]], until);
  for (const until of ["2026-01-01T10:00:00Z", "2026-01-01T10:00:00.123456+07:00"])
    assert.deepEqual(await faults(pause, { until }), [["HW403", undefined]], until);
  const page = "query ($c: Cursor, $n: Int) { messages(after: $c, first: $n) { totalCount nodes { id } } }";
  for (const c of ["nonsense", "WyJh", Buffer.from("{}").toString("base64"), ""])
    assert.deepEqual(await faults(page, { c }), [["HW422", "c"]], c);
  assert.deepEqual(await faults(page, { n: 2 ** 31 }), [["HW422", "n"]]);
  const foreign = Buffer.from(`["primary_key_asc", "x"]`).toString("base64");
  assert.equal((await faults(page, { c: foreign })).length, 1);
});
