-- Chat: who is in which room, and messages in order. A room of a group is open (its people may join), closed (somebody
-- adds them) or for announcements; those that include the group, such as the one every group has from the start, hold
-- all of it. Members hear a room on the private topic room:<id>, on which only the database speaks, so that nobody can pass
-- for somebody else; their typing and presence are on room:<id>:live. Direct conversations: 50_chat_direct.sql; reading:
-- 50_chat_reading.sql; editing, reactions and pins: 50_chat_messages.sql; moderation: 50_chat_moderation.sql; telling
-- people elsewhere: 50_chat_telling.sql.

-- Rooms

create function chat.create_room(name text, kind text, client_id uuid, group_id uuid default null) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room chat.rooms;
begin
  perform app.require_client_id(client_id);
  perform chat.require_room_maker(group_id);
  perform chat.require_room_name(name);
  if kind is null or kind not in ('open', 'closed', 'announcement') or (kind = 'open' and group_id is null) then
    raise exception 'The kind must be open, closed or announcement; without a group closed or announcement.'
      using errcode = 'HW422', column = 'kind';
  end if;
  insert into chat.rooms (group_id, name, kind, includes_group, created_by, client_id)
  values (
    create_room.group_id, btrim(create_room.name), create_room.kind,
    create_room.kind = 'announcement' and create_room.group_id is not null,
    v_person_id, create_room.client_id
  )
  on conflict do nothing
  returning * into v_room;
  if not found then
    select r.* into v_room
    from chat.rooms r
    where r.created_by = v_person_id and r.client_id = create_room.client_id;
    return v_room;
  end if;
  insert into chat.room_members (room_id, person_id, role)
  values (v_room.id, v_person_id, case when v_room.group_id is null then 'moderator' else 'member' end);
  if v_room.includes_group then
    insert into chat.room_members (room_id, person_id)
    select v_room.id, m.person_id from app.memberships m where m.group_id = v_room.group_id
    on conflict do nothing;
  end if;
  return v_room;
end
$$;

create function chat.rename_room(room_id uuid, name text) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_room chat.rooms := chat.require_moderated_room(rename_room.room_id);
begin
  if v_room.kind = 'direct' then
    raise exception 'A direct conversation is called as its people are.' using errcode = 'HW409';
  end if;
  perform chat.require_room_name(rename_room.name);
  update chat.rooms r set name = btrim(rename_room.name) where r.id = v_room.id returning r.* into v_room;
  perform chat.note('rename', v_room.id, reason => v_room.name);
  return v_room;
end
$$;

create function chat.join_room(room_id uuid) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room(join_room.room_id);
begin
  if v_room.kind <> 'open' and not chat.is_in_room(v_room.id) then
    raise exception 'This room is not open: ask its staff to add you.' using errcode = 'HW403';
  end if;
  perform chat.enter(v_room, v_person_id, null);
  return v_room;
end
$$;

create function chat.leave_room(room_id uuid) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_room(leave_room.room_id);
begin
  perform chat.require_own_list(v_room);
  delete from chat.room_members m where m.room_id = v_room.id and m.person_id = v_person_id;
  return v_room;
end
$$;

create function chat.add_to_room(room_id uuid, person_id uuid) returns chat.room_members
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_moderated_room(add_to_room.room_id);
  v_member chat.room_members;
begin
  perform chat.require_own_list(v_room);
  perform chat.require_eligible(v_room, add_to_room.person_id);
  if chat.enter(v_room, add_to_room.person_id, v_actor_id) then
    perform chat.note('add', v_room.id, person_id => add_to_room.person_id);
  end if;
  select m.* into v_member
  from chat.room_members m
  where m.room_id = v_room.id and m.person_id = add_to_room.person_id;
  return v_member;
end
$$;

