-- What becomes of a message: other words, none, reactions, pins.

create function chat.edit_message(message_id uuid, body text) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_message chat.messages := chat.require_message(edit_message.message_id);
  v_room chat.rooms;
begin
  if v_message.sender_id is distinct from v_person_id then
    raise exception 'Only who said it may change it.' using errcode = 'HW403';
  end if;
  perform chat.require_still_there(v_message);
  if v_message.created_at < now() - interval '24 hours' then
    raise exception 'A message can be changed for 24 hours.' using errcode = 'HW409';
  end if;
  perform chat.require_body(edit_message.body);
  if v_message.body = edit_message.body then
    return v_message;
  end if;
  select r.* into v_room from chat.rooms r where r.id = v_message.room_id;
  if not chat.may_write(v_room) then
    raise exception 'You may not write in this room.' using errcode = 'HW403';
  end if;
  if chat.calls_everybody(edit_message.body) and not v_message.mentions_room then
    raise exception 'A change cannot call everybody: send a message of its own.' using errcode = 'HW409', column = 'body';
  end if;
  insert into chat.message_versions (message_id, room_id, changed_by, change, body)
  values (v_message.id, v_message.room_id, v_person_id, 'edited', v_message.body);
  update chat.messages m
  set body = edit_message.body,
    mention_ids = chat.require_mentions(m.room_id, edit_message.body, null),
    mentions_room = chat.calls_everybody(edit_message.body),
    edited_at = now()
  where m.id = v_message.id
  returning m.* into v_message;
  return v_message;
end
$$;

create function chat.delete_message(message_id uuid) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_message chat.messages := chat.require_message(delete_message.message_id);
  v_is_own constant boolean := v_message.sender_id is not distinct from v_person_id;
begin
  if not v_is_own and not chat.moderates_message(v_message) then
    raise exception 'Only who said it and staff of the room may delete it.' using errcode = 'HW403';
  end if;
  if v_message.deleted_at is not null then
    return v_message;
  end if;
  v_message := chat.take_words(v_message, 'deleted');
  if not v_is_own then
    perform chat.note('delete', v_message.room_id, message_id => v_message.id, person_id => v_message.sender_id);
  end if;
  return v_message;
end
$$;

-- Moves what was said to the versions, where moderators find it.
create function chat.take_words(message chat.messages, change text) returns chat.messages
language plpgsql volatile as $$
declare
  v_message chat.messages;
begin
  if message.hidden_at is null then
    insert into chat.message_versions (message_id, room_id, changed_by, change, body)
    values (message.id, message.room_id, app.current_person_id(), take_words.change, message.body);
  end if;
  delete from chat.pins p where p.message_id = message.id;
  update chat.messages m
  set body = '', mention_ids = '{}', mentions_room = false,
    deleted_at = case when take_words.change = 'deleted' then now() end,
    hidden_at = case when take_words.change = 'hidden' then now() end
  where m.id = message.id
  returning m.* into v_message;
  return v_message;
end
$$;

-- Reactions

create function chat.react(message_id uuid, emoji text) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_message constant chat.messages := chat.require_message(react.message_id);
begin
  perform chat.require_emoji(react.emoji);
  perform chat.require_still_there(v_message);
  if (
    select count(*) from chat.reactions r
    where r.message_id = v_message.id and r.person_id = v_person_id and r.emoji <> react.emoji
  ) >= 20 then
    raise exception 'These are 20 reactions already: take one back first.' using errcode = 'HW409';
  end if;
  insert into chat.reactions (message_id, room_id, person_id, emoji)
  values (v_message.id, v_message.room_id, v_person_id, react.emoji)
  on conflict do nothing;
  if found then
    perform chat.tell_reaction(v_message, react.emoji, true);
  end if;
  return v_message;
end
$$;

create function chat.unreact(message_id uuid, emoji text) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_message constant chat.messages := chat.require_message(unreact.message_id);
begin
  perform chat.require_emoji(unreact.emoji);
  delete from chat.reactions r
  where r.message_id = v_message.id and r.person_id = v_person_id and r.emoji = unreact.emoji;
  if found then
    perform chat.tell_reaction(v_message, unreact.emoji, false);
  end if;
  return v_message;
end
$$;

create function chat.require_emoji(emoji text) returns void
language plpgsql immutable as $$
begin
  if emoji is null or char_length(emoji) not between 1 and 16 or emoji ~ '\s' then
    raise exception 'A reaction must have 1 to 16 characters without spaces.' using errcode = 'HW422', column = 'emoji';
  end if;
