-- Reading: the rooms of a person with what is new in them, history in both directions, who has read what, search. What
-- is unread is a difference of two numbers, so it costs the same in a room of any length.

create function chat.my_rooms() returns setof chat.rooms
language sql stable security definer set search_path = '' as $$
  select r.*
  from chat.rooms r
  where r.id in (select chat.current_room_ids())
  order by coalesce(r.last_message_at, r.created_at) desc, r.id
$$;

create function chat.rooms_mine(room chat.rooms) returns chat.room_standing
language sql stable security definer set search_path = '' as $$
  select
    case when t.moderates then 'moderator' else m.role end,
    greatest((room).last_seq - m.last_read_seq, 0)::int,
    chat.mentions_after(m, m.last_read_seq)::int,
    m.last_read_seq,
    m.involvement,
    case when m.muted_until > now() then m.muted_until end,
    chat.may_write(room),
    t.moderates,
    case when (room).slow_mode_seconds = 0 then 0 else chat.wait_seconds(room, m.person_id) end
  from chat.room_members m
  cross join lateral (select chat.moderates(room) as moderates offset 0) t
  where m.room_id = (room).id and m.person_id = app.current_person_id() and not exists (
    select from chat.bans b
    where b.room_id = m.room_id and b.person_id = m.person_id and coalesce(b.until > now(), true)
  )
$$;

create function chat.rooms_last_message(room chat.rooms) returns chat.messages
language sql stable as $$
  select m.* from chat.messages m where m.room_id = (room).id and m.seq = (room).last_seq
$$;

create function chat.mentions_after(member chat.room_members, seq bigint) returns bigint
language sql stable as $$
  select (
    select count(*) from chat.mentions t
    where t.person_id = (member).person_id and t.room_id = (member).room_id and t.seq > mentions_after.seq
  ) + (
    select count(*) from chat.messages t
    where t.room_id = (member).room_id and t.mentions_room and t.seq > mentions_after.seq
      and (member).person_id <> all (t.mention_ids)
  )
$$;

-- History

create function chat.room_messages(
  room_id uuid, before_seq bigint default null, after_seq bigint default null, around_seq bigint default null,
  around_time timestamptz default null, size int default 50
) returns setof chat.messages
language plpgsql stable security definer rows 50 set search_path = '' as $$
declare
  v_size constant int := least(coalesce(room_messages.size, 50), 100);
  v_around bigint := room_messages.around_seq;
begin
  perform app.require_person_id();
  if not chat.is_in_room(room_messages.room_id) then
    raise exception 'There is no such room, or you are not in it.' using errcode = 'HW404';
  end if;
  if num_nonnulls(before_seq, after_seq, around_seq, around_time) > 1 then
    raise exception 'Give one of beforeSeq, afterSeq, aroundSeq and aroundTime.' using errcode = 'HW422';
  end if;
  if v_size < 1 then
    raise exception 'The size must be 1 to 100.' using errcode = 'HW422', column = 'size';
  end if;
  if room_messages.around_time is not null then
    v_around := chat.seq_at(room_messages.room_id, room_messages.around_time);
  end if;
  if room_messages.after_seq is not null then
    return query
      select m.* from chat.messages m
      where m.room_id = room_messages.room_id and m.seq > room_messages.after_seq
      order by m.seq
      limit v_size;
    return;
  end if;
  return query
    select page.* from (
      (
        select m.* from chat.messages m
        where m.room_id = room_messages.room_id
          and m.seq < coalesce(room_messages.before_seq, v_around, 9223372036854775807)
        order by m.seq desc
        limit case when v_around is null then v_size else v_size / 2 end
      )
      union all
      (
        select m.* from chat.messages m
        where m.room_id = room_messages.room_id and m.seq >= v_around
        order by m.seq
        limit v_size - v_size / 2
      )
    ) page
    order by page.seq;
end
$$;

-- The first message from then on, or the last one before.
create function chat.seq_at(room_id uuid, at timestamptz) returns bigint
language sql stable as $$
  select coalesce(
    (
      select m.seq from chat.messages m
      where m.room_id = seq_at.room_id and m.created_at >= seq_at.at
      order by m.created_at, m.seq
      limit 1
    ),
    (select r.last_seq from chat.rooms r where r.id = seq_at.room_id)
  )
$$;

-- Markers

create function chat.mark_read(room_id uuid, seq bigint) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room_i_am_in(mark_read.room_id);
  v_seq constant bigint := chat.require_seq(v_room, mark_read.seq);
  v_notified_seq bigint;
