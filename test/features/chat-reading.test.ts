import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

const standing = async (person: string, roomId: string) =>
  (await chat.ask(person, `{ room(id: "${roomId}") { mine { unread mentions lastReadSeq } } }`)).room.mine;

async function fill(roomId: string, sender: string, number: number): Promise<void> {
  await chat.value(
    `insert into chat.messages (room_id, sender_id, seq, client_id, body, created_at)
     select $1, $2, r.last_seq + n, gen_random_uuid(), 'message ' || r.last_seq + n, '2020-01-01'::timestamptz + n * interval '1 minute'
     from chat.rooms r, generate_series(1, $3::int) n where r.id = $1`,
    roomId,
    sender,
    number,
  );
  await chat.value("update chat.rooms set last_seq = last_seq + $2 where id = $1", roomId, number);
}

test("what is unread is counted for each, without one's own; reading takes it away and never gives it back", async () => {
  const { people, makeRoom, act, say, refused } = chat;
  const roomId = await makeRoom("closed");
  for (const person of [people.sam, people.tutor])
    await act(people.owner, "addToRoom", { roomId, personId: person });
  for (const body of ["one", "two", `three @[Sam](${people.sam})`]) await say(people.owner, roomId, body);
  assert.deepEqual(await standing(people.sam, roomId), { unread: 3, mentions: 1, lastReadSeq: "0" });
  assert.deepEqual(await standing(people.tutor, roomId), { unread: 3, mentions: 0, lastReadSeq: "0" });
  assert.deepEqual(await standing(people.owner, roomId), { unread: 0, mentions: 0, lastReadSeq: "3" });
  await act(people.sam, "markRead", { roomId, seq: "2" });
  assert.deepEqual(await standing(people.sam, roomId), { unread: 1, mentions: 1, lastReadSeq: "2" });
  await act(people.sam, "markRead", { roomId, seq: "3" });
  await act(people.sam, "markRead", { roomId, seq: "1" });
  assert.deepEqual(await standing(people.sam, roomId), { unread: 0, mentions: 0, lastReadSeq: "3" });
  await say(people.tutor, roomId, "Who speaks has read");
  assert.equal((await standing(people.tutor, roomId)).unread, 0);
  for (const mutation of ["markRead", "markDelivered"]) {
    await refused(undefined, mutation, { roomId, seq: "1" }, "HW401");
    await refused(people.stranger, mutation, { roomId, seq: "1" }, "HW404");
    await refused(people.sam, mutation, { roomId, seq: "5" }, "HW422 seq");
    await refused(people.sam, mutation, { roomId, seq: "-1" }, "HW422 seq");
    await refused(people.sam, mutation, { roomId, seq: "99999999999999999999" }, "HW422 seq");
  }
});

test("a message is sent, then delivered, then read, and small rooms say by whom", async () => {
  const { people, makeRoom, act, say, ask, enrol } = chat;
  const roomId = await makeRoom("closed");
  await act(people.owner, "addToRoom", { roomId, personId: people.sam });
  const { id, seq } = await say(people.owner, roomId, "Did you get this?");
  const look = async () => {
    const { message } = await ask(
      people.owner,
      `{ message(id: "${id}") { status seenBy { nodes { name } } } }`,
    );
    return [message.status, message.seenBy.nodes.map(({ name }: { name: string }) => name).join()];
  };
  assert.deepEqual(await look(), ["sent", ""]);
  await act(people.sam, "markDelivered", { roomId, seq });
  assert.deepEqual(await look(), ["delivered", ""]);
  await act(people.sam, "markRead", { roomId, seq });
  assert.deepEqual(await look(), ["read", "Sam"]);
  for (let n = 0; n < 49; n++)
    await act(people.owner, "addToRoom", { roomId, personId: await enrol(`Pupil ${n}`, "student") });
  assert.deepEqual(await look(), ["sent", ""]);
});