create function chat.remove_from_room(room_id uuid, person_id uuid) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_room constant chat.rooms := chat.require_moderated_room(remove_from_room.room_id);
begin
  perform chat.require_own_list(v_room);
  delete from chat.room_members m where m.room_id = v_room.id and m.person_id = remove_from_room.person_id;
  if not found then
    raise exception 'This person is not in the room.' using errcode = 'HW404', column = 'person_id';
  end if;
  perform chat.note('remove', v_room.id, person_id => remove_from_room.person_id);
  return v_room;
end
$$;

-- Says whether the person was not in it before. What was said earlier does not count as unread.
create function chat.enter(room chat.rooms, person_id uuid, added_by uuid) returns boolean
language plpgsql volatile as $$
begin
  insert into chat.room_members (room_id, person_id, added_by, last_read_seq, last_delivered_seq, last_notified_seq)
  values (room.id, enter.person_id, enter.added_by, room.last_seq, room.last_seq, room.last_seq)
  on conflict do nothing;
  if not found then
    return false;
  end if;
  perform chat.tell_unread_to(room.id, array[enter.person_id]);
  return true;
end
$$;

-- Sending

create function chat.send_message(
  room_id uuid, body text, client_id uuid,
  reply_to_id uuid default null, mention_ids uuid[] default null, confirm boolean default false
) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_sender_id constant uuid := app.require_person_id();
  v_room chat.rooms;
  v_mention_ids uuid[];
  v_seq bigint;
  v_message chat.messages;
begin
  -- The room's row is locked first: whoever sends the same client_id again waits here and then finds the first one.
  select r.* into v_room
  from chat.rooms r
  where r.id = send_message.room_id and chat.is_in_room(r.id)
  for no key update;
  if not found then
    raise exception 'There is no such room, or you are not in it.' using errcode = 'HW404';
  end if;
  perform chat.require_body(send_message.body);
  perform app.require_client_id(send_message.client_id);
  select m.* into v_message
  from chat.messages m
  where m.room_id = send_message.room_id
    and m.sender_id = v_sender_id
    and m.client_id = send_message.client_id;
  if found then
    return v_message;
  end if;

  perform chat.require_may_write(v_room, v_sender_id);
  perform chat.require_first_of_thread(v_room.id, send_message.reply_to_id);
  v_mention_ids := chat.require_mentions(v_room.id, send_message.body, send_message.mention_ids);
  if chat.calls_everybody(send_message.body) then
    perform chat.require_may_call_everybody(v_room, send_message.confirm);
  end if;
  v_seq := chat.next_seq(v_room.id);
  -- Who speaks has read what was said before. Before the message, as the markers do it: their row, then the room's topic.
  update chat.room_members m
  set last_read_seq = v_seq, last_delivered_seq = v_seq, last_sent_at = now()
  where m.room_id = v_room.id and m.person_id = v_sender_id;
  insert into chat.messages (room_id, sender_id, client_id, body, seq, reply_to_id, mention_ids, mentions_room)
  values (
    v_room.id, v_sender_id, send_message.client_id, send_message.body, v_seq,
    send_message.reply_to_id, v_mention_ids, chat.calls_everybody(send_message.body)
  )
  returning * into v_message;
  perform chat.tell_others(v_room, v_message);
  return v_message;
end
$$;

create function chat.next_seq(room_id uuid) returns bigint
language sql volatile as $$
  update chat.rooms r
  set last_seq = r.last_seq + 1, last_message_at = now()
  where r.id = next_seq.room_id
  returning r.last_seq
$$;

create function chat.require_may_write(room chat.rooms, person_id uuid) returns void
language plpgsql stable as $$
declare
  v_wait constant int := chat.wait_seconds(room, require_may_write.person_id);
begin
  if room.kind = 'announcement' and not chat.moderates(room) then
    raise exception 'Only its staff write in a room for announcements.' using errcode = 'HW403';
  end if;
  if room.kind = 'direct' and not chat.direct_is_allowed(room.direct_people) then
    raise exception 'This community does not let these adults and minors talk directly: ask its owner.' using errcode = 'HW403';
  end if;
  if exists (select from app.groups g where g.id = room.group_id and g.archived_at is not null) then
    raise exception 'This group is archived: it can be read, and nothing be said in it.' using errcode = 'HW409';
  end if;
  if v_wait > 0 then
    raise exception 'This room is in slow mode: wait % seconds.', v_wait using errcode = 'HW409';
  end if;
