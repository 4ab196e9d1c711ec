import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getIntrospectionQuery } from "postgraphile/graphql";
import { openSchool, type School } from "./school.ts";

let school: School;
before(async () => {
  school = await openSchool();
  const { world, roomId, people, classId } = school;
  await world.pool.query(
    `insert into chat.messages (room_id, sender_id, seq, client_id, body)
     select $1, $2, n, gen_random_uuid(), 'message ' || n from generate_series(1, 250) n`,
    [roomId, people.sam],
  );
  await world.pool.query(
    `with them as (insert into app.people (name) select 'Pupil ' || n from generate_series(1, 150) n returning id)
     insert into app.memberships (group_id, person_id, role) select $1, id, 'student' from them`,
    [classId],
  );
});
after(() => school[Symbol.asyncDispose]());

test("a list without first or last has at most 100 entries, at the root and below", async () => {
  const { data, errors } = await school.as(school.people.sam)(`{
    messages(orderBy: SEQ_ASC) { nodes { seq } pageInfo { hasNextPage } totalCount }
    rooms { nodes { messages { edges { node { seq } } } group { memberships { nodes { id } pageInfo { hasNextPage } } } } }
  }`);
  assert.deepEqual(errors, []);
  assert.equal(data.messages.nodes.length, 100);
  assert.deepEqual([data.messages.nodes[0].seq, data.messages.nodes[99].seq], ["1", "100"]);
  assert.deepEqual([data.messages.pageInfo.hasNextPage, data.messages.totalCount], [true, 250]);
  const [room] = data.rooms.nodes;
  assert.equal(room.messages.edges.length, 100);
  assert.equal(room.group.memberships.nodes.length, 100);
  assert.equal(room.group.memberships.pageInfo.hasNextPage, true);
});

test("first and last are heeded, written out or as a variable, at the root and below; null means 100", async () => {
  const query = `query ($n: Int!, $none: Int) {
    first: messages(first: 100, orderBy: SEQ_ASC) { nodes { seq } }
    last: messages(last: $n, orderBy: SEQ_ASC) { nodes { seq } pageInfo { hasPreviousPage } }
    none: messages(first: $none, orderBy: SEQ_ASC) { nodes { seq } }
    some: messages(first: 3, offset: 2, orderBy: SEQ_ASC) { nodes { seq } }
    rooms { nodes { messages(first: $n) { nodes { seq } } few: messages(last: 3, orderBy: SEQ_ASC) { nodes { seq } } } }
  }`;
  const { data, errors } = await school.as(school.people.sam)(query, { n: 60 });
  assert.deepEqual(errors, []);
  const numbers = ({ nodes }: { nodes: { seq: string }[] }) => nodes.map(({ seq }) => Number(seq));
  assert.deepEqual([numbers(data.first).length, numbers(data.first).at(-1)], [100, 100]);
  assert.deepEqual([numbers(data.last)[0], numbers(data.last).at(-1)], [191, 250]);
  assert.equal(data.last.pageInfo.hasPreviousPage, true);
  assert.equal(numbers(data.none).length, 100);
  assert.deepEqual(numbers(data.some), [3, 4, 5]);
  assert.equal(data.rooms.nodes[0].messages.nodes.length, 60);
  assert.deepEqual(numbers(data.rooms.nodes[0].few), [248, 249, 250]);
});

test("more than 100 at once is refused by name, written out or as a variable; a cursor brings the rest", async () => {
  const ask = school.as(school.people.sam);
  for (const argument of ["first", "last"]) {
    for (const [query, variables] of [
      [`{ messages(${argument}: 101) { nodes { seq } } }`, {}],
      [`query ($n: Int) { messages(${argument}: $n) { nodes { seq } } }`, { n: 1_000_000 }],
      [`query ($n: Int) { rooms { nodes { messages(${argument}: $n) { nodes { seq } } } } }`, { n: 101 }],
    ] as const) {
      const { errors } = await ask(query, variables);
      assert.deepEqual(errors[0]?.extensions, { code: "HW422", field: argument });
      assert.match(errors[0]?.message ?? "", /at most 100, not/);
    }
  }
  const page =
    "query ($c: Cursor) { messages(after: $c, orderBy: SEQ_ASC) { nodes { seq } pageInfo { endCursor } } }";
  const { endCursor } = (await ask(page)).data.messages.pageInfo;
  const { data } = await ask(page, { c: endCursor });
  assert.deepEqual([data.messages.nodes[0].seq, data.messages.nodes.length], ["101", 100]);
});

test("a list is read from one end at a time, and whoever mixes both is told", async () => {
  const ask = async (pages: string) =>
    (await school.as(school.people.sam)(`{ messages(${pages}) { nodes { seq } } }`)).errors[0];
  const cursor = (
    await school.as(school.people.sam)("{ messages(first: 5, orderBy: SEQ_ASC) { pageInfo { endCursor } } }")
  ).data.messages.pageInfo.endCursor;
  for (const pages of [
    "first: 1, last: 1",
    "first: -1",
    "last: -5",
    "offset: -1",
    "last: 1, offset: 3",
    `first: 1, before: "${cursor}"`,
    `last: 1, after: "${cursor}"`,
  ]) {
    const error = await ask(pages);
    assert.equal(error?.extensions.code, "HW422", pages);
    assert.match(error?.message ?? "", new RegExp(`\`${error?.extensions.field}\``));
  }
  const before = await school.as(school.people.sam)(
    `{ messages(before: "${cursor}", orderBy: SEQ_ASC) { nodes { seq } } }`,
  );
  assert.equal(before.data.messages.nodes.length, 4);
});

