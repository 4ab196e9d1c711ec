-- Telling people who look elsewhere. Their topic person:<id> says what is unread now (event unread): to all in rooms of up
-- to 8 people with the message, of up to 50 by a job within a second, in larger ones only to whom a message mentions, so that
-- sending costs the same in a room of any size. Who has been away for two minutes is notified, and so gets mail: of
-- mentions and direct messages, or of everything, as they chose; one notification for all there is in a room. Whoever is
-- present, and not idle, is looked at again later.

create function chat.tell_others(room chat.rooms, message chat.messages) returns void
language plpgsql volatile as $$
begin
  if not chat.has_more_members_than(room.id, 8) then
    perform chat.tell_unread_to(room.id, null);
  else
    if message.mention_ids <> '{}' then
      perform chat.tell_unread_to(room.id, message.mention_ids);
    end if;
    if coalesce(room.unread_due_at < now() - interval '1 minute', true) and not chat.has_more_members_than(room.id, 50) then
      update chat.rooms r set unread_due_at = now() where r.id = room.id;
      perform queue.dispatch('chat/tell-unread', jsonb_build_object('roomId', room.id), delay => '1 second');
    end if;
  end if;
  if coalesce(room.absent_due_at < now() - interval '10 minutes', true) then
    perform chat.look_for_the_absent(room.id, '2 minutes');
  end if;
end
$$;