begin
  update chat.room_members m
  set last_read_seq = v_seq, last_delivered_seq = greatest(m.last_delivered_seq, v_seq)
  where m.room_id = v_room.id and m.person_id = v_person_id and m.last_read_seq < v_seq
  returning m.last_notified_seq into v_notified_seq;
  if found then
    if v_notified_seq > 0 and v_notified_seq <= v_seq then
      perform notify.withdraw(chat.cause_of_absence(v_room.id, v_person_id, v_notified_seq));
    end if;
    perform chat.tell_marker('read', v_room.id, v_person_id, v_seq);
    perform chat.tell_unread_to(v_room.id, array[v_person_id]);
  end if;
  return v_room;
end
$$;

create function chat.mark_delivered(room_id uuid, seq bigint) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room_i_am_in(mark_delivered.room_id);
  v_seq constant bigint := chat.require_seq(v_room, mark_delivered.seq);
begin
  update chat.room_members m
  set last_delivered_seq = v_seq
  where m.room_id = v_room.id and m.person_id = v_person_id and m.last_delivered_seq < v_seq;
  if found then
    perform chat.tell_marker('delivered', v_room.id, v_person_id, v_seq);
  end if;
  return v_room;
end
$$;

create function chat.require_seq(room chat.rooms, seq bigint) returns bigint
language plpgsql stable as $$
begin
  if seq is null or seq < 0 or seq > room.last_seq then
    raise exception 'The number of a message in this room is at most %.', room.last_seq using errcode = 'HW422', column = 'seq';
  end if;
  return seq;
end
$$;

-- Who has read what is told and shown in rooms of up to 50 people.
create function chat.tell_marker(event text, room_id uuid, person_id uuid, seq bigint) returns void
language plpgsql volatile as $$
begin
  if chat.has_more_members_than(tell_marker.room_id, 50) then
    return;
  end if;
  perform realtime.send(
    jsonb_build_object('roomId', tell_marker.room_id, 'personId', tell_marker.person_id, 'seq', tell_marker.seq),
    tell_marker.event,
    'room:' || tell_marker.room_id,
    true
  );
end
$$;

create function chat.messages_status(message chat.messages) returns text
language sql stable security definer set search_path = '' as $$
  select case
    when count(*) > 50 then 'sent'
    when max(m.last_read_seq) filter (where m.is_other) >= (message).seq then 'read'
    when max(m.last_delivered_seq) filter (where m.is_other) >= (message).seq then 'delivered'
    else 'sent'
  end
  from (
    select m.last_read_seq, m.last_delivered_seq, m.person_id is distinct from (message).sender_id as is_other
    from chat.room_members m
    where m.room_id = (message).room_id
    order by m.person_id
    limit 51
  ) m
$$;

create function chat.messages_seen_by(message chat.messages) returns setof app.people
language sql stable security definer set search_path = '' as $$
  select p.*
  from chat.room_members m
  join app.people p on p.id = m.person_id
  where m.room_id = (message).room_id
    and m.last_read_seq >= (message).seq
    and m.person_id is distinct from (message).sender_id
    and not chat.has_more_members_than((message).room_id, 50)
  order by p.name, p.id
$$;

-- How much of it one hears

create function chat.mute_room(room_id uuid, until timestamptz default null) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room_i_am_in(mute_room.room_id);
begin
  update chat.room_members m set muted_until = mute_room.until
  where m.room_id = v_room.id and m.person_id = v_person_id;
  return v_room;
end
$$;

create function chat.set_involvement(room_id uuid, involvement text) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room_i_am_in(set_involvement.room_id);
begin
  if set_involvement.involvement is null or set_involvement.involvement not in ('everything', 'mentions', 'nothing') then
    raise exception 'The involvement must be everything, mentions or nothing.' using errcode = 'HW422', column = 'involvement';
  end if;
  update chat.room_members m set involvement = set_involvement.involvement
  where m.room_id = v_room.id and m.person_id = v_person_id;
  return v_room;
end
$$;

-- Search: whole words first, then parts of words, the newest first among equals

create function chat.search_messages(query text, room_id uuid default null) returns setof chat.messages
language plpgsql stable security definer rows 100 set search_path = '' as $$
declare
  v_query constant text := btrim(search_messages.query);
  v_rooms uuid[] := array(select chat.current_room_ids());
