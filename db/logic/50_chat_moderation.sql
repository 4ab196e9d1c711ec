-- Moderation: anybody reports, staff hides, bans and slows down; each act is written down, for good.

create function chat.report_message(message_id uuid, reason text) returns chat.moderation
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_message constant chat.messages := chat.require_message(report_message.message_id);
  v_report chat.moderation;
begin
  perform chat.require_reason(report_message.reason, 1);
  select t.* into v_report
  from chat.moderation t
  where t.message_id = v_message.id and t.actor_id = v_person_id and t.action = 'report';
  if found then
    return v_report;
  end if;
  v_report := chat.note('report', v_message.room_id, v_message.id, v_message.sender_id, report_message.reason, body => v_message.body);
  perform chat.tell_of_report(v_report);
  return v_report;
end
$$;

-- Staff hears once of each message that it was reported: not by whom, not whose, nor what it says; that stands behind the link.
create function chat.tell_of_report(report chat.moderation) returns void
language sql volatile as $$
  select notify.announce(
    'chat:reported:' || (report).message_id, 'announcement',
    app.in_words('A message was reported', 'Sebuah pesan dilaporkan'),
    format(
      app.in_words(
        'Somebody has reported a message in %s. Have a look at it, and decide what becomes of it.',
        'Seseorang melaporkan sebuah pesan di %s. Silakan periksa dan putuskan tindak lanjutnya.'
      ),
      case when r.kind = 'direct' then app.in_words('a direct conversation', 'percakapan pribadi')
        else coalesce(nullif(r.name, ''), g.name, app.in_words('a room', 'sebuah ruang')) end
    ),
    '/rooms/' || r.id, person_ids => chat.who_looks_into(report, r),
    about => jsonb_build_object('roomId', r.id, 'messageId', (report).message_id)
  )
  from chat.rooms r
  left join app.groups g on g.id = r.group_id
  where r.id = (report).room_id
$$;

-- Neither who reported nor who is reported. Where nobody else runs the room, those who run the community.
create function chat.who_looks_into(report chat.moderation, room chat.rooms) returns uuid[]
language sql stable as $$
  with staff as (
    select m.person_id from app.memberships m where m.group_id = (room).group_id and m.role in ('owner', 'teacher')
    union
    select m.person_id from chat.room_members m where m.room_id = (room).id and m.role = 'moderator'
  ),
  unconcerned as (
    select s.person_id from staff s
    where s.person_id is distinct from (report).person_id and s.person_id is distinct from (report).actor_id
  )
  select array(
    select u.person_id from unconcerned u
    union all
    select p.id from app.people p
    where p.community_role = 'owner' and not exists (select from unconcerned)
      and p.id is distinct from (report).person_id and p.id is distinct from (report).actor_id
  )
$$;

create function chat.hide_message(message_id uuid, reason text default '') returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_message chat.messages := chat.require_moderated_message(hide_message.message_id);
begin
  perform chat.require_reason(hide_message.reason, 0);
  if v_message.deleted_at is not null or v_message.hidden_at is not null then
    return v_message;
  end if;
  v_message := chat.take_words(v_message, 'hidden');
  perform chat.note('hide', v_message.room_id, v_message.id, v_message.sender_id, hide_message.reason);
  return v_message;
end
$$;

create function chat.unhide_message(message_id uuid) returns chat.messages
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_message chat.messages := chat.require_moderated_message(unhide_message.message_id);
  v_body text;
begin
  if v_message.hidden_at is null then
    return v_message;
  end if;
  select v.body into v_body
  from chat.message_versions v
  where v.message_id = v_message.id and v.change = 'hidden'
  order by v.created_at desc
  limit 1;
  update chat.messages m set body = v_body, hidden_at = null where m.id = v_message.id returning m.* into v_message;
  perform chat.note('unhide', v_message.room_id, v_message.id, v_message.sender_id);
  return v_message;
end
$$;

create function chat.ban_from_room(room_id uuid, person_id uuid, until timestamptz default null, reason text default '')
returns chat.bans
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor_id constant uuid := app.require_person_id();
  v_room constant chat.rooms := chat.require_moderated_room(ban_from_room.room_id);
  v_ban chat.bans;