end
$$;

create function chat.may_write(room chat.rooms) returns boolean
language sql stable as $$
  select case (room).kind
    when 'announcement' then chat.moderates(room)
    when 'direct' then chat.direct_is_allowed((room).direct_people)
    else not exists (select from app.groups g where g.id = (room).group_id and g.archived_at is not null)
  end
$$;

-- How long slow mode keeps the person who is signed in from saying something more.
create function chat.wait_seconds(room chat.rooms, person_id uuid) returns int
language plpgsql stable as $$
begin
  if room.slow_mode_seconds = 0 or chat.moderates(room) then
    return 0;
  end if;
  return (
    select greatest(0, ceil(extract(epoch from m.last_sent_at - now()) + room.slow_mode_seconds))
    from chat.room_members m
    where m.room_id = room.id and m.person_id = wait_seconds.person_id
  );
end
$$;

create function chat.require_first_of_thread(room_id uuid, message_id uuid) returns void
language plpgsql stable as $$
declare
  v_message chat.messages;
begin
  if message_id is null then
    return;
  end if;
  select m.* into v_message
  from chat.messages m
  where m.id = require_first_of_thread.message_id and m.room_id = require_first_of_thread.room_id;
  if not found then
    raise exception 'The message to reply to is not in this room.' using errcode = 'HW404', column = 'reply_to_id';
  end if;
  if v_message.reply_to_id is not null then
    raise exception 'That message is a reply itself: reply to the one it replies to.' using errcode = 'HW422', column = 'reply_to_id';
  end if;
  if v_message.deleted_at is not null or v_message.hidden_at is not null then
    raise exception 'The message to reply to is gone.' using errcode = 'HW409';
  end if;
end
$$;

-- Mentions: @[Name](person id) in the body, ids beside it, and @room

create function chat.require_mentions(room_id uuid, body text, mention_ids uuid[]) returns uuid[]
language plpgsql stable as $$
declare
  v_ids uuid[] := coalesce(mention_ids, '{}');
begin
  if strpos(body, '@[') > 0 then
    v_ids := v_ids || array(
      select f.found[1]::uuid
      from regexp_matches(require_mentions.body, '@\[[^][]{1,200}\]\(([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)', 'g') f (found)
    );
  end if;
  if v_ids = '{}' then
    return v_ids;
  end if;
  v_ids := array(select distinct i from unnest(v_ids) i order by i);
  if cardinality(v_ids) > 50 then
    raise exception 'A message may mention 50 people at most.' using errcode = 'HW422', column = 'mention_ids';
  end if;
  if cardinality(v_ids) > (
    select count(*) from chat.room_members m
    where m.room_id = require_mentions.room_id and m.person_id = any (v_ids)
  ) then
    raise exception 'Only people who are in the room can be mentioned.' using errcode = 'HW422', column = 'mention_ids';
  end if;
  return v_ids;
end
$$;

create function chat.calls_everybody(body text) returns boolean
language sql immutable as $$
  select calls_everybody.body ~ '(^|[\s(])@room\M'
$$;

create function chat.require_may_call_everybody(room chat.rooms, confirm boolean) returns void
language plpgsql stable as $$
begin
  if room.kind <> 'direct' and not chat.moderates(room) then
    raise exception 'Only staff may call everybody with @room: leave it out.' using errcode = 'HW403', column = 'body';
  end if;
  if confirm is not true and chat.has_more_members_than(room.id, 20) then
    raise exception 'This calls more than 20 people: send it with confirm if you mean it.' using errcode = 'HW409', column = 'confirm';
  end if;
end
$$;