test("a query of 12 fields' depth is answered, a deeper one refused with HTTP 400, also through fragments", async () => {
  const nested = (depth: number): string =>
    depth === 0
      ? "id"
      : `memberships { nodes { ${depth === 1 ? "id" : `person { ${nested(depth - 1)} }`} } }`;
  const allowed = await school.as(school.people.sam)(
    "{ me { memberships(first: 1) { nodes { person { memberships(first: 1) { nodes { group { rooms { nodes { group { id } } } } } } } } } } }",
  );
  assert.deepEqual(allowed.errors, []);
  const refused = await school.as(school.people.sam)(`{ me { ${nested(8)} } }`);
  assert.equal(refused.status, 400);
  assert.match(refused.errors[0]?.message ?? "", /more than 12 fields deep/);
  const hidden = await school.as(school.people.sam)(`
    { me { ...A } }
    fragment A on Person { memberships { nodes { person { ...B } } } }
    fragment B on Person { memberships { nodes { person { ...C } } } }
    fragment C on Person { memberships { nodes { person { memberships { nodes { person { memberships { nodes { id } } } } } } } } }`);
  assert.equal(hidden.status, 400);
});

test("a query of too many fields, aliases or spreads is refused with HTTP 400 at once", async () => {
  const ask = school.as(school.people.sam);
  const aliases = Array.from({ length: 60 }, (_, n) => `a${n}: rooms { totalCount }`).join(" ");
  assert.match((await ask(`{ ${aliases} }`)).errors[0]?.message ?? "", /more than 50 fields at its root/);
  const schemas = Array.from({ length: 3 }, (_, n) => `s${n}: __schema { types { name } }`);
  assert.equal((await ask(`{ ${schemas.slice(0, 2).join(" ")} }`)).status, 200);
  assert.match(
    (await ask(`{ ${schemas.join(" ")} }`)).errors[0]?.message ?? "",
    /more than 2 questions about the schema/,
  );
  const same = `{ me { ${"id ".repeat(20_000)} } }`;
  const refused = await ask(same);
  assert.equal(refused.status, 400);
  assert.match(refused.errors[0]?.message ?? "", /more than 500 fields/);
  const bomb = Array.from(
    { length: 30 },
    (_, n) => `fragment F${n} on Person { ...F${n + 1} ...F${n + 1} }`,
  ).join("\n");
  assert.equal((await ask(`{ me { ...F0 } } ${bomb} fragment F30 on Person { id }`)).status, 400);
  assert.equal((await ask("{ me { ...F } } fragment F on Person { ...F }")).status, 400);
});

test("a query that may read more objects than allowed is refused with how many too many; shorter lists are not", async () => {
  await using small = await openSchool({ maxCost: 500, maxDepth: 6 });
  const ask = small.as(small.people.sam);
  const query = `query ($n: Int = 2, $m: Int) {
    rooms(first: $n) { nodes { id messages(first: $m) { nodes { id sender { id } } } } }
  }`;
  const cost = async (variables: object) => (await ask(query, variables)).errors[0]?.extensions;
  // 1 for the list; for each room 1, the list of messages 1, and 2 for each message and its sender
  assert.deepEqual(await cost({ n: 5 }), { code: "HW422", cost: 1011, maxCost: 500 });
  assert.equal(await cost({}), undefined);
  assert.equal(await cost({ n: 5, m: 10 }), undefined);
  const { status, errors } = await ask(query, { n: 100 });
  assert.equal(status, 400);
  assert.match(errors[0]?.message ?? "", /may read 20,201 objects, 19,701 more than the 500 allowed/);
  const deep = await ask("{ me { memberships { nodes { person { memberships { nodes { id } } } } } } }");
  assert.match(deep.errors[0]?.message ?? "", /more than 6 fields deep/);
  assert.deepEqual((await ask(getIntrospectionQuery())).errors, []);
});

test("in production nobody may ask for the schema, nor is told what a name is like, unless it is switched on", async () => {
  await using live = await openSchool({ production: true });
  await using open = await openSchool({ production: true, introspection: true });
  const first = async (there: School, query: string, variables?: object) =>
    (await there.as(there.people.sam)(query, variables)).errors[0];
  for (const query of ["{ __schema { types { name } } }", `{ __type(name: "Person") { name } }`]) {
    assert.equal((await first(live, query))?.extensions.code, "HW422");
    assert.equal(await first(open, query), undefined);
  }
  assert.equal(await first(live, "{ __typename }"), undefined);
  for (const [query, variables] of [
    ["{ me { nam } }", {}],
    [`{ messages(orderBy: SEQ_AS) { nodes { id } } }`, {}],
    ["query ($o: [MessageOrderBy!]) { messages(orderBy: $o) { nodes { id } } }", { o: ["SEQ_AS"] }],
  ] as const) {
    assert.doesNotMatch((await first(live, query, variables))?.message ?? "did you mean", /did you mean/i);
    assert.match((await first(open, query, variables))?.message ?? "", /Did you mean/);
  }
});

test("GraphiQL and its introspection work in development and not in production", async () => {
  const { data, errors } = await school.as(undefined)(getIntrospectionQuery());
  assert.deepEqual(errors, []);
  assert.ok(data.__schema.types.length > 20);
  const page = await fetch(`${school.url}/graphiql`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type") ?? "", /text\/html/);
  await using live = await openSchool({ production: true });
  assert.equal((await fetch(`${live.url}/graphiql`)).status, 404);
  assert.deepEqual((await live.as(live.people.sam)("{ me { name } }")).data, { me: { name: "Sam" } });
});