test("my rooms come with the latest activity first, what is new in them, and their last message", async () => {
  const { makeRoom, act, say, ask, enrol, people } = chat;
  const reader = await enrol("Reader", "student");
  const [one, two] = [await makeRoom("closed", "One"), await makeRoom("closed", "Two")];
  for (const roomId of [one, two]) await act(people.owner, "addToRoom", { roomId, personId: reader });
  await say(people.owner, two, "Earlier");
  await say(people.owner, one, "Later");
  const query =
    "{ myRooms(first: 2) { nodes { name lastMessage { body sender { name } } mine { unread } } pageInfo { hasNextPage } } }";
  const { myRooms } = await ask(reader, query);
  const last = (name: string, body: string) => ({
    name,
    lastMessage: { body, sender: { name: "Ada" } },
    mine: { unread: 1 },
  });
  assert.deepEqual(myRooms.nodes, [last("One", "Later"), last("Two", "Earlier")]);
  assert.equal(myRooms.pageInfo.hasNextPage, true);
});

test("history is read from the end, before, after and around a number or a time, and through cursors", async () => {
  const { people, makeRoom, ask, as } = chat;
  const roomId = await makeRoom("closed");
  await fill(roomId, people.owner, 250);
  const seqs = async (where: string): Promise<[number?, number?, number?]> => {
    const { roomMessages } = await ask(
      people.owner,
      `{ roomMessages(roomId: "${roomId}" ${where}) { nodes { seq } } }`,
    );
    const found = roomMessages.nodes.map(({ seq }: { seq: string }) => Number(seq));
    assert.deepEqual(
      found,
      found.toSorted((a: number, b: number) => a - b),
    );
    return [found[0], found.at(-1), found.length];
  };
  assert.deepEqual(await seqs(""), [201, 250, 50]);
  assert.deepEqual(await seqs("size: 500"), [151, 250, 100]);
  assert.deepEqual(await seqs('beforeSeq: "201", size: 20'), [181, 200, 20]);
  assert.deepEqual(await seqs('beforeSeq: "5", size: 20'), [1, 4, 4]);
  assert.deepEqual(await seqs('afterSeq: "100", size: 20'), [101, 120, 20]);
  assert.deepEqual(await seqs('afterSeq: "245", size: 20'), [246, 250, 5]);
  assert.deepEqual(await seqs('aroundSeq: "100", size: 20'), [90, 109, 20]);
  assert.deepEqual(await seqs('aroundTime: "2020-01-01T02:00:00Z", size: 20'), [110, 129, 20]);
  assert.deepEqual(await seqs('aroundTime: "2030-01-01T02:00:00Z", size: 20'), [240, 250, 11]);
  assert.deepEqual(await seqs('afterSeq: "250"'), [undefined, undefined, 0]);
  for (const [person, where, code] of [
    [people.owner, 'beforeSeq: "5", afterSeq: "1"', "HW422"],
    [people.owner, "size: 0", "HW422"],
    [people.stranger, "", "HW404"],
    [undefined, "", "HW401"],
  ] as const) {
    const { errors } = await as(person)(`{ roomMessages(roomId: "${roomId}" ${where}) { nodes { seq } } }`);
    assert.equal(errors[0]?.extensions.code, code, where);
  }
  const page = `query ($after: Cursor) { room(id: "${roomId}") {
    messages(first: 100, after: $after, orderBy: SEQ_DESC) { nodes { seq } pageInfo { endCursor hasNextPage } } } }`;
  const first = (await ask(people.owner, page)).room.messages;
  const second = (await ask(people.owner, page, { after: first.pageInfo.endCursor })).room.messages;
  assert.deepEqual(
    [second.nodes[0].seq, second.nodes.at(-1).seq, second.pageInfo.hasNextPage],
    ["150", "51", true],
  );
});

