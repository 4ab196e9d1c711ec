import type pg from "pg";

const [rooms, own, messagesEach, peopleEach] = [100, 10, 200, 20];

export type Data = { person: string; rooms: string[]; messages: string[] };

/** A hundred classes of twenty pupils with a room each; one person teaches ten of them, and asks for what is there. */
export async function fill(pool: pg.Pool): Promise<Data> {
  const one = async (sql: string, values: unknown[] = []) => (await pool.query(sql, values)).rows[0]?.all;
  const person = await one("insert into app.people (name) values ('Bench') returning id as all");
  await pool.query(
    `with made as (insert into app.groups (kind, name) select 'class', 'Class ' || n from generate_series(1, $1) n returning id),
       pupils as (insert into app.people (name) select 'Pupil ' || n from generate_series(1, $2) n returning id),
       numbered as (select id, row_number() over () - 1 as n from pupils),
       placed as (select id, row_number() over () - 1 as n from made)
     insert into app.memberships (group_id, person_id, role)
     select g.id, p.id, 'student' from placed g join numbered p on p.n / $3 = g.n
     union all select id, $4, 'teacher' from placed where n < $5`,
    [rooms, rooms * peopleEach, peopleEach, person, own],
  );
  await pool.query(
    `insert into chat.messages (room_id, sender_id, seq, client_id, body)
     select r.id, m.person_id, n.n, gen_random_uuid(), 'message ' || n.n
     from chat.rooms r
     cross join generate_series(1, $1) n (n)
     join lateral (
       select person_id from app.memberships m where m.group_id = r.group_id order by person_id offset n.n % $2 limit 1
     ) m on true`,
    [messagesEach, peopleEach],
  );
  await pool.query(
    `insert into chat.reactions (message_id, room_id, person_id, emoji)
     select m.id, m.room_id, p.person_id, '👍'
     from chat.messages m
     join chat.rooms r on r.id = m.room_id
     join lateral (
       select person_id from app.memberships s where s.group_id = r.group_id order by person_id offset m.seq % $1 limit 3
     ) p on true`,
    [peopleEach - 3],
  );
  await pool.query("update chat.rooms set last_seq = $1", [messagesEach]);
  await pool.query("truncate realtime.messages");
  await pool.query("vacuum analyze");
  const [found] = (await pool.query(theirs, [person])).rows;
  return { person, rooms: found.rooms, messages: found.messages };
}

const theirs = `
  select array_agg(distinct r.id) as rooms, array_agg(m.id) as messages
  from app.memberships s
  join chat.rooms r on r.group_id = s.group_id
  join chat.messages m on m.room_id = r.id
  where s.person_id = $1`;
