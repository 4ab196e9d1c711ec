import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Howdah, startHowdah } from "../support/process.ts";
import { graphqlOf, lettersTo, post, visit } from "../support/visitor.ts";
import { until } from "../support/wait.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let howdah: Howdah;
let env: Record<string, string>;

before(async () => {
  world = await openWorld();
  env = { DATABASE_URL: world.databaseUrl, JWT_SECRET: world.jwtSecret };
  howdah = await startHowdah({ env });
});
after(async () => {
  await howdah.stop();
  await world[Symbol.asyncDispose]();
});

type Entered = { cookie: string; accessToken: string; id: string };

async function enter(body: object, userAgent = "a browser"): Promise<Entered> {
  const response = await fetch(`${howdah.url}/auth/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": userAgent },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { accessToken, person } = (await response.json()) as { accessToken: string; person: { id: string } };
  return { cookie: response.headers.get("set-cookie")?.split(";")[0] ?? "", accessToken, id: person.id };
}

const refresh = (cookie: string, headers: Record<string, string> = {}) =>
  fetch(`${howdah.url}/auth/token`, { method: "POST", headers: { cookie, ...headers } });

async function linkFor(address: string): Promise<string> {
  await world.pool.query("select app.find_or_create_person($1, $2)", [address, address.split("@")[0]]);
  const { rows } = await world.pool.query("select app.create_sign_in_link($1::text) as token", [address]);
  return rows[0].token;
}

/** Asks for a letter and reads link and code out of it. */
async function letterFor(address: string, nth = 1): Promise<{ token: string; code: string }> {
  assert.equal((await post(`${howdah.url}/auth/request-link`, { email: address })).status, 202);
  await until(async () => (await lettersTo(howdah.url, address)).length === nth);
  const [letter] = await lettersTo(howdah.url, address);
  const token = /sign-in#([0-9a-f]+)/.exec(letter?.TextBody ?? "")?.[1] ?? "";
  const code = /\b(\d{6})\b/.exec(letter?.TextBody ?? "")?.[1] ?? "";
  return { token, code };
}

async function answerTo(body: object): Promise<[number, string]> {
  const response = await post(`${howdah.url}/auth/sign-in`, body);
  return [response.status, await response.text()];
}

test("the first boot of an empty database prints a link that makes its opener the owner, once", async () => {
  const [first = ""] = howdah.tokens;
  const other = await startHowdah({ env, args: ["--only=api"] });
  const [second = ""] = other.tokens;
  assert.ok(first && second && first !== second);
  const owner = await visit(howdah.url, first);
  const { me } = await owner.graphql("{ me { name communityRole } }");
  assert.deepEqual(me, { name: "Owner", communityRole: "owner" });
  assert.equal((await answerTo({ token: first }))[0], 410);
  assert.equal((await answerTo({ token: second }))[0], 410, "there is an owner already");
  await other.stop();
  const again = await startHowdah({ env, args: ["--only=api"] });
  assert.deepEqual(again.tokens, []);
  await again.stop();
});

test("the letter's code signs in on another device, once, and the letter's link is used up with it", async () => {
  await linkFor("coda@school.example");
  const { token, code } = await letterFor("coda@school.example");
  await enter({ email: "CODA@school.example", code });
  assert.equal((await answerTo({ email: "coda@school.example", code }))[0], 410);
  assert.equal((await answerTo({ token }))[0], 410);
});

test("after five wrong tries a code is dead, its link is not; an unknown address is answered alike", async () => {
  await linkFor("guess@school.example");
  const { token, code } = await letterFor("guess@school.example");
  const wrong = code === "000000" ? "000001" : "000000";
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => answerTo({ email: "guess@school.example", code: wrong })),
  );
  assert.ok(answers.every(([status]) => status === 410));
  assert.deepEqual(await answerTo({ email: "guess@school.example", code }), answers[0]);
  assert.deepEqual(await answerTo({ email: "nobody@school.example", code }), answers[0]);
  await enter({ token });
  for (const body of [
    { email: "guess@school.example", code: "12345" },
    { email: "no address", code },
    { code },
  ])
    assert.equal((await answerTo(body))[0], 422);
});

test("twenty tries a day are all that an address has, however many codes are asked for", async () => {
  const address = "day@school.example";
  await linkFor(address);
  await world.pool.query(
    `insert into app.sign_in_tries (address_hash, kind, created_at)
     select app.hash_token($1), 'code', now() - interval '5 hours' from generate_series(1, 20)`,
    [address],
  );
  const { code } = await letterFor(address);
  assert.equal((await answerTo({ email: address, code }))[0], 410);
});

test("six letters in a quarter of an hour are one too many, of a known address as of an unknown one", async () => {
  await using quiet = await openWorld();
  await quiet.pool.query("select app.find_or_create_person('known@school.example', 'Known')");
  for (const address of ["known@school.example", "unknown@school.example"]) {
    for (let n = 0; n < 7; n += 1) await quiet.pool.query("select app.request_sign_in_link($1)", [address]);
  }
  const { rows } = await quiet.pool.query<{ address: string; jobs: number }>(
    `select address, count(*)::int as jobs
     from queue.jobs j, unnest(array['known@school.example', 'unknown@school.example']) address
     where j.payload like '%"' || address || '"%'
     group by address order by address`,
  );
  assert.deepEqual(rows, [
    { address: "known@school.example", jobs: 5 },
    { address: "unknown@school.example", jobs: 5 },
  ]);
});

test("one sees one's devices and signs them out, but nobody else's", async () => {
  const phone = await enter({ token: await linkFor("dev@school.example") }, "a phone");
  const laptop = await enter({ token: await linkFor("dev@school.example") }, "a laptop");
  const tablet = await enter({ token: await linkFor("dev@school.example") }, "a tablet");
  const stranger = await enter({ token: await linkFor("eve@school.example") });
  const list = "{ sessions { nodes { id userAgent current lastSeenAt } } }";
  const { sessions } = await graphqlOf(howdah.url, laptop.accessToken)(list);
  type Device = { id: string; userAgent: string; current: boolean };
  const device = (name: string) =>
    sessions.nodes.find(({ userAgent }: Device) => userAgent === name) as Device;
  assert.equal(sessions.nodes.length, 3);
  assert.deepEqual(
    ["a phone", "a laptop", "a tablet"].map((name) => device(name).current),
    [false, true, false],
  );
  const revoke = `mutation { revokeSession(input: { sessionId: "${device("a phone").id}" }) { result { id } } }`;
  const codeOf = async (accessToken?: string) => {
    const response = await post(`${howdah.url}/graphql`, { query: revoke }, accessToken);
    return ((await response.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]
      ?.extensions.code;
  };
  assert.equal(await codeOf(stranger.accessToken), "HW404");
  assert.equal(await codeOf(), "HW401");
  assert.equal((await refresh(phone.cookie)).status, 200);
  assert.equal(await codeOf(laptop.accessToken), undefined);
  assert.equal((await refresh(phone.cookie)).status, 401);
  const others = "mutation { revokeOtherSessions(input: {}) { result } }";
  assert.deepEqual(await graphqlOf(howdah.url, laptop.accessToken)(others), {
    revokeOtherSessions: { result: 1 },
  });
  assert.equal((await refresh(tablet.cookie)).status, 401);
  assert.equal((await refresh(laptop.cookie)).status, 200);
  assert.equal((await refresh(stranger.cookie)).status, 200);
});

test("a session lives 30 days from its last use, and 180 from its first", async () => {
  const { cookie, id } = await enter({ token: await linkFor("slide@school.example") });
  const days = async () => {
    const { rows } = await world.pool.query(
      "select round(extract(epoch from expires_at - now()) / 86400)::int as days from app.sessions where person_id = $1",
      [id],
    );
    return rows[0].days;
  };
  const age = (first: string, left: string) =>
    world.pool.query(
      "update app.sessions set created_at = now() - $2::interval, expires_at = now() + $3::interval where person_id = $1",
      [id, first, left],
    );
  assert.equal(await days(), 30);
  await age("20 days", "10 days");
  const answer = await refresh(cookie);
  assert.match(answer.headers.get("set-cookie") ?? "", /Max-Age=2592000/);
  assert.equal(await days(), 30);
  await age("170 days", "2 days");
  await refresh(cookie);
  assert.equal(await days(), 10);
  await age("10 days", "-1 seconds");
  assert.equal((await refresh(cookie)).status, 401);
});

test("a page of a foreign origin may not even ask; ours and what is no page may", async () => {
  const { cookie } = await enter({ token: await linkFor("origin@school.example") });
  for (const origin of ["https://evil.example", "null", `${howdah.url}.evil.example`]) {
    const answer = await refresh(cookie, { origin });
    assert.equal(answer.status, 403);
    assert.equal(((await answer.json()) as { error: { code: string } }).error.code, "ForeignOrigin");
  }
  for (const headers of [{}, { origin: howdah.url }, { origin: "http://localhost:5173" }])
    assert.equal((await refresh(cookie, headers as Record<string, string>)).status, 200);
});

test("an address of one's own is proven by its letter; one that somebody else has stays theirs", async () => {
  const { accessToken, id } = await enter({ token: await linkFor("first@school.example") });
  const other = await enter({ token: await linkFor("taken@school.example") });
  const add = (email: string) =>
    graphqlOf(
      howdah.url,
      accessToken,
    )(`mutation { addEmailAddress(input: { email: "${email}" }) { result } }`);
  for (const email of ["second@school.example", "taken@school.example"]) {
    assert.deepEqual(await add(email), { addEmailAddress: { result: true } });
    await until(async () => (await lettersTo(howdah.url, email)).length === 1);
  }
  const list = async () =>
    (
      await graphqlOf(howdah.url, accessToken)("{ emailAddresses { nodes { address } } }")
    ).emailAddresses.nodes
      .map(({ address }: { address: string }) => address)
      .sort();
  assert.deepEqual(await list(), ["first@school.example"]);
  for (const email of ["second@school.example", "taken@school.example"]) {
    const [letter] = await lettersTo(howdah.url, email);
    await post(`${howdah.url}/auth/sign-in`, {
      token: /sign-in#([0-9a-f]+)/.exec(letter?.TextBody ?? "")?.[1],
    });
  }
  assert.deepEqual(await list(), ["first@school.example", "second@school.example"]);
  const { token } = await letterFor("second@school.example", 2);
  assert.equal((await enter({ token })).id, id);
  assert.notEqual(other.id, id);
});