-- Who is where; security definer, because no policy may ask a table whose policy asks back

create function chat.current_room_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select m.room_id
  from chat.room_members m
  where m.person_id = app.current_person_id() and not exists (
    select from chat.bans b
    where b.room_id = m.room_id and b.person_id = m.person_id and coalesce(b.until > now(), true)
  )
$$;

-- Also the open rooms of one's groups, and those in which one does what staff does.
create function chat.current_visible_room_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select chat.current_room_ids()
  union
  select r.id
  from app.memberships m
  join chat.rooms r on r.group_id = m.group_id and r.kind = 'open'
  where m.person_id = app.current_person_id() and not exists (
    select from chat.bans b
    where b.room_id = r.id and b.person_id = m.person_id and coalesce(b.until > now(), true)
  )
  union
  select chat.current_moderated_room_ids()
$$;

create function chat.current_moderated_room_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select r.id
  from app.memberships m
  join chat.rooms r on r.group_id = m.group_id
  where m.person_id = app.current_person_id() and m.role in ('owner', 'teacher')
  union
  select m.room_id from chat.room_members m where m.person_id = app.current_person_id() and m.role = 'moderator'
  union
  select r.id from chat.rooms r where app.is_community_owner() and r.kind <> 'direct'
$$;

create function chat.current_partner_ids() returns setof uuid
language sql stable security definer rows 20 set search_path = '' as $$
  select m.person_id
  from chat.rooms r
  join chat.room_members m on m.room_id = r.id
  where r.id in (select chat.current_room_ids()) and r.group_id is null
$$;

create function chat.is_in_room(room_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from chat.room_members m
    where m.room_id = is_in_room.room_id and m.person_id = app.current_person_id()
  ) and not chat.is_banned(is_in_room.room_id, app.current_person_id())
$$;

create function chat.is_banned(room_id uuid, person_id uuid) returns boolean
language sql stable as $$
  select exists (
    select from chat.bans b
    where b.room_id = is_banned.room_id and b.person_id = is_banned.person_id and coalesce(b.until > now(), true)
  )
$$;

-- Staff of its group and its own moderators; the community's owner everywhere.
create function chat.moderates(room chat.rooms) returns boolean
language sql stable as $$
  select coalesce(app.current_role_in((room).group_id) in ('owner', 'teacher'), false)
    or exists (
      select from chat.room_members m
      where m.room_id = (room).id and m.person_id = app.current_person_id() and m.role = 'moderator'
    )
    or app.is_community_owner()
$$;

