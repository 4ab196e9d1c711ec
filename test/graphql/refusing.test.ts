import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { onTelemetry } from "#telemetry.ts";
import { bearer, inviteToClass, message, openSchool, type School, sendMessage } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
});
after(() => school[Symbol.asyncDispose]());

afterEach(async () => {
  const { data } = await school.as(school.people.sam)("{ me { name } }");
  assert.deepEqual(data, { me: { name: "Sam" } }, "the server still answers");
});

const me = JSON.stringify({ query: "{ me { id } }" });

test("an expired token is refused with HTTP 401 and HW401 instead of being nobody's", async () => {
  const { people, world, post } = school;
  assert.equal((await post(me, await bearer(people.sam, world.jwtSecret))).data.me.id, people.sam);
  const { status, errors, data } = await post(me, await bearer(people.sam, world.jwtSecret, -60));
  assert.equal(status, 401);
  assert.equal(data, undefined);
  assert.equal(errors[0]?.extensions.code, "HW401");
  assert.match(errors[0]?.message ?? "", /expired .* get a fresh token/);
});

test("a token of somebody else, no token at all and another scheme are refused likewise", async () => {
  const { people, post } = school;
  const foreign = await bearer(people.sam, "a-secret-of-nobody-with-32-characters-x");
  for (const headers of [
    foreign,
    { authorization: "Bearer undefined" },
    { authorization: "Basic c2FtOnNhbQ==" },
  ]) {
    const { status, errors } = await post(me, headers);
    assert.deepEqual([status, errors[0]?.extensions.code], [401, "HW401"]);
  }
});

test("what is no GraphQL request is answered with a 4xx and a reason", async () => {
  const { post } = school;
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const [status, body, headers] of [
    [400, "{ this is not JSON", {}],
    [400, "", {}],
    [400, "null", {}],
    [400, "[]", {}],
    [400, `{"query": 5}`, {}],
    [400, `{"query": "{ me { id }", "variables": 7}`, {}],
    [400, `{"query": "{ me { id }"}`, {}],
    [400, `{"query": "{ me { nothing } }"}`, {}],
    [400, JSON.stringify({ query: "{".repeat(40_000) }), {}],
    [400, JSON.stringify({ query: `{ me(a: ${"[".repeat(40_000)}) }` }), {}],
    [415, "query=%7Bme%7Bid%7D%7D", form],
    [415, "{ me { id } }", { "content-type": "text/plain" }],
    [413, JSON.stringify({ query: `# ${"x".repeat(120_000)}` }), {}],
  ] as const) {
    const answer = await post(body, headers);
    assert.equal(answer.status, status, body.slice(0, 60));
    assert.ok(answer.errors[0]?.message);
    assert.doesNotMatch(answer.text, /node_modules|at .*\(/);
  }
  assert.equal((await fetch(`${school.url}/graphql?query={me{id}}`)).status, 404);
});

test("values of the wrong form are a client's error without a word of SQL", async () => {
  const { as, people, roomId } = school;
  const ask = as(people.sam);
  const byId = "query ($id: UUID!) { room(id: $id) { id } }";
  const bySeq = "query ($seq: BigInt!) { messages(filter: { seq: { equalTo: $seq } }) { nodes { id } } }";
  const page = "query ($c: Cursor) { messages(after: $c, first: 3) { nodes { id } } }";
  const answers = [
    await ask(`{ room(id: "not-a-uuid") { id } }`),
    await ask(byId, { id: "not-a-uuid" }),
    await ask(byId, { id: { a: 1 } }),
    await ask(byId, {}),
    await ask(bySeq, { seq: "9".repeat(40) }),
    await ask(bySeq, { seq: "many" }),
    await ask(page, { c: "nonsense" }),
    await ask(page, { c: Buffer.from(`["primary_key_asc", "x"]`).toString("base64") }),
    await ask(page, { c: Buffer.from(`{"a": 1}`).toString("base64") }),
    await ask(sendMessage, message(roomId, "nul \u0000 byte")),
    await ask(sendMessage, message("1", "hello")),
  ];
  for (const { errors, text, status } of answers) {
    const [error] = errors;
    assert.ok(error, text);
    assert.ok(status === 400 || error.extensions.code === "HW422", text);
    assert.doesNotMatch(text, /select |insert |syntax|encoding|byte sequence|HW500/i);
  }
});

test("a filter nested thousands deep hurts nobody", async () => {
  let filter = `{ seq: { isNull: false } }`;
  for (let n = 0; n < 7000; n++) filter = `{ not: ${filter} }`;
  const inline = await school.as(school.people.sam)(`{ messages(filter: ${filter}) { totalCount } }`);
  assert.ok(inline.errors[0]);
  const variables = `{"f": ${'{"not":'.repeat(7000)}{}${"}".repeat(7000)}}`;
  const query = "query ($f: MessageFilter) { messages(filter: $f) { totalCount } }";
  const { authorization = "" } = await bearer(school.people.sam, school.world.jwtSecret);
  const answer = await school.post(`{"query": ${JSON.stringify(query)}, "variables": ${variables}}`, {
    authorization,
  });
  assert.ok(answer.errors[0]);
});

test("an unexpected error is masked, and told in full to telemetry under the same reference", async () => {
  const { as, people, classId, world } = school;
  await world.pool.query(`
    create function public.refuse() returns trigger language plpgsql as 'begin raise exception ''table secrets broke''; end';
    create trigger broken before insert on app.memberships for each row execute function public.refuse()`);
  const told: { reference: string; error: unknown }[] = [];
  const stop = onTelemetry((event, payload) => {
    if (event === "graphql:error") told.push(payload as (typeof told)[number]);
  });
  const input = { classId, email: "lee@school.example", name: "Lee", role: "student" };
  const { errors, text } = await as(people.owner)(inviteToClass, { input });
  stop();
  await world.pool.query("drop trigger broken on app.memberships");
  assert.doesNotMatch(text, /secrets|trigger|P0001|plpgsql|at .*\(/);
  assert.equal(errors[0]?.extensions.code, "HW500");
  assert.equal(told.length, 1);
  assert.equal(told[0]?.reference, errors[0]?.extensions.reference);
  assert.match(errors[0]?.message ?? "", new RegExp(`${told[0]?.reference}`));
  assert.match(String(told[0]?.error), /table secrets broke/);
});

test("one refused field of a mutation leaves the other's commit alone", async () => {
  const { as, people, roomId } = school;
  const both = `mutation ($ok: SendMessageInput!, $bad: SendMessageInput!) {
    ok: sendMessage(input: $ok) { result { body } } bad: sendMessage(input: $bad) { result { body } }
  }`;
  const { data, errors } = await as(people.sam)(both, {
    ok: message(roomId, "fine").input,
    bad: message(roomId, "").input,
  });
  assert.deepEqual(data, { ok: { result: { body: "fine" } }, bad: null });
  assert.deepEqual([errors.length, errors[0]?.path], [1, ["bad"]]);
});