begin
  perform chat.require_reason(ban_from_room.reason, 0);
  perform chat.require_bannable(v_room, ban_from_room.person_id);
  if ban_from_room.until <= now() then
    raise exception 'The end of a ban lies ahead; leave it out for one without end.' using errcode = 'HW422', column = 'until';
  end if;
  insert into chat.bans as b (room_id, person_id, banned_by, until)
  values (v_room.id, ban_from_room.person_id, v_actor_id, ban_from_room.until)
  on conflict on constraint one_ban_per_person_and_room
  do update set banned_by = excluded.banned_by, until = excluded.until
  returning * into v_ban;
  perform chat.recheck(v_room.id, v_ban.person_id);
  perform chat.note('ban', v_room.id, person_id => v_ban.person_id, reason => ban_from_room.reason, until => v_ban.until);
  return v_ban;
end
$$;

create function chat.unban(room_id uuid, person_id uuid) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_room constant chat.rooms := chat.require_moderated_room(unban.room_id);
begin
  delete from chat.bans b where b.room_id = v_room.id and b.person_id = unban.person_id;
  if found then
    perform chat.note('unban', v_room.id, person_id => unban.person_id);
  end if;
  return v_room;
end
$$;

create function chat.set_slow_mode(room_id uuid, seconds int) returns chat.rooms
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_room chat.rooms := chat.require_moderated_room(set_slow_mode.room_id);
begin
  if set_slow_mode.seconds is null or set_slow_mode.seconds not between 0 and 3600 then
    raise exception 'Slow mode has 0 to 3,600 seconds.' using errcode = 'HW422', column = 'seconds';
  end if;
  update chat.rooms r set slow_mode_seconds = set_slow_mode.seconds where r.id = v_room.id returning r.* into v_room;
  perform chat.note('slow-mode', v_room.id, reason => set_slow_mode.seconds || ' seconds');
  return v_room;
end
$$;

create function chat.note(
  action text, room_id uuid, message_id uuid default null, person_id uuid default null, reason text default '',
  until timestamptz default null, body text default null
) returns chat.moderation
language sql volatile as $$
  insert into chat.moderation (action, room_id, message_id, person_id, actor_id, reason, until, body)
  values (note.action, note.room_id, note.message_id, note.person_id, app.current_person_id(), coalesce(note.reason, ''), note.until, note.body)
  returning *
$$;

create function chat.require_moderated_message(message_id uuid) returns chat.messages
language plpgsql volatile as $$
declare
  v_message constant chat.messages := chat.require_message(require_moderated_message.message_id);
begin
  if not chat.moderates_message(v_message) then
    raise exception 'Only staff of the room may do that.' using errcode = 'HW403';
  end if;
  return v_message;
end
$$;

create function chat.require_bannable(room chat.rooms, person_id uuid) returns void
language plpgsql stable as $$
begin
  if require_bannable.person_id = app.current_person_id() then
    raise exception 'You cannot ban yourself: leave the room.' using errcode = 'HW422', column = 'person_id';
  end if;
  if not exists (select from chat.room_members m where m.room_id = room.id and m.person_id = require_bannable.person_id)
    and not exists (
      select from app.memberships m where m.group_id = room.group_id and m.person_id = require_bannable.person_id
    ) then
    raise exception 'This person is not in the room.' using errcode = 'HW404', column = 'person_id';
  end if;
  if exists (
    select from app.memberships m
    where m.group_id = room.group_id and m.person_id = require_bannable.person_id and m.role in ('owner', 'teacher')
    union all
    select from app.people p where p.id = require_bannable.person_id and p.community_role = 'owner'
  ) then
    raise exception 'Staff cannot be banned from a room.' using errcode = 'HW403', column = 'person_id';
  end if;
end
$$;

create function chat.require_reason(reason text, least_characters int) returns void
language plpgsql immutable as $$
begin
  if char_length(btrim(coalesce(reason, ''))) not between least_characters and 1000 then
    raise exception 'The reason must have % to 1,000 characters.', least_characters using errcode = 'HW422', column = 'reason';
  end if;