-- Ordered as the index is, or the planner reads the whole table.
create function chat.has_more_members_than(room_id uuid, number int) returns boolean
language sql stable as $$
  select exists (
    select from chat.room_members m
    where m.room_id = has_more_members_than.room_id
    order by m.person_id
    offset has_more_members_than.number
    limit 1
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

-- Who may not write does not type either.
create function chat.may_type_in_topic(topic text) returns boolean
language sql stable security definer set search_path = '' as $$
  select chat.is_in_topic(may_type_in_topic.topic) and (
    select chat.may_write(r)
    from chat.rooms r
    where r.id::text = split_part(may_type_in_topic.topic, ':', 2)
  )
$$;

-- What is asked for is there, and in order

create function chat.require_room(room_id uuid) returns chat.rooms
language plpgsql stable as $$
declare
  v_room chat.rooms;
begin
  perform app.require_person_id();
  select r.* into v_room
  from chat.rooms r
  where r.id = require_room.room_id
    and (
      chat.is_in_room(r.id)
      or (
        r.kind = 'open'
        and r.group_id in (select app.current_group_ids())
        and not chat.is_banned(r.id, app.current_person_id())
      )
      or (r.kind <> 'direct' and chat.moderates(r))
    );
  if not found then
    raise exception 'There is no such room, or you are not in it.' using errcode = 'HW404';
  end if;
  return v_room;
end
$$;

create function chat.require_moderated_room(room_id uuid) returns chat.rooms
language plpgsql stable as $$
declare
  v_room constant chat.rooms := chat.require_room(require_moderated_room.room_id);
begin
  if not chat.moderates(v_room) then
    raise exception 'Only staff of the room may do that.' using errcode = 'HW403';
  end if;
  return v_room;
end
$$;

create function chat.require_room_i_am_in(room_id uuid) returns chat.rooms
language plpgsql stable as $$
declare
  v_room constant chat.rooms := chat.require_room(require_room_i_am_in.room_id);
begin
  if not chat.is_in_room(v_room.id) then
    raise exception 'You are not in this room: join it first.' using errcode = 'HW403';
  end if;
  return v_room;
end
$$;

create function chat.require_room_maker(group_id uuid) returns void
language plpgsql stable as $$
begin
  if group_id is null then
    if not exists (
      select from app.people p where p.id = app.current_person_id() and p.community_role in ('owner', 'staff')
    ) then
      raise exception 'Only staff of the community make rooms without a group.' using errcode = 'HW403', column = 'group_id';
    end if;
    return;
  end if;
  if not exists (select from app.groups g where g.id = require_room_maker.group_id)
    or not (require_room_maker.group_id in (select app.current_group_ids()) or app.is_community_owner()) then
    raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404', column = 'group_id';
  end if;
  if not app.is_staff_of(require_room_maker.group_id) then
    raise exception 'Only the owner and the teachers of a group make rooms in it.' using errcode = 'HW403';
  end if;
end
$$;

-- Rooms that include their group, and direct conversations, have no list that could be changed.
create function chat.require_own_list(room chat.rooms) returns void
language plpgsql stable as $$
begin
  if room.includes_group then
    raise exception 'Everybody in the group is in this room: mute it to hear no more of it.' using errcode = 'HW409';
  end if;
  if room.kind = 'direct' then
    raise exception 'The people of a direct conversation stay the same: open another one, or mute it.' using errcode = 'HW409';
  end if;
end
$$;

create function chat.require_eligible(room chat.rooms, person_id uuid) returns void
language plpgsql stable as $$
declare
  v_is_eligible constant boolean := require_eligible.person_id = app.current_person_id() or case
    when room.group_id is null then chat.knows(app.current_person_id(), require_eligible.person_id)
    else exists (
      select from app.memberships m
      where m.group_id = room.group_id and m.person_id = require_eligible.person_id
    )
  end;
begin
  if v_is_eligible is not true then
    raise exception 'This person is not in the group of the room.' using errcode = 'HW404', column = 'person_id';
  end if;
end
$$;

create function chat.require_room_name(name text) returns void
language plpgsql immutable as $$
begin
  if name is null or char_length(btrim(name)) not between 1 and 200 then
    raise exception 'The name must have 1 to 200 characters.' using errcode = 'HW422', column = 'name';
  end if;
end
$$;

create function chat.require_body(body text) returns void
language plpgsql immutable as $$
begin
  if body is null or body !~ '\S' or char_length(btrim(body)) not between 1 and 4000 then
    raise exception 'A message must have 1 to 4,000 characters.' using errcode = 'HW422', column = 'body';
  end if;
end
$$;

-- Triggers

create function chat.tg_groups__open_room() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into chat.rooms (group_id, name, includes_group) values (new.id, new.name, true);
  return null;
end
$$;

create function chat.tg_groups__rename_room() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update chat.rooms r set name = new.name
  where r.group_id = new.id and r.includes_group and r.kind = 'open' and r.name = old.name;
  return null;
end
$$;

create function chat.tg_memberships__enter() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into chat.room_members (room_id, person_id, last_read_seq, last_delivered_seq, last_notified_seq)
  select r.id, a.person_id, r.last_seq, r.last_seq, r.last_seq
  from added a
  join chat.rooms r on r.group_id = a.group_id and r.includes_group
  on conflict do nothing;
  return null;
end
$$;

create function chat.tg_memberships__leave() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from chat.room_members m
  using gone g, chat.rooms r
  where r.group_id = g.group_id and m.room_id = r.id and m.person_id = g.person_id;
  return null;
end
$$;

-- Another role may write elsewhere.
create function chat.tg_memberships__recheck() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform chat.recheck(r.id, old.person_id) from chat.rooms r where r.group_id = old.group_id;
  return null;
end
$$;

create function chat.tg_room_members__recheck() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform chat.recheck(g.room_id, g.person_id) from gone g where exists (select from chat.rooms r where r.id = g.room_id);
  perform chat.recheck(g.room_id)
  from (select distinct g.room_id from gone g) g
  where not exists (select from chat.rooms r where r.id = g.room_id);
  return null;
end
$$;

-- The relays ask again who may be there: one person, or everybody.
create function chat.recheck(room_id uuid, person_id uuid default null) returns void
language sql volatile as $$
  select realtime.recheck('room:' || recheck.room_id || s.suffix, recheck.person_id)
  from (values (''), (':live')) s (suffix)
$$;

create function chat.tg_messages__broadcast() returns trigger
language plpgsql security definer set search_path = '' as $$
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
      'createdAt', new.created_at,
      'replyToId', new.reply_to_id,
      'mentionIds', new.mention_ids,
      'mentionsRoom', new.mentions_room
    ),
    'message',
    'room:' || new.room_id,
    true
  );
  return null;
