-- Notifications. A feature announces a cause to an audience, in the transaction of what happened; jobs cut the audience
-- into chunks and write one notification per person and cause, set-wise. A chunk is one transaction under the lock of its
-- row: it happens once, whatever dies, and who takes an announcement back waits for it and then knows whom it has told.

-- One cause, the same words for a whole audience. It touches nobody of the audience, so it costs the same for any number.
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
    'cause', announce.cause, 'category', announce.category, 'title', announce.title, 'body', announce.body,
    'path', announce.path, 'group_ids', announce.group_ids, 'roles', announce.roles, 'person_ids', announce.person_ids,
    'actor_id', announce.actor_id, 'urgent', announce.urgent, 'not_before', announce.not_before,
    'expires_at', announce.expires_at, 'about', announce.about
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
      'cause', announce_each.cause, 'category', announce_each.category, 'actor_id', announce_each.actor_id,
      'urgent', announce_each.urgent, 'not_before', announce_each.not_before, 'expires_at', announce_each.expires_at
    )),
    coalesce(announce_each.people, '[]')
  )
$$;

-- Something new about an earlier cause, for those who have been told of that one: by mail, or because they have seen it.
-- After notify.withdraw it says that it is off, after notify.reword what is different now.
create function notify.follow_up(
  cause text,
  of_cause text,
  title text,
  body text,
  path text,
  actor_id uuid default null,
  urgent boolean default false,
  about jsonb default '{}'
) returns uuid
language sql volatile security definer set search_path = '' as $$
  select notify.store(jsonb_populate_record(null::notify.announcements, jsonb_build_object(
    'cause', follow_up.cause, 'category', a.category, 'title', follow_up.title, 'body', follow_up.body,
    'path', follow_up.path, 'follows_id', a.id, 'follows_revision', a.revision, 'actor_id', follow_up.actor_id,
    'urgent', follow_up.urgent, 'about', follow_up.about
  )))
  from notify.announcements a
  where a.cause = follow_up.of_cause
$$;

-- Other words for the same cause: whoever has not been told yet is told these.
create function notify.reword(cause text, title text, body text, path text) returns void
language sql volatile security definer set search_path = '' as $$
  update notify.announcements a
  set title = reword.title, body = reword.body, path = reword.path, revision = a.revision + 1
  where a.cause = reword.cause and a.withdrawn_at is null
$$;