end
$$;

create function chat.tell_reaction(message chat.messages, emoji text, added boolean) returns void
language sql volatile as $$
  select realtime.send(
    jsonb_build_object(
      'messageId', (message).id,
      'roomId', (message).room_id,
      'seq', (message).seq,
      'emoji', tell_reaction.emoji,
      'personId', app.current_person_id(),
      'added', tell_reaction.added,
      'count', (
        select count(*) from chat.reactions r
        where r.message_id = (message).id and r.emoji = tell_reaction.emoji
      )
    ),
    'reaction',
    'room:' || (message).room_id,
    true
  )
$$;

create function chat.messages_reaction_counts(message chat.messages) returns chat.reaction_count[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(row(r.emoji, r.count, r.is_mine)::chat.reaction_count order by r.since, r.emoji), '{}')
  from (
    select
      t.emoji, count(*)::int as count, bool_or(t.person_id is not distinct from app.current_person_id()) as is_mine,
      min(t.created_at) as since
    from chat.reactions t
    where t.message_id = (message).id
    group by t.emoji
  ) r
$$;

-- Pins

create function chat.pin_message(message_id uuid) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_message constant chat.messages := chat.require_pinnable(pin_message.message_id);
begin
  perform chat.require_still_there(v_message);
  if (select count(*) from chat.pins p where p.room_id = v_message.room_id and p.message_id <> v_message.id) >= 50 then
    raise exception 'This room has 50 pinned messages already: unpin one first.' using errcode = 'HW409';
  end if;
  insert into chat.pins (message_id, room_id, pinned_by)
  values (v_message.id, v_message.room_id, app.current_person_id())
  on conflict do nothing;
  if found then
    perform chat.tell_pin(v_message, 'message-pinned');
  end if;
  return v_message;
end
$$;

create function chat.unpin_message(message_id uuid) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_message constant chat.messages := chat.require_pinnable(unpin_message.message_id);
begin
  delete from chat.pins p where p.message_id = v_message.id;
  if found then
    perform chat.tell_pin(v_message, 'message-unpinned');
  end if;
  return v_message;
end
$$;

create function chat.require_pinnable(message_id uuid) returns chat.messages
language plpgsql volatile as $$
declare
  v_message constant chat.messages := chat.require_message(require_pinnable.message_id);
begin
  if not chat.moderates_message(v_message)
    and not exists (select from chat.rooms r where r.id = v_message.room_id and r.kind = 'direct') then
    raise exception 'Only staff of the room may pin messages.' using errcode = 'HW403';
  end if;
  return v_message;
end
$$;

create function chat.tell_pin(message chat.messages, event text) returns void
language sql volatile as $$
  select realtime.send(
    jsonb_build_object('id', (message).id, 'roomId', (message).room_id, 'seq', (message).seq, 'personId', app.current_person_id()),
    tell_pin.event,
    'room:' || (message).room_id,
    true
  )
$$;

-- What is asked for is there

-- Locked, so that of two changes at once the second sees the first.
create function chat.require_message(message_id uuid) returns chat.messages
language plpgsql volatile as $$
declare
  v_message chat.messages;
begin
  perform app.require_person_id();
  select m.* into v_message from chat.messages m where m.id = require_message.message_id for no key update;
  if not found or not (chat.is_in_room(v_message.room_id) or chat.moderates_message(v_message)) then
    raise exception 'There is no such message, or you are not in its room.' using errcode = 'HW404';
  end if;
  return v_message;
end
$$;

create function chat.require_still_there(message chat.messages) returns void
language plpgsql stable as $$
begin
  if message.deleted_at is not null or message.hidden_at is not null then
    raise exception 'This message is gone.' using errcode = 'HW409';
  end if;
end
$$;

-- In a direct conversation only the community's owner does what staff does.
create function chat.moderates_message(message chat.messages) returns boolean
language sql stable as $$
  select coalesce((select chat.moderates(r) from chat.rooms r where r.id = (message).room_id), false)
$$;

-- Triggers

create function chat.tg_messages__broadcast_change() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform realtime.send(
    jsonb_build_object(
      'id', new.id,
      'roomId', new.room_id,
      'seq', new.seq,
      'body', new.body,
      'mentionIds', new.mention_ids,
      'mentionsRoom', new.mentions_room,
      'editedAt', new.edited_at,
      'deletedAt', new.deleted_at,
      'hiddenAt', new.hidden_at
    ),
    case
      when new.deleted_at is not null then 'message-deleted'
      when new.hidden_at is not null then 'message-hidden'
      else 'message-edited'
    end,
    'room:' || new.room_id,
    true
  );
  return null;
