import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
before(async () => {
  campus = await openCampus();
});
after(() => campus[Symbol.asyncDispose]());

const announceMutation = `mutation ($input: AnnounceInput!) {
  announce(input: $input) { result { id title createdAt progress { recipients notified finishedAt } } }
}`;

const announce = (by: string | undefined, input: object = {}) =>
  campus.as(by)(announceMutation, {
    input: {
      title: "No school",
      body: "It snows.",
      clientId: randomUUID(),
      groupIds: [campus.classId],
      ...input,
    },
  });

const mark = async (by: string | undefined, name: string, input: object) => {
  const type = name[0]?.toUpperCase() + name.slice(1);
  const { data, errors } = await campus.as(by)(
    `mutation ($input: ${type}Input!) { ${name}(input: $input) { result } }`,
    { input },
  );
  return errors[0] ? [errors[0].extensions.code, errors[0].extensions.field] : data[name].result;
};

const tell = async (title: string, person: string) => {
  await campus.value(
    "select notify.announce($1, 'event', $2, 'b', '/', person_ids => array[$3]::uuid[])",
    randomUUID(),
    title,
    person,
  );
  await campus.settle();
};

const inbox = async (person: string, args = "first: 50") => {
  const { data } = await campus.as(person)(
    `{ inbox(${args}) { totalCount pageInfo { endCursor hasNextPage } nodes { id title seenAt readAt archivedAt } } unreadNotifications }`,
  );
  return { ...data.inbox, unread: data.unreadNotifications };
};

test("the inbox: pages that stay in place while news comes, and filters", async () => {
  const eva = await campus.enrol("Eva");
  for (const title of ["1", "2", "3", "4"]) await tell(title, eva);
  const first = await inbox(eva, "first: 2");
  await tell("5", eva);
  const second = await inbox(eva, `first: 2, after: "${first.pageInfo.endCursor}"`);
  const titles = (page: { nodes: { title: string }[] }) => page.nodes.map(({ title }) => title);
  assert.deepEqual(
    [titles(first), titles(second)],
    [
      ["4", "3"],
      ["2", "1"],
    ],
  );
  const [newest, next] = (await inbox(eva)).nodes;
  assert.equal(await mark(eva, "markNotificationsRead", { ids: [newest.id] }), 4);
  assert.equal(await mark(eva, "archiveNotifications", { ids: [next.id] }), 3);
  assert.deepEqual(titles(await inbox(eva, "unread: true")), ["3", "2", "1"]);
  assert.deepEqual(titles(await inbox(eva, "unread: false")), ["5"]);
  assert.deepEqual(titles(await inbox(eva, "archived: true")), ["4"]);
  assert.deepEqual(titles(await inbox(eva, 'category: "grade"')), []);
});

test("seen, read and archived: by ids or all up to a moment; the count tells what is unread", async () => {
  const eva = await campus.enrol("Eva");
  for (const title of ["1", "2", "3"]) await tell(title, eva);
  const before = new Date().toISOString();
  const ids = (await inbox(eva)).nodes.map(({ id }: { id: string }) => id);
  assert.equal(await mark(eva, "markNotificationsSeen", { before }), 3);
  assert.ok(
    (await inbox(eva)).nodes.every(({ seenAt, readAt }: Record<string, unknown>) => seenAt && !readAt),
  );
  assert.equal(await mark(eva, "archiveNotifications", { ids: [ids[0], ids[0]] }), 2);
  assert.equal(await mark(eva, "archiveNotifications", { ids: [ids[0]], archived: false }), 3);
  assert.equal(await mark(eva, "markNotificationsRead", { before }), 0);
  assert.equal((await inbox(eva)).unread, 0);
});

test("marks on what is not one's own, on nothing, on too much: a field error, and nothing changes", async () => {
  const [eva, max] = [await campus.enrol("Eva"), await campus.enrol("Max")];
  for (const person of [eva, max]) await tell("1", person);
  const [own] = (await inbox(eva)).nodes;
  const [foreign] = (await inbox(max)).nodes;
  for (const name of ["markNotificationsSeen", "markNotificationsRead", "archiveNotifications"]) {
    assert.deepEqual(await mark(eva, name, { ids: [own.id, foreign.id] }), ["HW404", "ids"]);
    assert.deepEqual(await mark(eva, name, { ids: [null] }), ["HW404", "ids"]);
    assert.deepEqual(await mark(eva, name, {}), ["HW422", "ids"]);
    const many = Array.from({ length: 1001 }, () => randomUUID());
    assert.deepEqual(await mark(eva, name, { ids: many }), ["HW422", "ids"]);
    assert.equal((await mark(undefined, name, { ids: [own.id] }))[0], "HW401");
  }
  for (const person of [eva, max])
    assert.partialDeepStrictEqual((await inbox(person)).nodes, [
      { seenAt: null, readAt: null, archivedAt: null },
    ]);
  const { data } = await campus.as(eva)(`{ notification(id: "${foreign.id}") { id } }`);
  assert.equal(data.notification, null);
});

