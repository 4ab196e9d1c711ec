import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Chat, openChat } from "./chat-support.ts";

let chat: Chat;
before(async () => {
  chat = await openChat();
});
after(() => chat[Symbol.asyncDispose]());

/** What one message writes, and how much of it; nothing of it stays. */
async function written(roomId: string, sender: string): Promise<Record<string, number>> {
  const client = await chat.world.pool.connect();
  try {
    await client.query("begin");
    await client.query("select set_config('request.jwt.claims', $1, true)", [
      JSON.stringify({ sub: sender }),
    ]);
    await client.query("select chat.send_message($1, 'Hello', $2)", [roomId, randomUUID()]);
    const mine = "where xmin = pg_current_xact_id()::xid";
    const { rows } = await client.query(`select
      (select count(*)::int from chat.room_members ${mine}) as members,
      (select count(*)::int from realtime.messages where xid = pg_current_xact_id()) as live,
      (select count(*)::int from graphile_worker._private_jobs ${mine}) as jobs`);
    return rows[0];
  } finally {
    await client.query("rollback");
    client.release();
  }
}

async function crowd(size: number): Promise<string> {
  const groupId = await chat.value("insert into app.groups (name) values ('Crowd') returning id");
  await chat.value(
    `with them as (insert into app.people (name) select 'Pupil ' || n from generate_series(1, $2::int) n returning id)
     insert into app.memberships (group_id, person_id, role) select $1, id, 'student' from them`,
    groupId,
    size - 1,
  );
  const join = "insert into app.memberships (group_id, person_id, role) values ($1, $2, 'member')";
  await chat.value(join, groupId, chat.people.sam);
  return chat.value("select id from chat.rooms where group_id = $1", groupId);
}

test("a message to 5,000 people writes no more than one to 50; the few are told at once", async () => {
  const { sam } = chat.people;
  assert.deepEqual(await written(await crowd(8), sam), { members: 1, live: 9, jobs: 1 });
  assert.deepEqual(await written(await crowd(50), sam), { members: 1, live: 1, jobs: 2 });
  assert.deepEqual(await written(await crowd(5000), sam), { members: 1, live: 1, jobs: 1 });
});

test("with 100,000 messages what is unread is still a difference, and history is read by its index", async () => {
  const { people, roomId, ask, world, value } = chat;
  const client = await world.pool.connect();
  await client.query("set session_replication_role = replica"); // no live messages for history
  await client.query(
    `insert into chat.messages (room_id, sender_id, seq, client_id, body)
     select $1, $2, n, gen_random_uuid(), 'line ' || n from generate_series(1, 100000) n`,
    [roomId, people.owner],
  );
  client.release(true);
  await value("update chat.rooms set last_seq = 100000 where id = $1", roomId);
  await value("vacuum analyze chat.messages");
  const { myRooms } = await ask(
    people.sam,
    "{ myRooms { nodes { id lastMessage { body } mine { unread mentions } } } }",
  );
  const room = myRooms.nodes.find(({ id }: { id: string }) => id === roomId);
  assert.deepEqual(room, {
    id: roomId,
    lastMessage: { body: "line 100000" },
    mine: { unread: 100_000, mentions: 0 },
  });
  assert.equal(await rowsReadInOrder(people.sam, roomId), 0);
});

/** How many messages were read by going through the table, when somebody looks at a room, its history and searches. */
async function rowsReadInOrder(sub: string, roomId: string): Promise<number> {
  const client = await chat.world.pool.connect();
  const read = async () =>
    (
      await client.query(
        "select seq_tup_read::int from pg_stat_user_tables where relname = 'messages' and schemaname = 'chat'",
      )
    ).rows[0].seq_tup_read;
  const before = await read();
  await client.query("set role authenticated");
  await client.query("select set_config('request.jwt.claims', $1, false)", [JSON.stringify({ sub })]);
  for (const what of [
    "(chat.rooms_mine(r)).unread from chat.my_rooms() r",
    `(chat.rooms_last_message(r)).body from chat.my_rooms() r where r.id = '${roomId}'`,
    `body from chat.room_messages('${roomId}', around_seq => 50000)`,
    `body from chat.messages where room_id = '${roomId}' order by seq desc limit 50`,
    "body from chat.search_messages('77777')",
  ])
    assert.ok((await client.query(`select ${what}`)).rows.length > 0, what);
  await client.query("reset role");
  await client.query("select pg_stat_force_next_flush()");
  const after = await read();
  client.release(true);
  return after - before;
}

test("without the index for parts of words, whole words are still found", async () => {
  const { people, roomId, ask, say, value } = chat;
  await say(people.sam, roomId, "Salamander");
  const find = async (query: string) =>
    (await ask(people.sam, `{ searchMessages(query: "${query}") { nodes { body } } }`)).searchMessages.nodes
      .length;
  assert.deepEqual([await find("alamand"), await find("salamander")], [1, 1]);
  await value("drop index chat.messages_by_part");
  assert.deepEqual([await find("alamand"), await find("salamander")], [0, 1]);
});