test("search finds words and parts of words, the best first, only in one's own rooms, page by page", async () => {
  const { people, makeRoom, say, ask, as, act } = chat;
  const [open, secret] = [await makeRoom("closed"), await makeRoom("closed")];
  await act(people.owner, "addToRoom", { roomId: open, personId: people.sam });
  await say(people.owner, open, "The newt lives in the pond behind the library");
  await say(people.owner, open, "Pondering what to do");
  await say(people.owner, open, "100% of pond, pond and pond");
  await say(people.owner, secret, "The pond is poisoned");
  const gone = await say(people.owner, open, "Delete this pond");
  await act(people.owner, "deleteMessage", { messageId: gone.id });
  const find = async (person: string, args: string): Promise<string[]> =>
    (await ask(person, `{ searchMessages(${args}) { nodes { body } } }`)).searchMessages.nodes.map(
      ({ body }: { body: string }) => body.slice(0, 9),
    );
  assert.deepEqual(await find(people.sam, 'query: "pond"'), ["100% of p", "The newt ", "Pondering"]);
  assert.equal((await find(people.owner, 'query: "POND"')).length, 4);
  assert.deepEqual(await find(people.owner, `query: "pond", roomId: "${secret}"`), ["The pond "]);
  assert.deepEqual(await find(people.sam, 'query: "ibrar"'), ["The newt "]);
  assert.deepEqual(await find(people.sam, 'query: "00%"'), ["100% of p"]);
  assert.deepEqual(await find(people.sam, 'query: "0_%"'), []);
  assert.deepEqual(await find(people.sam, 'query: "pond -newt -100"'), []);
  const paged = `query ($after: Cursor) { searchMessages(query: "pond", first: 1, after: $after) { nodes { body } pageInfo { endCursor } } }`;
  const { searchMessages: top } = await ask(people.sam, paged);
  const { searchMessages: next } = await ask(people.sam, paged, { after: top.pageInfo.endCursor });
  assert.deepEqual([top.nodes[0].body.slice(0, 4), next.nodes[0].body.slice(0, 8)], ["100%", "The newt"]);
  for (const [person, args, code] of [
    [people.sam, 'query: "x"', "HW422 query"],
    [people.sam, `query: "${"x".repeat(201)}"`, "HW422 query"],
    [people.sam, `query: "pond", roomId: "${secret}"`, "HW404 "],
    [undefined, 'query: "pond"', "HW401 "],
  ] as const) {
    const { errors } = await as(person)(`{ searchMessages(${args}) { nodes { body } } }`);
    const { code: found, field = "" } = errors[0]?.extensions ?? {};
    assert.equal(`${found} ${field}`, code);
  }
});

test("involvement and mute are one's own", async () => {
  const { people, roomId, act, ask, refused } = chat;
  const look = `{ room(id: "${roomId}") { mine { involvement mutedUntil } } }`;
  assert.deepEqual((await ask(people.sam, look)).room.mine, { involvement: "mentions", mutedUntil: null });
  await act(people.sam, "setInvolvement", { roomId, involvement: "everything" });
  await act(people.sam, "muteRoom", { roomId, until: "2999-01-01T00:00:00Z" });
  const { mine } = (await ask(people.sam, look)).room;
  assert.deepEqual([mine.involvement, mine.mutedUntil.slice(0, 4)], ["everything", "2999"]);
  assert.equal((await ask(people.tutor, look)).room.mine.involvement, "mentions");
  await act(people.sam, "muteRoom", { roomId });
  assert.equal((await ask(people.sam, look)).room.mine.mutedUntil, null);
  await refused(people.sam, "setInvolvement", { roomId, involvement: "some" }, "HW422 involvement");
  await refused(people.stranger, "setInvolvement", { roomId, involvement: "nothing" }, "HW404");
  await refused(people.stranger, "muteRoom", { roomId: randomUUID() }, "HW404");
  await refused(undefined, "muteRoom", { roomId }, "HW401");
  await refused(people.sam, "muteRoom", { roomId, until: "some day" }, "HW422 until");
});
