import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, chatOf } from "./chat-support.ts";
import { type Campus, openCampus } from "./notify-support.ts";

let campus: Campus;
let chat: Omit<Chat, keyof Campus>;
before(async () => {
  campus = await openCampus();
  chat = chatOf(campus);
});
after(() => campus[Symbol.asyncDispose]());

/** What people were told of a room, as "name: words". */
async function told(roomId: string): Promise<string[]> {
  const rows = await campus.rows(
    `select p.name || ': ' || (n.own_words ->> 'body') as words
     from notify.notifications n join app.people p on p.id = n.person_id
     where n.own_words -> 'about' ->> 'roomId' = $1 and n.withdrawn_at is null
     order by p.name, n.created_at`,
    roomId,
  );
  return rows.map(({ words }) => words);
}

const jobs = () =>
  campus.value(
    "select count(*)::int from graphile_worker._private_jobs where payload ->> 'job' = 'chat/notify-absent'",
  );
const twoMinutesLater = () => campus.skipTo("chat/notify-absent");

async function closedRoom(...people: string[]): Promise<string> {
  const roomId = await chat.makeRoom("closed");
  for (const personId of people) await chat.act(campus.people.owner, "addToRoom", { roomId, personId });
  return roomId;
}

test("who is away gets one letter of all mentions of a room; whoever is not mentioned gets none", async () => {
  const { people } = campus;
  const roomId = await closedRoom(people.sam, people.tutor);
  await chat.say(people.owner, roomId, `Can you help, @[Sam](${people.sam})?`);
  await chat.say(people.owner, roomId, "Never mind");
  await chat.say(people.owner, roomId, "Really, @[Sam]($)".replace("$", people.sam));
  assert.equal(await jobs(), 1);
  await twoMinutesLater();
  assert.deepEqual(await told(roomId), ["Sam: Ada: Can you help, @Sam?\nAda: Really, @Sam"]);
  const letters = await campus.rows(
    `select w.subject, w.text from mail.letters l join mail.words w on w.letter_id = l.id
     where l.recipient = 'sam@school.test'`,
  );
  assert.deepEqual(
    letters.map(({ subject, text }) => [subject, text.includes(`/rooms/${roomId}\n`)]),
    [["A room that is closed", true]],
  );
  assert.equal(await jobs(), 0);
  await chat.say(people.owner, roomId, "Nobody in particular");
  await twoMinutesLater();
  assert.equal((await told(roomId)).length, 1);
});

test("direct messages need no mention; what was read in between is not told", async () => {
  const { people, enrol } = campus;
  const kim = await enrol("Kim", "student");
  const personIds = [people.sam, kim];
  const direct = await chat.act(people.tutor, "openDirect", { personIds, clientId: randomUUID() });
  const { seq } = await chat.say(people.tutor, direct.id, "Hello you two");
  await chat.act(people.sam, "markRead", { roomId: direct.id, seq });
  await twoMinutesLater();
  assert.deepEqual(await told(direct.id), ["Kim: Tutor: Hello you two"]);
  await chat.say(people.sam, direct.id, "Hello");
  const gone = await chat.say(people.sam, direct.id, "Oops");
  await chat.act(people.sam, "deleteMessage", { messageId: gone.id });
  await twoMinutesLater();
  assert.deepEqual(await told(direct.id), [
    "Kim: Tutor: Hello you two",
    "Kim: Sam: Hello",
    "Tutor: Sam: Hello",
  ]);
  await chat.act(kim, "markRead", { roomId: direct.id, seq: gone.seq });
  await campus.settle();
  assert.deepEqual(await told(direct.id), ["Kim: Tutor: Hello you two", "Tutor: Sam: Hello"]);
});

test("people are told as they chose: everything, mentions, nothing, or not while muted or banned", async () => {
  const { people, enrol } = campus;
  const names = ["Every", "Some", "None", "Muted", "Banned"];
  const ids: Record<string, string> = {};
  for (const name of names) ids[name] = await enrol(name, "student");
  const roomId = await closedRoom(...Object.values(ids));
  const involve = (name: string, involvement: string) =>
    chat.act(ids[name], "setInvolvement", { roomId, involvement });
  await involve("Every", "everything");
  await involve("None", "nothing");
  await chat.act(ids.Muted, "muteRoom", { roomId, until: "2999-01-01T00:00:00Z" });
  await chat.act(people.owner, "banFromRoom", { roomId, personId: ids.Banned });
  await chat.say(people.owner, roomId, "Something");
  await twoMinutesLater();
  assert.deepEqual(await told(roomId), ["Every: Ada: Something"]);
  await chat.say(people.owner, roomId, "@room listen");
  await twoMinutesLater();
  assert.deepEqual(await told(roomId), [
    "Every: Ada: Something",
    "Every: Ada: @room listen",
    "Some: Ada: @room listen",
  ]);
});

test("who is there is left alone and looked at again; who idles, or went two minutes ago, is away", async () => {
  const { people, enrol, rows } = campus;
  const names = ["Here", "Idle", "Both", "JustGone", "LongGone"];
  const ids: Record<string, string> = {};
  for (const name of names) ids[name] = await enrol(name, "student");
  const relay = randomUUID();
  await rows("insert into realtime.relays (id, beat_every) values ($1, '1 hour')", relay);
  const track = (name: string, status: string) =>
    rows(
      `insert into realtime.presence (relay_id, ref, topic, private, key, meta, sub)
       values ($1, gen_random_uuid(), 'room:x:live', true, 'k', $3, $2)`,
      relay,
      ids[name],
      JSON.stringify({ status }),
    );
  const seen = (name: string, ago: string) =>
    rows(
      `insert into realtime.last_seen (sub, at) values ($1, now() - $2::interval)
       on conflict (sub) do update set at = excluded.at`,
      ids[name],
      ago,
    );
  for (const [name, status] of [
    ["Here", "here"],
    ["Idle", "idle"],
    ["Both", "idle"],
    ["Both", "here"],
  ] as const)
    await track(name, status);
  for (const name of ["Idle", "JustGone"]) await seen(name, "10 seconds");
  await seen("LongGone", "2 minutes 1 second");

  const roomId = await closedRoom(...Object.values(ids));
  await chat.say(people.owner, roomId, "@room hello");
  await twoMinutesLater();
  assert.deepEqual(await told(roomId), ["Idle: Ada: @room hello", "LongGone: Ada: @room hello"]);
  assert.equal(await jobs(), 1);
  await rows("delete from realtime.presence where sub = $1", ids.Here);
  await seen("Here", "3 minutes");
  await seen("JustGone", "3 minutes");
  await chat.act(ids.Both, "markRead", { roomId, seq: "1" });
  await twoMinutesLater();
  assert.deepEqual(
    await told(roomId),
    ["Here", "Idle", "JustGone", "LongGone"].map((name) => `${name}: Ada: @room hello`),
  );
  assert.equal(await jobs(), 0);
});
