-- The inbox: what somebody was told, the marks they set on it, and word of it on their own topic person:<id>, on which only
-- the database speaks. Announcements by hand, for staff.

create function notify.inbox(unread boolean default null, archived boolean default false, category text default null)
returns setof notify.notifications
language sql stable as $$
  select n.*
  from notify.notifications n
  where n.person_id = (select app.current_person_id())
    and (inbox.unread is null or (n.read_at is null) = inbox.unread)
    and (inbox.archived is null or (n.archived_at is not null) = inbox.archived)
    and (inbox.category is null or n.category = inbox.category)
  order by n.created_at desc, n.id desc
$$;

create function notify.unread_notifications() returns int
language sql stable security definer set search_path = '' as $$
  select notify.unread_of(app.current_person_id())
$$;

create function notify.unread_of(person_id uuid) returns int
language sql stable as $$
  select count(*)::int
  from notify.notifications n
  where n.person_id = unread_of.person_id and n.read_at is null and n.archived_at is null and n.withdrawn_at is null
    and n.category <> 'campaign'
$$;

-- What a notification says: its own words, or those of its announcement as they are now

create function notify.notifications_title(notification notify.notifications) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce((notification).own_words ->> 'title', a.title)
  from notify.announcements a
  where a.id = (notification).announcement_id
$$;

create function notify.notifications_body(notification notify.notifications) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce((notification).own_words ->> 'body', a.body)
  from notify.announcements a
  where a.id = (notification).announcement_id
$$;

create function notify.notifications_path(notification notify.notifications) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce((notification).own_words ->> 'path', a.path)
  from notify.announcements a
  where a.id = (notification).announcement_id
$$;

create function notify.notifications_about(notification notify.notifications) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce((notification).own_words -> 'about', a.about)
  from notify.announcements a
  where a.id = (notification).announcement_id
$$;

-- Marks; each answers how many are unread then

create function notify.mark_notifications_seen(ids uuid[] default null, before timestamptz default null) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  perform notify.refuse_selection(v_person_id, ids, before);
  update notify.notifications n
  set seen_at = now()
  where n.person_id = v_person_id and n.seen_at is null and n.withdrawn_at is null
    and (n.id = any (mark_notifications_seen.ids) or n.created_at <= mark_notifications_seen.before);
  return notify.unread_of(v_person_id);
end
$$;

create function notify.mark_notifications_read(ids uuid[] default null, before timestamptz default null) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  perform notify.refuse_selection(v_person_id, ids, before);
  update notify.notifications n
  set read_at = now(), seen_at = coalesce(n.seen_at, now())
  where n.person_id = v_person_id and n.read_at is null and n.withdrawn_at is null
    and (n.id = any (mark_notifications_read.ids) or n.created_at <= mark_notifications_read.before);
  perform notify.tell_unread(array[v_person_id]) where found;
  return notify.unread_of(v_person_id);
end
$$;

create function notify.archive_notifications(
  ids uuid[] default null, before timestamptz default null, archived boolean default true
) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
begin
  if archive_notifications.archived is null then
    raise exception 'Say whether to archive or to bring back.' using errcode = 'HW422', column = 'archived';
  end if;
  perform notify.refuse_selection(v_person_id, ids, before);
  update notify.notifications n
  set archived_at = case when archive_notifications.archived then now() end, seen_at = coalesce(n.seen_at, now())
  where n.person_id = v_person_id and n.withdrawn_at is null
    and (n.archived_at is null) = archive_notifications.archived
    and (n.id = any (archive_notifications.ids) or n.created_at <= archive_notifications.before);
  perform notify.tell_unread(array[v_person_id]) where found;
  return notify.unread_of(v_person_id);
end
$$;

create function notify.refuse_selection(person_id uuid, ids uuid[], before timestamptz) returns void
language plpgsql stable set search_path = '' as $$
begin
  if refuse_selection.ids is null and refuse_selection.before is null then
    raise exception 'Say which: ids, or all before a moment.' using errcode = 'HW422', column = 'ids';
  end if;
  if cardinality(refuse_selection.ids) > 1000 then
    raise exception 'At most 1,000 notifications at once.' using errcode = 'HW422', column = 'ids';
  end if;
  if exists (
    select from unnest(refuse_selection.ids) i (id)
    where not exists (
      select from notify.notifications n
      where n.id = i.id and n.person_id = refuse_selection.person_id and n.withdrawn_at is null
    )
  ) then
    raise exception 'There is no such notification of yours.' using errcode = 'HW404', column = 'ids';
  end if;