end
$$;

create trigger _900_broadcast_change after update of body, deleted_at, hidden_at on chat.messages
for each row execute function chat.tg_messages__broadcast_change();

-- Policies and grants

create policy members_read on chat.reactions for select to authenticated
using (room_id in (select chat.current_room_ids()));

create policy members_read on chat.pins for select to authenticated
using (room_id in (select chat.current_room_ids()));

create policy moderators_read on chat.message_versions for select to authenticated
using (room_id in (select chat.current_moderated_room_ids()));

grant select on chat.reactions, chat.pins, chat.message_versions to authenticated;
grant execute on function
  chat.edit_message(uuid, text), chat.delete_message(uuid), chat.react(uuid, text), chat.unreact(uuid, text),
  chat.pin_message(uuid), chat.unpin_message(uuid)
to anon, authenticated;
grant execute on function chat.messages_reaction_counts(chat.messages) to authenticated;

-- Comments

comment on type chat.reaction_count is 'How often an emoji was put to a message.';
comment on column chat.reaction_count.emoji is 'What was put to it.';
comment on column chat.reaction_count.count is 'By how many people.';
comment on column chat.reaction_count.is_mine is 'Whether the person who is signed in is one of them.';
comment on table chat.message_versions is 'What a message said before it was edited, deleted or hidden; for staff.';
comment on constraint message_versions_message_id_fkey on chat.message_versions is E'@fieldName message\n@foreignFieldName versions';
comment on constraint message_versions_room_id_fkey on chat.message_versions is E'@fieldName room\n@foreignFieldName messageVersions';
comment on constraint message_versions_changed_by_fkey on chat.message_versions is E'@fieldName changer\n@foreignFieldName changedMessageVersions';
comment on column chat.message_versions.change is E'@behavior +filterBy\nedited, deleted or hidden: what happened to these words.';
comment on table chat.reactions is E'@behavior -query:resource:list -query:resource:connection -query:resource:single\nAn emoji that a person put to a message.';
comment on column chat.reactions.emoji is 'What was put to it, 1 to 16 characters without spaces.';
comment on constraint reactions_message_id_fkey on chat.reactions is E'@fieldName message\n@foreignFieldName reactions';
comment on constraint reactions_room_id_fkey on chat.reactions is E'@fieldName room\n@behavior -connection -list -manyToOne';
comment on constraint reactions_person_id_fkey on chat.reactions is E'@fieldName person\n@foreignFieldName reactions';
comment on table chat.pins is E'@behavior -query:resource:list -query:resource:connection -query:resource:single\nA message that is pinned in its room.';
comment on constraint pins_message_id_fkey on chat.pins is E'@fieldName message\n@foreignFieldName pin';
comment on constraint pins_room_id_fkey on chat.pins is E'@fieldName room\n@foreignFieldName pins';
comment on constraint pins_pinned_by_fkey on chat.pins is E'@fieldName pinner\n@foreignFieldName pins';
comment on function chat.edit_message(uuid, text) is
  'Gives a message of one''s own other words, within 24 hours; the earlier ones are kept for staff. Errors: HW401, HW403, HW404, HW409, HW422.';
comment on function chat.delete_message(uuid) is
  'Takes the words of a message away from its readers; its place stays, and staff can still read them. For who said it, and staff. Again changes nothing. Errors: HW401, HW403, HW404.';
comment on function chat.react(uuid, text) is
  E'@arg emoji 1 to 16 characters without spaces.\nPuts an emoji to a message; the same one again changes nothing. Errors: HW401, HW404, HW409, HW422.';
comment on function chat.unreact(uuid, text) is
  E'@arg emoji The one that was put to it.\nTakes an emoji back. Errors: HW401, HW404, HW422.';
comment on function chat.pin_message(uuid) is 'Pins a message in its room. For staff, and for anybody in a direct conversation. Errors: HW401, HW403, HW404, HW409.';
comment on function chat.unpin_message(uuid) is 'Takes a pin back. Errors: HW401, HW403, HW404.';
comment on function chat.messages_reaction_counts(chat.messages) is 'Its reactions by emoji, in the order in which they came.';