test("staff announce to their groups, once per clientId, and take it back; others do not", async () => {
  const { people, classId } = campus;
  const clientId = randomUUID();
  const first = await announce(people.tutor, { clientId });
  assert.deepEqual(first.errors, []);
  const { id } = first.data.announce.result;
  assert.equal((await announce(people.tutor, { clientId, title: "Else" })).data.announce.result.id, id);
  await campus.settle();
  const seen = async (person: string) =>
    (await campus.as(person)(`{ announcement(id: "${id}") { title progress { notified mailsSent } } }`)).data
      .announcement;
  const members = await campus.value(
    "select count(*)::int from app.memberships where group_id = $1",
    classId,
  );
  assert.deepEqual(await seen(people.tutor), {
    title: "No school",
    progress: { notified: members - 1, mailsSent: members - 1 },
  });
  assert.equal(await seen(people.sam), null);
  const code = async (by: string | undefined, input?: object) =>
    (await announce(by, input)).errors[0]?.extensions.code;
  assert.equal(await code(undefined), "HW401");
  assert.equal(await code(people.sam), "HW403");
  assert.equal(await code(people.sam, { groupIds: null, personIds: [people.tutor] }), "HW403");
  assert.equal(await code(people.tutor, { groupIds: null, personIds: [people.sam] }), undefined);
  assert.equal(await code(people.stranger), "HW404");
  const withdraw = async (by: string) =>
    await campus.as(by)(
      `mutation { withdrawAnnouncement(input: { announcementId: "${id}" }) { result { withdrawnAt } } }`,
    );
  assert.equal((await withdraw(people.sam)).errors[0]?.extensions.code, "HW404");
  assert.ok((await withdraw(people.tutor)).data.withdrawAnnouncement.result.withdrawnAt);
  assert.equal((await withdraw(people.tutor)).errors.length, 0);
  const titles = (await inbox(people.owner)).nodes.map(({ title }: { title: string }) => title);
  assert.ok(!titles.includes("No school"));
});

test("the community's owner announces to every group", async () => {
  const head = await campus.value(
    "insert into app.people (name, community_role) values ('Head', 'owner') returning id",
  );
  assert.deepEqual((await announce(head, { urgent: true })).errors, []);
});

for (const [what, input, field] of [
  ["without a title", { title: " " }, "title"],
  ["with a long title", { title: "x".repeat(201) }, "title"],
  ["without a text", { body: "" }, "body"],
  ["with a long text", { body: "x".repeat(10_001) }, "body"],
  ["to nobody", { groupIds: null }, "groupIds"],
  ["to an unknown group", { groupIds: [randomUUID()] }, "groupIds"],
  ["to an unknown person", { personIds: [randomUUID()] }, "personIds"],
  ["to an unknown role", { roles: ["king"] }, "roles"],
  ["in two years", { notBefore: new Date(Date.now() + 2 * 365 * 86_400_000).toISOString() }, "notBefore"],
] as const)
  test(`an announcement ${what} is refused and makes nothing`, async () => {
    const count = () => campus.value("select count(*)::int from notify.announcements");
    const before = await count();
    const { errors } = await announce(campus.people.owner, input);
    assert.equal(errors[0]?.extensions.field, field);
    assert.equal(await count(), before);
  });

test("live: one's own topic carries the notification and the count; only oneself listens, nobody speaks", async () => {
  const eva = await campus.enrol("Eva");
  await tell("Live", eva);
  const heard = await campus.rows(
    "select event, payload, private from realtime.messages where topic = $1 order by event",
    `person:${eva}`,
  );
  assert.deepEqual(
    heard.map(({ event }) => event),
    ["notification", "unread-notifications"],
  );
  assert.partialDeepStrictEqual(heard[0], { payload: { title: "Live", category: "event" }, private: true });
  assert.deepEqual(heard[1].payload, { count: 1 });
  const [{ id }] = (await inbox(eva)).nodes;
  await mark(eva, "markNotificationsRead", { ids: [id] });
  const last = await campus.value(
    "select payload from realtime.messages where topic = $1 order by seq desc limit 1",
    `person:${eva}`,
  );
  assert.deepEqual(last, { count: 0 });
  const may = async (sub: string) =>
    (
      await campus.rows("select * from realtime.authorize($1, 'authenticated', $2, null)", `person:${eva}`, {
        sub,
        role: "authenticated",
      })
    )[0];
  assert.partialDeepStrictEqual(await may(eva), {
    read_broadcast: true,
    write_broadcast: false,
    write_persistence: false,
  });
  assert.partialDeepStrictEqual(await may(campus.people.owner), {
    read_broadcast: false,
    write_broadcast: false,
  });
});

test("of a large audience only those are told live who may be listening", async () => {
  await campus.rows(
    `with made as (insert into app.people (name) select 'M' || n from generate_series(1, 1200) n returning id)
     insert into app.memberships (group_id, person_id, role) select $1, id, 'member' from made`,
    campus.classId,
  );
  const here = await campus.enrol("Here", "student");
  await campus.rows(
    "insert into app.sessions (person_id, token_hash, expires_at) values ($1, '\\x01', now() + interval '1 day')",
    here,
  );
  await campus.value(
    "select notify.announce('large', 'event', 'Large', 'b', '/', array[$1]::uuid[])",
    campus.classId,
  );
  await campus.settle();
  const topics = await campus.rows("select topic from realtime.messages where payload ->> 'title' = 'Large'");
  assert.deepEqual(topics, [{ topic: `person:${here}` }]);
});