end
$$;

-- Live. Of a large audience only those are told who may be listening: the rest would be rows that nobody reads.

create function notify.tell_live(notification_ids uuid[], is_large boolean) returns void
language sql volatile set search_path = '' as $$
  with told as materialized (
    select n.*
    from notify.notifications n
    where n.id = any (tell_live.notification_ids) and n.category <> 'campaign'
  ),
  heard as materialized (
    select t.*
    from told t
    where not tell_live.is_large or t.person_id in (select notify.listeners(array(select o.person_id from told o)))
  )
  insert into realtime.messages (topic, event, payload, private, extension)
  select 'person:' || m.person_id, m.event, m.payload, true, 'broadcast'
  from (
    select
      h.person_id, 'notification' as event,
      jsonb_build_object(
        'id', h.id, 'category', h.category, 'title', coalesce(h.own_words ->> 'title', a.title),
        'body', left(coalesce(h.own_words ->> 'body', a.body), 1000), 'path', coalesce(h.own_words ->> 'path', a.path),
        'about', coalesce(h.own_words -> 'about', a.about), 'createdAt', h.created_at
      ) as payload
    from heard h
    join notify.announcements a on a.id = h.announcement_id
    union all
    select h.person_id, 'unread-notifications', jsonb_build_object('count', notify.unread_of(h.person_id)) from heard h
  ) m
  order by m.person_id, m.event
$$;

create function notify.tell_unread(person_ids uuid[], is_large boolean default false) returns void
language sql volatile set search_path = '' as $$
  insert into realtime.messages (topic, event, payload, private, extension)
  select 'person:' || p.id, 'unread-notifications', jsonb_build_object('count', notify.unread_of(p.id)), true, 'broadcast'
  from unnest(tell_unread.person_ids) p (id)
  where not tell_unread.is_large or p.id in (select notify.listeners(tell_unread.person_ids))
  order by p.id
$$;

-- Who of them is present, or was here within the last minutes: a page renews its token every quarter of an hour.
create function notify.listeners(person_ids uuid[]) returns setof uuid
language sql stable as $$
  select p.sub from realtime.presence p where p.sub = any (listeners.person_ids)
  union
  select l.sub
  from realtime.last_seen l
  where l.sub = any (listeners.person_ids) and l.at > now() - interval '5 minutes'
  union
  select s.person_id
  from app.sessions s
  where s.person_id = any (listeners.person_ids) and s.last_seen_at > now() - interval '20 minutes' and s.revoked_at is null
$$;

-- Announcements by hand

create function notify.make_announcement(
  title text,
  body text,
  client_id uuid,
  group_ids uuid[] default null,
  roles text[] default null,
  person_ids uuid[] default null,
  urgent boolean default false,
  not_before timestamptz default null
) returns notify.announcements
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_actor_id constant uuid := app.require_person_id();
  v_announcement notify.announcements;
begin
  select a.* into v_announcement
  from notify.announcements a
  where a.actor_id = v_actor_id and a.client_id = make_announcement.client_id;
  if found then
    return v_announcement;
  end if;
  perform notify.refuse_words(title, body, client_id);
  perform notify.refuse_audience(group_ids, roles, person_ids);
  perform notify.require_staff_for(group_ids, person_ids);
  if make_announcement.not_before > now() + interval '1 year' then
    raise exception 'An announcement can wait for a year at most.' using errcode = 'HW422', column = 'not_before';
  end if;
  perform pg_advisory_xact_lock(hashtextextended(format('announce:%s:%s', v_actor_id, make_announcement.client_id), 0));
  perform notify.store(jsonb_populate_record(null::notify.announcements, jsonb_build_object(
    'cause', format('announcement:%s:%s', v_actor_id, make_announcement.client_id), 'category', 'announcement',
    'title', btrim(make_announcement.title), 'body', btrim(make_announcement.body), 'path', '/inbox',
    'client_id', make_announcement.client_id, 'actor_id', v_actor_id, 'group_ids', make_announcement.group_ids,
    'roles', make_announcement.roles, 'person_ids', make_announcement.person_ids,
    'urgent', coalesce(make_announcement.urgent, false), 'not_before', make_announcement.not_before
  )));
  select a.* into v_announcement
  from notify.announcements a
  where a.actor_id = v_actor_id and a.client_id = make_announcement.client_id;
  return v_announcement;
end
$$;