end
$$;

-- Triggers

-- What remains when people or rooms go (the foreign keys forget them) is let through.
create function chat.tg_moderation__append_only() returns trigger
language plpgsql as $$
begin
  if pg_trigger_depth() > 1 then
    return coalesce(new, old);
  end if;
  raise exception 'What was moderated stays written down.' using errcode = 'HW409';
end
$$;

create trigger _100_append_only before update or delete on chat.moderation
for each row execute function chat.tg_moderation__append_only();

-- Policies and grants

create policy moderators_read on chat.moderation for select to authenticated
using (room_id in (select chat.current_moderated_room_ids()) or (select app.is_community_owner()));

create policy reporters_read on chat.moderation for select to authenticated
using (actor_id = (select app.current_person_id()) and action = 'report');

create policy moderators_read on chat.bans for select to authenticated
using (room_id in (select chat.current_moderated_room_ids()));

create policy banned_read on chat.bans for select to authenticated
using (person_id = (select app.current_person_id()));

grant select on chat.moderation, chat.bans to authenticated;
grant execute on function
  chat.report_message(uuid, text), chat.hide_message(uuid, text), chat.unhide_message(uuid),
  chat.ban_from_room(uuid, uuid, timestamptz, text), chat.unban(uuid, uuid), chat.set_slow_mode(uuid, int)
to anon, authenticated;

-- Comments

comment on table chat.moderation is E'@name moderation_entries\nWhat was reported and what staff did about it; nothing is ever changed or taken out. For staff of the group and the community''s owner.';
comment on constraint moderation_room_id_fkey on chat.moderation is E'@fieldName room\n@foreignFieldName moderation';
comment on constraint moderation_message_id_fkey on chat.moderation is E'@fieldName message\n@foreignFieldName moderation';
comment on constraint moderation_person_id_fkey on chat.moderation is E'@fieldName person\n@foreignFieldName moderationOfPerson';
comment on constraint moderation_actor_id_fkey on chat.moderation is E'@fieldName actor\n@foreignFieldName moderationByPerson';
comment on column chat.moderation.action is E'@behavior +filterBy\nreport, hide, unhide, delete, ban, unban, add, remove, slow-mode or rename.';
comment on column chat.moderation.person_id is 'Whom it was done to.';
comment on column chat.moderation.actor_id is 'Who did it.';
comment on column chat.moderation.reason is 'In the actor''s words.';
comment on column chat.moderation.body is 'What the message said when it was reported.';
comment on column chat.moderation.until is 'The end of a ban; null is a ban without end.';
comment on table chat.bans is 'Who may not enter a room, until when.';
comment on constraint bans_room_id_fkey on chat.bans is E'@fieldName room\n@foreignFieldName bans';
comment on constraint bans_person_id_fkey on chat.bans is E'@fieldName person\n@foreignFieldName bans';
comment on constraint bans_banned_by_fkey on chat.bans is E'@fieldName banner\n@foreignFieldName pronouncedBans';
comment on column chat.bans.until is 'When it ends; null is never.';
comment on function chat.report_message(uuid, text) is 'Tells staff of a message, with a reason: those who run the room, or the community, and are not concerned are notified once. Again returns the first report. Errors: HW401, HW404, HW422.';
comment on function chat.hide_message(uuid, text) is 'Takes the words of a message away from its readers. For staff. Again changes nothing. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.unhide_message(uuid) is 'Gives a hidden message its words back. For staff. Errors: HW401, HW403, HW404.';
comment on function chat.ban_from_room(uuid, uuid, timestamptz, text) is
  'Puts a person out of a room at once, and keeps them out until a time, or for good. Again changes the time. For staff. Errors: HW401, HW403, HW404, HW422.';
comment on function chat.unban(uuid, uuid) is 'Ends a ban. For staff. Errors: HW401, HW403, HW404.';
comment on function chat.set_slow_mode(uuid, int) is
  E'@arg seconds 0 to 3,600; 0 ends slow mode.\nHow many seconds people have to wait between two messages, 0 to 3,600. For staff. Errors: HW401, HW403, HW404, HW422.';