-- Another audience for the same cause: who is new in it is told, from who has left it the cause is taken back.
create function notify.readdress(cause text, group_ids uuid[], roles text[], person_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_announcement notify.announcements;
begin
  update notify.announcements a
  set group_ids = readdress.group_ids, roles = readdress.roles, person_ids = readdress.person_ids,
      readdressed_at = case when a.split_at is not null then now() end
  where a.cause = readdress.cause and a.withdrawn_at is null
  returning * into v_announcement;
  if v_announcement.readdressed_at is not null then
    perform queue.dispatch('notify/readdress', jsonb_build_object('announcementId', v_announcement.id));
  end if;
end
$$;

-- What has not gone out does not go out, and what nobody has read vanishes.
create function notify.withdraw(cause text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id uuid;
begin
  update notify.announcements a
  set withdrawn_at = now(), finished_at = coalesce(a.finished_at, now())
  where a.cause = withdraw.cause and a.withdrawn_at is null
  returning a.id into v_id;
  if v_id is null then
    return;
  end if;
  if (select count(*) from notify.chunks c where c.announcement_id = v_id) <= 1 then
    perform notify.withdraw_chunks(v_id);
  else
    perform queue.dispatch('notify/withdraw', jsonb_build_object('announcementId', v_id));
  end if;
end
$$;

-- Telling

-- The same cause again changes nothing.
create function notify.store(announcement notify.announcements, people jsonb default null) returns uuid
language plpgsql volatile set search_path = '' as $$
declare
  v_id uuid;
begin
  insert into notify.announcements as a (
    actor_id, follows_id, follows_revision, client_id, cause, category, title, body, path, about, group_ids, roles,
    person_ids, urgent, not_before, expires_at
  )
  values (
    announcement.actor_id, announcement.follows_id, announcement.follows_revision, announcement.client_id,
    announcement.cause, announcement.category, coalesce(announcement.title, ''), coalesce(announcement.body, ''),
    coalesce(announcement.path, ''), coalesce(announcement.about, '{}'), announcement.group_ids, announcement.roles,
    announcement.person_ids, coalesce(announcement.urgent, false), announcement.not_before, announcement.expires_at
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

-- A small audience is told in the same transaction; the chunks of a larger one are the jobs of a batch.
create function notify.split(announcement_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_announcement notify.announcements;
begin
  select a.* into v_announcement from notify.announcements a where a.id = split.announcement_id for update;
  if v_announcement.split_at is not null or v_announcement.withdrawn_at is not null
    or not notify.may_follow(v_announcement.follows_id)
  then
    return;
  end if;
  if v_announcement.follows_id is not null then
    perform notify.cut_told(v_announcement);
  elsif not exists (select from notify.chunks c where c.announcement_id = split.announcement_id) then
    perform notify.cut_audience(v_announcement);
  end if;
  update notify.announcements a set split_at = now() where a.id = split.announcement_id;
  perform notify.tell_from(v_announcement, 1);
end
$$;

-- Only when the withdrawal or the other audience of the other is complete is it known who had been told; its job splits this
-- one then.
create function notify.may_follow(follows_id uuid) returns boolean
language sql stable set search_path = '' as $$
  select not exists (
    select from notify.announcements a
    join notify.chunks c on c.announcement_id = a.id
    where a.id = may_follow.follows_id
      and (a.withdrawn_at is not null and c.withdrawn_at is null or a.withdrawn_at is null and a.readdressed_at is not null)
  )
$$;

create function notify.split_followers(announcement_id uuid) returns void
language sql volatile set search_path = '' as $$
  select queue.dispatch('notify/split', jsonb_build_object('announcementId', a.id))
  from notify.announcements a
  where a.follows_id = split_followers.announcement_id and a.split_at is null
$$;

create function notify.dispatch_chunks(announcement notify.announcements, from_number int default 1) returns void
language sql volatile set search_path = '' as $$
  select queue.dispatch_batch(
    jsonb_agg(jsonb_build_object(
      'task', 'notify/tell', 'payload', jsonb_build_object('announcementId', c.announcement_id, 'chunk', c.number)
    ) order by c.number),
    name => (announcement).cause,
    allow_failures => true,
    on_end => jsonb_build_object('task', 'notify/finish', 'payload', jsonb_build_object('announcementId', (announcement).id))
  )
  from notify.chunks c
  where c.announcement_id = (announcement).id and c.number >= dispatch_chunks.from_number
$$;

create function notify.finish(announcement_id uuid) returns void
language sql volatile security definer set search_path = '' as $$
  update notify.announcements a
  set finished_at = clock_timestamp()
  where a.id = finish.announcement_id and a.finished_at is null
$$;

create function notify.tell_chunk(announcement_id uuid, number int) returns void
language plpgsql volatile security definer set search_path = '' set jit = off as $$
declare
  v_chunk notify.chunks;
  v_announcement notify.announcements;
  v_told uuid[] := '{}';
begin
  select c.* into v_chunk
  from notify.chunks c
  where c.announcement_id = tell_chunk.announcement_id and c.number = tell_chunk.number
  for update;
  if not found or v_chunk.done_at is not null or v_chunk.withdrawn_at is not null then
    return;
  end if;
  -- Read after the lock: who withdraws or rewords does that first and then waits for this chunk.
  select a.* into v_announcement from notify.announcements a where a.id = tell_chunk.announcement_id;
  if v_announcement.withdrawn_at is null and coalesce(v_announcement.expires_at > now(), true) then
    v_told := array(select notify.write_notifications(v_announcement, v_chunk));
    perform notify.plan_mails(v_announcement, v_told);
    perform notify.tell_live(v_told, is_large => v_chunk.number > 1 or cardinality(v_chunk.person_ids) >= 1000);
  end if;
  update notify.chunks c
  set done_at = clock_timestamp(), notified = cardinality(v_told), revision = v_announcement.revision
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

-- Cutting: chunks of 1,000 people

create function notify.cut(announcement_id uuid, person_ids uuid[]) returns void
language sql volatile set search_path = '' as $$
  insert into notify.chunks (announcement_id, number, person_ids)
  select cut.announcement_id, l.last + n / 1000 + 1, cut.person_ids[n + 1:n + 1000]
  from (
    select coalesce(max(c.number), 0) as last from notify.chunks c where c.announcement_id = cut.announcement_id
  ) l
  cross join generate_series(0, cardinality(cut.person_ids) - 1, 1000) n
$$;

create function notify.cut_audience(announcement notify.announcements) returns void
language sql volatile set search_path = '' as $$
  select notify.cut((announcement).id, array(select notify.addressees(announcement)))
$$;

create function notify.addressees(announcement notify.announcements) returns setof uuid
language sql stable set search_path = '' as $$
  select p.id
  from app.people_of_audience((announcement).group_ids, (announcement).roles, (announcement).person_ids) p (id)
  where p.id is distinct from (announcement).actor_id
  order by p.id
$$;

create function notify.cut_people(announcement_id uuid, actor_id uuid, people jsonb) returns void
language sql volatile set search_path = '' as $$
  insert into notify.chunks (announcement_id, number, person_ids, people)
  select cut_people.announcement_id, (o.n - 1) / 1000 + 1, array_agg(o.id order by o.n), jsonb_agg(o.person order by o.n)
  from (
    select d.id, d.person, row_number() over (order by d.id) as n
    from (
      select distinct on (p.id) p.id, p.person
      from (
        select (e.person ->> 'personId')::uuid as id, e.person, e.n
        from jsonb_array_elements(cut_people.people) with ordinality e (person, n)
      ) p
      where p.id is distinct from cut_people.actor_id and p.id is not null
      order by p.id, p.n
    ) d
  ) o
  group by (o.n - 1) / 1000
$$;

create function notify.cut_told(announcement notify.announcements) returns void
language plpgsql volatile set search_path = '' as $$
begin
  -- Waits for chunks in hand; those that begin later use the new words.
  perform from notify.chunks c where c.announcement_id = (announcement).follows_id order by c.number for update;
  perform notify.tell_anew((announcement).follows_id, (announcement).follows_revision);
  perform notify.cut((announcement).id, array(
    select n.person_id
    from notify.chunks c
    cross join unnest(c.person_ids) p (id)
    join notify.notifications n on n.announcement_id = c.announcement_id and n.person_id = p.id
    where c.announcement_id = (announcement).follows_id
      and (c.withdrawn_at is not null or c.revision < (announcement).follows_revision)
      and n.person_id is distinct from (announcement).actor_id
      and (n.seen_at is not null or n.read_at is not null or exists (
        select from notify.deliveries d where d.notification_id = n.id and d.state = 'handed-over'
      ))
    order by n.person_id
  ));
end
$$;

-- Letters with words of before that are still here go out with those of now instead. A chunk that was told while the words
-- changed may have the new ones in its letters: those stay, and their key is taken.
create function notify.tell_anew(announcement_id uuid, revision int) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_unsent uuid[];
begin
  v_unsent := array(
    select d.letter_id
    from notify.chunks c
    cross join unnest(c.person_ids) p (id)
    join notify.notifications n on n.announcement_id = c.announcement_id and n.person_id = p.id
    join notify.deliveries d on d.notification_id = n.id
    join notify.announcements a on a.id = n.announcement_id
    join mail.letters l on l.id = d.letter_id and l.dedupe_key <> notify.letter_key(n.id, a.revision)
    where c.announcement_id = tell_anew.announcement_id and c.revision < tell_anew.revision and c.withdrawn_at is null
      and n.seen_at is null and n.read_at is null and d.state = 'handed-over' and d.frequency = 'instant'
  );
  update notify.deliveries d
  set state = 'waiting', due_at = now(), letter_id = null
  from mail.cancel_many(v_unsent) l (id), notify.notifications n
  where n.announcement_id = tell_anew.announcement_id and d.notification_id = n.id and d.letter_id = l.id;
  if found then
    perform notify.ring(array[now()]);
  end if;
end
$$;

-- Another audience

-- The announcement's row is not taken whole: a chunk in hand, which is waited for, refers to it.
create function notify.readdress_chunks(announcement_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_announcement notify.announcements;
  v_told_before int;
begin
  select a.* into v_announcement
  from notify.announcements a
  where a.id = readdress_chunks.announcement_id and a.readdressed_at is not null and a.withdrawn_at is null
  for no key update;
  if not found then
    return;
  end if;
  perform from notify.chunks c where c.announcement_id = v_announcement.id order by c.number for update;
  v_told_before := (select max(c.number) from notify.chunks c where c.announcement_id = v_announcement.id);
  perform notify.leave_out(v_announcement);
  perform notify.take_in(v_announcement);
  update notify.announcements a set readdressed_at = null, finished_at = null where a.id = v_announcement.id;
  perform notify.tell_from(v_announcement, coalesce(v_told_before, 0) + 1);
  perform notify.split_followers(v_announcement.id);
end
$$;

-- Who has left the audience leaves its chunks, and those of what followed it.
create function notify.leave_out(announcement notify.announcements) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_gone uuid[];
  v_cause uuid;
begin
  v_gone := array(
    select p.id from notify.chunks c cross join unnest(c.person_ids) p (id) where c.announcement_id = (announcement).id
    except
    select notify.addressees(announcement)
  );
  for v_cause in
    select a.id from notify.announcements a
    where a.id = (announcement).id or a.follows_id = (announcement).id and a.withdrawn_at is null
    order by a.id
  loop
    perform notify.take_back(v_cause, v_gone);
    update notify.chunks c
    set person_ids = array(select p.id from unnest(c.person_ids) p (id) where p.id <> all (v_gone) order by p.id)
    where c.announcement_id = v_cause and c.person_ids && v_gone;
  end loop;
end
$$;

-- Who is new in the audience gets chunks of their own; who was in it once and is back gets back what was taken back.
create function notify.take_in(announcement notify.announcements) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_new uuid[];
  v_back uuid[];
begin
  v_new := array(
    select notify.addressees(announcement)
    except
    select p.id from notify.chunks c cross join unnest(c.person_ids) p (id) where c.announcement_id = (announcement).id
    order by 1
  );
  perform notify.cut((announcement).id, v_new);
  with back as (
    update notify.notifications n
    set withdrawn_at = null
    where n.announcement_id = (announcement).id and n.person_id = any (v_new) and n.withdrawn_at is not null
    returning n.id
  ),
  waiting as (
    update notify.deliveries d
    set state = 'waiting', due_at = now(), letter_id = null
    from back b
    where d.notification_id = b.id and d.state = 'withdrawn'
  )
  select array_agg(b.id) into v_back from back b;
  if v_back is not null then
    perform notify.tell_live(v_back, is_large => cardinality(v_back) >= 1000);
    perform notify.ring(array[now()]);
  end if;
end
$$;

create function notify.tell_from(announcement notify.announcements, number int) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_chunks int;
begin
  select count(*) into v_chunks
  from notify.chunks c
  where c.announcement_id = (announcement).id and c.number >= tell_from.number;
  if v_chunks > 1 then
    perform notify.dispatch_chunks(announcement, tell_from.number);
  else
    perform notify.tell_chunk((announcement).id, tell_from.number);
    perform notify.finish((announcement).id);
  end if;
end
$$;

-- Taking back

create function notify.withdraw_chunks(announcement_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_announcement notify.announcements;
begin
  update notify.announcements a
  set readdressed_at = null
  where a.id = withdraw_chunks.announcement_id and a.readdressed_at is not null
  returning * into v_announcement;
  perform from notify.chunks c where c.announcement_id = withdraw_chunks.announcement_id order by c.number for update;
  if v_announcement.id is not null then
    perform notify.leave_out(v_announcement); -- before its own job could: who is out is not told that it is off
  end if;
  perform notify.take_back(withdraw_chunks.announcement_id);
  update notify.chunks c set withdrawn_at = now() where c.announcement_id = withdraw_chunks.announcement_id;
  perform notify.split_followers(withdraw_chunks.announcement_id);
end
$$;

-- From everybody, or from these people.
create function notify.take_back(announcement_id uuid, person_ids uuid[] default null) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_unsent uuid[];
  v_people uuid[];
begin
  v_unsent := array(
    select d.letter_id
    from notify.notifications n
    join notify.deliveries d on d.notification_id = n.id
    where n.announcement_id = take_back.announcement_id and d.state = 'handed-over' and d.frequency = 'instant'
      and (take_back.person_ids is null or n.person_id = any (take_back.person_ids))
  );
  update notify.deliveries d
  set state = 'withdrawn'
  from mail.cancel_many(v_unsent) l (id), notify.notifications n
  where n.announcement_id = take_back.announcement_id and d.notification_id = n.id and d.letter_id = l.id;
  update notify.deliveries d
  set state = 'withdrawn', due_at = null
  from notify.notifications n
  where n.announcement_id = take_back.announcement_id and d.notification_id = n.id and d.state = 'waiting'
    and (take_back.person_ids is null or n.person_id = any (take_back.person_ids));
  with gone as (
    update notify.notifications n
    set withdrawn_at = now()
    where n.announcement_id = take_back.announcement_id and n.read_at is null and n.withdrawn_at is null
      and (take_back.person_ids is null or n.person_id = any (take_back.person_ids))
    returning n.person_id
  )
  select array_agg(gone.person_id) into v_people from gone;
  perform notify.tell_unread(v_people, is_large => cardinality(v_people) >= 1000);
end
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
  select row(c.recipients, c.notified, d.waiting, d.sent, d.skipped, c.withdrawn, a.finished_at)::notify.progress_of_cause
  from notify.announcements a
  cross join lateral (
    select
      coalesce(sum(cardinality(c.person_ids)), 0)::int as recipients,
      coalesce(sum(c.notified), 0)::int as notified,
      (select count(*) from notify.notifications n where n.announcement_id = a.id and n.withdrawn_at is not null)::int as withdrawn
    from notify.chunks c
    where c.announcement_id = a.id
  ) c
  cross join lateral (
    select
      count(*) filter (where d.state = 'waiting' or s.is_on_its_way)::int as waiting,
      count(*) filter (where d.state = 'handed-over' and s.is_sent)::int as sent,
      count(*) filter (where d.state = 'skipped' or not s.is_on_its_way and not s.is_sent and d.state = 'handed-over')::int as skipped
    from notify.notifications n
    join notify.deliveries d on d.notification_id = n.id
    left join mail.letters l on l.id = d.letter_id
    cross join lateral (
      select
        d.state = 'handed-over' and coalesce(l.state in ('queued', 'sending', 'unknown', 'held'), false) as is_on_its_way,
        coalesce(l.state in ('accepted', 'delivered', 'bounced', 'complained'), true) as is_sent
    ) s
    where n.announcement_id = a.id
  ) d
  where a.cause = progress.cause
$$;