create function notify.withdraw_announcement(announcement_id uuid) returns notify.announcements
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_person_id constant uuid := app.require_person_id();
  v_announcement notify.announcements;
begin
  select a.* into v_announcement
  from notify.announcements a
  where a.id = withdraw_announcement.announcement_id and a.category = 'announcement' and a.client_id is not null
    and (a.actor_id = v_person_id or app.is_community_owner());
  if not found then
    raise exception 'There is no such announcement of yours.' using errcode = 'HW404', column = 'announcement_id';
  end if;
  perform notify.withdraw(v_announcement.cause);
  select a.* into v_announcement from notify.announcements a where a.id = withdraw_announcement.announcement_id;
  return v_announcement;
end
$$;

create function notify.announcements_progress(announcement notify.announcements) returns notify.progress_of_cause
language sql stable security definer set search_path = '' as $$
  select notify.progress((announcement).cause)
  where (announcement).actor_id = app.current_person_id() or app.is_community_owner()
$$;

-- Also for other features that have an audience

create function notify.refuse_words(title text, body text, client_id uuid) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if coalesce(char_length(btrim(refuse_words.title)), 0) not between 1 and 200 then
    raise exception 'The title must have 1 to 200 characters.' using errcode = 'HW422', column = 'title';
  end if;
  if coalesce(char_length(btrim(refuse_words.body)), 0) not between 1 and 10000 then
    raise exception 'The text must have 1 to 10,000 characters.' using errcode = 'HW422', column = 'body';
  end if;
  perform app.require_client_id(refuse_words.client_id);
end
$$;

-- Groups and people that the person who is signed in does not know are not there.
create function notify.refuse_audience(
  group_ids uuid[], roles text[], person_ids uuid[], known_group_ids uuid[] default '{}', known_person_ids uuid[] default '{}'
) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if coalesce(cardinality(refuse_audience.group_ids), 0) + coalesce(cardinality(refuse_audience.person_ids), 0) = 0 then
    raise exception 'Say for whom: groups, or people.' using errcode = 'HW422', column = 'group_ids';
  end if;
  if cardinality(refuse_audience.group_ids) > 100 then
    raise exception 'At most 100 groups.' using errcode = 'HW422', column = 'group_ids';
  end if;
  if cardinality(refuse_audience.person_ids) > 1000 then
    raise exception 'At most 1,000 people by name: make a group of them.' using errcode = 'HW422', column = 'person_ids';
  end if;
  if cardinality(refuse_audience.roles) > 20
    or not coalesce(refuse_audience.roles <@ array['owner', 'teacher', 'student', 'parent', 'member'], true)
  then
    raise exception 'The roles must be some of owner, teacher, student, parent and member.' using errcode = 'HW422', column = 'roles';
  end if;
  if exists (
    select from unnest(refuse_audience.group_ids) i (id)
    where i.id <> all (refuse_audience.known_group_ids) and not exists (
      select from app.groups g
      where g.id = i.id and (g.id in (select app.current_group_ids()) or app.is_community_owner())
    )
  ) then
    raise exception 'There is no such group, or you are not in it.' using errcode = 'HW404', column = 'group_ids';
  end if;
  if exists (
    select from unnest(refuse_audience.person_ids) i (id)
    where i.id <> all (refuse_audience.known_person_ids) and not exists (
      select from app.people p
      where p.id = i.id and (p.id = app.current_person_id() or app.is_community_owner() or exists (
        select from app.memberships mine
        join app.memberships theirs on theirs.group_id = mine.group_id
        where mine.person_id = app.current_person_id() and theirs.person_id = p.id
      ))
    )
  ) then
    raise exception 'There is no such person in your groups.' using errcode = 'HW404', column = 'person_ids';
  end if;
end
$$;

create function notify.require_staff_for(group_ids uuid[], person_ids uuid[]) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if exists (
    select from unnest(require_staff_for.group_ids) i (id) where i.id not in (select app.current_staff_group_ids())
  ) then
    raise exception 'Only the staff of a group may do this for it.' using errcode = 'HW403', column = 'group_ids';
  end if;
  if not app.is_community_owner() and exists (
    select from unnest(require_staff_for.person_ids) i (id)
    where not exists (
      select from app.memberships m
      where m.person_id = i.id and m.group_id in (select app.current_staff_group_ids())
    )
  ) then
    raise exception 'Only the staff of somebody''s groups may do this for them.' using errcode = 'HW403', column = 'person_ids';
  end if;
end
$$;

-- Policies and grants