-- The row is locked first: whoever is sending either commits before the counts are read or finds no job on its way.
create function chat.tell_unread(room_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update chat.rooms r set unread_due_at = null where r.id = tell_unread.room_id;
  perform chat.tell_unread_to(tell_unread.room_id, null);
end
$$;

-- In the order of their ids, so that two who tell the same people do not wait crosswise. null: everybody.
create function chat.tell_unread_to(room_id uuid, person_ids uuid[]) returns void
language sql volatile as $$
  select realtime.send(
    jsonb_build_object('roomId', u.room_id, 'unread', u.unread, 'mentions', u.mentions, 'lastSeq', u.last_seq),
    'unread',
    'person:' || u.person_id,
    true
  )
  from (
    select
      m.room_id, m.person_id, r.last_seq,
      greatest(r.last_seq - m.last_read_seq, 0) as unread,
      chat.mentions_after(m, m.last_read_seq) as mentions
    from chat.room_members m
    join chat.rooms r on r.id = m.room_id
    where m.room_id = tell_unread_to.room_id
      and (tell_unread_to.person_ids is null or m.person_id = any (tell_unread_to.person_ids))
      and not chat.is_banned(m.room_id, m.person_id)
    order by m.person_id
  ) u
$$;

-- The absent

create function chat.look_for_the_absent(room_id uuid, delay interval) returns void
language sql volatile as $$
  update chat.rooms r set absent_due_at = now() + look_for_the_absent.delay where r.id = look_for_the_absent.room_id;
  select queue.dispatch(
    'chat/notify-absent', jsonb_build_object('roomId', look_for_the_absent.room_id), delay => look_for_the_absent.delay
  );
$$;

-- Committed before notify_absent looks: what is said from then on has a job of its own.
create function chat.begin_looking(room_id uuid) returns void
language sql volatile security definer set search_path = '' as $$
  update chat.rooms r set absent_due_at = null where r.id = begin_looking.room_id
$$;

-- Answers in how many seconds to look again, if there is anybody whom it was too early to tell.
create function chat.notify_absent(room_id uuid) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_room chat.rooms;
  v_missing chat.missing_words[];
  v_told uuid[];
begin
  select r.* into v_room from chat.rooms r where r.id = notify_absent.room_id;
  v_missing := array(select w from chat.missing_words_in(v_room) w);
  v_told := array(select w.person_id from unnest(v_missing) w where chat.is_away(w.person_id) order by w.person_id);
  update chat.room_members m set last_notified_seq = v_room.last_seq
  where m.room_id = v_room.id and m.person_id = any (v_told);
  perform chat.notify_of(v_room, v_missing, v_told);
  return (
    select greatest(120, extract(epoch from now() - min(w.since)) / 2)
    from unnest(v_missing) w
    where w.person_id <> all (v_told)
    having count(*) > 0
  );
end
$$;

-- In a transaction of its own: who sends locks the room before its members.
create function chat.look_again(room_id uuid, seconds int) returns void
language sql volatile security definer set search_path = '' as $$
  select chat.look_for_the_absent(r.id, make_interval(secs => look_again.seconds))
  from chat.rooms r
  where r.id = look_again.room_id and r.absent_due_at is null and look_again.seconds is not null
$$;

-- What people of a room would want to know of and have neither read nor been notified of, of the last day.
create function chat.missing_words_in(room chat.rooms) returns setof chat.missing_words
language sql stable as $$
  with recent as materialized (
    select m.*
    from chat.messages m
    where m.room_id = (room).id and m.created_at > now() - interval '1 day'
      and m.deleted_at is null and m.hidden_at is null
  ),
  wanting as materialized (
    select m.*
    from chat.room_members m
    where m.room_id = (room).id
      and ((room).kind = 'direct' or exists (select from recent t where t.mentions_room))
    union
    select m.* from chat.room_members m where m.room_id = (room).id and m.involvement = 'everything'
    union
    select m.*
    from chat.room_members m
    where m.room_id = (room).id and m.person_id in (select unnest(t.mention_ids) from recent t)
  )
  select
    w.person_id, count(*)::int, min(t.created_at),
    (array_agg(coalesce(s.name, 'Somebody') || ': ' || left(chat.plain_words(t.body), 300) order by t.seq))[1:10]
  from wanting w
  join recent t on t.seq > greatest(w.last_read_seq, w.last_notified_seq)
    and t.sender_id is distinct from w.person_id
    and (w.involvement = 'everything' or (room).kind = 'direct' or t.mentions_room or w.person_id = any (t.mention_ids))
  left join app.people s on s.id = t.sender_id
  where w.involvement <> 'nothing'
    and not coalesce(w.muted_until > now(), false)
    and not chat.is_banned(w.room_id, w.person_id)
  group by w.person_id
$$;

-- Each their own cause, so that reading withdraws it; a crowd shares one.
create function chat.notify_of(room chat.rooms, missing chat.missing_words[], told uuid[]) returns void
language plpgsql volatile as $$
declare
  v_category constant text := case when room.kind = 'direct' then 'chat-direct' else 'chat-mention' end;
  v_people jsonb[] := array(
    select jsonb_build_object(
      'personId', w.person_id,
      'title', left(case when room.kind = 'direct' then chat.names_of(array_remove(room.direct_people, w.person_id)) else room.name end, 200),
      'body', array_to_string(w.lines, e'\n')
        || case when w.number > cardinality(w.lines) then e'\n' || '+ ' || w.number - cardinality(w.lines) else '' end,
      'path', '/rooms/' || room.id,
      'about', jsonb_build_object('roomId', room.id, 'seq', room.last_seq)
    )
    from unnest(notify_of.missing) w
    where w.person_id = any (notify_of.told)
  );
  v_person jsonb;
begin
  if cardinality(v_people) > 50 then
    perform notify.announce_each('chat:' || room.id || ':' || gen_random_uuid(), v_category, to_jsonb(v_people));
    return;
  end if;
  foreach v_person in array v_people loop
    perform notify.announce_each(
      chat.cause_of_absence(room.id, (v_person ->> 'personId')::uuid, room.last_seq), v_category, jsonb_build_array(v_person)
    );
  end loop;
end
$$;

create function chat.cause_of_absence(room_id uuid, person_id uuid, seq bigint) returns text
language sql immutable as $$
  select format('chat:%s:%s:%s', cause_of_absence.room_id, cause_of_absence.person_id, cause_of_absence.seq)
$$;

create function chat.plain_words(body text) returns text
language sql immutable as $$
  select regexp_replace(plain_words.body, '@\[([^][]{1,200})\]\([0-9a-fA-F-]{36}\)', '@\1', 'g')
$$;

-- Not present anywhere, or only idle, and not within the last two minutes either. Who idles is noted as seen each minute,
-- so for them the time says nothing.
create function chat.is_away(person_id uuid) returns boolean
language sql stable as $$
  with there as (
    select p.meta ~ '"status"\s*:\s*"idle"' as is_idle
    from realtime.presence p
    join realtime.relays r on r.id = p.relay_id
    where p.sub = is_away.person_id and p.held_since is null
  )
  select case
    when exists (select from there t) then (select bool_and(t.is_idle) from there t)
    else coalesce(
      (select l.at from realtime.last_seen l where l.sub = is_away.person_id) < now() - interval '2 minutes', true
    )
  end
$$;