end
$$;

create function chat.tg_messages__mention() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from chat.mentions t where t.message_id = new.id and t.person_id <> all (new.mention_ids);
  insert into chat.mentions (message_id, person_id, room_id, seq)
  select new.id, i, new.room_id, new.seq from unnest(new.mention_ids) i
  on conflict do nothing;
  return null;
end
$$;

create function chat.tg_rooms__broadcast() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object('id', new.id, 'name', new.name, 'kind', new.kind, 'slowModeSeconds', new.slow_mode_seconds),
    'room-changed',
    'room:' || new.id,
    true
  );
  return null;
end
$$;

create trigger _500_open_room after insert on app.groups
for each row execute function chat.tg_groups__open_room();
create trigger _500_rename_room after update of name on app.groups
for each row when (old.name <> new.name) execute function chat.tg_groups__rename_room();
create trigger _500_enter_rooms after insert on app.memberships
referencing new table as added for each statement execute function chat.tg_memberships__enter();
create trigger _500_leave_rooms after delete on app.memberships
referencing old table as gone for each statement execute function chat.tg_memberships__leave();
create trigger _900_recheck after update on app.memberships
for each row execute function chat.tg_memberships__recheck();
create trigger _900_recheck after delete on chat.room_members
referencing old table as gone for each statement execute function chat.tg_room_members__recheck();
create trigger _100_set_updated_at before update of name, kind, slow_mode_seconds on chat.rooms
for each row execute function app.tg__set_updated_at();
create trigger _900_broadcast after update of name, kind, slow_mode_seconds on chat.rooms
for each row when ((old.name, old.kind, old.slow_mode_seconds) is distinct from (new.name, new.kind, new.slow_mode_seconds))
execute function chat.tg_rooms__broadcast();
create trigger _500_mention after insert on chat.messages
for each row when (new.mention_ids <> '{}') execute function chat.tg_messages__mention();
create trigger _500_mention_again after update of mention_ids on chat.messages
for each row when (old.mention_ids <> new.mention_ids) execute function chat.tg_messages__mention();
create trigger _900_broadcast after insert on chat.messages
for each row execute function chat.tg_messages__broadcast();

-- Policies and grants

create policy members_read on chat.rooms for select to authenticated
using (id in (select chat.current_visible_room_ids()));

create policy members_read on chat.room_members for select to authenticated
using (room_id in (select chat.current_room_ids()));

create policy moderators_read on chat.room_members for select to authenticated
using (room_id in (select chat.current_moderated_room_ids()));

