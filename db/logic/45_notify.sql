-- Notifications. A feature announces a cause to an audience, in the transaction of what happened; jobs split the audience
-- into chunks and write one notification per person and cause, set-wise. A chunk is one transaction under the lock of its
-- row, so that it happens once whatever dies, and a withdrawal that has locked it knows that it is over.

-- One cause, the same words for a whole audience. Touches nobody of the audience: it returns at once.
create function notify.announce(
  cause text,
  category text,
  title text,
  body text,
  path text,
  group_ids uuid[] default null,
  roles text[] default null,
  person_ids uuid[] default null,
  actor_id uuid default null,
  urgent boolean default false,
  not_before timestamptz default null,
  expires_at timestamptz default null,
  about jsonb default '{}'
) returns uuid
language sql volatile security definer set search_path = '' as $$
  select notify.store(jsonb_populate_record(null::notify.announcements, jsonb_build_object(
    'cause', announce.cause, 'category', announce.category, 'title', coalesce(announce.title, ''),
    'body', coalesce(announce.body, ''), 'path', coalesce(announce.path, ''), 'about', coalesce(announce.about, '{}'),
    'group_ids', announce.group_ids, 'roles', announce.roles, 'person_ids', announce.person_ids,
    'actor_id', announce.actor_id, 'urgent', coalesce(announce.urgent, false), 'not_before', announce.not_before,
    'expires_at', announce.expires_at
  )))
$$;

-- One cause, own words for each person: [{personId, title, body, path, about}].
create function notify.announce_each(
  cause text,
  category text,
  people jsonb,
  actor_id uuid default null,
  urgent boolean default false,
  not_before timestamptz default null,
  expires_at timestamptz default null
) returns uuid
language sql volatile security definer set search_path = '' as $$
  select notify.store(
    jsonb_populate_record(null::notify.announcements, jsonb_build_object(
      'cause', announce_each.cause, 'category', announce_each.category, 'title', '', 'body', '', 'path', '', 'about', '{}'::jsonb,
      'actor_id', announce_each.actor_id, 'urgent', coalesce(announce_each.urgent, false),
      'not_before', announce_each.not_before, 'expires_at', announce_each.expires_at
    )),
    coalesce(announce_each.people, '[]')
  )
$$;

-- The same cause again changes nothing.
create function notify.store(announcement notify.announcements, people jsonb default null) returns uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into notify.announcements as a (
    actor_id, follows_id, client_id, cause, category, title, body, path, about, group_ids, roles, person_ids, urgent,
    not_before, expires_at
  )
  values (
    announcement.actor_id, announcement.follows_id, announcement.client_id, announcement.cause, announcement.category,
    announcement.title, announcement.body, announcement.path, announcement.about, announcement.group_ids,
    announcement.roles, announcement.person_ids, announcement.urgent, announcement.not_before, announcement.expires_at
  )
  on conflict on constraint a_cause_is_announced_once do nothing
  returning a.id into v_id;
  if v_id is null then
    return (select a.id from notify.announcements a where a.cause = announcement.cause);
  end if;
  if store.people is not null then
    perform notify.cut_people(v_id, announcement.actor_id, store.people);
  end if;
  perform queue.dispatch(
    'notify/split', jsonb_build_object('announcementId', v_id), run_at => greatest(announcement.not_before, now())
  );
  return v_id;
end
$$;

create function notify.cut_people(announcement_id uuid, actor_id uuid, people jsonb) returns void
language sql volatile set search_path = '' as $$
  insert into notify.chunks (announcement_id, number, person_ids, people)
  select
    cut_people.announcement_id, (n.n - 1) / 1000 + 1, array_agg(n.person_id order by n.n), jsonb_agg(n.person order by n.n)
  from (
    select d.person_id, d.person, row_number() over (order by d.person_id) as n
    from (
      select distinct on ((p.person ->> 'personId')::uuid) (p.person ->> 'personId')::uuid as person_id, p.person
      from jsonb_array_elements(cut_people.people) with ordinality p (person, n)
      order by (p.person ->> 'personId')::uuid, p.n
    ) d
    where d.person_id <> all (array_remove(array[cut_people.actor_id], null)) and d.person_id is not null
  ) n
  group by (n.n - 1) / 1000
$$;

create function notify.cut_audience(announcement notify.announcements) returns void
language sql volatile set search_path = '' as $$
  insert into notify.chunks (announcement_id, number, person_ids)
  select (announcement).id, (n.n - 1) / 1000 + 1, array_agg(n.person_id order by n.n)
  from (
    select p.person_id, row_number() over (order by p.person_id) as n
    from (
      select a.person_id
      from app.people_of_audience((announcement).group_ids, (announcement).roles, (announcement).person_ids) a (person_id)
      union
      select o.person_id
      from notify.notifications o
      where o.announcement_id = (announcement).follows_id
    ) p
    where p.person_id is distinct from (announcement).actor_id
  ) n
  group by (n.n - 1) / 1000
$$;