create policy their_own on notify.notifications for select to authenticated
using (person_id = (select app.current_person_id()) and withdrawn_at is null and category <> 'campaign');

create policy makers_read on notify.announcements for select to authenticated
using (
  category = 'announcement' and client_id is not null
  and (actor_id = (select app.current_person_id()) or (select app.is_community_owner()))
);

create policy people_listen_to_their_own on realtime.messages for select to authenticated
using (extension = 'broadcast' and (select realtime.topic() = 'person:' || app.current_person_id()));

grant usage on schema notify to anon, authenticated, service_role, howdah_api;
grant select on notify.notifications, notify.announcements to authenticated;
grant execute on function
  notify.mark_notifications_seen(uuid[], timestamptz), notify.mark_notifications_read(uuid[], timestamptz),
  notify.archive_notifications(uuid[], timestamptz, boolean),
  notify.make_announcement(text, text, uuid, uuid[], text[], uuid[], boolean, timestamptz), notify.withdraw_announcement(uuid)
to anon, authenticated;
grant execute on function
  notify.inbox(boolean, boolean, text), notify.unread_notifications(), notify.notifications_title(notify.notifications),
  notify.notifications_body(notify.notifications), notify.notifications_path(notify.notifications),
  notify.notifications_about(notify.notifications), notify.announcements_progress(notify.announcements)
to authenticated;

-- Comments

comment on table notify.announcements is 'Something told to an audience: who made it sees what became of it.';
comment on column notify.announcements.cause is E'@behavior -*\nWhat happened; announced once.';
comment on column notify.announcements.follows_id is E'@behavior -*\nAn earlier announcement that this is about.';
comment on column notify.announcements.follows_revision is E'@behavior -*\nThe words that are new.';
comment on column notify.announcements.revision is E'@behavior -*\nCounts its words.';
comment on column notify.announcements.split_at is E'@behavior -*\nWhen its audience was read.';
comment on column notify.announcements.readdressed_at is E'@behavior -*\nWhen it got another audience, which has not been told yet.';
comment on column notify.announcements.client_id is 'Made by the client; the same one again returns the first announcement.';
comment on column notify.announcements.category is 'announcement.';
comment on column notify.announcements.created_at is E'@behavior +orderBy\nWhen it was made.';
comment on column notify.announcements.title is 'Plain text of 1 to 200 characters.';
comment on column notify.announcements.body is 'Plain text of 1 to 10,000 characters.';
comment on column notify.announcements.path is 'Where it leads, within the site.';
comment on column notify.announcements.about is 'Ids for the client.';
comment on column notify.announcements.group_ids is 'The groups whose members are told.';
comment on column notify.announcements.roles is 'Which roles of those groups; null: all.';
comment on column notify.announcements.person_ids is 'People who are told by name.';
comment on column notify.announcements.urgent is 'Whether it passes quiet hours and digests.';
comment on column notify.announcements.not_before is 'When it is told; null: at once.';
comment on column notify.announcements.expires_at is 'When nobody is told any more who was not told before; null: never.';
comment on column notify.announcements.finished_at is 'When everybody was told; mails may still be on their way.';
comment on column notify.announcements.withdrawn_at is 'When it was taken back.';
comment on constraint announcements_actor_id_fkey on notify.announcements is
  E'@fieldName actor\n@foreignFieldName madeAnnouncements';
comment on constraint announcements_follows_id_fkey on notify.announcements is E'@behavior -*';
comment on constraint a_cause_is_announced_once on notify.announcements is E'@behavior -*';
comment on table notify.chunks is E'@behavior -*\nA part of an audience.';
comment on table notify.notifications is
  E'@behavior -query:resource:connection -query:resource:list\nWhat you were told: one per cause.';
comment on column notify.notifications.announcement_id is E'@behavior -*\nIts cause.';
comment on column notify.notifications.person_id is E'@behavior -*\nWho was told.';
comment on column notify.notifications.category is
  'announcement, event, grade, chat-mention, chat-direct, security or account.';