begin
  perform app.require_person_id();
  if v_query is null or char_length(v_query) not between 2 and 200 then
    raise exception 'Search for 2 to 200 characters.' using errcode = 'HW422', column = 'query';
  end if;
  if search_messages.room_id is not null then
    perform chat.require_room_i_am_in(search_messages.room_id);
    v_rooms := array[search_messages.room_id];
  end if;
  return query execute format(
    'with found as materialized (
      select m as message, m.created_at, m.id, to_tsvector(''simple'', m.body) as words
      from chat.messages m
      where (to_tsvector(''simple'', m.body) @@ websearch_to_tsquery(''simple'', $1) %s) and m.room_id = any ($3)
      order by m.created_at desc
      limit 1000
    )
    select (f.message).*
    from found f
    order by round(ts_rank(f.words, websearch_to_tsquery(''simple'', $1))::numeric, 3) desc, f.created_at desc, f.id',
    case when char_length(v_query) > 2 and to_regclass('chat.messages_by_part') is not null then 'or m.body ilike $2' end
  ) using v_query, '%' || regexp_replace(v_query, '([\\%_])', '\\\1', 'g') || '%', v_rooms;
end
$$;

-- Grants

grant execute on function
  chat.mark_read(uuid, bigint), chat.mark_delivered(uuid, bigint), chat.mute_room(uuid, timestamptz), chat.set_involvement(uuid, text)
to anon, authenticated;
grant execute on function
  chat.my_rooms(), chat.rooms_mine(chat.rooms), chat.rooms_last_message(chat.rooms),
  chat.room_messages(uuid, bigint, bigint, bigint, timestamptz, int), chat.search_messages(text, uuid),
  chat.messages_status(chat.messages), chat.messages_seen_by(chat.messages)
to authenticated;

-- Comments

comment on type chat.room_standing is 'What a room is to the person who is signed in.';
comment on column chat.room_standing.role is 'member or moderator.';
comment on column chat.room_standing.unread is 'How many messages are not read.';
comment on column chat.room_standing.mentions is 'How many of them mention the person, or everybody.';
comment on column chat.room_standing.last_read_seq is 'The number of the last message that was read.';
comment on column chat.room_standing.involvement is 'What the person is told of while away: everything, mentions (and direct messages) or nothing.';
comment on column chat.room_standing.muted_until is 'Until then nothing is told; null if it is not muted.';
comment on column chat.room_standing.may_write is 'Whether the person may say something.';
comment on column chat.room_standing.may_moderate is 'Whether the person may do what staff does.';
comment on column chat.room_standing.wait_seconds is 'How long slow mode asks to wait.';
comment on function chat.my_rooms() is 'The rooms that the person who is signed in is in, the latest activity first.';
comment on function chat.rooms_mine(chat.rooms) is 'What the room is to the person who is signed in: what is unread, what may be done; null if not in it.';
comment on function chat.rooms_last_message(chat.rooms) is 'The newest message.';
comment on function chat.room_messages(uuid, bigint, bigint, bigint, timestamptz, int) is
  E'@arg beforeSeq Messages with lower numbers, the nearest ones.\n@arg afterSeq Messages with higher numbers, the nearest ones.\n@arg aroundSeq Messages on both sides of this number.\n@arg aroundTime Messages on both sides of this moment. One of beforeSeq, afterSeq, aroundSeq and aroundTime at most; none: the newest.\n@arg size How many messages: 50 unless given, at most 100.\nHistory of a room in its order: the newest messages, or those before or after a number, or around a number or a time. size: 50, at most 100. Errors: HW401, HW404, HW422.';
comment on function chat.mark_read(uuid, bigint) is 'Says that everything up to a message was read; the marker never goes back. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.mark_delivered(uuid, bigint) is 'Says that everything up to a message has reached a device of the person. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.messages_status(chat.messages) is
  'sent (stored), delivered (it reached a device of somebody else) or read (by somebody else); in rooms of more than 50 people always sent.';
comment on function chat.messages_seen_by(chat.messages) is 'Who has read it; nobody is named in rooms of more than 50 people.';
comment on function chat.mute_room(uuid, timestamptz) is
  E'@arg until When it is heard again; null: now.\nNothing is told of the room until then; without a time it is heard again. Errors: HW401, HW403, HW404.';
comment on function chat.set_involvement(uuid, text) is
  E'@arg involvement everything, mentions (and direct messages) or nothing.\nWhat of a room to be told while away: everything, mentions or nothing. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.search_messages(text, uuid) is
  E'@arg query What to look for, 2 to 200 characters.\n@arg roomId The room to look in; null: all of one''s rooms.\nMessages in one''s rooms, or in one of them, by words and, from three characters, by parts of words; the best first, 1,000 at most. "…" is a phrase, - excludes. Errors: HW401, HW403, HW404, HW422.';