create policy members_read on chat.messages for select to authenticated
using (room_id in (select chat.current_room_ids()));

create policy members_read on chat.mentions for select to authenticated
using (room_id in (select chat.current_room_ids()));

create policy partners_read on app.people for select to authenticated
using (id in (select chat.current_partner_ids()));

create policy chat_members_listen on realtime.messages for select to authenticated
using (extension in ('broadcast', 'presence') and (select chat.is_in_topic(realtime.topic())));

create policy chat_members_are_present on realtime.messages for insert to authenticated
with check (
  extension = 'presence'
  and realtime.topic() like 'room:%:live'
  and (select chat.is_in_topic(realtime.topic()))
);

create policy chat_writers_type on realtime.messages for insert to authenticated
with check (
  extension = 'broadcast'
  and realtime.topic() like 'room:%:live'
  and (select chat.may_type_in_topic(realtime.topic()))
);

grant usage on schema chat to anon, authenticated, service_role, howdah_api;
grant select on chat.rooms, chat.messages, chat.mentions to authenticated;
grant select (id, room_id, person_id, added_by, role, created_at) on chat.room_members to authenticated;
grant execute on function
  chat.create_room(text, text, uuid, uuid), chat.rename_room(uuid, text), chat.join_room(uuid), chat.leave_room(uuid),
  chat.add_to_room(uuid, uuid), chat.remove_from_room(uuid, uuid),
  chat.send_message(uuid, text, uuid, uuid, uuid[], boolean)
to anon, authenticated;
grant execute on function
  chat.current_room_ids(), chat.current_visible_room_ids(), chat.current_moderated_room_ids(), chat.current_partner_ids(),
  chat.is_in_room(uuid), chat.is_in_topic(text), chat.may_type_in_topic(text)
to authenticated;

-- Comments

comment on table chat.rooms is 'A place to talk: of a group, of some people, or a direct conversation. Every group has one.';
comment on column chat.rooms.group_id is 'The group it belongs to; null for direct conversations and rooms of their own.';
comment on column chat.rooms.name is E'@behavior +filterBy +orderBy\nThe name shown to its members; of a direct conversation, the names of its people.';
comment on column chat.rooms.kind is E'@behavior +filterBy\nopen (people of the group may join), closed (staff adds them), announcement (only staff writes) or direct.';
comment on column chat.rooms.includes_group is 'Everybody in the group is in it, and cannot leave it.';
comment on column chat.rooms.last_seq is 'The number of the newest message; messages of a room are numbered from 1 without holes.';
comment on column chat.rooms.slow_mode_seconds is 'How long people have to wait between two messages, 0 to 3,600; staff need not.';
comment on column chat.rooms.last_message_at is E'@behavior +orderBy\nWhen something was said last.';
comment on column chat.rooms.client_id is E'@behavior -*\nMade by the creator''s client.';
comment on column chat.rooms.direct_people is E'@behavior -*\nWhose direct conversation it is, in the order of their ids.';
comment on column chat.rooms.unread_due_at is E'@behavior -*\nA job is on its way that tells its people how much they have not read.';
comment on column chat.rooms.absent_due_at is E'@behavior -*\nA job is on its way that looks for people who are away.';
comment on constraint rooms_created_by_fkey on chat.rooms is E'@fieldName creator\n@foreignFieldName createdRooms';
comment on table chat.room_members is 'A person in a room.';
comment on constraint room_members_room_id_fkey on chat.room_members is E'@fieldName room\n@foreignFieldName members';
comment on constraint room_members_person_id_fkey on chat.room_members is E'@fieldName person\n@foreignFieldName roomMemberships';
comment on constraint room_members_added_by_fkey on chat.room_members is E'@fieldName adder\n@foreignFieldName addedRoomMembers';
comment on column chat.room_members.added_by is 'Who added the person; null for those who joined or belong to it by their group.';
comment on column chat.room_members.role is 'member, or moderator: who made a room without a group. In a room of a group its staff may do what moderators do.';
comment on table chat.messages is 'What was said in a room.';
comment on constraint messages_sender_id_fkey on chat.messages is E'@foreignFieldName sentMessages';
comment on constraint messages_reply_to_id_fkey on chat.messages is E'@fieldName replyTo\n@foreignFieldName replies';
comment on column chat.messages.seq is 'The number of the message in its room, from 1 without holes.';
comment on column chat.messages.client_id is 'Made by the sender''s client; sending the same one again returns the first message.';
comment on column chat.messages.body is 'Plain text of 1 to 4,000 characters, with mentions as @[Name](personId); empty when it was deleted or hidden.';
comment on column chat.messages.reply_to_id is 'The message it replies to, which is no reply itself.';
comment on column chat.messages.mention_ids is 'The people it mentions.';
comment on column chat.messages.mentions_room is 'It calls everybody in the room, with @room.';
comment on column chat.messages.edited_at is 'When its words were changed last; the earlier ones are kept for staff.';
comment on column chat.messages.deleted_at is 'When it was deleted; its words are gone for readers.';
comment on column chat.messages.hidden_at is 'When staff hid it; its words are gone for readers until it is shown again.';
comment on table chat.mentions is E'@behavior -query:resource:list -query:resource:connection -query:resource:single\nA person whom a message mentions.';
comment on constraint mentions_message_id_fkey on chat.mentions is E'@fieldName message\n@foreignFieldName mentions';
comment on constraint mentions_person_id_fkey on chat.mentions is E'@fieldName person\n@foreignFieldName mentions';
comment on constraint mentions_room_id_fkey on chat.mentions is E'@fieldName room\n@behavior -connection -list -manyToOne';
comment on function chat.create_room(text, text, uuid, uuid) is
  'Makes a room: open or closed, or for announcements, which everybody in the group hears. For staff of the group; without a group for staff of the community. The same clientId returns the room of the first call. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.rename_room(uuid, text) is 'Gives a room another name. For its staff. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function chat.join_room(uuid) is 'Enters an open room of one of one''s groups. Again changes nothing. Errors: HW401, HW403, HW404.';