comment on column notify.notifications.own_words is E'@behavior -*\nWords for this person alone.';
comment on column notify.notifications.withdrawn_at is E'@behavior -*\nWhen it was taken back.';
comment on column notify.notifications.seen_at is 'When it was on the screen.';
comment on column notify.notifications.read_at is 'When it was opened.';
comment on column notify.notifications.archived_at is 'When it was put away.';
comment on constraint one_notification_per_person_and_cause on notify.notifications is E'@behavior -*';
comment on column notify.notifications.created_at is E'@behavior +orderBy\nWhen you were told.';
comment on constraint notifications_announcement_id_fkey on notify.notifications is E'@behavior -*';
comment on constraint notifications_person_id_fkey on notify.notifications is E'@behavior -*';
comment on table notify.deliveries is E'@behavior -*\nA notification on its way over a channel.';
comment on type notify.progress_of_cause is E'@name progress\nHow far the telling of an audience is.';
comment on column notify.progress_of_cause.recipients is 'People of the audience, as far as it has been read.';
comment on column notify.progress_of_cause.notified is 'People who have a notification of it.';
comment on column notify.progress_of_cause.mails_waiting is 'Mails that have not been handed over yet: on their way, in quiet hours or for a digest.';
comment on column notify.progress_of_cause.mails_sent is 'Mails that the mail service has taken.';
comment on column notify.progress_of_cause.skipped is 'People without a mail: muted, no address, refused.';
comment on column notify.progress_of_cause.withdrawn is 'Notifications that were taken back.';
comment on column notify.progress_of_cause.finished_at is 'When everybody was told; mails may still be on their way.';
comment on function notify.inbox(boolean, boolean, text) is
  E'@behavior +queryField:resource:connection +order\n@defaultOrder CREATED_AT_DESC,PRIMARY_KEY_DESC\n@arg unread true: only unread ones; false: only read ones; null: both.\n@arg archived true: only those put away; false (unless given): only the others; null: both.\n@arg category Only those of this category; null: all.\nWhat you were told, newest first: unread true or false, archived (false unless given; null for both), of one category.';
comment on function notify.unread_notifications() is 'How many of your notifications are unread.';
comment on function notify.notifications_title(notify.notifications) is 'Plain text.';
comment on function notify.notifications_body(notify.notifications) is 'Plain text.';
comment on function notify.notifications_path(notify.notifications) is 'Where it leads, within the site.';
comment on function notify.notifications_about(notify.notifications) is 'Ids for the client, such as {"eventId": "…"}.';
comment on function notify.mark_notifications_seen(uuid[], timestamptz) is
  E'@arg ids Which notifications, 1,000 at most; null: those up to before.\n@arg before All up to this moment; null: those of ids. One of the two is needed; with both, either is enough.\nMarks as seen, by ids or all up to a moment; returns how many are unread. Errors: HW401, HW404, HW422.';
comment on function notify.mark_notifications_read(uuid[], timestamptz) is
  E'@arg ids Which notifications, 1,000 at most; null: those up to before.\n@arg before All up to this moment; null: those of ids. One of the two is needed; with both, either is enough.\nMarks as read, by ids or all up to a moment; returns how many are unread. What is read is not mailed any more. Errors: HW401, HW404, HW422.';
comment on function notify.archive_notifications(uuid[], timestamptz, boolean) is
  E'@arg ids Which notifications, 1,000 at most; null: those up to before.\n@arg before All up to this moment; null: those of ids. One of the two is needed; with both, either is enough.\n@arg archived true (unless given) puts them away, false brings them back.\nPuts away, by ids or all up to a moment, or brings back; returns how many are unread. Errors: HW401, HW404, HW422.';
comment on function notify.make_announcement(text, text, uuid, uuid[], text[], uuid[], boolean, timestamptz) is
  E'@name announce\nTells people something: the members of groups (with some of the roles), and people by name. For staff of all of them. Urgent ones pass quiet hours and digests. Idempotent by clientId. Errors: HW401, HW403, HW404, HW422.';
comment on function notify.withdraw_announcement(uuid) is
  'Takes an announcement back: what has not gone out is not sent, and what nobody has read vanishes. Errors: HW401, HW404.';
comment on function notify.announcements_progress(notify.announcements) is 'How far it is.';
comment on function notify.announce is
  'Tells an audience of a cause, once: stores it and dispatches a job in the caller''s transaction. For other features.';
comment on function notify.announce_each is 'Tells each of these people of a cause, in their own words, once. For other features.';
comment on function notify.follow_up is
  'Tells those who were told of an earlier cause what is new: that it is off (after notify.withdraw) or different (after notify.reword).';
comment on function notify.reword is 'Gives a cause other words, for those who have not been told yet.';
comment on function notify.withdraw is 'Takes back what has not gone out and not been read. Idempotent.';
comment on function notify.notified_people is 'Who has a visible notification of a cause.';
comment on function notify.progress is 'How far the telling of a cause is.';