-- Turns an announcement into chunks. A small one is told in the same transaction.
create function notify.split(announcement_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_announcement notify.announcements;
  v_chunks int;
begin
  select a.* into v_announcement from notify.announcements a where a.id = split.announcement_id for update;
  if not found or v_announcement.split_at is not null or v_announcement.withdrawn_at is not null then
    return;
  end if;
  if not exists (select from notify.chunks c where c.announcement_id = split.announcement_id) then
    perform notify.cut_audience(v_announcement);
  end if;
  update notify.announcements a set split_at = now() where a.id = split.announcement_id;
  select count(*) into v_chunks from notify.chunks c where c.announcement_id = split.announcement_id;
  if v_chunks <= 1 then
    perform notify.tell_chunk(split.announcement_id, 1);
    perform notify.finish(split.announcement_id);
    return;
  end if;
  perform queue.dispatch_batch(
    (
      select jsonb_agg(jsonb_build_object(
        'task', 'notify/tell', 'payload', jsonb_build_object('announcementId', c.announcement_id, 'chunk', c.number)
      ) order by c.number)
      from notify.chunks c
      where c.announcement_id = split.announcement_id
    ),
    name => v_announcement.cause,
    allow_failures => true,
    on_end => jsonb_build_object('task', 'notify/finish', 'payload', jsonb_build_object('announcementId', split.announcement_id))
  );
end
$$;

create function notify.finish(announcement_id uuid) returns void
language sql volatile security definer set search_path = '' as $$
  update notify.announcements a
  set finished_at = now()
  where a.id = finish.announcement_id and a.finished_at is null
$$;

create function notify.tell_chunk(announcement_id uuid, number int) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_chunk notify.chunks;
  v_announcement notify.announcements;
  v_notified uuid[];
begin
  select c.* into v_chunk
  from notify.chunks c
  where c.announcement_id = tell_chunk.announcement_id and c.number = tell_chunk.number
  for update;
  if not found or v_chunk.done_at is not null or v_chunk.withdrawn_at is not null then
    return;
  end if;
  -- Read after the lock: who withdraws marks the announcement first and then waits for this chunk.
  select a.* into v_announcement from notify.announcements a where a.id = tell_chunk.announcement_id;
  if v_announcement.withdrawn_at is null and coalesce(v_announcement.expires_at > now(), true) then
    v_notified := array(select notify.write_notifications(v_announcement, v_chunk));
    perform notify.plan_mails(v_announcement, v_notified);
    perform notify.tell_live(v_notified);
  end if;
  update notify.chunks c
  set done_at = clock_timestamp(), notified = coalesce(cardinality(v_notified), 0)
  where c.announcement_id = tell_chunk.announcement_id and c.number = tell_chunk.number;
end
$$;

create function notify.write_notifications(announcement notify.announcements, chunk notify.chunks) returns setof uuid
language sql volatile set search_path = '' as $$
  insert into notify.notifications as n (announcement_id, person_id, category, own_words)
  select (announcement).id, p.id, (announcement).category, w.person - 'personId'
  from app.people p
  left join jsonb_array_elements((chunk).people) w (person) on (w.person ->> 'personId')::uuid = p.id
  where p.id = any ((chunk).person_ids)
  order by p.id
  on conflict on constraint one_notification_per_person_and_cause do nothing
  returning n.id
$$;

create function notify.plan_mails(announcement notify.announcements, notification_ids uuid[]) returns void
language sql volatile set search_path = '' as $$
  with plan as materialized (
    select n.id, p.name, e.address, n.own_words
    from notify.notifications n
    join app.people p on p.id = n.person_id
    left join lateral (
      select a.address from app.email_addresses a where a.person_id = p.id order by a.created_at limit 1
    ) e on true
    where n.id = any (plan_mails.notification_ids)
  ),
  sent as materialized (
    select s.*
    from mail.enqueue_many((
      select coalesce(jsonb_agg(jsonb_build_object(
        'template', 'notification', 'recipient', p.address, 'dedupeKey', 'notification:' || p.id,
        'expiresAt', (announcement).expires_at,
        'data', jsonb_build_object(
          'personName', p.name,
          'title', coalesce(p.own_words ->> 'title', (announcement).title),
          'body', coalesce(p.own_words ->> 'body', (announcement).body),
          'path', coalesce(p.own_words ->> 'path', (announcement).path)
        )
      )), '[]')
      from plan p
      where p.address is not null
    )) s
  )
  insert into notify.deliveries (notification_id, channel, state, reason, frequency, letter_id)
  select
    p.id, 'mail',
    case when s.letter_id is null then 'skipped' else 'handed-over' end,
    case when p.address is null then 'no address' else s.problem end,
    'instant', s.letter_id
  from plan p
  left join sent s on s.dedupe_key = 'notification:' || p.id
$$;

-- Live to those who may be listening.
create function notify.tell_live(notification_ids uuid[]) returns void
language sql volatile set search_path = '' as $$
  select realtime.send(
    jsonb_build_object(
      'id', n.id, 'category', n.category, 'createdAt', n.created_at,
      'title', coalesce(n.own_words ->> 'title', a.title), 'body', coalesce(n.own_words ->> 'body', a.body),
      'path', coalesce(n.own_words ->> 'path', a.path), 'about', coalesce(n.own_words -> 'about', a.about)
    ),
    'notification', 'person:' || n.person_id, true
  )
  from notify.notifications n
  join notify.announcements a on a.id = n.announcement_id
  where n.id = any (tell_live.notification_ids)
$$;

-- Taking back

create function notify.withdraw(cause text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  update notify.announcements a
  set withdrawn_at = now(), finished_at = coalesce(a.finished_at, now())
  where a.cause = withdraw.cause and a.withdrawn_at is null
  returning a.id into v_id;
  if v_id is not null then
    perform queue.dispatch('notify/withdraw', jsonb_build_object('announcementId', v_id));
  end if;
end
$$;

create function notify.withdraw_chunks(announcement_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_number int;
begin
  for v_number in
    select c.number from notify.chunks c where c.announcement_id = withdraw_chunks.announcement_id order by c.number
  loop
    perform from notify.chunks c
    where c.announcement_id = withdraw_chunks.announcement_id and c.number = v_number for update;
    perform notify.take_back(array(
      select n.id
      from notify.chunks c
      join notify.notifications n on n.announcement_id = c.announcement_id and n.person_id = any (c.person_ids)
      where c.announcement_id = withdraw_chunks.announcement_id and c.number = v_number
    ));
    update notify.chunks c set withdrawn_at = now()
    where c.announcement_id = withdraw_chunks.announcement_id and c.number = v_number;
  end loop;
end
$$;

-- What was read stays: it happened.
create function notify.take_back(notification_ids uuid[]) returns void
language sql volatile set search_path = '' as $$
  select mail.cancel_many(array(
    select d.letter_id from notify.deliveries d
    where d.notification_id = any (take_back.notification_ids) and d.letter_id is not null
  ));
  update notify.deliveries d
  set state = 'withdrawn', due_at = null
  where d.notification_id = any (take_back.notification_ids) and d.state = 'waiting';
  update notify.notifications n
  set withdrawn_at = now()
  where n.id = any (take_back.notification_ids) and n.read_at is null and n.withdrawn_at is null;
$$;

-- What became of it

create function notify.notified_people(cause text) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select n.person_id
  from notify.announcements a
  join notify.notifications n on n.announcement_id = a.id
  where a.cause = notified_people.cause and n.withdrawn_at is null and (a.withdrawn_at is null or n.read_at is not null)
$$;

create function notify.progress(cause text) returns notify.progress_of_cause
language sql stable security definer set search_path = '' as $$
  select row(
    (select coalesce(sum(cardinality(c.person_ids)), 0) from notify.chunks c where c.announcement_id = a.id),
    (select coalesce(sum(c.notified), 0) from notify.chunks c where c.announcement_id = a.id),
    d.waiting, d.sent, d.skipped,
    (select count(*) from notify.notifications n where n.announcement_id = a.id and n.withdrawn_at is not null),
    a.finished_at
  )::notify.progress_of_cause
  from notify.announcements a
  cross join lateral (
    select
      count(*) filter (
        where d.state = 'waiting' or d.state = 'handed-over' and l.state in ('queued', 'sending', 'unknown', 'held')
      )::int as waiting,
      count(*) filter (
        where d.state = 'handed-over' and coalesce(l.state, 'accepted') in ('accepted', 'delivered', 'bounced', 'complained')
      )::int as sent,
      count(*) filter (where d.state = 'skipped' or l.state in ('failed', 'suppressed', 'expired'))::int as skipped
    from notify.notifications n
    join notify.deliveries d on d.notification_id = n.id
    left join mail.letters l on l.id = d.letter_id
    where n.announcement_id = a.id
  ) d
  where a.cause = progress.cause
$$;

-- Policies and grants

create policy their_own on notify.notifications for select to authenticated
using (person_id = app.current_person_id() and withdrawn_at is null);

create policy people_listen_to_their_own on realtime.messages for select to authenticated
using (extension = 'broadcast' and (select realtime.topic() = 'person:' || app.current_person_id()));

grant usage on schema notify to anon, authenticated, service_role, howdah_api;
grant select on notify.notifications to authenticated;

-- Comments

comment on table notify.announcements is E'@behavior -*\nOne cause, its words and its audience.';
comment on table notify.chunks is E'@behavior -*\nA part of an audience.';
comment on table notify.notifications is 'What somebody was told: one per person and cause.';
comment on table notify.deliveries is E'@behavior -*\nA notification on its way over a channel.';
comment on table notify.preferences is E'@behavior -*\nWhat somebody chose.';
comment on table notify.default_preferences is E'@behavior -*\nWhat the community has for a role, or for everybody.';
comment on table notify.quiet_hours is E'@behavior -*\nWhen somebody is not to be disturbed.';
comment on table notify.digest_times is E'@behavior -*\nWhen somebody''s digests come.';
comment on table notify.buckets is E'@behavior -*\nToken buckets of the throttle.';
