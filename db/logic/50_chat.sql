-- Chat: rooms of groups, messages in order. Members hear them on the private topic room:<id>, on which only the database
-- speaks, so that nobody can pass for somebody else; their typing and presence are on room:<id>:live.

create function chat.send_message(room_id uuid, body text, client_id uuid) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_sender_id constant uuid := app.require_person_id();
  v_message chat.messages;
begin
  if not chat.is_in_room(send_message.room_id) then
    raise exception 'There is no such room, or you are not in it.' using errcode = 'HW404';
  end if;
  if char_length(btrim(send_message.body)) not between 1 and 4000 then
    raise exception 'A message must have 1 to 4,000 characters.' using errcode = 'HW422', column = 'body';
  end if;
  -- The room's row is locked first: whoever sends the same client_id again waits here and then finds the first one.
  perform from chat.rooms r where r.id = send_message.room_id for no key update;
  select m.* into v_message
  from chat.messages m
  where m.room_id = send_message.room_id
    and m.sender_id = v_sender_id
    and m.client_id = send_message.client_id;
  if found then
    return v_message;
  end if;
  insert into chat.messages (room_id, sender_id, client_id, body, seq)
  values (send_message.room_id, v_sender_id, send_message.client_id, send_message.body, chat.next_seq(send_message.room_id))
  returning * into v_message;
  return v_message;
end
$$;

create function chat.next_seq(room_id uuid) returns bigint
language sql volatile as $$
  update chat.rooms r set last_seq = r.last_seq + 1 where r.id = next_seq.room_id returning r.last_seq
$$;

create function chat.is_in_room(room_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from chat.rooms r
    where r.id = is_in_room.room_id and r.group_id in (select app.current_group_ids())
  )
$$;

create function chat.is_in_topic(topic text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case
    when topic ~ '^room:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:live)?$'
      then chat.is_in_room(split_part(topic, ':', 2)::uuid)
    else false
  end
$$;

-- Triggers

create function chat.tg_groups__open_room() returns trigger
language plpgsql as $$
begin
  insert into chat.rooms (group_id, name) values (new.id, new.name);
  return null;
end
$$;

create function chat.tg_memberships__recheck() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.recheck(t.topic, old.person_id)
  from chat.rooms r, unnest(array['room:' || r.id, 'room:' || r.id || ':live']) t (topic)
  where r.group_id = old.group_id;
  return null;
end
$$;

create function chat.tg_messages__broadcast() returns trigger
language plpgsql as $$
begin
  perform realtime.send(
    jsonb_build_object(
      'id', new.id,
      'roomId', new.room_id,
      'seq', new.seq,
      'body', new.body,
      'clientId', new.client_id,
      'senderId', new.sender_id,
      'senderName', (select p.name from app.people p where p.id = new.sender_id),
      'createdAt', new.created_at
    ),
    'message',
    'room:' || new.room_id,
    true
  );
  return null;
end
$$;

create trigger _500_open_room after insert on app.groups
for each row execute function chat.tg_groups__open_room();
create trigger _900_recheck after delete or update on app.memberships
for each row execute function chat.tg_memberships__recheck();
create trigger _900_broadcast after insert on chat.messages
for each row execute function chat.tg_messages__broadcast();

-- Policies and grants

create policy members_read on chat.rooms for select to authenticated
using (group_id in (select app.current_group_ids()));

create policy members_read on chat.messages for select to authenticated
using (room_id in (select r.id from chat.rooms r where r.group_id in (select app.current_group_ids())));

create policy chat_members_listen on realtime.messages for select to authenticated
using (extension in ('broadcast', 'presence') and (select chat.is_in_topic(realtime.topic())));

create policy chat_members_speak on realtime.messages for insert to authenticated
with check (
  extension in ('broadcast', 'presence')
  and realtime.topic() like '%:live'
  and (select chat.is_in_topic(realtime.topic()))
);

grant usage on schema chat to anon, authenticated, service_role, howdah_api;
grant select on chat.rooms, chat.messages to authenticated;
grant execute on function chat.send_message(uuid, text, uuid) to anon, authenticated;
grant execute on function chat.is_in_room(uuid), chat.is_in_topic(text) to authenticated;

-- Comments

comment on table chat.rooms is 'A place to talk; every group has one.';
comment on column chat.rooms.name is E'@behavior +filterBy +orderBy\nThe name shown to its members.';
comment on column chat.rooms.last_seq is 'The number of the newest message; messages of a room are numbered from 1 without holes.';
comment on table chat.messages is 'What was said in a room.';
comment on constraint messages_sender_id_fkey on chat.messages is E'@foreignFieldName sentMessages';
comment on column chat.messages.seq is 'The number of the message in its room, from 1 without holes.';
comment on column chat.messages.client_id is 'Made by the sender''s client; sending the same one again returns the first message.';
comment on column chat.messages.body is 'Plain text of 1 to 4,000 characters.';
comment on function chat.send_message(uuid, text, uuid) is
  'Says something in a room. Idempotent: the same clientId returns the message of the first call. Errors: HW401, HW404, HW422.';
comment on function chat.is_in_room(uuid) is E'@behavior -*\nWhether the person who is signed in may read and speak in the room.';
comment on function chat.is_in_topic(text) is E'@behavior -*\nWhether the person who is signed in belongs to the room of a realtime topic.';