comment on function chat.leave_room(uuid) is 'Leaves an open or closed room. Errors: HW401, HW404, HW409.';
comment on function chat.add_to_room(uuid, uuid) is 'Puts a person of its group into an open or closed room. Again changes nothing. For its staff. Errors: HW401, HW403, HW404, HW409.';
comment on function chat.remove_from_room(uuid, uuid) is 'Takes a person out of an open or closed room, at once. For its staff. Errors: HW401, HW403, HW404, HW409.';
comment on function chat.send_message(uuid, text, uuid, uuid, uuid[], boolean) is
  E'@arg confirm Must be true to call more than 20 people with @room; null: false.\nSays something in a room. Mentions: @[Name](personId) in the body, or mentionIds; @room calls everybody and is for staff, above 20 people with confirm. Idempotent: the same clientId returns the message of the first call. Errors: HW401, HW403, HW404, HW409 (slow mode says how long to wait), HW422.';
comment on function chat.current_room_ids() is E'@behavior -*\nThe rooms that the person who is signed in is in.';
comment on function chat.current_visible_room_ids() is E'@behavior -*\nThe rooms that the person who is signed in may know of.';
comment on function chat.current_moderated_room_ids() is E'@behavior -*\nThe rooms in which the person who is signed in may do what staff does.';
comment on function chat.current_partner_ids() is E'@behavior -*\nEverybody who is in a room without a group with the person who is signed in.';
comment on function chat.is_in_room(uuid) is E'@behavior -*\nWhether the person who is signed in is in the room.';
comment on function chat.is_in_topic(text) is E'@behavior -*\nWhether the person who is signed in belongs to the room of a realtime topic.';
comment on function chat.may_type_in_topic(text) is E'@behavior -*\nWhether the person who is signed in may write in the room of a realtime topic.';
